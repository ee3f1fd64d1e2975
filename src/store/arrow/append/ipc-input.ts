/**
 * An IPC stream from outside, cut into messages whose headers are checked before any reader sees them. Each header and
 * each body is passed on as one piece of memory of its own, so that views of it are aligned.
 */
import { badInputError } from '../../../base/index.ts';
import { checkHeader, malformedHeader } from './flatbuffer-check.ts';

/** Most bytes of one message's header: a schema of thousands of columns stays below. */
export const HEADER_BYTES_MAX = 4 * 1024 * 1024;
/** Most bytes of one message's body; our own batches stay far below. */
export const BODY_BYTES_MAX = 256 * 1024 * 1024;

const CONTINUATION = 0xffffffff;

export async function* checkedIpc(
  input: Uint8Array | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const source = new Pieces(input instanceof Uint8Array ? one(input) : input);
  try {
    for (;;) {
      const prefix = await source.take(8);
      // A stream may also end without its end mark.
      if (prefix.length === 0) return;
      if (prefix.length < 8) throw malformedHeader();
      const view = new DataView(prefix.buffer, prefix.byteOffset, 8);
      if (view.getUint32(0, true) !== CONTINUATION) throw malformedHeader();
      const headerLength = view.getInt32(4, true);
      if (headerLength === 0) {
        yield prefix;
        return;
      }
      if (headerLength < 0 || headerLength > HEADER_BYTES_MAX) throw malformedHeader();
      const header = await source.takeAll(headerLength);
      const bodyLength = checkHeader(header);
      if (bodyLength > BODY_BYTES_MAX)
        throw badInputError(
          'arrow.message_size',
          `a message of the Arrow stream has ${bodyLength} bytes, more than ${BODY_BYTES_MAX}`,
          'Send smaller record batches.',
        );
      yield prefix;
      yield header;
      if (bodyLength > 0) yield await source.takeAll(bodyLength);
    }
  } finally {
    await source.close();
  }
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}

/** Takes exact lengths from pieces of any size. Memory is taken as bytes arrive, not as they are announced. */
class Pieces {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#iterator = source[Symbol.asyncIterator]();
  }

  /** Up to `length` bytes, fewer only at the end. */
  async take(length: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let missing = length;
    while (missing > 0) {
      if (this.#rest.length === 0) {
        const next = await this.#iterator.next();
        if (next.done === true) break;
        this.#rest = next.value;
        continue;
      }
      const part = this.#rest.subarray(0, missing);
      parts.push(part);
      this.#rest = this.#rest.subarray(part.length);
      missing -= part.length;
    }
    const whole = new Uint8Array(length - missing);
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  async takeAll(length: number): Promise<Uint8Array> {
    const bytes = await this.take(length);
    if (bytes.length < length)
      throw badInputError(
        'arrow.malformed',
        'the Arrow stream ends in the middle of a message',
        'Send it whole.',
      );
    return bytes;
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }
}
