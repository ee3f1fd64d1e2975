import { note, writeJson, writeLine, type Run } from '../session.ts';

export const runInit: Run<'init'> = async (session) => {
  const { values, factory, dataDir, style, log } = session;
  const { role, region } = values;
  const made = await factory.init({
    dataDir,
    log,
    role,
    sites: values.sites,
    ...(values.name === undefined ? {} : { name: values.name }),
    ...(region === undefined ? {} : { region }),
  });
  if (values.json)
    await writeJson(session, {
      node: { id: made.nodeId, name: made.name, role, region: region ?? '' },
      data_dir: dataDir,
    });
  else await writeLine(session, `Made ${role} node ${style.bold(made.name)} (${made.nodeId}) in ${dataDir}`);
  await note(session, 'Next: `fractal import PATH`, then `fractal search QUERY`.');
  return 0;
};
