/**
 * The cookie of a login session, and what keeps pages of others from using it.
 *
 * A browser sends a cookie with every request to the host, whoever made it. SameSite=Strict leaves out requests of other
 * sites, but all ports of a host are one site: so a request that changes something and is known by its cookie alone must
 * carry an Origin. Browsers send one with every POST and no page can forge it; `guard.ts` has refused any but our own.
 */
import { deniedError } from '../base/index.ts';
import type { Door } from './context.ts';

/** Ports of one host share their cookies, so each has a name of its own. The prefix binds it to this host and to TLS. */
function cookieName({ port, isOurName }: Partial<Door>): string {
  const prefix = isOurName === undefined ? '' : '__Host-';
  return `${prefix}fractal-session-${port ?? 'socket'}`;
}

/** The secret in the cookie; undefined without one. */
export function sessionOf(headers: Headers, door: Partial<Door>): string | undefined {
  const wanted = cookieName(door);
  for (const part of (headers.get('cookie') ?? '').split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === wanted) return part.slice(at + 1).trim();
  }
  return undefined;
}

/** The header that gives the cookie, or takes it away. It ends with the browser; the node ends it at its own time. */
export function cookieHeader(door: Partial<Door>, secret: string | undefined): string {
  return [
    `${cookieName(door)}=${secret ?? ''}`,
    'Path=/',
    'HttpOnly',
    'SameSite=Strict',
    ...(door.isOurName === undefined ? [] : ['Secure']),
    ...(secret === undefined ? ['Max-Age=0'] : []),
  ].join('; ');
}

/** Throws when a request known by its cookie may have been made by a page of somebody else. */
export function guardCookie(method: string, headers: Headers, door: Partial<Door>): void {
  if (door.transport === 'socket' || method === 'GET' || headers.get('origin') !== null) return;
  throw deniedError(
    'http.csrf',
    'the call changes something, is known by its cookie alone, and does not say which page made it',
    'Send the Origin header with the address of the node, as browsers do, or a token instead of the cookie.',
  );
}
