import path from 'node:path';
import { usageError } from '../../base/index.ts';
import { renderTable } from '../output/models-table.ts';
import { note, writeJson, writeLine, type Run } from '../session.ts';

export const runModels: Run<'models'> = async (session) => {
  const { factory, dataDir, io } = session;
  const [action = 'list', target] = session.arguments;
  if (action !== 'list' && target === undefined)
    throw usageError(
      'usage.missing_argument',
      `\`fractal models ${action}\` needs ${action === 'add' ? 'a folder' : 'a name'}`,
      'Run `fractal help models`.',
    );
  if (action === 'add' && target !== undefined) {
    const name = await factory.models.add(dataDir, path.resolve(io.cwd, target));
    if (session.values.json) await writeJson(session, { added: name });
    else await writeLine(session, `Added ${name}`);
    await note(session, `Next: \`fractal models use ${name}\`.`);
    return 0;
  }
  if (action === 'use' && target !== undefined) {
    await factory.models.use(dataDir, target);
    if (session.values.json) await writeJson(session, { in_use: target });
    else await writeLine(session, `${target} is used from the next start on`);
    await note(session, 'Next: `fractal reindex`, because vectors of two models do not compare.');
    return 0;
  }
  const models = await factory.models.list(dataDir);
  if (session.values.json) await writeJson(session, { models });
  else for (const line of renderTable(models)) await writeLine(session, line);
  return 0;
};
