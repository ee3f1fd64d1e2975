/**
 * Checks a bundle with no log and no node: one entry, its proof of inclusion, the signed checkpoint that the proof leads
 * to, the keys of the signatures. The only check of bundles that there is: the product runs it, and so do the
 * single-file program and the page in `verifier/`, which `npm run docs` writes from this folder.
 */
import { Refused, fromBase64, toBase64, toHex, utf8 } from './bytes.ts';
import { originOf, readEntry } from './entry.ts';
import {
  COSIGNATURE,
  checkSignature,
  fingerprintOf,
  parseCheckpoint,
  printKey,
  printNote,
  readKey,
  splitNote,
  type Note,
  type NoteKey,
} from './note.ts';
import { HASH_BYTES, isIncluded, leafHashOf } from './tree.ts';
import type { AuditBundle, BundleVerdict, Cosigner, Signer } from './verdict.ts';
import { notProven, proven } from './words.ts';

export const BUNDLE_FORMAT = 'fractal.audit-bundle/1';
/** Of a bundle, in characters. */
export const BUNDLE_CHARS = 1_048_576;

/**
 * `named` are keys that whoever checks has from elsewhere, whole or as fingerprints: each of them must have signed.
 * Throws `Refused` with the reason.
 */
export async function checkBundle(text: string, named: readonly string[] = []): Promise<BundleVerdict> {
  const wanted = named.map(readNamed);
  const bundle = readBundle(text);
  const bytes = utf8(bundle.entry);
  const entry = bundle.entry.isWellFormed() ? readEntry(bundle.entry) : undefined;
  if (entry === undefined) throw new Refused('its entry is none');
  const checkpoint = parseCheckpoint(bundle.checkpoint);
  if (checkpoint === undefined) throw new Refused('its checkpoint cannot be read');
  const { origin, size, root } = checkpoint;
  const { log, cosignatures } = await checkSigners(bundle, origin, wanted);
  if (originOf(entry.node_id) !== origin)
    throw new Refused('its checkpoint is that of the log of another node');
  const hash = await leafHashOf(bytes);
  const proof = bundle.proof.map(readHash);
  if (entry.entry_id >= size)
    throw new Refused(`its checkpoint covers ${size} entries, not entry ${entry.entry_id}`);
  if (!(await isIncluded(hash, entry.entry_id, size, proof, root)))
    throw new Refused(
      'the entry is not in the tree that was signed: it, its number or the proof was changed',
    );
  const found = {
    ...log,
    entry,
    hash: toHex(hash),
    checkpoint: { origin, size, root: toBase64(root) },
    cosignatures,
  };
  return { ...found, proven: proven(found), not_proven: notProven(found) };
}

/** A key as somebody names it: the whole of it, or its fingerprint as people write it. */
function readNamed(text: string): string {
  const trimmed = text.trim();
  const digits = trimmed.replaceAll(/[\s:-]/g, '').toLowerCase();
  if (/^[0-9a-f]{64}$/.test(digits)) return digits;
  if (/^[^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$/.test(trimmed)) return trimmed;
  throw new Refused(
    'the key you gave is none: a key looks like NAME+ID+BASE64, a fingerprint has 64 hexadecimal digits',
  );
}

/** Every signature is checked, and every key has made one: nothing stands in a bundle that says nothing. */
async function checkSigners(
  bundle: AuditBundle,
  origin: string,
  wanted: readonly string[],
): Promise<{ log: Signer; cosignatures: readonly Cosigner[] }> {
  const note = splitNote(bundle.checkpoint);
  if (note === undefined) throw new Refused('its checkpoint is no signed note');
  if (printNote(note) !== bundle.checkpoint)
    throw new Refused('its checkpoint is written otherwise than notes are');
  let log: Signer | undefined;
  const cosignatures: Cosigner[] = [];
  const unused = new Set(wanted);
  for (const text of bundle.keys) {
    const key = await keyOf(text);
    const signed = await checkSignature(note, key);
    if (signed === undefined) throw new Refused(`no signature of its checkpoint is that of its key ${text}`);
    const fingerprint = await fingerprintOf(key);
    const names = [text, fingerprint].filter((name) => wanted.includes(name));
    for (const name of names) unused.delete(name);
    const signer = { key: text, fingerprint, is_key_known: names.length > 0 };
    if (key.kind === COSIGNATURE)
      cosignatures.push({ ...signer, name: key.name, time: isoOf(signed.seconds ?? 0) });
    else if (key.name === origin && log === undefined) log = signer;
    else throw new Refused(`its checkpoint is not that of the log of its key ${text}`);
  }
  if (unused.size > 0) throw new Refused('the key you gave did not sign its checkpoint');
  if (log === undefined) throw new Refused('no key of the bundle is that of the log');
  if (hasStranger(note, bundle.keys.length))
    throw new Refused('its checkpoint has a signature whose key is not in the bundle');
  return { log, cosignatures };
}

const hasStranger = ({ signatures }: Note, keys: number): boolean =>
  signatures.length !== keys || new Set(signatures.map(({ name, id }) => `${name} ${id}`)).size !== keys;

async function keyOf(text: string): Promise<NoteKey> {
  const key = await readKey(text);
  if (key === undefined) throw new Refused('one of its keys is none');
  if (printKey(key) !== text) throw new Refused('one of its keys is written otherwise than keys are');
  return key;
}

function isoOf(seconds: number): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) throw new Refused('the time of a cosignature is none');
  return date.toISOString();
}

function readHash(text: string): Uint8Array {
  const bytes = fromBase64(text);
  if (bytes?.length !== HASH_BYTES) throw new Refused('its proof holds what is no hash');
  return bytes;
}

const FIELDS = ['format', 'entry', 'proof', 'checkpoint', 'keys'];

/** Only what prints as it was read: nothing can stand in the file that is not checked, no field twice. */
function readBundle(text: string): AuditBundle {
  if (text.length > BUNDLE_CHARS) throw new Refused(`it has more than ${BUNDLE_CHARS} characters`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refused('it is not JSON');
  }
  const { format, entry, proof, checkpoint, keys } = (value ?? {}) as Partial<Record<string, unknown>>;
  const areTexts = (list: unknown): boolean =>
    Array.isArray(list) && list.every((one) => typeof one === 'string');
  if (format !== BUNDLE_FORMAT) throw new Refused(`its format is not ${BUNDLE_FORMAT}`);
  const fits =
    typeof entry === 'string' && typeof checkpoint === 'string' && areTexts(proof) && areTexts(keys);
  if (!fits || Object.keys(value as object).join() !== FIELDS.join())
    throw new Refused(`its fields are not ${FIELDS.join(', ')}`);
  const printed = text.trimEnd();
  if (printed !== JSON.stringify(value) && printed !== JSON.stringify(value, null, 2))
    throw new Refused('it is not written as a bundle is');
  return value as AuditBundle;
}
