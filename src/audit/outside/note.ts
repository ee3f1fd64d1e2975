/**
 * Signed notes of C2SP (signed-note, tlog-checkpoint, tlog-cosignature), as texts and with their signatures checked. Keys
 * are the text of the note format: `NAME+ID+BASE64`.
 */
import { Misused, fromBase64, joined, sha256, toBase64, toHex, utf8 } from './bytes.ts';

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

const ID_BYTES = 4;
const TIME_BYTES = 8;
const SIGNATURE_BYTES = 64;

export const printKey = ({ name, id, kind, publicKey }: NoteKey): string =>
  `${name}+${id}+${toBase64(joined(Uint8Array.of(kind), publicKey))}`;

/** A key without its id compared; undefined for what is none. */
export function splitKey(text: string): NoteKey | undefined {
  const [, name = '', id = '', body = ''] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text) ?? [];
  const bytes = fromBase64(body);
  const kind = bytes?.[0];
  if (bytes?.length !== 33 || (kind !== ED25519 && kind !== COSIGNATURE)) return undefined;
  return { name, id, kind, publicKey: bytes.subarray(1) };
}

/**
 * SHA-256 over name, kind and key, in hexadecimal. Its first eight digits are the id, which is short enough to be
 * imitated: whoever compares keys compares all of it.
 */
export const fingerprintOf = async ({ name, kind, publicKey }: NoteKey): Promise<string> =>
  toHex(await sha256(utf8(`${name}\n`), Uint8Array.of(kind), publicKey));

/** Undefined for what is no key, or has the id of another. */
export async function readKey(text: string): Promise<NoteKey | undefined> {
  const key = splitKey(text);
  return key !== undefined && (await fingerprintOf(key)).startsWith(key.id) ? key : undefined;
}

export const checkpointText = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${toBase64(root)}\n`;

/** Undefined when the text is none. Further lines are extensions and say nothing here. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const [, origin = '', size = '', body = ''] =
    /^([^\n]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n/.exec(text) ?? [];
  const root = fromBase64(body);
  const count = Number(size);
  return origin === '' || root === undefined || !Number.isSafeInteger(count)
    ? undefined
    : { origin, size: count, root };
}

export function printNote({ text, signatures }: Note): string {
  const lines = signatures.map(
    ({ name, id, bytes }) => `— ${name} ${toBase64(joined(bytesOfId(id), bytes))}\n`,
  );
  return `${text}\n${lines.join('')}`;
}

const bytesOfId = (id: string): Uint8Array =>
  Uint8Array.from(id.match(/../g) ?? [], (pair) => parseInt(pair, 16));

/** Undefined for what is no signed note. */
export function splitNote(printed: string): Note | undefined {
  const split = printed.lastIndexOf('\n\n');
  const lines = printed.slice(split + 2).split('\n');
  if (split < 0 || lines.pop() !== '' || lines.length === 0) return undefined;
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const [, name = '', body = ''] = /^— ([^+\s]+) ([A-Za-z0-9+/]+=*)$/.exec(line) ?? [];
    const bytes = fromBase64(body);
    if (bytes === undefined || bytes.length <= ID_BYTES) return undefined;
    signatures.push({ name, id: toHex(bytes.subarray(0, ID_BYTES)), bytes: bytes.subarray(ID_BYTES) });
  }
  return { text: printed.slice(0, split + 1), signatures };
}

/** What a cosignature is made over. */
export const cosigned = (text: string, seconds: number | bigint): string =>
  `cosignature/v1\ntime ${seconds}\n${text}`;

export interface Signed {
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  /** When it was made, of one that cosigns. */
  readonly seconds: number | undefined;
}

/** What a key of this name and id has signed in a note, to be checked; undefined when it has not. */
export function signedBy(note: Note, key: NoteKey): Signed | undefined {
  const found = note.signatures.find((one) => one.name === key.name && one.id === key.id)?.bytes;
  if (found === undefined) return undefined;
  if (key.kind === ED25519)
    return found.length === SIGNATURE_BYTES
      ? { message: utf8(note.text), signature: found, seconds: undefined }
      : undefined;
  if (found.length !== TIME_BYTES + SIGNATURE_BYTES) return undefined;
  const seconds = new DataView(found.buffer, found.byteOffset).getBigUint64(0);
  if (seconds > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return {
    message: utf8(cosigned(note.text, seconds)),
    signature: found.subarray(TIME_BYTES),
    seconds: Number(seconds),
  };
}

/** Whether the note carries a good signature of the key. Throws `Misused` where Ed25519 is not to be had. */
export async function checkSignature(
  note: Note,
  key: NoteKey,
): Promise<{ readonly seconds: number | undefined } | undefined> {
  const signed = signedBy(note, key);
  if (signed === undefined) return undefined;
  const { message, signature, seconds } = signed;
  const [rawKey, rawMessage, rawSignature] = [key.publicKey, message, signature] as Uint8Array<ArrayBuffer>[];
  if (rawKey === undefined || rawMessage === undefined || rawSignature === undefined) return undefined;
  let imported: Awaited<ReturnType<typeof crypto.subtle.importKey>>;
  try {
    imported = await crypto.subtle.importKey('raw', rawKey, 'Ed25519', false, ['verify']);
  } catch (error) {
    if (error instanceof Error && error.name === 'NotSupportedError') throw noEd25519();
    return undefined;
  }
  return (await crypto.subtle.verify('Ed25519', imported, rawSignature, rawMessage))
    ? { seconds }
    : undefined;
}

export const noEd25519 = (): Misused =>
  new Misused(
    'nothing was checked: this program cannot check Ed25519 signatures',
    'Use a current browser, or the single-file program with Node 20 or newer.',
  );
