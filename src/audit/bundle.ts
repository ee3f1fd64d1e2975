/**
 * One entry with all that is needed to check it: its proof of inclusion, the signed checkpoint that the proof leads to,
 * the keys of the signatures. Made here; checked in `outside/check.ts`, with no log and no node.
 */
import { badInputError, integrityError } from '../base/index.ts';
import { Refused } from './outside/bytes.ts';
import { BUNDLE_FORMAT, checkBundle } from './outside/check.ts';
import type { AuditBundle, BundleVerdict } from './outside/verdict.ts';
import { readCosigned } from './cosigned.ts';
import { inclusionProof } from './merkle.ts';
import { printKey, printNote } from './note.ts';
import { sizeOf, type AuditLog } from './log.ts';

/** Throws `audit.entry_unknown`, and `audit.entry_expired` for one whose body is gone. */
export async function makeBundle(log: AuditLog, id: number): Promise<AuditBundle> {
  const { bytes } = await log.line(id);
  if (bytes === undefined)
    throw badInputError(
      'audit.entry_expired',
      `entry ${id} has expired: only its hash is left`,
      '`fractal audit show` lists entries with their text.',
    );
  // One that a hub has cosigned says more than a newer one.
  const cosigned = await readCosigned(log);
  const isCosigned = cosigned !== undefined && sizeOf(cosigned.note) > id;
  const note = isCosigned ? cosigned.note : await log.checkpointOver(id + 1);
  const size = sizeOf(note);
  const proof = await log.still(() => inclusionProof(log.tiles.hashAt, id, size));
  return {
    format: BUNDLE_FORMAT,
    entry: bytes.toString('utf8'),
    proof: proof.map((one) => Buffer.from(one).toString('base64')),
    checkpoint: printNote(note),
    keys: [printKey(log.options.keys.signer.key), ...(isCosigned ? cosigned.keys : [])],
  };
}

export const printBundle = (bundle: AuditBundle): string => `${JSON.stringify(bundle, null, 2)}\n`;

/**
 * Checks a bundle. `known` are keys that whoever checks has from elsewhere, whole or as fingerprints: each of them must
 * have signed. Throws `audit.bundle` with the reason.
 */
export async function verifyBundle(text: string, known: readonly string[] = []): Promise<BundleVerdict> {
  try {
    return await checkBundle(text, known);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    throw integrityError(
      'audit.bundle',
      `the bundle proves nothing: ${error.reason}`,
      'Ask for it again where it was made.',
    );
  }
}
