/** Cosignatures of this node's own log: the newest checkpoint that a hub has cosigned, and the keys of those who do. */
import path from 'node:path';
import { badInputError } from '../base/index.ts';
import { sizeOf, type AuditLog } from './log.ts';
import { rootOf } from './merkle.ts';
import {
  COSIGNATURE,
  checkNote,
  parseCheckpoint,
  parseKey,
  parseNote,
  printKey,
  printNote,
  type Note,
} from './note.ts';
import { readKeys } from './signer.ts';

const COSIGNED_FILE = 'cosigned';
const COSIGNER_KEYS = 'cosigners.txt';

export interface CosignedNote {
  readonly note: Note;
  /** Keys of its cosignatures, in the note format. */
  readonly keys: readonly string[];
}

/** The newest cosigned checkpoint; undefined when there is none. */
export async function readCosigned(log: AuditLog): Promise<CosignedNote | undefined> {
  const { fs, folder } = log.options;
  const file = path.join(folder, COSIGNED_FILE);
  if ((await fs.stat(file)) === undefined) return undefined;
  const note = parseNote(Buffer.from(await fs.readFile(file)).toString('utf8'));
  const known = await readKeys(fs, path.join(folder, COSIGNER_KEYS));
  return { note, keys: known.filter((text) => checkNote(note, parseKey(text)) !== undefined) };
}

/**
 * Keeps what a hub has cosigned, where it is a checkpoint of this log; answers whether it is newer than, or of the same
 * checkpoint as, what was kept.
 */
export async function keepCosigned(log: AuditLog, printed: string, cosigner: string): Promise<boolean> {
  const { fs, folder, keys } = log.options;
  const [note, key] = [parseNote(printed), parseKey(cosigner)];
  const checkpoint = parseCheckpoint(note.text);
  const own = note.signatures.filter(({ id }) => id === keys.signer.key.id);
  const theirs = note.signatures.filter(({ name, id }) => name === key.name && id === key.id);
  const isOurs =
    checkpoint !== undefined &&
    checkpoint.size <= log.size &&
    checkNote(note, keys.signer.key) !== undefined &&
    Buffer.from(await rootOf(log.tiles.hashAt, checkpoint.size)).equals(checkpoint.root);
  if (!isOurs || key.kind !== COSIGNATURE || checkNote(note, key) === undefined)
    throw badInputError(
      'audit.cosignature',
      'this is no cosigned checkpoint of this log',
      'Push the log again: the hub answers with the note.',
    );
  return await log.still(async () => {
    const known = await readCosigned(log);
    const kept = known === undefined ? -1 : sizeOf(known.note);
    if (checkpoint.size < kept) return false;
    const others =
      known?.note.text === note.text
        ? known.note.signatures.filter(({ id }) => id !== keys.signer.key.id && id !== key.id)
        : [];
    const file = path.join(folder, COSIGNER_KEYS);
    const all = await readKeys(fs, file);
    const text = printKey(key);
    if (!all.includes(text)) {
      if (all.length >= log.options.limits.audit_cosigners)
        throw badInputError(
          'audit.cosigners',
          'too many hubs cosign this log',
          'Raise audit_cosigners in fractal.json.',
        );
      await fs.writeDurable(file, `${[...all, text].join('\n')}\n`);
    }
    const merged = { text: note.text, signatures: [...own, ...others, ...theirs] };
    await fs.writeDurable(path.join(folder, COSIGNED_FILE), printNote(merged));
    return true;
  });
}
