/** Login sessions of a node: opened, listed and ended, each with its entry in the audit log. */
import { asFractalError, notFoundError, usageError } from '../base/index.ts';
import type { LoginSession, PrincipalDirectory } from '../security/index.ts';
import { denied, identify, type NodePolicy } from './access.ts';
import type { Identity } from './audited/facts.ts';
import type { Recorder } from './audited/recorder.ts';
import type { ListedSession, LoginDoor, SessionAnswer, SessionRequest } from './session-api.ts';

export function loginDoor(directory: PrincipalDirectory, policy: NodePolicy, recorder: Recorder): LoginDoor {
  const { sink } = recorder.options;
  return {
    async login(shown, { via, address, session: earlier }) {
      let identity: Identity;
      try {
        identity = await identify(directory, policy, { credentials: shown, address });
      } catch (error) {
        await recorder.keptOut(error, 'id' in shown ? shown.id : undefined, via);
        throw error;
      }
      const { principal, credential = '' } = identity;
      // Whoever could make another use their session must not find it open afterwards.
      if (earlier !== undefined) directory.sessions.end(earlier);
      const { secret, session } = directory.sessions.open(principal.id, credential, address);
      try {
        await sink.record({
          category: 'authentication',
          action: 'login',
          principal: principal.id,
          roles: principal.roles,
          resource: `session/${session.id}`,
          detail: { via, credential },
        });
      } catch (error) {
        directory.sessions.end(secret);
        throw error;
      }
      return { secret, session: listed(session, session.id) };
    },
    async logout(secret, { via }) {
      const session = directory.sessions.end(secret);
      if (session === undefined) return;
      await sink.record({
        category: 'authentication',
        action: 'logout',
        principal: session.principal,
        resource: `session/${session.id}`,
        detail: { via },
      });
    },
  };
}

export async function askSessions(
  directory: PrincipalDirectory,
  { principal, credential }: Identity,
  mayAdminister: boolean,
  request: SessionRequest,
): Promise<SessionAnswer> {
  const { sessions } = directory;
  let ended = 0;
  if (request.action === 'revoke') {
    // Over HTTP only the shape was checked, and it does not know which action needs what.
    if (typeof request.id !== 'string')
      throw usageError('session.request', 'the id of the session is missing', 'Say which one.');
    const { id } = request;
    ended = sessions.endWhere((one) => one.id === id && (mayAdminister || one.principal === principal.id));
    if (ended === 0)
      throw notFoundError(
        'session.unknown',
        'there is no session of this id',
        '`fractal session list` shows those that there are.',
      );
  } else if (request.action === 'revoke-all') {
    const user = request.user ?? principal.id;
    if (user !== principal.id && !mayAdminister)
      throw denied(`${principal.id} may not end sessions of others`, 'administer');
    ended = sessions.endWhere((one) => one.principal === user);
  }
  const current = credential?.startsWith('session/') === true ? credential.slice('session/'.length) : '';
  const shown: ListedSession[] = [];
  for (const session of sessions.list())
    if ((mayAdminister || session.principal === principal.id) && (await isAlive(directory, session)))
      shown.push(listed(session, current));
  return { sessions: shown, ended };
}

/** One whose credential has ended lets nobody in any more. */
const isAlive = (directory: PrincipalDirectory, session: LoginSession): Promise<boolean> =>
  directory.holder(session.credential).then(
    () => true,
    (error: unknown) => {
      // What cannot be read must not pass for a list without sessions.
      if (asFractalError(error).kind === 'denied') return false;
      throw error;
    },
  );

const iso = (ms: number): string => new Date(ms).toISOString();

const listed = (session: LoginSession, current: string): ListedSession => ({
  id: session.id,
  user: session.principal,
  address: session.address ?? null,
  opened_at: iso(session.openedAt),
  used_at: iso(session.usedAt),
  expires_at: iso(session.endsAt),
  current: session.id === current,
});
