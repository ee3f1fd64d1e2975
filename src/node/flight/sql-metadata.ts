/** What drivers read about the columns of an answer beside their Arrow types. */
import { DataType, Field, Schema } from 'apache-arrow';
import { schemaMessage, type ArrowMessages } from '../../store/index.ts';

/** Adds precision and scale where a driver would otherwise take them for 0. */
export function withSqlMetadata(schema: Schema): Schema {
  if (!schema.fields.some((field) => DataType.isDecimal(field.type))) return schema;
  const fields = schema.fields.map((field) => {
    const type = field.type as DataType;
    if (!DataType.isDecimal(type)) return field;
    const metadata = new Map([
      ...field.metadata,
      ['ARROW:FLIGHT:SQL:PRECISION', String(type.precision)],
      ['ARROW:FLIGHT:SQL:SCALE', String(type.scale)],
    ] as const);
    return new Field(field.name, type, field.nullable, metadata);
  });
  return new Schema(fields, schema.metadata);
}

export function withSqlMetadataSent(arrow: ArrowMessages): ArrowMessages {
  const schema = withSqlMetadata(arrow.schema);
  if (schema === arrow.schema) return arrow;
  async function* messages(): ArrowMessages['messages'] {
    for await (const message of arrow.messages)
      yield message.kind === 'schema' ? schemaMessage(schema) : message;
  }
  return { schema, messages: messages() };
}
