/** DoPut: parameters of prepared statements, updates, ingest. */
import { badInputError, notFoundError } from '../../base/index.ts';
import {
  flight,
  flightSql as sql,
  ipcOf,
  unimplemented,
  type BoundRow,
  type GrpcCall,
} from '../../flight/index.ts';
import type { Caller, ServiceState } from './state.ts';

/** What was sent: the descriptor of the first message, and the messages that carry data. */
interface Upload {
  readonly descriptor: flight.FlightDescriptor;
  readonly data: AsyncGenerator<flight.FlightData, void, undefined>;
  /** Ends the reading; also of data that nobody began to read. */
  readonly close: () => Promise<void>;
}

/** Gives the metadata of the one result. */
export async function doPut(state: ServiceState, caller: Caller): Promise<Uint8Array> {
  const { descriptor, data, close } = await openUpload(caller.call);
  try {
    if (descriptor.type === flight.DESCRIPTOR.path)
      return await putTable(state, caller, descriptor.path, data);
    const { name, value } = sql.unpack(descriptor.cmd);
    switch (name) {
      case sql.CommandPreparedStatementQuery.name:
        return await bind(
          state,
          caller,
          sql.CommandPreparedStatementQuery.decode(value).preparedStatementHandle,
          data,
        );
      case sql.CommandStatementUpdate.name: {
        const { query, transactionId } = sql.CommandStatementUpdate.decode(value);
        return await update(state, caller, query, [], transactionId);
      }
      case sql.CommandPreparedStatementUpdate.name: {
        const handle = sql.CommandPreparedStatementUpdate.decode(value).preparedStatementHandle;
        const statement = state.statements.find(caller.principal, handle);
        const rows = (await parametersOf(state, caller.call, data)) ?? statement.parameters;
        return await update(state, caller, statement.sql, rows, statement.transactionId);
      }
      case sql.CommandStatementIngest.name:
        return await ingest(state, caller, sql.CommandStatementIngest.decode(value), data);
      default:
        throw unimplemented(`${name} is not answered here`, 'docs/flight.md lists the commands.');
    }
  } finally {
    await close();
  }
}

async function openUpload(call: GrpcCall): Promise<Upload> {
  const messages = call.messages();
  const first = await messages.next();
  if (first.done === true)
    throw badInputError('flight.malformed', 'nothing was put', 'Send a descriptor and data.');
  const head = flight.FlightData.decode(first.value);
  if (head.flightDescriptor === undefined)
    throw badInputError('flight.malformed', 'the first message has no descriptor', 'Say what is put.');
  async function* data(): Upload['data'] {
    if (head.dataHeader.length > 0) yield head;
    for await (const bytes of messages) {
      const message = flight.FlightData.decode(bytes);
      if (message.dataHeader.length > 0) yield message;
    }
  }
  const close = async (): Promise<void> => {
    await messages.return();
  };
  return { descriptor: head.flightDescriptor, data: data(), close };
}

async function bind(
  state: ServiceState,
  caller: Caller,
  handle: Uint8Array,
  data: Upload['data'],
): Promise<Uint8Array> {
  const statement = state.statements.find(caller.principal, handle);
  const rows = await parametersOf(state, caller.call, data);
  if (rows !== undefined) statement.parameters = rows;
  return sql.DoPutPreparedStatementResult.encode({ preparedStatementHandle: handle });
}

async function update(
  state: ServiceState,
  caller: Caller,
  query: string,
  parameters: readonly BoundRow[],
  transactionId: Uint8Array | undefined,
): Promise<Uint8Array> {
  const recordCount = await state.options.backend.update(caller.principal, {
    sql: query,
    parameters,
    transaction: state.transaction(caller, transactionId),
    signal: caller.call.signal,
  });
  return sql.DoPutUpdateResult.encode({ recordCount });
}

/** Undefined when no data was sent. A stream of a schema without columns binds nothing either. */
async function parametersOf(
  state: ServiceState,
  call: GrpcCall,
  data: Upload['data'],
): Promise<readonly BoundRow[] | undefined> {
  const first = await data.next();
  if (first.done === true) return undefined;
  async function* all(): AsyncGenerator<flight.FlightData, void, undefined> {
    if (first.done !== true) yield first.value;
    yield* data;
  }
  return await state.options.backend.parameters(ipcOf(all()), call.signal);
}

async function ingest(
  state: ServiceState,
  caller: Caller,
  command: ReturnType<typeof sql.CommandStatementIngest.decode>,
  data: Upload['data'],
): Promise<Uint8Array> {
  const { backend } = state.options;
  const { table, schema = 'esh', catalog, temporary, tableDefinitionOptions: options } = command;
  if (catalog !== undefined && catalog !== '' && catalog !== backend.catalog)
    throw notFoundError('table.unknown', 'there is no catalogue of this name', `It is ${backend.catalog}.`);
  if (temporary || options?.ifExists === sql.INGEST_EXISTS.replace)
    throw unimplemented('tables are neither made nor replaced by ingest', 'Append to a table of the model.');
  if (options?.ifExists === sql.INGEST_EXISTS.fail)
    throw badInputError('table.exists', 'the table exists already', 'Append to it.');
  return await put(state, caller, schema, table, command.transactionId, data);
}

/** A path of schema and table: appends, as an ingest does. */
async function putTable(
  state: ServiceState,
  caller: Caller,
  path: readonly string[],
  data: Upload['data'],
): Promise<Uint8Array> {
  const [schema = '', table = ''] = path;
  return await put(state, caller, schema, table, undefined, data);
}

async function put(
  state: ServiceState,
  caller: Caller,
  schema: string,
  table: string,
  transactionId: Uint8Array | undefined,
  data: Upload['data'],
): Promise<Uint8Array> {
  const transaction = state.transaction(caller, transactionId);
  const { principal, call } = caller;
  const rows = await state.options.backend.ingest(
    principal,
    { schema, table, transaction },
    ipcOf(data),
    call.signal,
  );
  return sql.DoPutUpdateResult.encode({ recordCount: BigInt(rows) });
}
