/** Who signed a checkpoint, and whether whoever checks knows them. */
import { Misused, Refused } from './bytes.ts';
import {
  COSIGNATURE,
  checkSignature,
  fingerprintOf,
  parseCheckpoint,
  printKey,
  printNote,
  readKey,
  splitNote,
  type Checkpoint,
  type Note,
  type NoteKey,
} from './note.ts';
import type { Cosigner, Signer } from './verdict.ts';

/** A signed checkpoint whose signatures are good. */
export interface Signed {
  readonly checkpoint: Checkpoint;
  readonly log: Signer;
  readonly cosignatures: readonly Cosigner[];
  /** Names of those whose signature was not checked, for want of a key. */
  readonly unchecked: readonly string[];
}

/** Keys that whoever checks has from elsewhere, whole or as fingerprints. Each of them must have signed. */
export class NamedKeys {
  readonly #names: ReadonlySet<string>;
  readonly #unused: Set<string>;

  constructor(texts: readonly string[]) {
    this.#names = new Set(texts.map(readNamed));
    this.#unused = new Set(this.#names);
  }

  /** Those that were given whole. */
  get whole(): readonly string[] {
    return [...this.#names].filter((name) => name.includes('+'));
  }

  has(...spellings: readonly string[]): boolean {
    const found = spellings.filter((one) => this.#names.has(one));
    for (const one of found) this.#unused.delete(one);
    return found.length > 0;
  }

  /** Throws when one of them signed nothing. */
  checkAllUsed(): void {
    if (this.#unused.size > 0) throw new Refused('the key you gave did not sign its checkpoint');
  }
}

/** A key as somebody names it: the whole of it, or its fingerprint as people write it. */
function readNamed(text: string): string {
  const trimmed = text.trim();
  const digits = trimmed.replaceAll(/[\s:-]/g, '').toLowerCase();
  if (/^[0-9a-f]{64}$/.test(digits)) return digits;
  if (/^[^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$/.test(trimmed)) return trimmed;
  throw new Misused(
    'the key you gave is none',
    'A key looks like NAME+ID+BASE64, a fingerprint has 64 hexadecimal digits.',
  );
}

function readSigned(printed: string): { readonly note: Note; readonly checkpoint: Checkpoint } {
  const checkpoint = parseCheckpoint(printed);
  if (checkpoint === undefined) throw new Refused('its checkpoint cannot be read');
  const note = splitNote(printed);
  if (note === undefined) throw new Refused('its checkpoint is no signed note');
  if (printNote(note) !== printed) throw new Refused('its checkpoint is written otherwise than notes are');
  return { note, checkpoint };
}

/** A checkpoint that came with its keys: each of them has signed it, and nobody else. */
export async function checkSigned(
  printed: string,
  keys: readonly string[],
  named: NamedKeys,
): Promise<Signed> {
  const { note, checkpoint } = readSigned(printed);
  const signed = await signersOf(note, checkpoint, keys, named);
  if (hasStranger(note, keys.length))
    throw new Refused('its checkpoint has a signature whose key is not in the file');
  return signed;
}

/** A checkpoint that came without keys: those of its signatures are looked for among `known`. */
export async function checkKept(
  printed: string,
  known: readonly string[],
  named: NamedKeys,
): Promise<Signed> {
  const { note, checkpoint } = readSigned(printed);
  const own = new Set(note.signatures.map(nameOf));
  const keys = new Map<string, string>();
  let isNamed = false;
  for (const text of known) {
    const key = await readKey(text);
    if (key === undefined) continue;
    isNamed ||= key.name === checkpoint.origin;
    if (own.has(nameOf(key)) && !keys.has(nameOf(key))) keys.set(nameOf(key), text);
  }
  if (keys.size === 0 && isNamed)
    throw new Refused(
      `it is signed with another key of ${checkpoint.origin} than those that were given: it was changed, or that key must be named too`,
    );
  if (keys.size === 0)
    throw new Misused(
      'the key of a checkpoint is not among those that were given',
      'Name it with --key, whole (NAME+ID+BASE64).',
    );
  return {
    ...(await signersOf(note, checkpoint, [...keys.values()], named)),
    unchecked: note.signatures.filter((one) => !keys.has(nameOf(one))).map(({ name }) => name),
  };
}

const nameOf = ({ name, id }: { readonly name: string; readonly id: string }): string => `${name} ${id}`;

async function signersOf(
  note: Note,
  checkpoint: Checkpoint,
  keys: readonly string[],
  named: NamedKeys,
): Promise<Signed> {
  const { origin } = checkpoint;
  let log: Signer | undefined;
  const cosignatures: Cosigner[] = [];
  for (const text of keys) {
    const key = await keyOf(text);
    const signed = await checkSignature(note, key);
    if (signed === undefined) throw new Refused(`no signature of its checkpoint is that of its key ${text}`);
    const fingerprint = await fingerprintOf(key);
    const signer = { key: text, fingerprint, is_key_known: named.has(text, fingerprint) };
    if (key.kind === COSIGNATURE)
      cosignatures.push({ ...signer, name: key.name, time: isoOf(signed.seconds ?? 0) });
    else if (key.name === origin && log === undefined) log = signer;
    else throw new Refused(`its checkpoint is not that of the log of its key ${text}`);
  }
  if (log === undefined) throw new Refused('no key that signed its checkpoint is that of the log');
  return { checkpoint, log, cosignatures, unchecked: [] };
}

const hasStranger = ({ signatures }: Note, keys: number): boolean =>
  signatures.length !== keys || new Set(signatures.map(nameOf)).size !== keys;

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
