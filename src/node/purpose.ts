/**
 * What a call is for, as the caller says: `audit`, `investigation`. Rules may ask for it. A user may say what an
 * administrator put into their attribute `purposes`, the local operator of a node without users whatever they like.
 */
import { deniedError, usageError } from '../base/index.ts';
import type { Principal } from '../query/index.ts';

const PURPOSE = /^[A-Za-z0-9][A-Za-z0-9._ -]{0,63}$/;

/** The principal for this call. Throws `purpose.denied` for one that they may not declare. */
export function declaring(principal: Principal, purpose: string | undefined, isFree = false): Principal {
  if (purpose === undefined) return principal;
  if (!PURPOSE.test(purpose))
    throw usageError(
      'purpose.form',
      'a purpose has 1 to 64 of A-Z, a-z, 0-9, blank, . _ -',
      'Leave --purpose away, or name one that an administrator gave you.',
    );
  const { purposes } = principal.attributes ?? {};
  if (isFree || (Array.isArray(purposes) && purposes.includes(purpose))) return { ...principal, purpose };
  const own = Array.isArray(purposes) && purposes.length > 0 ? purposes.join(', ') : 'none';
  throw deniedError(
    'purpose.denied',
    `${principal.id} may not declare this purpose`,
    `What may be declared: ${own}. An administrator changes it with \`fractal user set\`.`,
  );
}

/** Names have no blank, so the first one ends them. */
const BETWEEN = ' for ';

/** Principal and purpose as one name: what is made for one purpose is not used for another. */
export const keyOf = ({ id, purpose }: Principal): string =>
  purpose === undefined ? id : `${id}${BETWEEN}${purpose}`;

export function readKey(key: string): { readonly id: string; readonly purpose: string | undefined } {
  const at = key.indexOf(BETWEEN);
  return at < 0
    ? { id: key, purpose: undefined }
    : { id: key.slice(0, at), purpose: key.slice(at + BETWEEN.length) };
}
