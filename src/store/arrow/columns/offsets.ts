/** The int32 offsets of strings and lists: one more than there are rows, the first is 0. */
import { GrowBuffer, type BodyBuffer } from '../buffers.ts';
import { rangeError } from '../failures.ts';

const MAX = 2 ** 31 - 1;

export class Offsets {
  readonly #column: string;
  readonly #buffer = new GrowBuffer();
  /** Where the next row begins. */
  #end = 0;

  constructor(column: string) {
    this.#column = column;
  }

  /** Makes room for `rows` ends that together add `total`; the caller fills the view that it gets. */
  extend(rows: number, total: number): Int32Array {
    // The batch is split long before this, so only a single row can be so large.
    if (this.#end + total > MAX)
      throw rangeError(
        this.#column,
        'a row of more than 2 GiB',
        'Select fewer columns, or a part of the value with substr() or list_slice().',
      );
    const buffer = this.#buffer;
    this.#begin(rows);
    const view = new Int32Array(buffer.bytes.buffer, buffer.bytes.byteOffset + buffer.length, rows);
    buffer.advance(rows * 4);
    this.#end += total;
    return view;
  }

  get end(): number {
    return this.#end;
  }

  take(): BodyBuffer {
    this.#begin(0);
    this.#end = 0;
    return this.#buffer.take();
  }

  #begin(rows: number): void {
    const first = this.#buffer.length === 0;
    this.#buffer.reserve((rows + (first ? 1 : 0)) * 4);
    if (!first) return;
    this.#buffer.bytes.fill(0, 0, 4);
    this.#buffer.advance(4);
  }
}
