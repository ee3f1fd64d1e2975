import { usageError } from '../../base/index.ts';
import type { ListedSession, SessionRequest } from '../../node/index.ts';
import { tableLines, type TableColumn } from '../output/table.ts';
import { plural } from '../output/text.ts';
import { note, withNode, writeJson, writeLine, type Run, type Session } from '../session.ts';

export const runSession: Run<'session'> = async (session) => {
  const request = requestOf(session);
  const answer = await withNode(session, (node) => node.sessions(request));
  if (session.values.json) await writeJson(session, answer);
  else if (request.action === 'list') await show(session, answer.sessions);
  else await writeLine(session, `${plural(answer.ended, 'session')} ended`);
  return 0;
};

function requestOf(session: Session): SessionRequest {
  const [action = 'list', what] = session.arguments;
  if (action === 'list') return { action };
  if (action === 'revoke-all') return { action, ...(what === undefined ? {} : { user: what }) };
  if (what !== undefined) return { action: 'revoke', id: what };
  throw usageError(
    'usage.argument',
    '`fractal session revoke` needs the id of a session',
    '`fractal session list` shows them.',
  );
}

const COLUMNS: readonly (readonly [name: string, cell: (one: ListedSession) => string])[] = [
  ['id', ({ id, current }) => (current ? `${id} (this one)` : id)],
  ['user', ({ user }) => user],
  ['from', ({ address }) => address ?? 'this machine'],
  ['opened', ({ opened_at }) => opened_at],
  ['used', ({ used_at }) => used_at],
  ['ends', ({ expires_at }) => expires_at],
];

async function show(session: Session, sessions: readonly ListedSession[]): Promise<void> {
  if (sessions.length === 0) return note(session, 'Nobody is logged in.');
  const cells = async function* (): AsyncGenerator<string[]> {
    for (const one of sessions) yield COLUMNS.map(([, cell]) => cell(one));
  };
  const heads = COLUMNS.map(([name]): TableColumn => ({ name, align: 'left' }));
  const { style, io } = session;
  const width = io.stdout.isTty ? io.stdout.columns : undefined;
  for await (const line of tableLines(heads, cells(), { style, width })) await writeLine(session, line);
}
