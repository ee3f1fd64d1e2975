/** A running query as Arrow: messages for Flight, bytes for HTTP and files, batches for use in this process. */
import type { DuckDBResult } from '@duckdb/node-api';
import type { Schema } from 'apache-arrow';
import { convert, type ArrowOptions, type ArrowSource } from './batches.ts';
import { dictionaryParts } from './dictionary.ts';
import { batchMessage, dictionaryMessage, schemaMessage, type ArrowMessage } from './message.ts';

export interface ArrowMessages {
  readonly schema: Schema;
  /** Schema, then dictionaries, then batches. A stream without rows still has its schema. Read it once. */
  readonly messages: AsyncGenerator<ArrowMessage, void, undefined>;
}

/**
 * Converts while it is read: memory is bounded by a batch, and a reader that stops stops the query.
 * The result must be streaming and alone on its connection: another query there would end it early without an error.
 */
export function toArrowMessages(
  input: DuckDBResult | ArrowSource,
  options: ArrowOptions = {},
): ArrowMessages {
  const { schema, dictionaries, batches } = convert(input, options);
  async function* messages(): AsyncGenerator<ArrowMessage, void, undefined> {
    yield schemaMessage(schema);
    for (const { id, values } of dictionaries) yield dictionaryMessage(id, dictionaryParts(values));
    for await (const parts of batches()) yield batchMessage(parts);
  }
  return { schema, messages: messages() };
}

/** Buffers up to this size are joined with their neighbours: a system call costs more than the copy. */
const JOIN_BYTES = 32 * 1024;
const CONTINUATION = 0xffffffff;

/** The Arrow IPC stream: each message behind its length, then the end mark. Large buffers are passed on uncopied. */
export async function* toIpcStream(
  input: DuckDBResult | ArrowSource,
  options: ArrowOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const message of toArrowMessages(input, options).messages) yield* ipcBytes(message);
  yield ipcPrefix(0);
}

/** One message of an IPC stream, in pieces. */
export function* ipcBytes(message: ArrowMessage): Generator<Uint8Array, void, undefined> {
  yield* joinSmall([ipcPrefix(message.header.length), message.header, ...message.body]);
}

/** The same bytes in fewer pieces: a large one as it is, small neighbours joined. */
export function* joinSmall(pieces: Iterable<Uint8Array>): Generator<Uint8Array, void, undefined> {
  let small: Uint8Array[] = [];
  let size = 0;
  for (const piece of pieces) {
    if (piece.length > JOIN_BYTES || size > JOIN_BYTES) {
      if (size > 0) yield Buffer.concat(small, size);
      small = [];
      size = 0;
    }
    if (piece.length > JOIN_BYTES) yield piece;
    else {
      small.push(piece);
      size += piece.length;
    }
  }
  if (size > 0) yield Buffer.concat(small, size);
}

/** Continuation mark and length of the header that follows; length 0 ends the stream. */
export function ipcPrefix(headerLength: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, CONTINUATION, true);
  view.setUint32(4, headerLength, true);
  return bytes;
}
