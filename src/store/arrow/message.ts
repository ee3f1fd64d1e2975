/**
 * Arrow messages: a flatbuffer header and the body buffers, not joined, so that Flight and sockets can send the memory
 * as it stands. Layout after Arrow's format/Message.fbs, metadata version V5.
 */
import { Message, type RecordBatch, type Schema } from 'apache-arrow';
import { VectorAssembler } from 'apache-arrow/visitor/vectorassembler';
import { RecordBatch as BatchHeader } from 'apache-arrow/ipc/metadata/message';
import { Builder } from 'flatbuffers';
import { padded } from './buffers.ts';
import type { BatchParts } from './columns/column.ts';

export interface ArrowMessage {
  readonly kind: 'schema' | 'dictionary' | 'batch';
  /** The flatbuffer, without the length prefix of a stream; Flight's `data_header`. Length is a multiple of 8. */
  readonly header: Uint8Array;
  /** Body buffers in order, each padded to 8 bytes; one after the other they are the body. Empty ones are left out. */
  readonly body: readonly Uint8Array[];
  /** Bytes of the body. */
  readonly bodyLength: number;
  /** Rows of a batch, else 0. */
  readonly rows: number;
}

const VERSION_V5 = 4;
const HEADER_TYPE = { dictionary: 2, batch: 3 } as const;

export function schemaMessage(schema: Schema): ArrowMessage {
  const header = aligned(Message.encode(Message.from(schema)));
  return { kind: 'schema', header, body: [], bodyLength: 0, rows: 0 };
}

/** A batch made with apache-arrow: for small answers that do not come from a query. It must hold no dictionary. */
export function recordBatchMessage(batch: RecordBatch): ArrowMessage {
  const { byteLength, nodes, bufferRegions, buffers } = VectorAssembler.assemble(batch);
  const header = aligned(
    Message.encode(Message.from(new BatchHeader(batch.numRows, nodes, bufferRegions), byteLength)),
  );
  const body = buffers
    .map((buffer) => aligned(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)))
    .filter((buffer) => buffer.length > 0);
  return { kind: 'batch', header, body, bodyLength: byteLength, rows: batch.numRows };
}

export function batchMessage(parts: BatchParts): ArrowMessage {
  const fbb = new Builder(1024);
  const { offset, bodyLength } = recordBatch(fbb, parts);
  const header = message(fbb, HEADER_TYPE.batch, offset, bodyLength);
  return { kind: 'batch', header, body: bodyOf(parts), bodyLength, rows: parts.rows };
}

export function dictionaryMessage(id: number, parts: BatchParts): ArrowMessage {
  const fbb = new Builder(1024);
  const { offset: data, bodyLength } = recordBatch(fbb, parts);
  fbb.startObject(3);
  fbb.addFieldInt64(0, BigInt(id), 0n);
  fbb.addFieldOffset(1, data, 0);
  const header = message(fbb, HEADER_TYPE.dictionary, fbb.endObject(), bodyLength);
  return { kind: 'dictionary', header, body: bodyOf(parts), bodyLength, rows: 0 };
}

function bodyOf(parts: BatchParts): Uint8Array[] {
  return parts.buffers.filter((buffer) => buffer.length > 0).map((buffer) => buffer.bytes);
}

/** Table RecordBatch: length, nodes, buffers. */
function recordBatch(fbb: Builder, parts: BatchParts): { offset: number; bodyLength: number } {
  let bodyLength = 0;
  const places = parts.buffers.map(({ length }) => {
    const place = [bodyLength, length] as const;
    bodyLength += padded(length);
    return place;
  });
  const buffers = pairs(fbb, places);
  const nodes = pairs(
    fbb,
    parts.nodes.map(({ rows, nulls }) => [rows, nulls] as const),
  );
  fbb.startObject(4);
  fbb.addFieldInt64(0, BigInt(parts.rows), 0n);
  fbb.addFieldOffset(1, nodes, 0);
  fbb.addFieldOffset(2, buffers, 0);
  return { offset: fbb.endObject(), bodyLength };
}

/** A vector of structs of two int64: Buffer is (offset, length), FieldNode is (length, null count). */
function pairs(fbb: Builder, values: readonly (readonly [number, number])[]): number {
  fbb.startVector(16, values.length, 8);
  // Flatbuffers are written from the back.
  for (let i = values.length - 1; i >= 0; i--) {
    const [first, second] = values[i]!;
    fbb.prep(8, 16);
    fbb.writeInt64(BigInt(second));
    fbb.writeInt64(BigInt(first));
  }
  return fbb.endVector();
}

/** Table Message: version, header type, header, body length. */
function message(fbb: Builder, headerType: number, header: number, bodyLength: number): Uint8Array {
  fbb.startObject(5);
  fbb.addFieldInt64(3, BigInt(bodyLength), 0n);
  fbb.addFieldOffset(2, header, 0);
  fbb.addFieldInt8(1, headerType, 0);
  fbb.addFieldInt16(0, VERSION_V5, 0);
  fbb.finish(fbb.endObject());
  return aligned(fbb.asUint8Array());
}

/** A copy, zero-padded to 8 bytes. */
function aligned(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(padded(bytes.length));
  copy.set(bytes);
  return copy;
}
