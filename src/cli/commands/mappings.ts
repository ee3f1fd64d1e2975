import { statSync } from 'node:fs';
import path from 'node:path';
import { usageError } from '../../base/index.ts';
import type { MappingCheck, MappingInfo } from '../../node/index.ts';
import { oneLine, padTo, plural } from '../output/text.ts';
import { note, writeJson, writeLine, type Run, type Session } from '../session.ts';

export const runMappings: Run<'mappings'> = async (session) => {
  const { factory, dataDir, io, values } = session;
  const [action = 'list', target] = session.arguments;
  if (action === 'list') {
    const mappings = await factory.mappings.list(dataDir);
    if (values.json) await writeJson(session, { mappings });
    else await showList(session, mappings);
    return 0;
  }
  if (target === undefined)
    throw usageError(
      'usage.missing_argument',
      `\`fractal mappings ${action}\` needs ${action === 'check' ? 'a file' : 'a name'}`,
      'Run `fractal help mappings`.',
    );
  if (action === 'show') {
    const mapping = await factory.mappings.show(dataDir, nameOrPath(target, io.cwd));
    if (values.json) await writeJson(session, mapping);
    else await writeLine(session, JSON.stringify(mapping, null, 2));
    return 0;
  }
  const given = values.mapping === undefined ? undefined : nameOrPath(values.mapping, io.cwd);
  const found = await factory.mappings.check(dataDir, path.resolve(io.cwd, target), given);
  if (values.json) await writeJson(session, found);
  else await showCheck(session, found);
  return 0;
};

/** The path of a file that is there, or a name. */
export function nameOrPath(word: string, cwd: string): string {
  const file = path.resolve(cwd, word);
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true ? file : word;
}

async function showList(session: Session, mappings: readonly MappingInfo[]): Promise<void> {
  const wide = Math.max(...mappings.map(({ name }) => name.length));
  for (const { name, description, tables, shipped } of mappings)
    await writeLine(
      session,
      oneLine(
        `${padTo(name, wide, 'left')}  ${shipped ? ' ' : '*'} ${description}${tables.length === 0 ? '' : ` → ${tables.join(', ')}`}`,
      ),
    );
  if (mappings.some(({ shipped }) => !shipped))
    await note(session, '* from the folder mappings/ of the node');
}

async function showCheck(session: Session, found: MappingCheck): Promise<void> {
  const { style } = session;
  let table = '';
  const wide = Math.max(...found.columns.map(({ column }) => column.length));
  for (const { table: of, column, type, rule, filled, sample } of found.columns) {
    if (of !== table) await writeLine(session, `${of}: ${plural(found.rows[of] ?? 0, 'row')}`);
    table = of;
    await writeLine(session, oneLine(`  ${padTo(column, wide, 'left')}  ${type} ← ${rule}`));
    await writeLine(
      session,
      oneLine(
        `  ${' '.repeat(wide)}  ${filled === 0 ? 'always empty' : `${filled} filled, first: ${sample}`}`,
      ),
    );
  }
  for (const { line, table: of, column, reason } of found.doubts)
    await writeLine(session, style.yellow(oneLine(`line ${line}: ${of}.${column} is in doubt (${reason})`)));
  for (const { line, reason } of found.rejections)
    await writeLine(session, style.red(oneLine(`line ${line}: rejected (${reason})`)));
  await writeLine(
    session,
    `${found.mapping}: ${plural(found.records, 'record')}, ${found.doubtful} in doubt, ${found.rejected} rejected; nothing was written`,
  );
}
