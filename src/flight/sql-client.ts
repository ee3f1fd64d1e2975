/** Flight SQL as a caller sees it, over the Flight client. */
import { invariant } from '../base/index.ts';
import type { ArrowMessage } from '../store/index.ts';
import { commandDescriptor, type FlightClient } from './client.ts';
import type { CallOptions } from './grpc-client.ts';
import type { FlightData, FlightDescriptor, FlightInfo } from './messages.ts';
import type { Decoded, Fields, Message } from './protobuf.ts';
import * as sql from './sql-messages.ts';

export interface PreparedStatement {
  readonly handle: Uint8Array;
  /** Bytes of IPC schema messages; empty where the server cannot tell. */
  readonly datasetSchema: Uint8Array;
  readonly parameterSchema: Uint8Array;
  readonly isUpdate: boolean | undefined;
}

export class FlightSqlClient {
  readonly flight: FlightClient;

  constructor(flight: FlightClient) {
    this.flight = flight;
  }

  async info<F extends Fields>(
    command: Message<F>,
    value: Partial<Decoded<F>>,
    options?: CallOptions,
  ): Promise<FlightInfo> {
    return await this.flight.getFlightInfo(descriptorOf(command, value), options);
  }

  /** All endpoints of a command, one after the other, as FlightData. */
  async *fetch<F extends Fields>(
    command: Message<F>,
    value: Partial<Decoded<F>>,
    options?: CallOptions,
  ): AsyncGenerator<FlightData, void, undefined> {
    const { endpoint } = await this.info(command, value, options);
    for (const { ticket } of endpoint)
      if (ticket !== undefined) yield* this.flight.doGet(ticket.ticket, options);
  }

  query(
    query: string,
    transactionId?: Uint8Array,
    options?: CallOptions,
  ): AsyncGenerator<FlightData, void, undefined> {
    return this.fetch(sql.CommandStatementQuery, { query, transactionId }, options);
  }

  async prepare(query: string, transactionId?: Uint8Array): Promise<PreparedStatement> {
    const body = await this.#action(sql.ActionCreatePreparedStatementRequest, 'CreatePreparedStatement', {
      query,
      transactionId,
    });
    invariant(body, 'a prepared statement has an answer');
    const { preparedStatementHandle, ...rest } = sql.ActionCreatePreparedStatementResult.decode(
      sql.unpack(body).value,
    );
    return { handle: preparedStatementHandle, ...rest };
  }

  /** Binds rows of parameters; gives the handle to go on with. */
  async bind(handle: Uint8Array, parameters: AsyncIterable<ArrowMessage>): Promise<Uint8Array> {
    const descriptor = descriptorOf(sql.CommandPreparedStatementQuery, { preparedStatementHandle: handle });
    let next = handle;
    for await (const bytes of this.flight.doPut(descriptor, parameters))
      next = sql.DoPutPreparedStatementResult.decode(bytes).preparedStatementHandle ?? next;
    return next;
  }

  fetchPrepared(handle: Uint8Array, options?: CallOptions): AsyncGenerator<FlightData, void, undefined> {
    return this.fetch(sql.CommandPreparedStatementQuery, { preparedStatementHandle: handle }, options);
  }

  async closePrepared(handle: Uint8Array): Promise<void> {
    await this.#action(sql.ActionClosePreparedStatementRequest, 'ClosePreparedStatement', {
      preparedStatementHandle: handle,
    });
  }

  /** Appends to a table; gives the number of rows. */
  async ingest(
    target: {
      readonly schema: string;
      readonly table: string;
      readonly transactionId?: Uint8Array | undefined;
    },
    messages: AsyncIterable<ArrowMessage>,
  ): Promise<bigint> {
    return await this.#update(
      descriptorOf(sql.CommandStatementIngest, {
        ...target,
        tableDefinitionOptions: { ifNotExist: sql.INGEST_ABSENT.fail, ifExists: sql.INGEST_EXISTS.append },
      }),
      messages,
    );
  }

  /** Runs a statement that writes; gives the number of rows. */
  async update(query: string, transactionId?: Uint8Array): Promise<bigint> {
    return await this.#update(descriptorOf(sql.CommandStatementUpdate, { query, transactionId }), nothing());
  }

  /** Runs a prepared statement that writes: once for each row of parameters. */
  async updatePrepared(
    handle: Uint8Array,
    parameters: AsyncIterable<ArrowMessage> = nothing(),
  ): Promise<bigint> {
    return await this.#update(
      descriptorOf(sql.CommandPreparedStatementUpdate, { preparedStatementHandle: handle }),
      parameters,
    );
  }

  async begin(): Promise<Uint8Array> {
    const body = await this.#action(sql.ActionBeginTransactionRequest, 'BeginTransaction', {});
    invariant(body, 'a transaction has an answer');
    return sql.ActionBeginTransactionResult.decode(sql.unpack(body).value).transactionId;
  }

  async end(transactionId: Uint8Array, how: keyof typeof sql.END_TRANSACTION): Promise<void> {
    await this.#action(sql.ActionEndTransactionRequest, 'EndTransaction', {
      transactionId,
      action: sql.END_TRANSACTION[how],
    });
  }

  async #update(descriptor: FlightDescriptor, messages: AsyncIterable<ArrowMessage>): Promise<bigint> {
    let rows = 0n;
    for await (const bytes of this.flight.doPut(descriptor, messages))
      rows = sql.DoPutUpdateResult.decode(bytes).recordCount;
    return rows;
  }

  async #action<F extends Fields>(
    message: Message<F>,
    type: string,
    value: Partial<Decoded<F>>,
  ): Promise<Uint8Array | undefined> {
    let answer: Uint8Array | undefined;
    for await (const body of this.flight.doAction(type, sql.pack(message.name, message.encode(value))))
      answer = body;
    return answer;
  }
}

async function* nothing(): AsyncGenerator<ArrowMessage, void, undefined> {
  // A statement without parameters sends no data.
}

export function descriptorOf<F extends Fields>(
  command: Message<F>,
  value: Partial<Decoded<F>>,
): FlightDescriptor {
  return commandDescriptor(sql.pack(command.name, command.encode(value)));
}
