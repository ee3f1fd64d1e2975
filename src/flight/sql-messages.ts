/** The messages of FlightSql.proto (package arrow.flight.protocol.sql), by their public field numbers. */
import { Message, f, malformedMessage, type Fields } from './protobuf.ts';

const PACKAGE = 'arrow.flight.protocol.sql';
const named = <F extends Fields>(name: string, fields: F): Message<F> =>
  new Message(`${PACKAGE}.${name}`, fields);

const statement = { query: f.string(1), transactionId: f.optional.bytes(2) };
const prepared = { preparedStatementHandle: f.bytes(1) };
const ofTable = { catalog: f.optional.string(1), dbSchema: f.optional.string(2), table: f.string(3) };

export const CommandStatementQuery = named('CommandStatementQuery', statement);
export const CommandStatementUpdate = named('CommandStatementUpdate', statement);
export const CommandPreparedStatementQuery = named('CommandPreparedStatementQuery', prepared);
export const CommandPreparedStatementUpdate = named('CommandPreparedStatementUpdate', prepared);
export const TicketStatementQuery = named('TicketStatementQuery', { statementHandle: f.bytes(1) });

/** What an ingest does about the table, by the protocol's numbers. */
export const INGEST_ABSENT = { create: 1, fail: 2 } as const;
export const INGEST_EXISTS = { fail: 1, append: 2, replace: 3 } as const;
export const CommandStatementIngest = named('CommandStatementIngest', {
  tableDefinitionOptions: f.message(
    1,
    named('CommandStatementIngest.TableDefinitionOptions', { ifNotExist: f.int32(1), ifExists: f.int32(2) }),
  ),
  table: f.string(2),
  schema: f.optional.string(3),
  catalog: f.optional.string(4),
  temporary: f.bool(5),
  transactionId: f.optional.bytes(6),
});

export const CommandGetSqlInfo = named('CommandGetSqlInfo', { info: f.repeated.int32(1) });
export const CommandGetXdbcTypeInfo = named('CommandGetXdbcTypeInfo', { dataType: f.optional.int32(1) });
export const CommandGetCatalogs = named('CommandGetCatalogs', {});
export const CommandGetDbSchemas = named('CommandGetDbSchemas', {
  catalog: f.optional.string(1),
  dbSchemaFilterPattern: f.optional.string(2),
});
export const CommandGetTables = named('CommandGetTables', {
  catalog: f.optional.string(1),
  dbSchemaFilterPattern: f.optional.string(2),
  tableNameFilterPattern: f.optional.string(3),
  tableTypes: f.repeated.string(4),
  includeSchema: f.bool(5),
});
export const CommandGetTableTypes = named('CommandGetTableTypes', {});
export const CommandGetPrimaryKeys = named('CommandGetPrimaryKeys', ofTable);
export const CommandGetExportedKeys = named('CommandGetExportedKeys', ofTable);
export const CommandGetImportedKeys = named('CommandGetImportedKeys', ofTable);
export const CommandGetCrossReference = named('CommandGetCrossReference', {
  pkCatalog: f.optional.string(1),
  pkDbSchema: f.optional.string(2),
  pkTable: f.string(3),
  fkCatalog: f.optional.string(4),
  fkDbSchema: f.optional.string(5),
  fkTable: f.string(6),
});

export const ActionCreatePreparedStatementRequest = named('ActionCreatePreparedStatementRequest', statement);
export const ActionCreatePreparedStatementResult = named('ActionCreatePreparedStatementResult', {
  preparedStatementHandle: f.bytes(1),
  datasetSchema: f.bytes(2),
  parameterSchema: f.bytes(3),
  isUpdate: f.optional.bool(4),
});
export const ActionClosePreparedStatementRequest = named('ActionClosePreparedStatementRequest', prepared);
export const ActionBeginTransactionRequest = named('ActionBeginTransactionRequest', {});
export const ActionBeginTransactionResult = named('ActionBeginTransactionResult', {
  transactionId: f.bytes(1),
});
export const END_TRANSACTION = { commit: 1, rollback: 2 } as const;
export const ActionEndTransactionRequest = named('ActionEndTransactionRequest', {
  transactionId: f.bytes(1),
  action: f.int32(2),
});
export const ActionCancelQueryRequest = named('ActionCancelQueryRequest', { info: f.bytes(1) });
export const ActionCancelQueryResult = named('ActionCancelQueryResult', { result: f.int32(1) });
export const DoPutUpdateResult = named('DoPutUpdateResult', { recordCount: f.int64(1) });
export const DoPutPreparedStatementResult = named('DoPutPreparedStatementResult', {
  preparedStatementHandle: f.optional.bytes(1),
});

const Any = new Message('google.protobuf.Any', { typeUrl: f.string(1), value: f.bytes(2) });
const TYPE_PREFIX = 'type.googleapis.com/';

/** Name of a message and its bytes. */
export interface Packed {
  readonly name: string;
  readonly value: Uint8Array;
}

export function pack(name: string, value: Uint8Array): Uint8Array {
  return Any.encode({ typeUrl: TYPE_PREFIX + name, value });
}

/** Throws when the bytes are no packed message; a bare message is one of those. */
export function unpack(bytes: Uint8Array): Packed {
  const { typeUrl, value } = Any.decode(bytes);
  if (!typeUrl.startsWith(TYPE_PREFIX))
    throw malformedMessage('a command is not packed in google.protobuf.Any');
  return { name: typeUrl.slice(TYPE_PREFIX.length), value };
}
