/** Who a request says it comes from: `Authorization: Bearer TOKEN` or `Basic`, and whom it wants to act as. */
import { usageError } from '../base/index.ts';
import type { Caller } from '../node/index.ts';

/** Who the caller wants to be, said by `fractal --as` over the local socket. */
export const PRINCIPAL_HEADER = 'fractal-principal';

/** What the caller says the call is for. */
export const PURPOSE_HEADER = 'fractal-purpose';

export function callerOf(headers: Headers): Caller {
  return {
    as: headers.get(PRINCIPAL_HEADER) ?? undefined,
    purpose: headers.get(PURPOSE_HEADER) ?? undefined,
    credentials: credentialsOf(headers),
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
