/**
 * One entry, or a report with the entry that recorded it, with all that is needed to check it: its proof of inclusion, the signed checkpoint that the proof leads to,
 * the keys of the signatures. Made here; checked in `outside/check.ts`, with no log and no node.
 */
import { badInputError, integrityError, usageError } from '../base/index.ts';
import { Misused, Refused } from './outside/bytes.ts';
import { BUNDLE_CHARS, BUNDLE_FORMAT } from './outside/check.ts';
import { checkFiles, type GivenFile } from './outside/files.ts';
import { REPORT_FORMAT, type EvidenceFile, type ReportBundle } from './outside/report.ts';
import type { AuditBundle, BundleVerdict, Verdict } from './outside/verdict.ts';
import { readCosigned } from './cosigned.ts';
import { inclusionProof } from './merkle.ts';
import { printKey, printNote, type Note } from './note.ts';
import { sizeOf, type AuditLog } from './log.ts';

/** Throws `audit.entry_unknown`, and `audit.entry_expired` for one whose body is gone. */
export async function makeBundle(log: AuditLog, id: number): Promise<AuditBundle> {
  const entry = await textOf(log, id);
  const { note, keys } = await signedOver(log, id + 1);
  const proof = await proofOf(log, id, note);
  return { format: BUNDLE_FORMAT, entry, proof, checkpoint: printNote(note), keys };
}

async function textOf(log: AuditLog, id: number): Promise<string> {
  const { bytes } = await log.line(id);
  if (bytes === undefined)
    throw badInputError(
      'audit.entry_expired',
      `entry ${id} has expired: only its hash is left`,
      '`fractal audit show` lists entries with their text.',
    );
  return bytes.toString('utf8');
}

async function proofOf(log: AuditLog, id: number, note: Note): Promise<string[]> {
  const proof = await log.still(() => inclusionProof(log.tiles.hashAt, id, sizeOf(note)));
  return proof.map((one) => Buffer.from(one).toString('base64'));
}

export interface ReportParts {
  /** The entry that recorded the report. */
  readonly id: number;
  /** As it was committed to. */
  readonly report: string;
  readonly salt: string;
  readonly evidence: readonly EvidenceFile[];
  /** The entry that wrote down the evidence. */
  readonly attached?: { readonly id: number; readonly salt: string };
}

/** Throws what `makeBundle` does, and `audit.bundle_size` for more than whoever checks takes. */
export async function makeReport(log: AuditLog, parts: ReportParts): Promise<ReportBundle> {
  const { id, report, salt, evidence, attached } = parts;
  const entry = await textOf(log, id);
  const { note, keys } = await signedOver(log, Math.max(id, attached?.id ?? 0) + 1);
  const proof = await proofOf(log, id, note);
  const link =
    attached === undefined
      ? null
      : {
          entry: await textOf(log, attached.id),
          proof: await proofOf(log, attached.id, note),
          salt: attached.salt,
        };
  const checkpoint = printNote(note);
  const bundle = {
    format: REPORT_FORMAT,
    entry,
    proof,
    checkpoint,
    keys,
    report,
    salt,
    evidence,
    attached: link,
  };
  if (printBundle(bundle).length > BUNDLE_CHARS)
    throw badInputError(
      'audit.bundle_size',
      `a bundle has at most ${BUNDLE_CHARS} characters`,
      'Leave out the content of evidence: its SHA-256 shows as much to whoever has the file.',
    );
  return bundle;
}

export const printBundle = (bundle: AuditBundle | ReportBundle): string =>
  `${JSON.stringify(bundle, null, 2)}\n`;

/** A checkpoint over at least so many entries, with the keys of its signatures. One that a hub has cosigned says more than a newer one. */
async function signedOver(
  log: AuditLog,
  least: number,
): Promise<{ readonly note: Note; readonly keys: readonly string[] }> {
  const own = printKey(log.options.keys.signer.key);
  const cosigned = await readCosigned(log);
  if (cosigned !== undefined && sizeOf(cosigned.note) >= least)
    return { note: cosigned.note, keys: [own, ...cosigned.keys] };
  return { note: await log.checkpointOver(least), keys: [own] };
}

/**
 * Checks a bundle, or several files about one log: bundles, checkpoints, proofs of growth. `known` are keys that whoever
 * checks has from elsewhere, whole or as fingerprints: each of them must have signed. Throws `audit.bundle` with the
 * reason, and `audit.verify_use` for what cannot be checked as it was given.
 */
export async function verifyFiles(
  files: readonly GivenFile[],
  known: readonly string[] = [],
): Promise<Verdict> {
  try {
    return await checkFiles(files, known);
  } catch (error) {
    if (error instanceof Misused) throw usageError('audit.verify_use', error.message, error.cure);
    if (!(error instanceof Refused)) throw error;
    throw integrityError(
      'audit.bundle',
      `what was given proves nothing: ${error.reason}`,
      'Ask for it again where it was made.',
    );
  }
}

/** The same for one bundle. */
export async function verifyBundle(text: string, known: readonly string[] = []): Promise<BundleVerdict> {
  return (await verifyFiles([{ name: 'bundle', text }], known)) as BundleVerdict;
}
