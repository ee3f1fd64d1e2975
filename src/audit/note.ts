/**
 * Signed notes of C2SP (signed-note, tlog-checkpoint, tlog-cosignature), byte for byte: other tools read what is written
 * here. Keys are the text of the note format: `NAME+ID+BASE64` to check, `PRIVATE+KEY+…` to sign.
 */
import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { badInputError, integrityError, sha256, type Random } from '../base/index.ts';

/** Kinds of signatures, as the first byte of a key says. */
export const ED25519 = 0x01;
/** Ed25519 over the note with the time of signing: `cosignature/v1`. */
export const COSIGNATURE = 0x04;

export interface NoteKey {
  readonly name: string;
  /** Eight hexadecimal digits. */
  readonly id: string;
  readonly kind: number;
  readonly publicKey: Uint8Array;
}

/** Signs; where the secret lies is its own affair. */
export interface NoteSigner {
  readonly key: NoteKey;
  /** 64 bytes of Ed25519. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

export interface NoteSignature {
  readonly name: string;
  readonly id: string;
  /** What stands behind the id of the key. */
  readonly bytes: Uint8Array;
}

export interface Note {
  /** With its last line end: what is signed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
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

export const printKey = ({ name, id, kind, publicKey }: NoteKey): string =>
  `${name}+${id}+${Buffer.concat([Buffer.from([kind]), publicKey]).toString('base64')}`;

export function parseKey(text: string): NoteKey {
  const [, name = '', id = '', body = ''] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text) ?? [];
  const bytes = Buffer.from(body, 'base64');
  const kind = bytes[0] ?? 0;
  const publicKey = bytes.subarray(1);
  const known = kind === ED25519 || kind === COSIGNATURE;
  if (!known || publicKey.length !== 32 || keyId(name, kind, publicKey) !== id) throw badKey();
  return { name, id, kind, publicKey };
}

export const checkpointText = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`;

/** Undefined when the text is none. Further lines are extensions and say nothing here. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const [, origin = '', size = '', root = ''] =
    /^([^\n]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n/.exec(text) ?? [];
  return origin === '' ? undefined : { origin, size: Number(size), root: Buffer.from(root, 'base64') };
}

/** Bytes of one signature line behind the id of the key. */
async function signatureBytes(text: string, signer: NoteSigner, seconds: number): Promise<Uint8Array> {
  if (signer.key.kind === ED25519) return await signer.sign(Buffer.from(text));
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(seconds));
  return Buffer.concat([time, await signer.sign(Buffer.from(cosigned(text, seconds)))]);
}

const cosigned = (text: string, seconds: number | bigint): string =>
  `cosignature/v1\ntime ${seconds}\n${text}`;

/** The note with one more signature. `seconds` since 1970 are signed by those who cosign. */
export async function signNote(note: Note, signer: NoteSigner, seconds: number): Promise<Note> {
  const bytes = await signatureBytes(note.text, signer, seconds);
  const { name, id } = signer.key;
  const others = note.signatures.filter((one) => one.name !== name || one.id !== id);
  return { text: note.text, signatures: [...others, { name, id, bytes }] };
}

export function printNote({ text, signatures }: Note): string {
  const lines = signatures.map(
    ({ name, id, bytes }) =>
      `— ${name} ${Buffer.concat([Buffer.from(id, 'hex'), bytes]).toString('base64')}\n`,
  );
  return `${text}\n${lines.join('')}`;
}

/** Throws `audit.note` for what is no signed note. */
export function parseNote(printed: string): Note {
  const split = printed.lastIndexOf('\n\n');
  const lines = printed.slice(split + 2).split('\n');
  if (split < 0 || lines.pop() !== '' || lines.length === 0) throw badNote();
  const signatures = lines.map((line) => {
    const [, name = '', body = ''] = /^— ([^+\s]+) ([A-Za-z0-9+/]+=*)$/.exec(line) ?? [];
    const bytes = Buffer.from(body, 'base64');
    if (name === '' || bytes.length < 5) throw badNote();
    return { name, id: bytes.subarray(0, 4).toString('hex'), bytes: bytes.subarray(4) };
  });
  return { text: printed.slice(0, split + 1), signatures };
}

const badNote = (): Error =>
  integrityError(
    'audit.note',
    'a checkpoint of the audit log is no signed note',
    'Take it back from a copy.',
  );

/** Whether the note carries a good signature of the key; for one that cosigns, when it was made. */
export function checkNote(note: Note, key: NoteKey): { readonly seconds: number | undefined } | undefined {
  const found = note.signatures.find((one) => one.name === key.name && one.id === key.id);
  if (found === undefined) return undefined;
  const publicKey = publicKeyOf(key.publicKey);
  const bytes = Buffer.from(found.bytes);
  if (key.kind === ED25519)
    return verify(null, Buffer.from(note.text), publicKey, bytes) ? { seconds: undefined } : undefined;
  if (bytes.length !== 72) return undefined;
  const seconds = bytes.readBigUInt64BE(0);
  const message = Buffer.from(cosigned(note.text, seconds));
  return verify(null, message, publicKey, bytes.subarray(8)) ? { seconds: Number(seconds) } : undefined;
}
