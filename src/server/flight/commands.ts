/** Commands that have an answer to read: GetFlightInfo, GetSchema and, through a ticket, DoGet. */
import { Schema } from 'apache-arrow';
import { badInputError, notFoundError } from '../../base/index.ts';
import {
  flight,
  flightSql as sql,
  schemaBytes,
  unimplemented,
  type Decoded,
  type Fields,
  type Message,
  type ValueOf,
} from '../../flight/index.ts';
import type { ArrowMessages } from '../../store/index.ts';
import * as metadata from './metadata.ts';
import { sqlInfo } from './sql-info.ts';
import type { Answer, Caller, ServiceState } from './state.ts';
import { xdbcTypes } from './xdbc-types.ts';

type Descriptor = ValueOf<typeof flight.FlightDescriptor>;

/** An answer before it is asked for. */
interface Plan {
  /** Undefined when only the data will tell. */
  readonly schema: Schema | undefined;
  open(signal: AbortSignal): Promise<ArrowMessages>;
  /** For a statement that writes: runs it, and gives the number of rows. It has no answer to fetch. */
  readonly update?: (signal: AbortSignal) => Promise<bigint>;
}

type Planner = (state: ServiceState, caller: Caller, value: Uint8Array) => Promise<Plan>;

const on = <F extends Fields>(
  message: Message<F>,
  plan: (state: ServiceState, caller: Caller, value: Decoded<F>) => Promise<Plan> | Plan,
): readonly [string, Planner] => [
  message.name,
  async (state, caller, value) => plan(state, caller, message.decode(value)),
];

/** Small answers are made again when they are fetched: by then the caller may see less. */
const small = async (make: () => ArrowMessages | Promise<ArrowMessages>): Promise<Plan> => ({
  schema: (await make()).schema,
  open: async () => make(),
});

const PLANNERS: ReadonlyMap<string, Planner> = new Map([
  on(sql.CommandStatementQuery, (state, caller, { query, transactionId }) =>
    statement(state, caller, query, transactionId),
  ),
  on(sql.CommandPreparedStatementQuery, prepared),
  on(sql.CommandGetSqlInfo, ({ options }, _caller, { info }) =>
    small(() => sqlInfo(options.backend, options.limits, info)),
  ),
  on(sql.CommandGetXdbcTypeInfo, (_state, _caller, { dataType }) => small(() => xdbcTypes(dataType))),
  on(sql.CommandGetCatalogs, ({ options }) => small(() => metadata.catalogs(options.backend))),
  on(sql.CommandGetDbSchemas, ({ options }, { principal }, filter) =>
    small(() => metadata.schemas(options.backend, principal, filter)),
  ),
  on(sql.CommandGetTables, ({ options }, { principal }, filter) =>
    small(() => metadata.tables(options.backend, principal, filter)),
  ),
  on(sql.CommandGetTableTypes, () => small(() => metadata.tableTypes())),
  on(sql.CommandGetPrimaryKeys, ({ options }, { principal }, table) =>
    small(() => metadata.primaryKeys(options.backend, principal, table)),
  ),
  on(sql.CommandGetImportedKeys, ({ options }, { principal }, table) =>
    small(() => metadata.foreignKeys(options.backend, principal, table, undefined)),
  ),
  on(sql.CommandGetExportedKeys, ({ options }, { principal }, table) =>
    small(() => metadata.foreignKeys(options.backend, principal, undefined, table)),
  ),
  on(sql.CommandGetCrossReference, ({ options }, { principal }, value) =>
    small(() =>
      metadata.foreignKeys(
        options.backend,
        principal,
        { catalog: value.fkCatalog, dbSchema: value.fkDbSchema, table: value.fkTable },
        { catalog: value.pkCatalog, dbSchema: value.pkDbSchema, table: value.pkTable },
      ),
    ),
  ),
]);

