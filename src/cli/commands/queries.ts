import { usageError } from '../../base/index.ts';
import type { ListedQuery, SlowQuery } from '../../node/index.ts';
import { tableLines, type TableColumn } from '../output/table.ts';
import { durationText, oneLine } from '../output/text.ts';
import { note, withNode, writeJson, writeLine, type Run, type Session } from '../session.ts';

export const runQueries: Run<'queries'> = async (session) => {
  const [action = 'list', id] = session.arguments;
  await withNode(session, async (node) => {
    switch (action) {
      case 'cancel': {
        const number = idOf(id);
        await node.cancelQuery(number);
        if (session.values.json) await writeJson(session, { id: number, cancelled: true });
        else await writeLine(session, `${number}: cancelled`);
        return;
      }
      case 'slow':
        return writeQueries(session, await node.slowQueries(), SLOW, 'No statement was slow.');
      default:
        return writeQueries(session, await node.queries(), RUNNING, 'No statement runs.');
    }
  });
  return 0;
};

function idOf(text: string | undefined): number {
  if (text !== undefined && /^\d{1,15}$/.test(text)) return Number(text);
  throw usageError(
    'usage.argument',
    '`fractal queries cancel` needs the number of a statement',
    '`fractal queries list` shows them.',
  );
}

type Column<T> = readonly [name: string, cell: (query: T) => string, align?: 'right'];

const who = ({ principal, purpose }: { principal: string; purpose: string | null }): string =>
  purpose === null ? principal : `${principal} for ${purpose}`;

const RUNNING: readonly Column<ListedQuery>[] = [
  ['id', (query) => String(query.id), 'right'],
  ['who', who],
  ['state', (query) => query.state],
  ['time', (query) => durationText(query.elapsed_ms), 'right'],
  ['rows', (query) => String(query.rows), 'right'],
  ['statement', (query) => oneLine(query.sql)],
];

const SLOW: readonly Column<SlowQuery>[] = [
  ['began', (query) => query.started_at],
  ['who', who],
  ['waited', (query) => durationText(query.waited_ms), 'right'],
  ['time', (query) => durationText(query.duration_ms), 'right'],
  ['rows', (query) => String(query.rows), 'right'],
  ['ended by', (query) => query.error_code ?? ''],
  ['statement', (query) => oneLine(query.sql)],
];

async function writeQueries<T>(
  session: Session,
  queries: readonly T[],
  columns: readonly Column<T>[],
  none: string,
): Promise<void> {
  if (session.values.json) return writeJson(session, { queries });
  if (queries.length === 0) return note(session, none);
  const cells = async function* (): AsyncGenerator<string[]> {
    for (const query of queries) yield columns.map(([, cell]) => cell(query));
  };
  const heads = columns.map(([name, , align]): TableColumn => ({ name, align: align ?? 'left' }));
  const { style, io } = session;
  const width = io.stdout.isTty ? io.stdout.columns : undefined;
  for await (const line of tableLines(heads, cells(), { style, width })) await writeLine(session, line);
}
