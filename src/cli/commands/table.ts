import path from 'node:path';
import { usageError } from '../../base/index.ts';
import type { ExternalTableInfo, ExternalTableRequest } from '../../node/index.ts';
import { countText, oneLine, padTo, plural } from '../output/text.ts';
import { note, withNode, writeJson, writeLine, type Run, type SessionOf } from '../session.ts';

type TableSession = SessionOf<'table'>;

export const runTable: Run<'table'> = async (session) => {
  const request = requestOf(session);
  const { tables } = await withNode(session, (node) => node.externalTables(request));
  if (session.values.json) await writeJson(session, { tables });
  else await show(session, request, tables);
  return 0;
};

function requestOf(session: TableSession): ExternalTableRequest {
  const [action = 'list', name, source] = session.arguments;
  if (action === 'list') return { action };
  if (name === undefined) throw missing(action, 'a name');
  if (action !== 'add') return { action: action === 'refresh' ? 'refresh' : 'remove', name };
  if (source === undefined) throw missing(action, 'a name and a file');
  return { action, name, source: path.resolve(session.io.cwd, source) };
}

const missing = (action: string, what: string): Error =>
  usageError(
    'usage.missing_argument',
    `\`fractal table ${action}\` needs ${what}`,
    'Run `fractal help table`.',
  );

async function show(
  session: TableSession,
  request: ExternalTableRequest,
  tables: readonly ExternalTableInfo[],
): Promise<void> {
  if (request.action === 'remove')
    return await writeLine(session, `Removed ext.${request.name}; its files stay`);
  const shown = request.action === 'list' ? tables : tables.filter(({ name }) => name === request.name);
  const wide = Math.max(0, ...shown.map(({ name }) => name.length));
  for (const table of shown) {
    const { name, format, source, files, bytes, columns, state } = table;
    const parts = `${plural(files, 'file')}, ${countText(bytes)} bytes, ${plural(columns.length, 'column')}`;
    const fault = state === 'ok' ? '' : `  ${session.style.red(state)}`;
    await writeLine(
      session,
      `ext.${padTo(name, wide, 'left')}  ${format}  ${parts}  ${oneLine(source)}${fault}`,
    );
    if (request.action !== 'list')
      for (const column of columns)
        await writeLine(session, oneLine(`  ${column.name}  ${column.type.toLowerCase()}`));
  }
  if (tables.length === 0)
    await note(session, 'There is none yet: `fractal help table` shows how to add one.');
}
