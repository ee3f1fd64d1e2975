/** gRPC's frames: a flag, a length of four bytes, a message. */
import { badInputError, unavailableError } from '../base/index.ts';

const HEAD_BYTES = 5;

export function frameHead(length: number): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES);
  new DataView(head.buffer).setUint32(1, length);
  return head;
}

/**
 * Messages of a stream of bytes. One that lies within a single chunk is a view of it; others are joined once, when the
 * last byte is there: memory is taken as bytes arrive, not as they are announced.
 */
export async function* readFrames(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let held: Uint8Array[] = [];
  let size = 0;
  let wanted: number | undefined;
  const take = (length: number): Uint8Array => {
    const first = held[0]!;
    if (first.length >= length) {
      held[0] = first.subarray(length);
    } else {
      const joined = Buffer.concat(held, size);
      held = [joined.subarray(length)];
      size -= length;
      return joined.subarray(0, length);
    }
    size -= length;
    return first.subarray(0, length);
  };
  for await (const chunk of chunks) {
    if (chunk.length === 0) continue;
    if (held.length === 1 && held[0]!.length === 0) held = [];
    held.push(chunk);
    size += chunk.length;
    for (;;) {
      if (wanted === undefined) {
        if (size < HEAD_BYTES) break;
        wanted = messageLength(take(HEAD_BYTES), maxBytes);
      }
      if (size < wanted) break;
      const message = wanted === 0 ? new Uint8Array(0) : take(wanted);
      wanted = undefined;
      yield message;
    }
  }
  if (wanted !== undefined || size > 0)
    throw unavailableError(
      'flight.cut',
      'the stream ends in the middle of a message',
      'Send it again: the connection may have been cut.',
    );
}

function messageLength(head: Uint8Array, maxBytes: number): number {
  const length = new DataView(head.buffer, head.byteOffset, HEAD_BYTES).getUint32(1);
  if (head[0] !== 0)
    throw badInputError(
      head[0] === 1 ? 'flight.compression' : 'flight.malformed',
      head[0] === 1 ? 'a message is compressed' : 'a gRPC frame is malformed',
      'Send messages as they are, without gRPC compression.',
    );
  if (length > maxBytes)
    throw badInputError(
      'flight.message_size',
      `a message has ${length} bytes, more than ${maxBytes}`,
      'Send smaller record batches.',
    );
  return length;
}
