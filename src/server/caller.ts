/** Who a request says it comes from: by `Authorization: Bearer TOKEN` or `Basic`, or by cookie or certificate, and whom it wants to act as. */
import { usageError } from '../base/index.ts';
import type { Caller } from '../node/index.ts';
import type { Door } from './context.ts';
import { guardCookie, sessionOf } from './cookie.ts';

/** Who the caller wants to be, said by `fractal --as` over the local socket. */
export const PRINCIPAL_HEADER = 'fractal-principal';

/** What the caller says the call is for. */
export const PURPOSE_HEADER = 'fractal-purpose';

export const viaOf = ({ transport }: Partial<Door>): NonNullable<Caller['via']> =>
  transport === 'tcp' ? 'http' : 'socket';

/** Throws when a page of somebody else may have made the request. */
export function callerOf({ method, headers }: Request, door: Partial<Door>): Caller {
  const shown = credentialsOf(headers);
  const session = shown === undefined ? sessionOf(headers, door) : undefined;
  if (session !== undefined) guardCookie(method, headers, door);
  return {
    via: viaOf(door),
    address: door.address,
    as: headers.get(PRINCIPAL_HEADER) ?? undefined,
    purpose: headers.get(PURPOSE_HEADER) ?? undefined,
    // What is said for this call counts before what the connection always says.
    credentials: shown ?? (session === undefined ? door.shown : { session }),
  };
}

function credentialsOf(headers: Headers): Caller['credentials'] {
  const header = headers.get('authorization');
  if (header === null) return undefined;
  const [, scheme = '', value = ''] = /^(\w+) +(\S+)$/.exec(header) ?? [];
  if (scheme.toLowerCase() === 'bearer') return { token: value };
  if (scheme.toLowerCase() === 'basic') {
    const text = Buffer.from(value, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    if (colon > 0) return { id: text.slice(0, colon), password: text.slice(colon + 1) };
  }
  throw usageError(
    'http.authorization',
    'the Authorization header is not of a known form',
    'Send `Authorization: Bearer TOKEN`, or Basic with name and password.',
  );
}
