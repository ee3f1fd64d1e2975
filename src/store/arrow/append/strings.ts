/**
 * Text and bytes into a vector of DuckDB string headers.
 *
 * One native call a string is slow. Instead all text of the chunk is given to the vector's heap as one long string, by
 * one call; its address is read back, and the header of every row is made to point into it. The heap belongs to the
 * vector, and the appender copies the strings before the chunk is emptied.
 */
import { isUtf8 } from 'node:buffer';
import duckdb from '@duckdb/node-bindings';
import { DataType, type Data, type Vector as ArrowVector } from 'apache-arrow';
import { bitAt } from '../bits.ts';
import { HEADER, INLINE, address } from '../columns/string-memory.ts';
import { malformedError } from '../failures.ts';
import { readData, type Vector } from '../vector.ts';
import { checkRows, maskBytes, offsetRows, offsetsOf, putBytes, putValidity, rowMask } from './raw.ts';
import type { Writer } from './writer.ts';

const TWO_32 = 4294967296;

/** Utf8, LargeUtf8 and Binary. DuckDB trusts VARCHAR to be UTF-8, so `utf8` has it checked. */
export function stringWriter(path: string, utf8: boolean): Writer {
  return {
    rows: offsetRows,
    write(vector, data, from, count, parent) {
      const values = data.values as Uint8Array;
      const offsets = offsetsOf(data, path, from, count, values.byteLength);
      const mask = rowMask(data, path, from, count, parent);
      putStrings(vector, { text: values, offsets, mask, count }, utf8 ? path : undefined);
      putValidity(vector, mask);
    },
  };
}

/** Dictionary-encoded text, spelled out. */
export function dictionaryWriter(path: string): Writer {
  return {
    rows: indexRows,
    write(vector, data, from, count, parent) {
      const dictionary = entriesOf(data, path);
      const indices = indicesOf(data, path, from, count);
      const mask = rowMask(data, path, from, count, parent);
      const pieces: Uint8Array[] = [];
      const offsets = new Int32Array(count + 1);
      let total = 0;
      for (let i = 0; i < count; i++) {
        if (mask === undefined || bitAt(mask, i)) {
          const piece = dictionary[entryAt(indices, i, dictionary.length, path)]!;
          pieces.push(piece);
          total += piece.length;
        }
        offsets[i + 1] = total;
      }
      putStrings(vector, { text: Buffer.concat(pieces, total), offsets, mask, count }, path);
      putValidity(vector, mask);
    },
  };
}

/** Text or dictionary-encoded text to the codes of an enum, `width` bytes each. */
export function enumWriter(path: string, members: readonly string[], width: 1 | 2 | 4): Writer {
  const codes = new Map(members.map((member, code) => [member, code]));
  const code = (text: string): number => {
    const found = codes.get(text);
    if (found === undefined) throw malformedError(path, 'a text that is not a member of the enum');
    return found;
  };
  const known = new WeakMap<object, number[]>();
  const codesOf = (data: Data): number[] => {
    const dictionary = data.dictionary as ArrowVector;
    let list = known.get(dictionary);
    if (list === undefined) {
      list = entriesOf(data, path).map((entry) => codes.get(decode(entry)) ?? -1);
      known.set(dictionary, list);
    }
    return list;
  };
  return {
    rows: (data) => (DataType.isDictionary(data.type) ? indexRows(data) : offsetRows(data)),
    write(vector, data, from, count, parent) {
      const mask = rowMask(data, path, from, count, parent);
      const out =
        width === 1 ? new Uint8Array(count) : width === 2 ? new Uint16Array(count) : new Uint32Array(count);
      let codeAt: (row: number) => number;
      if (DataType.isDictionary(data.type)) {
        const list = codesOf(data);
        const indices = indicesOf(data, path, from, count);
        codeAt = (row) => list[entryAt(indices, row, list.length, path)]!;
      } else {
        const values = data.values as Uint8Array;
        const offsets = offsetsOf(data, path, from, count, values.byteLength);
        codeAt = (row) => code(decode(values.subarray(offsets[row], offsets[row + 1])));
      }
      for (let row = 0; row < count; row++) {
        if (mask !== undefined && !bitAt(mask, row)) continue;
        const found = codeAt(row);
        if (found < 0) throw malformedError(path, 'a text that is not a member of the enum');
        out[row] = found;
      }
      putBytes(vector, new Uint8Array(out.buffer));
      putValidity(vector, mask);
    },
  };
}

interface Strings {
  readonly text: Uint8Array;
  /** `count + 1` places in `text`. */
  readonly offsets: Int32Array;
  readonly mask: Uint8Array | undefined;
  readonly count: number;
}

/** `path` is given when the text must be UTF-8. */
function putStrings(vector: Vector, strings: Strings, path: string | undefined): void {
  const { offsets, mask, count } = strings;
  if (count === 0) return;
  const first = offsets[0]!;
  const text = strings.text.subarray(first, offsets[count]);
  if (path !== undefined) checkText(strings, text, path);
  const starts = new Int32Array(count);
  const lengths = new Int32Array(count);
  for (let row = 0; row < count; row++) {
    starts[row] = offsets[row]! - first;
    lengths[row] = offsets[row + 1]! - offsets[row]!;
  }
  putHeaders(vector, text, { starts, lengths, mask });
}

/** Where each row's text lies. */
interface Spans {
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
  readonly mask: Uint8Array | undefined;
}

