/**
 * Checks files about a log with no log and no node: bundles, proofs of growth, checkpoints. The only check that there
 * is: the product runs it, and so do the single-file program and the page in `verifier/`, which `npm run docs` writes
 * from this folder.
 */
import { Refused, fromBase64, toBase64, toHex, utf8 } from './bytes.ts';
import { originOf, readEntry } from './entry.ts';
import { areTexts, checkWriting, parseObject, type Fields } from './json.ts';
import { checkSigned, type NamedKeys } from './signers.ts';
import { HASH_BYTES, isIncluded, leafHashOf } from './tree.ts';
import type { AuditBundle, FoundBundle } from './verdict.ts';

export const BUNDLE_FORMAT = 'fractal.audit-bundle/1';
/** Of a file, in characters. */
export const BUNDLE_CHARS = 1_048_576;

/** Throws `Refused` with the reason. */
export async function checkBundle(text: string, fields: Fields, named: NamedKeys): Promise<FoundBundle> {
  const { entry, proof, checkpoint, keys } = readBundle(text, fields);
  const [found] = await checkWithin([{ text: entry, proof }], checkpoint, keys, named);
  if (found === undefined) throw new Refused('its entry is none');
  return found;
}

/** The text of an entry, and the hashes that lead from it to the root. */
export interface Within {
  readonly text: string;
  readonly proof: readonly string[];
}

/** Entries under one checkpoint. Throws `Refused` with the reason. */
export async function checkWithin(
  entries: readonly Within[],
  printed: string,
  keys: readonly string[],
  named: NamedKeys,
): Promise<FoundBundle[]> {
  const { checkpoint, log, cosignatures } = await checkSigned(printed, keys, named);
  const { origin, size, root } = checkpoint;
  const found: FoundBundle[] = [];
  for (const { text, proof } of entries) {
    const entry = text.isWellFormed() ? readEntry(text) : undefined;
    if (entry === undefined) throw new Refused('its entry is none');
    if (originOf(entry.node_id) !== origin)
      throw new Refused('its checkpoint is that of the log of another node');
    if (entry.entry_id >= size)
      throw new Refused(`its checkpoint covers ${size} entries, not entry ${entry.entry_id}`);
    const hash = await leafHashOf(utf8(text));
    if (!(await isIncluded(hash, entry.entry_id, size, proof.map(readHash), root)))
      throw new Refused(
        'the entry is not in the tree that was signed: it, its number or the proof was changed',
      );
    const tree = { origin, size, root: toBase64(root) };
    found.push({ ...log, entry, hash: toHex(hash), checkpoint: tree, cosignatures });
  }
  return found;
}

export function readHash(text: string): Uint8Array {
  const bytes = fromBase64(text);
  if (bytes?.length !== HASH_BYTES) throw new Refused('it holds what is no hash');
  return bytes;
}

const FIELDS = ['format', 'entry', 'proof', 'checkpoint', 'keys'];

function readBundle(text: string, value: Fields): AuditBundle {
  const { entry, proof, checkpoint, keys } = value;
  const fits =
    typeof entry === 'string' && typeof checkpoint === 'string' && areTexts(proof) && areTexts(keys);
  if (!fits) throw new Refused(`its fields are not ${FIELDS.join(', ')}`);
  checkWriting(value, text, FIELDS, 'a bundle');
  return value as unknown as AuditBundle;
}

export const readFields = (text: string): Fields => {
  if (text.length > BUNDLE_CHARS) throw new Refused(`it has more than ${BUNDLE_CHARS} characters`);
  const fields = parseObject(text);
  if (fields === undefined) throw new Refused('it is not JSON');
  return fields;
};
