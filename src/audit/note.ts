/**
 * Signed notes of C2SP (signed-note, tlog-checkpoint, tlog-cosignature), byte for byte: other tools read what is written
 * here. Keys are the text of the note format: `NAME+ID+BASE64` to check, `PRIVATE+KEY+…` to sign.
 */
import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { badInputError, integrityError, sha256, type Random } from '../base/index.ts';
import { ED25519, cosigned, signedBy, splitKey, splitNote, type Note, type NoteKey } from './outside/note.ts';

export {
  COSIGNATURE,
  ED25519,
  checkpointText,
  fingerprintOf,
  parseCheckpoint,
  printKey,
  printNote,
} from './outside/note.ts';
export type { Checkpoint, Note, NoteKey, NoteSignature } from './outside/note.ts';

/** Signs; where the secret lies is its own affair. */
export interface NoteSigner {
  readonly key: NoteKey;
  /** 64 bytes of Ed25519. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const SEED_BYTES = 32;

export function keyId(name: string, kind: number, publicKey: Uint8Array): string {
  return sha256(Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([kind]), publicKey])).slice(0, 8);
}

const privateKey = (seed: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });

export const publicKeyOf = (bytes: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.concat([SPKI, bytes]), format: 'der', type: 'spki' });

/** A new secret key as text. */
export function makeSecret(name: string, random: Random): string {
  const seed = random.bytes(SEED_BYTES);
  const spki = createPublicKey(privateKey(seed)).export({ format: 'der', type: 'spki' });
  const id = keyId(name, ED25519, spki.subarray(SPKI.length));
  const body = Buffer.concat([Buffer.from([ED25519]), seed]).toString('base64');
  return `PRIVATE+KEY+${name}+${id}+${body}`;
}

/** The signer of a secret key; with `kind` `COSIGNATURE`, one that cosigns with the same secret. */
export function signerOf(secret: string, kind = ED25519): NoteSigner {
  const [, name = '', id = '', body = ''] =
    /^PRIVATE\+KEY\+([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(secret) ?? [];
  const bytes = Buffer.from(body, 'base64');
  if (bytes.length !== 1 + SEED_BYTES || bytes[0] !== ED25519) throw badKey();
  const secretKey = privateKey(bytes.subarray(1));
  const publicKey = createPublicKey(secretKey).export({ format: 'der', type: 'spki' }).subarray(SPKI.length);
  if (keyId(name, ED25519, publicKey) !== id) throw badKey();
  return {
    key: { name, kind, id: keyId(name, kind, publicKey), publicKey },
    sign: async (message) => sign(null, message, secretKey),
  };
}

const badKey = (): Error =>
  badInputError('audit.key', 'this is no key of the note format', 'Keys look like NAME+ID+BASE64.');

/** Throws `audit.key`. */
export function parseKey(text: string): NoteKey {
  const key = splitKey(text);
  if (key === undefined || keyId(key.name, key.kind, key.publicKey) !== key.id) throw badKey();
  return key;
}

/** Bytes of one signature line behind the id of the key. */
async function signatureBytes(text: string, signer: NoteSigner, seconds: number): Promise<Uint8Array> {
  if (signer.key.kind === ED25519) return await signer.sign(Buffer.from(text));
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(seconds));
  return Buffer.concat([time, await signer.sign(Buffer.from(cosigned(text, seconds)))]);
}

/** The note with one more signature. `seconds` since 1970 are signed by those who cosign. */
export async function signNote(note: Note, signer: NoteSigner, seconds: number): Promise<Note> {
  const bytes = await signatureBytes(note.text, signer, seconds);
  const { name, id } = signer.key;
  const others = note.signatures.filter((one) => one.name !== name || one.id !== id);
  return { text: note.text, signatures: [...others, { name, id, bytes }] };
}

/** Throws `audit.note` for what is no signed note. */
export function parseNote(printed: string): Note {
  const note = splitNote(printed);
  if (note === undefined) throw badNote();
  return note;
}

const badNote = (): Error =>
  integrityError(
    'audit.note',
    'a checkpoint of the audit log is no signed note',
    'Take it back from a copy.',
  );

/** Whether the note carries a good signature of the key; for one that cosigns, when it was made. */
export function checkNote(note: Note, key: NoteKey): { readonly seconds: number | undefined } | undefined {
  const signed = signedBy(note, key);
  if (signed === undefined) return undefined;
  const { message, signature, seconds } = signed;
  return verify(null, message, publicKeyOf(key.publicKey), signature) ? { seconds } : undefined;
}
