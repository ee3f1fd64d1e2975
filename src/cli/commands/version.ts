import { writeJson, writeLine, type Run } from '../session.ts';

export const runVersion: Run<'version'> = async (session) => {
  const { version } = session.io;
  if (session.values.json) await writeJson(session, { version });
  else await writeLine(session, `fractal ${version}`);
  return 0;
};
