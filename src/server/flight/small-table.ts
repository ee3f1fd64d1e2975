/** Small answers that come from no query: columns of values as Arrow messages. */
import {
  Field,
  RecordBatch,
  Schema,
  Struct,
  makeData,
  makeBuilder,
  type Data,
  type DataType,
} from 'apache-arrow';
import { recordBatchMessage, schemaMessage, type ArrowMessages } from '../../store/index.ts';

export interface SmallColumn {
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
}

export const column = (name: string, type: DataType, nullable = false): SmallColumn => ({
  name,
  type,
  nullable,
});

export function schemaOf(columns: readonly SmallColumn[]): Schema {
  return new Schema(columns.map(({ name, type, nullable }) => new Field(name, type, nullable)));
}

/** Values of one type as Arrow data; also of none. */
export function dataOf(type: DataType, values: readonly unknown[]): Data {
  const builder = makeBuilder({ type, nullValues: [null] });
  for (const value of values) builder.append(value);
  return builder.finish().flush() as Data;
}

/** Rows by column name. */
export function smallTable(
  columns: readonly SmallColumn[],
  rows: readonly Readonly<Record<string, unknown>>[],
): ArrowMessages {
  return messagesOf(
    schemaOf(columns),
    columns.map(({ name, type }) =>
      dataOf(
        type,
        rows.map((row) => row[name] ?? null),
      ),
    ),
    rows.length,
  );
}

export function messagesOf(schema: Schema, children: readonly Data[], rows: number): ArrowMessages {
  async function* messages(): ArrowMessages['messages'] {
    yield schemaMessage(schema);
    if (rows === 0) return;
    const type = new Struct(schema.fields);
    const data = makeData({ type, length: rows, nullCount: 0, children: [...children] });
    yield recordBatchMessage(new RecordBatch(schema, data));
  }
  return { schema, messages: messages() };
}
