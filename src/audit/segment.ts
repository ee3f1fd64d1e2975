/**
 * Files of entries. A line is the leaf hash of the entry in hexadecimal, a space, the entry, a line end; of an entry
 * whose body has expired the hash alone is left. A file is named after its first entry.
 */
import { hash } from 'node:crypto';
import { HASH_BYTES, entryHead } from './entry.ts';

export const SEGMENT_FOLDER = 'segments';
const ID_DIGITS = 12;
const HEX = 2 * HASH_BYTES;
const [LF, SPACE] = [0x0a, 0x20];

export const segmentName = (first: number): string => `${String(first).padStart(ID_DIGITS, '0')}.log`;

export function firstOf(name: string): number | undefined {
  const [, digits] = /^(\d{12,})\.log$/.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

export const segmentLine = (hashHex: string, entry: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(`${hashHex} `, 'latin1'), entry, Buffer.from('\n')]);

export interface Line {
  readonly id: number;
  readonly hash: string;
  /** The entry; undefined once its body has expired. A view of the file's bytes. */
  readonly bytes: Buffer | undefined;
}

export type FaultKind =
  /** Bytes do not fit their hash. */
  | 'changed'
  /** Another entry stands in its place. */
  | 'order'
  /** It names another entry before it. */
  | 'chain'
  /** The file ends inside it. */
  | 'torn';

export interface Fault {
  /** The entry that should be here. */
  readonly entry: number;
  readonly kind: FaultKind;
  readonly reason: string;
}

export interface Scanned {
  /** Entries that are good, from the first on. */
  readonly count: number;
  /** Leaf hash of the last of them; what was handed in when there is none. */
  readonly hash: string;
  /** Bytes that they take. */
  readonly bytes: number;
  /** Why it ends there; undefined at the end of the file. */
  readonly fault: Fault | undefined;
}

/**
 * Reads entries as long as each fits its hash, its number and the entry before. `before` is the hash of that one;
 * undefined when it is not known.
 */
export function scanSegment(
  file: Buffer,
  first: number,
  before: string | undefined,
  onLine?: (line: Line) => void,
): Scanned {
  let at = 0;
  let id = first;
  let last = before;
  const done = (fault?: Fault): Scanned => ({ count: id - first, hash: last ?? '', bytes: at, fault });
  for (; at < file.length; id++) {
    const end = file.indexOf(LF, at);
    if (end < 0) return done({ entry: id, kind: 'torn', reason: 'the file ends inside the entry' });
    const line = readLine(file, at, end, id, last);
    if ('kind' in line) return done(line);
    onLine?.(line);
    last = line.hash;
    at = end + 1;
  }
  return done();
}

const HASH_ONLY = /^[0-9a-f]{64}$/;
const HEAD = /^\{"entry_id":(\d{1,16}),"prev_hash":"([0-9a-f]{64})",/;

function readLine(
  file: Buffer,
  start: number,
  end: number,
  id: number,
  before: string | undefined,
): Line | Fault {
  const body = start + HEX + 1;
  if (end === start + HEX) {
    const sum = file.toString('latin1', start, end);
    if (HASH_ONLY.test(sum)) return { id, hash: sum, bytes: undefined };
  }
  if (end <= body || file[body - 1] !== SPACE)
    return { entry: id, kind: 'changed', reason: 'the line is not of the form of an entry' };
  // The byte before the entry stands for the prefix of a leaf (RFC 9162), so that nothing is copied.
  file[body - 1] = 0;
  const sum = hash('sha256', file.subarray(body - 1, end), 'hex');
  file[body - 1] = SPACE;
  const bytes = file.subarray(body, end);
  if (before !== undefined) {
    const expected = `${sum} ${entryHead(id, before)}`;
    if (file.toString('latin1', start, start + expected.length) === expected) return { id, hash: sum, bytes };
  }
  if (file.toString('latin1', start, start + HEX) !== sum)
    return { entry: id, kind: 'changed', reason: 'its bytes do not fit its hash' };
  const [, number, prev] = HEAD.exec(bytes.toString('latin1', 0, 128)) ?? [];
  if (number === undefined)
    return { entry: id, kind: 'changed', reason: 'it does not begin as an entry does' };
  if (Number(number) > id)
    return { entry: id, kind: 'order', reason: `it is missing: entry ${number} stands in its place` };
  if (Number(number) < id) return { entry: id, kind: 'order', reason: `entry ${number} stands in its place` };
  if (before !== undefined && prev !== before)
    return {
      entry: id,
      kind: 'chain',
      reason: 'it names another entry before it than the one that is there',
    };
  return { id, hash: sum, bytes };
}
