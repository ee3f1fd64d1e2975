/**
 * Reading the text behind DuckDB's string headers.
 *
 * A header is 16 bytes: length (uint32), then either up to 12 bytes of text, or 4 bytes of prefix and a pointer. One
 * native call for each pointer would cost more than all else together, so neighbours are read as one stretch of memory:
 * a query's strings mostly lie one after the other on the heap of their vector.
 */
import duckdb from '@duckdb/node-bindings';

/** Bytes of one string header. */
export const HEADER = 16;
/** Text up to this many bytes stands in the header itself. */
export const INLINE = 12;

/** The smallest page of any machine Node runs on. */
const PAGE = 4096;
const TWO_32 = 4294967296;

/** Headers of a vector's rows: `words` are its bytes as four uint32 a row. */
export interface Headers {
  readonly words: Uint32Array;
  readonly mask: Uint8Array | undefined;
}

/**
 * Address of row's text as a number. Addresses of user space have at most 47 bits on x86-64 and 48 on arm64 (57 only
 * for programs that ask for it), so a double holds them exactly.
 */
export function address(words: Uint32Array, row: number): number {
  return words[row * 4 + 2]! + words[row * 4 + 3]! * TWO_32;
}

/**
 * A readable stretch of memory around one long string, extended over the rows that follow while they lie near.
 *
 * Why it is safe to span the gap between two strings: a gap of less than a page cannot contain a whole page, so every
 * page that the stretch touches holds at least one byte of a live string and is therefore mapped. A larger machine page
 * only makes this truer. What stands in the gaps is never copied out. The stretch is used before control returns to
 * the event loop, while the data chunk that owns the strings is held.
 */
export class Stretch {
  #pointer = new ArrayBuffer(8);
  readonly #pointerWords = new Uint32Array(this.#pointer);
  /** The memory from `start` to `end`, both addresses. */
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;

  /** Forgets the memory: it must not outlive its chunk. */
  clear(): void {
    this.bytes = new Uint8Array(0);
    this.start = 0;
    this.end = 0;
  }

  holds(from: number, length: number): boolean {
    return from >= this.start && from + length <= this.end;
  }

  /** Reads the memory of `row`'s text, and of the rows up to `to` that lie within a page of it. Row must be long. */
  open({ words, mask }: Headers, row: number, to: number): void {
    let start = address(words, row);
    let end = start + words[row * 4]!;
    for (let next = row + 1; next < to; next++) {
      const length = words[next * 4]!;
      if (length <= INLINE) continue;
      if (mask !== undefined && ((mask[next >> 3]! >> (next & 7)) & 1) === 0) continue;
      const from = address(words, next);
      if (from >= end + PAGE || from + length <= start - PAGE) break;
      if (from < start) start = from;
      if (from + length > end) end = from + length;
    }
    this.#pointerWords[0] = start % TWO_32;
    this.#pointerWords[1] = Math.floor(start / TWO_32);
    this.bytes = duckdb.get_data_from_pointer(this.#pointer, 0, end - start);
    this.start = start;
    this.end = end;
  }
}
