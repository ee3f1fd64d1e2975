/**
 * That a log only grew: its tree of `from` entries is the beginning of its tree of `to` (RFC 9162 §2.1.4). For whoever
 * holds an older checkpoint. Checked with no log.
 */
import { badInputError, integrityError } from '../base/index.ts';
import { HASH_BYTES } from './entry.ts';
import { sizeOf, type AuditLog } from './log.ts';
import { consistencyProof, rootOf } from './merkle.ts';
import { parseCheckpoint, printNote } from './note.ts';
import { isConsistent } from './proof.ts';

export const GROWTH_FORMAT = 'fractal.audit-growth/1';

export interface AuditGrowth {
  readonly format: typeof GROWTH_FORMAT;
  /** Entries of the older tree, and its root in base64. */
  readonly from: number;
  readonly from_root: string;
  readonly to: number;
  readonly to_root: string;
  /** Hashes of RFC 9162 §2.1.4.1, in base64; none when nothing was added. */
  readonly proof: readonly string[];
  /** The signed note over `to` entries; null when none was kept for this size. */
  readonly checkpoint: string | null;
}

/** `to` is the last checkpoint when absent, over `from` entries at least. Throws `audit.growth` for sizes that are none. */
export async function makeGrowth(log: AuditLog, from: number, to?: number): Promise<AuditGrowth> {
  const isSize = (n: number): boolean => Number.isSafeInteger(n) && n >= 1 && n <= log.size;
  if (!isSize(from) || (to !== undefined && (!isSize(to) || to < from)))
    throw badInputError(
      'audit.growth',
      `the log has ${log.size} entries: a proof is from one number of entries to another that is not smaller`,
      'Give as --from the number in the checkpoint that you hold; --to may be left out.',
    );
  const note = to === undefined ? await log.checkpointOver(from) : log.checkpointNote;
  const end = to ?? (note === undefined ? from : sizeOf(note));
  return await log.still(async () => {
    const at = log.tiles.hashAt;
    const base64 = (hash: Uint8Array): string => Buffer.from(hash).toString('base64');
    return {
      format: GROWTH_FORMAT,
      from,
      from_root: base64(await rootOf(at, from)),
      to: end,
      to_root: base64(await rootOf(at, end)),
      proof: (await consistencyProof(at, from, end)).map(base64),
      checkpoint: note !== undefined && sizeOf(note) === end ? printNote(note) : null,
    };
  });
}

/** Against the older checkpoint that whoever checks holds, as a C2SP note. Throws `audit.growth_proof` with the reason. */
export function checkGrowth(growth: AuditGrowth, older: string): void {
  const refused = (reason: string): Error =>
    integrityError(
      'audit.growth_proof',
      `the proof does not hold: ${reason}`,
      'Keep both: this file and the checkpoint that you hold. Ask the owner of the node for another proof.',
    );
  const hashOf = (text: string): Buffer => {
    const hash = Buffer.from(text, 'base64');
    if (hash.length !== HASH_BYTES || hash.toString('base64') !== text)
      throw refused('it holds something that is no hash');
    return hash;
  };
  const held = parseCheckpoint(older);
  if (held === undefined) throw refused('what it is compared with is no checkpoint');
  if (held.size !== growth.from)
    throw refused(`it begins at ${growth.from} entries, the checkpoint is over ${held.size}`);
  const [fromRoot, toRoot] = [hashOf(growth.from_root), hashOf(growth.to_root)];
  if (!fromRoot.equals(held.root)) throw refused('the older entries are not those of the checkpoint');
  if (growth.checkpoint !== null) {
    const newer = parseCheckpoint(growth.checkpoint);
    if (newer?.origin !== held.origin) throw refused('the two checkpoints are of two logs');
    if (newer.size !== growth.to || !toRoot.equals(newer.root))
      throw refused('the newer checkpoint is over another tree');
  }
  if (!isConsistent(growth.from, fromRoot, growth.to, toRoot, growth.proof.map(hashOf)))
    throw refused('the older entries are not the beginning of the newer ones');
}
