/** DoAction: prepared statements, transactions, cancelling, sessions. */
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
import { ticketHandle } from './commands.ts';
import type { OptionValue } from './sessions.ts';
import type { Caller, ServiceState } from './state.ts';

interface ActionHandler {
  readonly type: string;
  readonly description: string;
  /** Gives the body of the one result, if there is one. */
  run(state: ServiceState, caller: Caller, body: Uint8Array): Promise<Uint8Array | undefined>;
}

/** An action of Flight SQL: its request and its result are packed. */
function sqlAction<F extends Fields>(
  type: string,
  description: string,
  request: Message<F>,
  run: (state: ServiceState, caller: Caller, value: Decoded<F>) => Promise<Uint8Array | undefined>,
): ActionHandler {
  return {
    type,
    description,
    run: async (state, caller, body) => {
      const { name, value } = sql.unpack(body);
      if (name !== request.name)
        throw badInputError(
          'flight.malformed',
          `the body is not ${request.name}`,
          'Send what the action asks for.',
        );
      return await run(state, caller, request.decode(value));
    },
  };
}

const packed = <F extends Fields>(message: Message<F>, value: Partial<Decoded<F>>): Uint8Array =>
  sql.pack(message.name, message.encode(value));

export const ACTIONS: readonly ActionHandler[] = [
  sqlAction(
    'CreatePreparedStatement',
    'Prepares a statement.',
    sql.ActionCreatePreparedStatementRequest,
    async (state, caller, { query, transactionId }) => {
      state.transaction(caller, transactionId);
      const described = await state.options.backend.describe(caller.principal, query);
      const statement = { sql: query, transactionId, parameters: [] };
      return packed(sql.ActionCreatePreparedStatementResult, {
        preparedStatementHandle: state.statements.issue(caller.principal, statement, caller.session),
        datasetSchema:
          described.columns === undefined || described.isUpdate
            ? new Uint8Array(0)
            : schemaBytes(described.columns),
        parameterSchema:
          described.parameters.fields.length === 0 ? new Uint8Array(0) : schemaBytes(described.parameters),
        isUpdate: described.isUpdate,
      });
    },
  ),
  sqlAction(
    'ClosePreparedStatement',
    'Drops a prepared statement.',
    sql.ActionClosePreparedStatementRequest,
    async (state, caller, { preparedStatementHandle }) => {
      // One that has expired is closed as well as one that is there.
      state.statements.end(caller.principal, preparedStatementHandle);
      return undefined;
    },
  ),
  sqlAction(
    'BeginTransaction',
    'Begins a transaction: reads of one state; what is ingested becomes visible at its commit.',
    sql.ActionBeginTransactionRequest,
    async (state, caller) => {
      const transaction = await state.options.backend.begin(caller.principal);
      try {
        const transactionId = state.transactions.issue(caller.principal, transaction, caller.session);
        return packed(sql.ActionBeginTransactionResult, { transactionId });
      } catch (error) {
        await transaction.rollback();
        throw error;
      }
    },
  ),
  sqlAction(
    'EndTransaction',
    'Commits a transaction, or rolls it back.',
    sql.ActionEndTransactionRequest,
    async (state, caller, { transactionId, action }) => {
      if (action !== sql.END_TRANSACTION.commit && action !== sql.END_TRANSACTION.rollback)
        throw badInputError(
          'flight.malformed',
          'it is not said how the transaction ends',
          'Say commit or rollback.',
        );
      const transaction = state.transactions.take(caller.principal, transactionId);
      await (action === sql.END_TRANSACTION.commit ? transaction.commit() : transaction.rollback());
      return undefined;
    },
  ),
  sqlAction(
    'CancelQuery',
    'Cancels a query; the older form of CancelFlightInfo.',
    sql.ActionCancelQueryRequest,
    async (state, caller, { info }) => {
      cancel(state, caller, flight.FlightInfo.decode(info));
      return packed(sql.ActionCancelQueryResult, { result: flight.CANCEL.cancelled });
    },
  ),
  {
    type: 'CancelFlightInfo',
    description: 'Cancels a query.',
    run: async (state, caller, body) => {
      const { info } = flight.CancelFlightInfoRequest.decode(body);
      if (info === undefined)
        throw badInputError('flight.malformed', 'there is no FlightInfo', 'Send the one to cancel.');
      cancel(state, caller, info);
      return flight.CancelFlightInfoResult.encode({ status: flight.CANCEL.cancelled });
    },
  },
  {
    type: 'SetSessionOptions',
    description: 'Sets options of the session: catalog.',
    run: async (state, caller, body) => {
      const { sessionOptions } = flight.SetSessionOptionsRequest.decode(body);
      const errors = sessionOptions.flatMap(({ key, value }) => {
        const error = setOption(state, caller, key, value);
        return error === undefined ? [] : [{ key, value: { value: error } }];
      });
      const cookie = state.sessions.cookieHeader(caller.session);
      if (cookie !== undefined) caller.call.setHeader('set-cookie', cookie);
      return flight.SetSessionOptionsResult.encode({ errors });
    },
  },
  {
    type: 'GetSessionOptions',
    description: 'Options of the session.',
    run: async (_state, caller) =>
      flight.GetSessionOptionsResult.encode({
        sessionOptions: [...caller.session.options].map(([key, value]) => ({ key, value })),
      }),
  },
  {
    type: 'CloseSession',
    description: 'Ends the session: its prepared statements and transactions.',
    run: async (state, caller) => {
      state.sessions.end(caller.session);
      return flight.CloseSessionResult.encode({ status: flight.SESSION_CLOSED });
    },
  },
];

export async function doAction(
  state: ServiceState,
  caller: Caller,
  { type, body }: ValueOf<typeof flight.Action>,
): Promise<Uint8Array | undefined> {
  const action = ACTIONS.find((known) => known.type === type);
  if (action === undefined) throw unimplemented('there is no such action', 'ListActions names them.');
  return await action.run(state, caller, body);
}

/** Throws `flight.handle` when none of its tickets is known any more. */
function cancel(state: ServiceState, caller: Caller, info: flight.FlightInfo): void {
  let found = false;
  for (const { ticket } of info.endpoint) {
    if (ticket === undefined) continue;
    const answer = state.tickets.take(caller.principal, ticketHandle(ticket.ticket));
    answer.cancel.abort();
    found = true;
  }
  if (!found)
    throw notFoundError('flight.handle', 'there is nothing to cancel', 'Send the FlightInfo of a query.');
}

/** Gives the protocol's number of what is wrong. */
function setOption(
  state: ServiceState,
  caller: Caller,
  key: string,
  value: OptionValue | undefined,
): number | undefined {
  if (key !== 'catalog') return flight.SESSION_ERROR.invalidName;
  const empty = value === undefined || Object.values(value).every((part) => part === undefined);
  if (empty) caller.session.options.delete(key);
  else if (value.text !== state.options.backend.catalog) return flight.SESSION_ERROR.invalidValue;
  else caller.session.options.set(key, value);
  return undefined;
}