export async function flightInfo(
  state: ServiceState,
  caller: Caller,
  descriptor: Descriptor,
): Promise<flight.FlightInfo> {
  const plan = await planOf(state, caller, descriptor);
  if (plan.update !== undefined) {
    // Drivers send what writes as a query and read nothing of it: it is run now, or it would never be.
    const totalRecords = await plan.update(caller.call.signal);
    return {
      ...EMPTY_INFO,
      schema: schemaBytes(plan.schema ?? NO_COLUMNS),
      flightDescriptor: descriptor,
      totalRecords,
    };
  }
  const answer: Answer = { open: (signal) => plan.open(signal), cancel: new AbortController() };
  const handle = state.tickets.issue(caller.principal, answer);
  const ticket = sql.pack(
    sql.TicketStatementQuery.name,
    sql.TicketStatementQuery.encode({ statementHandle: handle }),
  );
  return {
    ...EMPTY_INFO,
    schema: plan.schema === undefined ? new Uint8Array(0) : schemaBytes(plan.schema),
    flightDescriptor: descriptor,
    // No location: the connection that asked is the one to fetch by.
    endpoint: [
      { ticket: { ticket }, location: [], expirationTime: undefined, appMetadata: new Uint8Array(0) },
    ],
  };
}

const NO_COLUMNS = new Schema([]);
const EMPTY_INFO = {
  endpoint: [],
  totalRecords: -1n,
  totalBytes: -1n,
  ordered: true,
  appMetadata: new Uint8Array(0),
} as const;

export async function flightSchema(
  state: ServiceState,
  caller: Caller,
  descriptor: Descriptor,
): Promise<Uint8Array> {
  const { schema } = await planOf(state, caller, descriptor);
  if (schema === undefined)
    throw badInputError(
      'flight.schema_open',
      'the types of the answer depend on parameters that are not bound yet',
      'Bind them first, or cast them in the statement.',
    );
  return schemaBytes(schema);
}

/** The answer that a ticket stands for. */
export function answerOf(state: ServiceState, caller: Caller, ticket: Uint8Array): Answer {
  return state.tickets.find(caller.principal, ticketHandle(ticket));
}

export function ticketHandle(ticket: Uint8Array): Uint8Array {
  const { name, value } = sql.unpack(ticket);
  if (name !== sql.TicketStatementQuery.name)
    throw badInputError(
      'flight.ticket',
      'this is no ticket of this node',
      'Send a ticket as GetFlightInfo gave it.',
    );
  return sql.TicketStatementQuery.decode(value).statementHandle;
}

async function planOf(state: ServiceState, caller: Caller, descriptor: Descriptor): Promise<Plan> {
  if (descriptor.type === flight.DESCRIPTOR.path) return await wholeTable(state, caller, descriptor.path);
  const { name, value } = sql.unpack(descriptor.cmd);
  const planner = PLANNERS.get(name);
  if (planner === undefined)
    throw unimplemented(`${name} is not answered here`, 'docs/flight.md lists the commands.');
  return await planner(state, caller, value);
}

/** A path of schema and table is the whole table. */
async function wholeTable(state: ServiceState, caller: Caller, path: readonly string[]): Promise<Plan> {
  const [schema, name] = path;
  const tables = await state.options.backend.tables(caller.principal);
  const table = tables.find((known) => path.length === 2 && known.schema === schema && known.name === name);
  if (table === undefined)
    throw notFoundError(
      'table.unknown',
      'no table has this path',
      'Name schema and table, as ListFlights does.',
    );
  return await statement(state, caller, `from "${table.schema}"."${table.name}"`, undefined);
}

async function statement(
  state: ServiceState,
  caller: Caller,
  query: string,
  transactionId: Uint8Array | undefined,
): Promise<Plan> {
  const { backend } = state.options;
  const transaction = state.transaction(caller, transactionId);
  const described = await backend.describe(caller.principal, query);
  const run = { sql: query, parameters: [], transaction };
  return {
    schema: described.columns,
    open: (signal) => backend.query(caller.principal, { ...run, signal }),
    ...(described.isUpdate
      ? { update: (signal: AbortSignal) => backend.update(caller.principal, { ...run, signal }) }
      : {}),
  };
}

async function prepared(
  state: ServiceState,
  caller: Caller,
  { preparedStatementHandle }: { readonly preparedStatementHandle: Uint8Array },
): Promise<Plan> {
  const { backend } = state.options;
  const statement = state.statements.find(caller.principal, preparedStatementHandle);
  const { sql: query, parameters, transactionId } = statement;
  const transaction = state.transaction(caller, transactionId);
  // Since it was prepared, the caller may have come to see less, or more.
  const { columns, isUpdate } = await backend.describe(caller.principal, query);
  const run = { sql: query, parameters, transaction };
  return {
    schema: columns,
    open: (signal) => backend.query(caller.principal, { ...run, signal }),
    ...(isUpdate
      ? { update: (signal: AbortSignal) => backend.update(caller.principal, { ...run, signal }) }
      : {}),
  };
}
