/** That a log only grew: its tree of `from` entries is the beginning of its tree of `to` (RFC 9162 §2.1.4). */
import { Refused, toBase64 } from './bytes.ts';
import { readHash } from './check.ts';
import { areTexts, checkWriting, type Fields } from './json.ts';
import { checkSigned, type NamedKeys, type Signed } from './signers.ts';
import { isConsistent } from './tree.ts';

export const GROWTH_FORMAT = 'fractal.audit-growth/2';

export interface AuditGrowth {
  readonly format: string;
  /** Entries of the older tree, and its root in base64. */
  readonly from: number;
  readonly from_root: string;
  readonly to: number;
  readonly to_root: string;
  /** Hashes of RFC 9162 §2.1.4.1, in base64; none when nothing was added. */
  readonly proof: readonly string[];
  /** The signed note over `to` entries; null when none was kept for this size. */
  readonly checkpoint: string | null;
  /** Keys of its signatures, in the note format. */
  readonly keys: readonly string[];
}

export interface FoundGrowth {
  readonly from: number;
  readonly from_root: string;
  readonly to: number;
  readonly to_root: string;
  /** What the newer end is under, when the file has it. */
  readonly signed: Signed | undefined;
}

const GROWTH_FIELDS = ['format', 'from', 'from_root', 'to', 'to_root', 'proof', 'checkpoint', 'keys'];

/** Whose the two ends are is for whoever has checkpoints over them. Throws `Refused` with the reason. */
export async function checkGrowth(text: string, value: Fields, named: NamedKeys): Promise<FoundGrowth> {
  const { from, from_root, to, to_root, proof, checkpoint, keys } = value as unknown as AuditGrowth;
  const areSizes = [from, to].every((one) => Number.isSafeInteger(one) && one >= 1);
  const fits =
    areSizes &&
    areTexts([from_root, to_root]) &&
    areTexts(proof) &&
    areTexts(keys) &&
    (checkpoint === null || typeof checkpoint === 'string');
  if (!fits) throw new Refused(`its fields are not ${GROWTH_FIELDS.join(', ')}`);
  checkWriting(value, text, GROWTH_FIELDS, 'a proof of growth');
  const [olderRoot, root] = [readHash(from_root), readHash(to_root)];
  if (!(await isConsistent(from, olderRoot, to, root, proof.map(readHash))))
    throw new Refused('the older entries are not the beginning of the newer ones');
  const found = { from, from_root, to, to_root };
  if (checkpoint === null) {
    if (keys.length > 0) throw new Refused('it has keys and nothing that they signed');
    return { ...found, signed: undefined };
  }
  const signed = await checkSigned(checkpoint, keys, named);
  if (signed.checkpoint.size !== to || toBase64(signed.checkpoint.root) !== to_root)
    throw new Refused('its checkpoint is over another tree');
  return { ...found, signed };
}
