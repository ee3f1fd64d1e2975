import { usageError } from '../../base/index.ts';
import type { UserAnswer, UserRequest } from '../../node/index.ts';
import { note, withNode, writeJson, writeLine, type Run, type SessionOf } from '../session.ts';

type Change = Extract<UserRequest, { action: 'add' }>;

export const runUser: Run<'user'> = async (session) => {
  const request = await requestOf(session);
  const answer = await withNode(session, (node) => node.users(request));
  if (session.values.json) await writeJson(session, answer);
  else if (request.action === 'list') await writeUsers(session, answer);
  else if (answer.token === undefined) await writeLine(session, `${request.id}: done`);
  else await writeLine(session, answer.token);
  if (answer.token !== undefined)
    await note(session, 'This token is not shown again. Use it: export FRACTAL_TOKEN=…');
  return 0;
};

async function requestOf(session: SessionOf<'user'>): Promise<UserRequest> {
  const [action = 'list', id] = session.arguments as [UserRequest['action']?, string?];
  const { label, days, credential } = session.values;
  if (action === 'list') return { action };
  if (id === undefined) throw missing(action, 'a name');
  switch (action) {
    case 'add':
    case 'set':
      return { action, id, ...(await changeOf(session)) };
    case 'remove':
      return { action, id };
    case 'token':
      return {
        action,
        id,
        ...(label === undefined ? {} : { label }),
        ...(days === undefined ? {} : { days }),
      };
    case 'revoke':
      if (credential === undefined) throw missing(action, '--credential ID');
      return { action, id, credential };
  }
}

const missing = (action: string, what: string): Error =>
  usageError('usage.argument', `\`fractal user ${action}\` needs ${what}`, 'Run `fractal help user`.');

async function changeOf(session: SessionOf<'user'>): Promise<Omit<Change, 'action' | 'id'>> {
  const { roles, attributes } = session.values;
  return {
    ...(session.given.has('roles') ? { roles } : {}),
    ...(attributes === undefined ? {} : { attributes: attributesOf(attributes) }),
    ...(session.values['password-stdin'] ? { password: await passwordOf(session) } : {}),
  };
}

function attributesOf(text: string): NonNullable<Change['attributes']> {
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === 'object' && !Array.isArray(value))
      return value as NonNullable<Change['attributes']>;
  } catch {
    // Told below, without the text: it may hold what is nobody's business.
  }
  throw usageError(
    'usage.value',
    'the value of --attributes must be a JSON object',
    `Write '{"assigned_sites":["a"]}'.`,
  );
}

async function passwordOf(session: SessionOf<'user'>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of session.io.stdin) parts.push(part);
  return Buffer.concat(parts)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

async function writeUsers(session: SessionOf<'user'>, { users }: UserAnswer): Promise<void> {
  if (users.length === 0) await note(session, 'No users: the node is in single-user mode.');
  for (const user of users) {
    const state = user.removed ? ' (removed)' : '';
    await writeLine(session, `${session.style.bold(user.id)}${state}  ${user.roles.join(', ')}`);
    for (const [name, value] of Object.entries(user.attributes))
      await writeLine(session, `  ${name} = ${JSON.stringify(value)}`);
    for (const { id, kind, label, expires_at } of user.credentials)
      await writeLine(
        session,
        `  ${kind} ${id} ${label}${expires_at === null ? '' : ` until ${expires_at}`}`,
      );
  }
}
