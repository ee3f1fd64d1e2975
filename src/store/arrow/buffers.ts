/** Growing byte buffers that become the body buffers of an Arrow message without a further copy. */

/** Arrow asks for buffers that start on 8 bytes; lengths are padded to it with zeros. */
export function padded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

/** One body buffer: `length` bytes that count, in `bytes`, which is zero-padded to a multiple of 8. */
export interface BodyBuffer {
  readonly bytes: Uint8Array;
  readonly length: number;
}

export const EMPTY_BUFFER: BodyBuffer = { bytes: new Uint8Array(0), length: 0 };

/** The least a buffer starts with, in bytes. */
const FIRST_BYTES = 64;

/**
 * Memory is taken without clearing it, so nothing beyond `length` may be handed out. `take` gives the memory away and
 * starts anew with the size that was just needed: results come in batches of equal shape.
 */
export class GrowBuffer {
  bytes: Uint8Array = new Uint8Array(0);
  length = 0;
  #next = FIRST_BYTES;

  /** Makes room for `more` bytes after `length`. Views made before are stale afterwards. */
  reserve(more: number): void {
    const want = this.length + more;
    if (want <= this.bytes.length) return;
    const size = padded(
      this.length === 0 ? Math.max(want, this.#next) : Math.max(want, this.bytes.length * 2),
    );
    const grown = new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  /** Adds bytes that were written behind `length` after `reserve`. */
  advance(count: number): void {
    this.length += count;
  }

  take(): BodyBuffer {
    const { length } = this;
    if (length === 0) return EMPTY_BUFFER;
    const end = padded(length);
    this.reserve(end - length);
    const bytes = this.bytes.fill(0, length, end).subarray(0, end);
    // A little more than this time: doubling for the last few bytes would cost a copy and twice the memory.
    this.#next = end + (end >> 4) + FIRST_BYTES;
    this.bytes = new Uint8Array(0);
    this.length = 0;
    return { bytes, length };
  }
}