function putHeaders(vector: Vector, text: Uint8Array, { starts, lengths, mask }: Spans): void {
  const heap = text.length > INLINE ? heapAddress(vector, text) : 0;
  const words = new Uint32Array(starts.length * 4);
  const bytes = new Uint8Array(words.buffer);
  for (let row = 0; row < starts.length; row++) {
    if (mask !== undefined && !bitAt(mask, row)) continue;
    const start = starts[row]!;
    const length = lengths[row]!;
    const at = row * HEADER + 4;
    words[row * 4] = length;
    if (length <= INLINE) for (let i = 0; i < length; i++) bytes[at + i] = text[start + i]!;
    else {
      for (let i = 0; i < 4; i++) bytes[at + i] = text[start + i]!;
      const pointer = heap + start;
      words[row * 4 + 2] = pointer % TWO_32;
      words[row * 4 + 3] = Math.floor(pointer / TWO_32);
    }
  }
  putBytes(vector, bytes);
}

/**
 * Texts of this program into a vector, `null` for NULL. All are encoded at once; neighbours that are the same text share
 * their bytes, for much of what is written in bulk says the same in every row.
 */
export function putTexts(vector: Vector, values: readonly (string | null)[]): void {
  const count = values.length;
  const starts = new Int32Array(count);
  const lengths = new Int32Array(count);
  let mask: Uint8Array | undefined;
  const texts: string[] = [];
  const rows: number[] = [];
  for (let row = 0; row < count; row++) {
    const value = values[row] ?? null;
    if (value === null) {
      mask ??= new Uint8Array(maskBytes(count)).fill(0xff);
      mask[row >> 3]! &= ~(1 << (row & 7));
    } else if (row === 0 || value !== values[row - 1]) {
      texts.push(value);
      rows.push(row);
    }
  }
  const text = encodeAll(texts, rows, starts, lengths);
  for (let row = 1; row < count; row++)
    if (values[row] !== null && values[row] === values[row - 1]) {
      starts[row] = starts[row - 1]!;
      lengths[row] = lengths[row - 1]!;
    }
  putHeaders(vector, text, { starts, lengths, mask });
  putValidity(vector, mask);
}

/** The texts one after the other as UTF-8; says where each row's lies. */
function encodeAll(
  texts: readonly string[],
  rows: readonly number[],
  starts: Int32Array,
  lengths: Int32Array,
): Uint8Array {
  const joined = texts.join('');
  const whole = Buffer.from(joined);
  const isAscii = whole.length === joined.length;
  let at = 0;
  texts.forEach((text, i) => {
    const row = rows[i]!;
    starts[row] = at;
    lengths[row] = isAscii ? text.length : Buffer.byteLength(text);
    at += lengths[row];
  });
  // Halves of a character that met in the joining are one character there and two errors here.
  return at === whole.length ? whole : Buffer.concat(texts.map((text) => Buffer.from(text)));
}

/** Copies the text to the vector's heap, by way of its first row, and gives its address. */
function heapAddress(vector: Vector, text: Uint8Array): number {
  duckdb.vector_assign_string_element_len(vector, 0, text);
  const header = readData(vector, 1, HEADER);
  return address(new Uint32Array(header.buffer, header.byteOffset, 4), 0);
}

/**
 * All of it in one pass; then each row's ends must not fall inside a character. What a NULL row spans does not count,
 * so when the pass fails the rows are looked at one by one.
 */
function checkText({ offsets, mask, count }: Strings, text: Uint8Array, path: string): void {
  const whole = isUtf8(text);
  const first = offsets[0]!;
  for (let row = 0; row < count; row++) {
    if (mask !== undefined && !bitAt(mask, row)) continue;
    const start = offsets[row]! - first;
    const end = offsets[row + 1]! - first;
    const good = whole ? !isInside(text, start) && !isInside(text, end) : isUtf8(text.subarray(start, end));
    if (!good) throw malformedError(path, 'text that is not UTF-8');
  }
}

/** Whether `at` is in the middle of a character of valid UTF-8. */
function isInside(text: Uint8Array, at: number): boolean {
  return at < text.length && (text[at]! & 0xc0) === 0x80;
}

const decode = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');

const dictionaries = new WeakMap<object, readonly Uint8Array[]>();

/** The entries of the column's dictionary as bytes, made once for each dictionary. */
function entriesOf(data: Data, path: string): readonly Uint8Array[] {
  const dictionary = data.dictionary;
  if (dictionary === undefined) throw malformedError(path, 'its dictionary is missing');
  let entries = dictionaries.get(dictionary);
  if (entries === undefined) {
    entries = dictionary.data.flatMap((part: Data) => {
      if (part.nullCount > 0) throw malformedError(path, 'NULL entries in its dictionary');
      const values = part.values as Uint8Array;
      const offsets = offsetsOf(part, path, 0, part.length, values.byteLength);
      return Array.from({ length: part.length }, (_, i) => values.subarray(offsets[i], offsets[i + 1]));
    });
    dictionaries.set(dictionary, entries);
  }
  return entries;
}

function indexRows(data: Data): number {
  return (data.values as ArrayLike<unknown> | undefined)?.length ?? 0;
}

function indicesOf(data: Data, path: string, from: number, count: number): ArrayLike<number | bigint> {
  checkRows(data, path, from, count);
  const values = data.values as Int32Array | BigInt64Array;
  if (values.length < from + count) throw malformedError(path, 'the values are shorter than the rows');
  return values.subarray(from, from + count);
}

function entryAt(indices: ArrayLike<number | bigint>, row: number, entries: number, path: string): number {
  const index = Number(indices[row]!);
  if (index < 0 || index >= entries) throw malformedError(path, 'an index outside its dictionary');
  return index;
}
