/**
 * One entry with all that is needed to check it: its proof of inclusion, the signed checkpoint that the proof leads to,
 * the key of the signature. Checked with no log and no node.
 */
import { badInputError, integrityError } from '../base/index.ts';
import { HASH_BYTES, decodeEntry, leafHash, type AuditEntry } from './entry.ts';
import { inclusionProof } from './merkle.ts';
import {
  checkNote,
  parseCheckpoint,
  parseKey,
  parseNote,
  printKey,
  printNote,
  type Checkpoint,
  type NoteKey,
} from './note.ts';
import { isIncluded } from './proof.ts';
import { originOf } from './signer.ts';
import { sizeOf, type AuditLog } from './log.ts';

export const BUNDLE_FORMAT = 'fractal.audit-bundle/1';

export interface AuditBundle {
  readonly format: typeof BUNDLE_FORMAT;
  /** The very text of the entry: its bytes are the leaf. */
  readonly entry: string;
  /** Hashes from the leaf to the root, lowest first, in base64. */
  readonly proof: readonly string[];
  /** C2SP signed note. */
  readonly checkpoint: string;
  /** Keys that sign the log, in the note format. */
  readonly keys: readonly string[];
}

export interface BundleVerdict {
  readonly entry: AuditEntry;
  /** Leaf hash, in hexadecimal. */
  readonly hash: string;
  readonly checkpoint: { readonly origin: string; readonly size: number; readonly root: string };
  /** The key that signed. */
  readonly key: string;
  /** Whether that key was known before; otherwise it is the bundle's own word for it. */
  readonly is_key_known: boolean;
}

/** Throws `audit.entry_unknown`, and `audit.entry_expired` for one whose body is gone. */
export async function makeBundle(log: AuditLog, id: number): Promise<AuditBundle> {
  const { bytes } = await log.line(id);
  if (bytes === undefined)
    throw badInputError(
      'audit.entry_expired',
      `entry ${id} has expired: only its hash is left`,
      '`fractal audit show` lists entries with their text.',
    );
  const note = await log.checkpointOver(id + 1);
  const size = sizeOf(note);
  const proof = await log.still(() => inclusionProof(log.tiles.hashAt, id, size));
  return {
    format: BUNDLE_FORMAT,
    entry: bytes.toString('utf8'),
    proof: proof.map((one) => Buffer.from(one).toString('base64')),
    checkpoint: printNote(note),
    keys: [printKey(log.options.keys.signer.key)],
  };
}

export const printBundle = (bundle: AuditBundle): string => `${JSON.stringify(bundle, null, 2)}\n`;

/**
 * Checks a bundle. `known` are keys that whoever checks has from elsewhere: one of them must have signed. Throws
 * `audit.bundle` with the reason.
 */
export function verifyBundle(text: string, known: readonly string[] = []): BundleVerdict {
  const bundle = readBundle(text);
  const bytes = Buffer.from(bundle.entry);
  const entry = decodeEntry(bytes);
  if (entry === undefined) throw bad('its entry is none');
  const checkpoint = parseCheckpoint(bundle.checkpoint);
  if (checkpoint === undefined) throw bad('its checkpoint cannot be read');
  const key = signerOfBundle(bundle, checkpoint, known);
  if (originOf(entry.node_id) !== checkpoint.origin)
    throw bad('its checkpoint is that of the log of another node');
  const hash = leafHash(bytes);
  const { origin, size, root } = checkpoint;
  const proof = bundle.proof.map(readHash);
  if (entry.entry_id >= size) throw bad(`its checkpoint covers ${size} entries, not entry ${entry.entry_id}`);
  if (!isIncluded(Buffer.from(hash, 'hex'), entry.entry_id, size, proof, root))
    throw bad('the entry is not in the tree that was signed: it, its number or the proof was changed');
  return {
    entry,
    hash,
    checkpoint: { origin, size, root: Buffer.from(root).toString('base64') },
    key: printKey(key),
    is_key_known: known.length > 0,
  };
}

function signerOfBundle(bundle: AuditBundle, { origin }: Checkpoint, known: readonly string[]): NoteKey {
  const note = parseNoteOf(bundle.checkpoint);
  const own = bundle.keys.map((text) => {
    const key = parseKeyOf(text);
    if (printKey(key) !== text) throw bad('one of its keys is written otherwise than keys are');
    return key;
  });
  const allowed = known.length === 0 ? own : known.map(parseKey);
  const key = allowed.find((one) => one.name === origin && checkNote(note, one) !== undefined);
  if (key !== undefined) return key;
  throw bad(
    known.length === 0
      ? 'no key of the bundle signed its checkpoint'
      : 'the key you gave did not sign its checkpoint',
  );
}

function parseNoteOf(printed: string): ReturnType<typeof parseNote> {
  let note: ReturnType<typeof parseNote>;
  try {
    note = parseNote(printed);
  } catch {
    throw bad('its checkpoint is no signed note');
  }
  if (printNote(note) !== printed) throw bad('its checkpoint is written otherwise than notes are');
  return note;
}

function parseKeyOf(text: string): NoteKey {
  try {
    return parseKey(text);
  } catch {
    throw bad('one of its keys is none');
  }
}

function readHash(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== HASH_BYTES || bytes.toString('base64') !== text)
    throw bad('its proof holds what is no hash');
  return bytes;
}

const FIELDS = ['format', 'entry', 'proof', 'checkpoint', 'keys'];

/** Only what prints as it was read: nothing can stand in the file that is not checked, no field twice. */
function readBundle(text: string): AuditBundle {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw bad('it is not JSON');
  }
  const { format, entry, proof, checkpoint, keys } = (value ?? {}) as Partial<Record<string, unknown>>;
  const areTexts = (list: unknown): boolean =>
    Array.isArray(list) && list.every((one) => typeof one === 'string');
  if (format !== BUNDLE_FORMAT) throw bad(`its format is not ${BUNDLE_FORMAT}`);
  const fits =
    typeof entry === 'string' && typeof checkpoint === 'string' && areTexts(proof) && areTexts(keys);
  if (!fits || Object.keys(value as object).join() !== FIELDS.join())
    throw bad(`its fields are not ${FIELDS.join(', ')}`);
  const printed = text.trimEnd();
  if (printed !== JSON.stringify(value) && printed !== JSON.stringify(value, null, 2))
    throw bad('it is not written as a bundle is');
  return value as AuditBundle;
}

const bad = (why: string): Error =>
  integrityError('audit.bundle', `the bundle proves nothing: ${why}`, 'Ask for it again where it was made.');
