/** What Flight SQL may do with a node: the query layer and the store behind the port of the protocol. */
import { VARCHAR } from '@duckdb/node-api';
import { badInputError, deniedError, notFoundError, usageError, unavailableError } from '../../base/index.ts';
import type {
  BoundRow,
  Described,
  FlightBackend,
  FlightTransaction,
  IngestTarget,
  StatementRun,
  TableInfo,
} from '../../flight/index.ts';
import {
  EXPLAINED,
  authorize,
  authorizeWrite,
  countFound,
  describeQuery,
  executeMessages,
  executeWrite,
  explainedMessages,
  isWrite,
  parseSql,
  runWrites,
  scopeOf,
  seenWhole,
  type AccessPolicy,
  type AuthorizedWrite,
  type Principal,
  type ReadScope,
  type WriteStatement,
} from '../../query/index.ts';
import { TABLES, qualifiedName, type Table } from '../../schema/index.ts';
import {
  arrowShape,
  checkArrow,
  dropStage,
  stageArrow,
  stagedValues,
  type ArrowMessages,
  type WriteRights,
} from '../../store/index.ts';
import type { NodeParts } from '../parts.ts';
import { readKey } from '../purpose.ts';
import { VERSION } from '../status.ts';
import { CATALOG, tableInfos } from './catalogue.ts';
import { spool } from './spool.ts';
import { withSqlMetadata, withSqlMetadataSent } from './sql-metadata.ts';
import { ReadTransaction } from './transaction.ts';

export interface FlightAccess {
  readonly policy: AccessPolicy;
  /** The principal of a name as they are now. Throws once there is none. */
  readonly named: (id: string) => Promise<Principal>;
}

export class NodeFlightBackend implements FlightBackend {
  readonly nodeId: string;
  readonly version = VERSION;
  readonly catalog = CATALOG;
  readonly #parts: NodeParts;
  readonly #access: FlightAccess;
  readonly #stopping: AbortSignal;
  readonly #tables = new WeakMap<ReadScope, readonly TableInfo[]>();

  constructor(parts: NodeParts, access: FlightAccess, stopping: AbortSignal) {
    this.nodeId = parts.store.nodeId;
    this.#parts = parts;
    this.#access = access;
    this.#stopping = stopping;
  }

  async describe(principal: string, sql: string): Promise<Described> {
    const { store, limits, federation } = this.#parts;
    const { policy, named } = this.#access;
    const statement = await parseSql(store, sql, [], limits);
    const who = await named(principal);
    const isUpdate = isWrite(statement) && !statement.explain;
    const query = isWrite(statement)
      ? authorizeWrite(statement, who, policy).query
      : authorize(statement, who, policy);
    const described = await describeQuery(store, query, federation);
    const columns = isWrite(statement) ? (isUpdate ? [] : EXPLAINED) : described.columns;
    return {
      columns: columns === undefined ? undefined : withSqlMetadata(arrowShape(columns).schema),
      // A type that the statement leaves open is told as text; a value of another type is taken as it comes.
      parameters: arrowShape(described.parameters.map(({ name, type }) => ({ name, type: type ?? VARCHAR })))
        .schema,
      isUpdate,
    };
  }

