/** A running query as apache-arrow batches, without a copy: the batches stand on the very buffers we filled. */
import type { DuckDBResult } from '@duckdb/node-api';
import { RecordBatch, Struct, Table, Vector, makeData, type DataType, type Schema } from 'apache-arrow';
import { VectorLoader } from 'apache-arrow/visitor/vectorloader';
import { BufferRegion, FieldNode } from 'apache-arrow/ipc/metadata/message';
import { convert, type ArrowOptions, type ArrowSource } from './batches.ts';
import type { BatchParts } from './columns/column.ts';
import { dictionaryParts } from './dictionary.ts';

export interface RecordBatches {
  readonly schema: Schema;
  readonly batches: AsyncGenerator<RecordBatch, void, undefined>;
}

export function toRecordBatches(
  input: DuckDBResult | ArrowSource,
  options: ArrowOptions = {},
): RecordBatches {
  const conversion = convert(input, options);
  const { schema } = conversion;
  const dictionaries = new Map<number, Vector>();
  for (const { id, values, type } of conversion.dictionaries) {
    const data = new PartsLoader(dictionaryParts(values), new Map()).visit(type.dictionary as DataType);
    dictionaries.set(id, new Vector([data]));
  }
  async function* batches(): AsyncGenerator<RecordBatch, void, undefined> {
    for await (const parts of conversion.batches()) yield recordBatch(schema, parts, dictionaries);
  }
  return { schema, batches: batches() };
}

/** The whole result in memory: only for results whose size is known to be small. */
export async function toTable(input: DuckDBResult | ArrowSource, options: ArrowOptions = {}): Promise<Table> {
  const { schema, batches } = toRecordBatches(input, options);
  const all: RecordBatch[] = [];
  for await (const batch of batches) all.push(batch);
  return new Table(schema, all);
}

function recordBatch(schema: Schema, parts: BatchParts, dictionaries: Map<number, Vector>): RecordBatch {
  const children = new PartsLoader(parts, dictionaries).visitMany<DataType>(schema.fields);
  const type = new Struct(schema.fields);
  return new RecordBatch(schema, makeData({ type, length: parts.rows, nullCount: 0, children }));
}

/** apache-arrow's own reader of message bodies, over buffers that were never joined: a region's offset is an index. */
class PartsLoader extends VectorLoader {
  readonly #parts: BatchParts;

  constructor(parts: BatchParts, dictionaries: Map<number, Vector>) {
    super(
      new Uint8Array(0),
      parts.nodes.map(({ rows, nulls }) => new FieldNode(rows, nulls)),
      parts.buffers.map(({ length }, i) => new BufferRegion(i, length)),
      dictionaries,
    );
    this.#parts = parts;
  }

  protected override readData(_type: DataType, region: BufferRegion = this.nextBufferRange()): Uint8Array {
    return this.#parts.buffers[region.offset]!.bytes.subarray(0, region.length);
  }
}
