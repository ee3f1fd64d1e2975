/**
 * A file of entries in one pass, for speed: hashes, numbers, chain and form of all its entries, and the tiles inside it.
 * It only tells files that are good. What is wrong with one that is not, and where, is found by whoever reads it line by
 * line (`verify.ts`).
 */
import { hash } from 'node:crypto';
import { HASH_BYTES } from './entry.ts';
import { isInForm, scanForm } from './form.ts';
import { TILE_BYTES, TILE_WIDTH, rootOfFull } from './merkle.ts';

export interface CleanSegment {
  readonly first: number;
  /** Leaf hashes of its entries, 32 bytes each. */
  readonly leaves: Buffer;
  /** What its first entry says about the one before, in hexadecimal; undefined when that has no body. */
  readonly before: string | undefined;
  /** Leaf hash of its last entry, in hexadecimal. */
  readonly last: string;
  /** Entries that speak of the log itself. */
  readonly own: readonly { readonly id: number; readonly bytes: Buffer }[];
  /** Entries whose body has expired. */
  readonly bodiless: readonly number[];
  /** Roots of the tiles that lie in this file as a whole, one after the other. */
  readonly roots: Buffer;
}

const HEX = 2 * HASH_BYTES;
const [LF, SPACE, COMMA, ZERO, NINE] = [0x0a, 0x20, 0x2c, 0x30, 0x39];
const NUMBER = Buffer.from('{"entry_id":');
const PREVIOUS = Buffer.from('"prev_hash":"');
const HEAD_END = Buffer.from('",');
const HASH_ALONE = /^[0-9a-f]{64}$/;

/** Undefined when anything is not as it should be. The bytes of the file are as before when it is done. */
export function cleanSegment(file: Buffer, first: number): CleanSegment | undefined {
  let leaves = Buffer.alloc(Math.max(HASH_BYTES, Math.ceil(file.length / 256) * HASH_BYTES));
  const own: { id: number; bytes: Buffer }[] = [];
  const bodiless: number[] = [];
  let before: string | undefined;
  let id = first;
  /** Where the line before begins: with its hash. */
  let previous = -1;
  for (let at = 0; at < file.length; id++) {
    const end = file.indexOf(LF, at);
    if (end < at + HEX) return undefined;
    const to = (id - first) * HASH_BYTES;
    if (to === leaves.length) leaves = Buffer.concat([leaves, Buffer.alloc(leaves.length)]);
    if (end === at + HEX) {
      const stored = file.toString('latin1', at, end);
      if (!HASH_ALONE.test(stored)) return undefined;
      leaves.write(stored, to, HASH_BYTES, 'hex');
      bodiless.push(id);
    } else {
      const body = at + HEX + 1;
      if (file[body - 1] !== SPACE) return undefined;
      // The byte before the entry stands for the prefix of a leaf (RFC 9162), so that nothing is copied.
      file[body - 1] = 0;
      // A string of bytes is made faster than a buffer, and half as long as hexadecimal.
      leaves.write(hash('sha256', file.subarray(body - 1, end), 'binary'), to, HASH_BYTES, 'latin1');
      file[body - 1] = SPACE;
      if (!isHexOf(file, at, leaves, to)) return undefined;
      const hashAt = behindNumber(file, body, id);
      if (hashAt < 0 || !isAt(file, hashAt + HEX, HEAD_END)) return undefined;
      if (previous >= 0) {
        for (let i = 0; i < HEX; i++) if (file[previous + i] !== file[hashAt + i]) return undefined;
      } else if (id === first) before = file.toString('latin1', hashAt, hashAt + HEX);
      const form = scanForm(file, hashAt + HEX + HEAD_END.length, end);
      if (form === 'unknown' && !isInForm(file.subarray(body, end))) return undefined;
      if (form !== 'entry') own.push({ id, bytes: Buffer.from(file.subarray(body, end)) });
    }
    previous = at;
    at = end + 1;
  }
  const used = leaves.subarray(0, (id - first) * HASH_BYTES);
  const last = used.toString('hex', Math.max(0, used.length - HASH_BYTES));
  return { first, leaves: used, before, last, own, bodiless, roots: rootsOf(used, first) };
}

const DIGITS = Buffer.from('0123456789abcdef');

/** Whether the text at `at` is the hash at `from`, in hexadecimal. */
function isHexOf(file: Buffer, at: number, hashes: Buffer, from: number): boolean {
  for (let i = 0; i < HASH_BYTES; i++) {
    const byte = hashes[from + i] ?? 0;
    if (file[at + 2 * i] !== DIGITS[byte >> 4] || file[at + 2 * i + 1] !== DIGITS[byte & 15]) return false;
  }
  return true;
}

/** Where the hash of the entry before begins; -1 when this is not the head of entry `id`. */
function behindNumber(file: Buffer, from: number, id: number): number {
  if (!isAt(file, from, NUMBER)) return -1;
  let at = from + NUMBER.length;
  const start = at;
  let number = 0;
  for (let byte = file[at] ?? 0; byte >= ZERO && byte <= NINE; byte = file[++at] ?? 0)
    number = 10 * number + byte - ZERO;
  const isOneForm = at > start && (file[start] !== ZERO || at === start + 1);
  if (number !== id || !isOneForm || file[at] !== COMMA || !isAt(file, at + 1, PREVIOUS)) return -1;
  return at + 1 + PREVIOUS.length;
}

function isAt(file: Buffer, at: number, wanted: Buffer): boolean {
  for (let i = 0; i < wanted.length; i++) if (file[at + i] !== wanted[i]) return false;
  return true;
}

function rootsOf(leaves: Buffer, first: number): Buffer {
  const roots: Buffer[] = [];
  let at = tileFrom(first) * HASH_BYTES;
  for (; at + TILE_BYTES <= leaves.length; at += TILE_BYTES)
    roots.push(rootOfFull(leaves.subarray(at, at + TILE_BYTES)));
  return Buffer.concat(roots);
}

/** How many entries behind `first` the next tile begins. */
export const tileFrom = (first: number): number => (TILE_WIDTH - (first % TILE_WIDTH)) % TILE_WIDTH;
