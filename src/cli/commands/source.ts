import { ERROR_KINDS, usageError } from '../../base/index.ts';
import type { SourceInfo } from '../../node/index.ts';
import { durationText, oneLine, plural } from '../output/text.ts';
import { note, withNode, writeJson, writeLine, type Run, type SessionOf } from '../session.ts';
import { showEvents } from './import-show.ts';

type SourceSession = SessionOf<'source'>;

export const runSource: Run<'source'> = async (session) => {
  const [action = 'list', name, source] = session.arguments;
  switch (action) {
    case 'add':
      return await add(session, name, source);
    case 'remove':
      return await remove(session, needed(name, action, 'a name'));
    case 'run':
      return await run(session, name);
    case 'versions':
      return await versions(session, needed(name, action, 'the name of an act'));
    default:
      return await list(session);
  }
};

function needed(word: string | undefined, action: string, what: string): string {
  if (word !== undefined) return word;
  throw usageError(
    'usage.missing_argument',
    `\`fractal source ${action}\` needs ${what}`,
    'Run `fractal help source`.',
  );
}

const SECONDS_PER_HOUR = 3600;

async function add(
  session: SourceSession,
  name: string | undefined,
  source: string | undefined,
): Promise<number> {
  const { values } = session;
  const request = {
    name: needed(name, 'add', 'a name'),
    source: needed(source, 'add', 'a name and a source'),
    every_s: Math.round(values.every * SECONDS_PER_HOUR),
    ...(values.kind === undefined ? {} : { kind: values.kind }),
    ...(values.jurisdiction === undefined ? {} : { jurisdiction: values.jurisdiction }),
    ...(values.since === undefined ? {} : { since: values.since }),
  };
  const added = await withNode(session, (node) => node.addSource(request));
  if (values.json) await writeJson(session, added);
  else await writeLine(session, `Added ${added.name}: ${oneLine(added.source)}`);
  await note(session, `Next: \`fractal source run ${added.name}\`.`);
  return 0;
}

async function remove(session: SourceSession, name: string): Promise<number> {
  await withNode(session, (node) => node.removeSource(name));
  if (session.values.json) await writeJson(session, { removed: name });
  else await writeLine(session, `Removed ${name}; what it brought stays`);
  return 0;
}

async function run(session: SourceSession, name: string | undefined): Promise<number> {
  const request = {
    names: name === undefined ? [] : [name],
    ...(session.values['allow-network'] ? { allow_network: true } : {}),
  };
  const totals = await withNode(session, (node) =>
    showEvents(session, node.runSources(request, session.signal), 'give the command again to go on'),
  );
  return totals.faulty > 0 ? ERROR_KINDS.bad_input.exit : 0;
}

async function versions(session: SourceSession, source: string): Promise<number> {
  const request = { source, ...(session.values['allow-network'] ? { allow_network: true } : {}) };
  const found = await withNode(session, (node) => node.sourceVersions(request, session.signal));
  if (session.values.json) await writeJson(session, { versions: found });
  else
    for (const { key, date, here } of found)
      await writeLine(session, `${here ? 'here   ' : 'missing'}  ${date ?? '          '}  ${oneLine(key)}`);
  return 0;
}

async function list(session: SourceSession): Promise<number> {
  const found = await withNode(session, (node) => node.sources());
  if (session.values.json) {
    await writeJson(session, { sources: found });
    return 0;
  }
  for (const source of found) await writeLine(session, lineOf(session, source));
  if (found.length === 0)
    await note(session, 'There is no source yet: `fractal help source` shows how to add one.');
  return 0;
}

function lineOf({ style }: SourceSession, source: SourceInfo): string {
  const parts = [
    `${style.bold(source.name)}  ${oneLine(source.source)}`,
    `every ${durationText(source.every_s * 1000)}`,
    plural(source.documents, 'document'),
    ...(source.refused > 0 ? [style.red(`${source.refused} refused`)] : []),
    source.run_at === null ? 'never run' : `run ${source.run_at}`,
    `due ${source.due_at}`,
    ...(source.error === null ? [] : [style.red(`${source.error.code}: ${oneLine(source.error.message)}`)]),
  ];
  return parts.join('  ');
}