  async query(principal: string, run: StatementRun): Promise<ArrowMessages> {
    const signal = this.#limitTime(run.signal);
    const { store, limits } = this.#parts;
    const options = {
      signal,
      batchBytes: limits.flight_batch_bytes,
      pinned: run.transaction === undefined ? undefined : asRead(run.transaction),
      federation: this.#parts.federation,
    };
    const open = async (parameters: BoundRow): Promise<ArrowMessages> => {
      const statement = await parseSql(store, run.sql, parameters, limits);
      const who = await this.#access.named(principal);
      if (!isWrite(statement))
        return await executeMessages(store, authorize(statement, who, this.#access.policy), options);
      if (!statement.explain)
        throw badInputError('sql.not_a_query', 'the statement writes', 'Send it as an update.');
      return await explainedMessages(store, authorizeWrite(statement, who, this.#access.policy));
    };
    const [first = [], ...others] = run.parameters;
    const answer = withSqlMetadataSent(await open(first));
    if (others.length === 0) return answer;
    return { schema: answer.schema, messages: chain(answer, others, open) };
  }

  async update(principal: string, run: StatementRun): Promise<bigint> {
    const signal = this.#limitTime(run.signal);
    const { store, limits } = this.#parts;
    const rows = run.parameters.length === 0 ? [[]] : run.parameters;
    const statements: WriteStatement[] = [];
    for (const values of rows) {
      const statement = await parseSql(store, run.sql, values, limits);
      if (!isWrite(statement) || statement.explain)
        throw badInputError('sql.not_an_update', 'the statement only reads', 'Send it as a query.');
      statements.push(statement);
    }
    const authorized = (statement: WriteStatement): Promise<AuthorizedWrite> =>
      this.#authorizedWrite(principal, statement);
    if (run.transaction !== undefined)
      return await this.#later(asRead(run.transaction), statements, authorized, signal);
    // Refused at once, without waiting for other writes.
    for (const statement of statements.slice(0, 1)) await authorized(statement);
    const who = await this.#access.named(principal);
    const counts = await runWrites(store, who, statements, authorized, signal);
    return BigInt(counts.reduce((sum, count) => sum + count, 0));
  }

  /** For the commit; counts what is found in the state that the transaction reads. */
  async #later(
    transaction: ReadTransaction,
    statements: readonly WriteStatement[],
    authorized: (statement: WriteStatement) => Promise<AuthorizedWrite>,
    signal: AbortSignal,
  ): Promise<bigint> {
    const { store } = this.#parts;
    transaction.checkRoom(statements.length);
    let rows = 0;
    for (const statement of statements)
      rows += await countFound(store, await authorized(statement), signal, transaction);
    transaction.add(
      statements.map((statement) => ({
        write: async (target, stopping) => {
          await executeWrite(store, target, await authorized(statement), stopping);
        },
      })),
    );
    return BigInt(rows);
  }

  async #authorizedWrite(principal: string, statement: WriteStatement): Promise<AuthorizedWrite> {
    const { policy, named } = this.#access;
    return authorizeWrite(statement, await named(principal), policy);
  }

  async parameters(ipc: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<readonly BoundRow[]> {
    const { flight_parameter_rows: rowsMax, flight_parameter_bytes: bytesMax } = this.#parts.limits;
    // Whole before a connection is taken: a slow sender must not hold one.
    const whole = await collect(ipc, bytesMax);
    return await this.#parts.store.withConnection(async (connection) => {
      const staged = await stageArrow(connection, whole, { rowsMax, signal });
      try {
        return await stagedValues(connection, staged);
      } finally {
        await dropStage(connection, staged);
      }
    });
  }

  async ingest(
    principal: string,
    target: IngestTarget,
    ipc: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<number> {
    const { store, limits } = this.#parts;
    const table = await this.#tableToWrite(principal, target);
    await this.#rights(principal, table);
    const spooled = await spool(this.#parts, ipc, signal);
    let taken = false;
    try {
      // Asked again: the upload may have taken its time.
      const rights = await this.#rights(principal, table);
      if (target.transaction === undefined) {
        const { value } = await store.transact(readKey(principal).id, (transaction) =>
          transaction.putArrow(table, spooled.read(), rights, signal),
        );
        return value.added + value.updated + value.unchanged;
      }
      const rows = await store.withConnection((connection) =>
        checkArrow(connection, table, spooled.read(), { rights, limits, signal }),
      );
      asRead(target.transaction).add([
        {
          write: async (transaction, stopping) => {
            const then = await this.#rights(principal, table);
            await transaction.putArrow(table, spooled.read(), then, stopping);
          },
          remove: () => spooled.remove(),
        },
      ]);
      taken = true;
      return rows;
    } finally {
      if (!taken) await spooled.remove();
    }
  }

  async begin(principal: string): Promise<FlightTransaction> {
    const scope = scopeOf(this.#access.policy, await this.#access.named(principal));
    const signal = (): AbortSignal => this.#limitTime(new AbortController().signal);
    return await ReadTransaction.begin({
      store: this.#parts.store,
      principal: readKey(principal).id,
      scope,
      signal,
    });
  }

  async tables(principal: string): Promise<readonly TableInfo[]> {
    const { policy, named } = this.#access;
    const who = await named(principal);
    // What may be written hangs on the same as what may be read: roles, attributes, the moment.
    const scope = scopeOf(policy, who);
    const known = this.#tables.get(scope);
    if (known !== undefined) return known;
    const infos = await tableInfos(this.#parts.store, scope, (table) => {
      const decision = policy.writing(who, 'insert', qualifiedName(table));
      return decision.allowed && isWritten(table) ? decision.may.columns : [];
    });
    this.#tables.set(scope, infos);
    return infos;
  }

  /** One that the principal may neither read nor write does not exist for them. */
  async #tableToWrite(principal: string, target: IngestTarget): Promise<Table> {
    const { policy, named } = this.#access;
    const table = TABLES.find((one) => one.schema === target.schema && one.name === target.table);
    const isSeen = (await this.tables(principal)).some(
      (one) => one.schema === target.schema && one.name === target.table,
    );
    const mayWrite = async (): Promise<boolean> =>
      table !== undefined && policy.writing(await named(principal), 'insert', qualifiedName(table)).allowed;
    if (!isSeen && !(await mayWrite()))
      throw notFoundError(
        'table.unknown',
        'there is no table of this name',
        'Tables are those of the model: docs/tables.md.',
      );
    if (table === undefined || !isWritten(table))
      throw usageError(
        'flight.ingest_table',
        'only tables of esh can be written: law is made by import from its sources',
        'Import law with `fractal import`.',
      );
    return table;
  }

  async #rights(principal: string, table: Table): Promise<WriteRights> {
    const { policy, named } = this.#access;
    const who = await named(principal);
    const insert = policy.writing(who, 'insert', qualifiedName(table));
    if (!insert.allowed)
      throw deniedError(
        'policy.denied',
        `${principal} may not write (${insert.rule})`,
        'Ask an administrator for the right.',
      );
    const update = policy.writing(who, 'update', qualifiedName(table));
    const seen = scopeOf(policy, who).tables.find(
      (one) => one.schema === table.schema && one.name === table.name,
    );
    return {
      insert: insert.may,
      update: update.allowed ? update.may : undefined,
      seen: seenWhole(table, seen),
    };
  }

  #limitTime(signal: AbortSignal): AbortSignal {
    const clock = AbortSignal.timeout(this.#parts.limits.sql_timeout_max_ms);
    return AbortSignal.any([signal, this.#stopping, clock]);
  }
}

const isWritten = (table: Table): boolean => table.schema === 'esh';

async function collect(pieces: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const held: Uint8Array[] = [];
  let size = 0;
  for await (const piece of pieces) {
    size += piece.length;
    if (size > bytesMax)
      throw badInputError(
        'flight.message_size',
        `the parameters have more than ${bytesMax} bytes`,
        'Bind fewer rows at a time.',
      );
    held.push(piece);
  }
  return Buffer.concat(held, size);
}

/** The answers to each row of parameters as one. All have the same types: so have the parameters. */
async function* chain(
  first: ArrowMessages,
  others: readonly BoundRow[],
  open: (parameters: BoundRow) => Promise<ArrowMessages>,
): ArrowMessages['messages'] {
  yield* first.messages;
  for (const parameters of others)
    for await (const message of (await open(parameters)).messages)
      if (message.kind === 'batch') yield message;
}

function asRead(transaction: FlightTransaction): ReadTransaction {
  if (transaction instanceof ReadTransaction) return transaction;
  throw unavailableError(
    'flight.transaction_ended',
    'the transaction is of another node',
    'Begin another one.',
  );
}
