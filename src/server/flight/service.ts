/** The methods of FlightService: decode, ask, encode. */
import { schemaBytes, dataFrame, flight, unimplemented, type GrpcCall } from '../../flight/index.ts';
import { ACTIONS, doAction } from './actions.ts';
import { handshake } from './authentication.ts';
import { answerOf, flightInfo, flightSchema, ticketHandle } from './commands.ts';
import { doPut } from './put.ts';
import type { ServiceState } from './state.ts';

type Method = (state: ServiceState, call: GrpcCall) => Promise<void>;

const METHODS: Readonly<Record<string, Method>> = {
  Handshake: async (state, call) => {
    call.setHeader('authorization', await handshake(call, state.options, state.tokens));
    for await (const bytes of call.messages()) {
      const { protocolVersion } = flight.HandshakeRequest.decode(bytes);
      await call.sendMessage(flight.HandshakeResponse.encode({ protocolVersion }));
    }
  },

  ListFlights: async (state, call) => {
    const { principal } = await state.caller(call);
    await call.request();
    for (const table of await state.options.backend.tables(principal))
      await call.sendMessage(
        flight.FlightInfo.encode({
          schema: schemaBytes(table.columns),
          flightDescriptor: {
            type: flight.DESCRIPTOR.path,
            cmd: new Uint8Array(0),
            path: [table.schema, table.name],
          },
          totalRecords: -1n,
          totalBytes: -1n,
        }),
      );
  },

  GetFlightInfo: async (state, call) => {
    const caller = await state.caller(call);
    const descriptor = flight.FlightDescriptor.decode(await call.request());
    await call.sendMessage(flight.FlightInfo.encode(await flightInfo(state, caller, descriptor)));
  },

  GetSchema: async (state, call) => {
    const caller = await state.caller(call);
    const descriptor = flight.FlightDescriptor.decode(await call.request());
    await call.sendMessage(
      flight.SchemaResult.encode({ schema: await flightSchema(state, caller, descriptor) }),
    );
  },

  DoGet: async (state, call) => {
    const caller = await state.caller(call);
    const { ticket } = flight.Ticket.decode(await call.request());
    const answer = answerOf(state, caller, ticket);
    const signal = AbortSignal.any([call.signal, answer.cancel.signal]);
    const { messages } = await answer.open(signal);
    for await (const message of messages) await call.send(dataFrame(message));
    // Fetched; one that failed may be tried again.
    state.tickets.end(caller.principal, ticketHandle(ticket));
  },

  DoPut: async (state, call) => {
    const caller = await state.caller(call);
    await call.sendMessage(flight.PutResult.encode({ appMetadata: await doPut(state, caller) }));
  },

  DoAction: async (state, call) => {
    const caller = await state.caller(call);
    const body = await doAction(state, caller, flight.Action.decode(await call.request()));
    if (body !== undefined) await call.sendMessage(flight.Result.encode({ body }));
  },

  ListActions: async (state, call) => {
    await state.caller(call);
    await call.request();
    for (const { type, description } of ACTIONS)
      await call.sendMessage(flight.ActionType.encode({ type, description }));
  },

  PollFlightInfo: async () => {
    throw unimplemented(
      'PollFlightInfo is not answered',
      'Use GetFlightInfo: the answer streams as it is made.',
    );
  },

  DoExchange: async () => {
    throw unimplemented('DoExchange is not answered', 'Use DoGet and DoPut.');
  },
};

export function flightHandlers(state: ServiceState): ReadonlyMap<string, (call: GrpcCall) => Promise<void>> {
  return new Map(
    Object.entries(METHODS).map(([name, method]) => [
      `/${flight.FLIGHT_SERVICE}/${name}`,
      (call: GrpcCall) => method(state, call),
    ]),
  );
}
