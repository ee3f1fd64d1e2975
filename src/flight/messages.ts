/** The messages of Flight.proto (package arrow.flight.protocol), by their public field numbers. */
import { Message, f, type ValueOf } from './protobuf.ts';

export const FLIGHT_SERVICE = 'arrow.flight.protocol.FlightService';
const PACKAGE = 'arrow.flight.protocol';

export const Empty = new Message(`${PACKAGE}.Empty`, {});
export const Criteria = new Message(`${PACKAGE}.Criteria`, { expression: f.bytes(1) });
export const HandshakeRequest = new Message(`${PACKAGE}.HandshakeRequest`, {
  protocolVersion: f.int64(1),
  payload: f.bytes(2),
});
export const HandshakeResponse = new Message(`${PACKAGE}.HandshakeResponse`, {
  protocolVersion: f.int64(1),
  payload: f.bytes(2),
});
export const ActionType = new Message(`${PACKAGE}.ActionType`, {
  type: f.string(1),
  description: f.string(2),
});
export const Action = new Message(`${PACKAGE}.Action`, { type: f.string(1), body: f.bytes(2) });
export const Result = new Message(`${PACKAGE}.Result`, { body: f.bytes(1) });
export const SchemaResult = new Message(`${PACKAGE}.SchemaResult`, { schema: f.bytes(1) });
export const Ticket = new Message(`${PACKAGE}.Ticket`, { ticket: f.bytes(1) });
export const Location = new Message(`${PACKAGE}.Location`, { uri: f.string(1) });
const Timestamp = new Message('google.protobuf.Timestamp', { seconds: f.int64(1), nanos: f.int32(2) });

/** `type` of a descriptor. */
export const DESCRIPTOR = { path: 1, command: 2 } as const;
export const FlightDescriptor = new Message(`${PACKAGE}.FlightDescriptor`, {
  type: f.int32(1),
  cmd: f.bytes(2),
  path: f.repeated.string(3),
});
export type FlightDescriptor = ValueOf<typeof FlightDescriptor>;

export const FlightEndpoint = new Message(`${PACKAGE}.FlightEndpoint`, {
  ticket: f.message(1, Ticket),
  location: f.messages(2, Location),
  expirationTime: f.message(3, Timestamp),
  appMetadata: f.bytes(4),
});
export const FlightInfo = new Message(`${PACKAGE}.FlightInfo`, {
  schema: f.bytes(1),
  flightDescriptor: f.message(2, FlightDescriptor),
  endpoint: f.messages(3, FlightEndpoint),
  totalRecords: f.int64(4),
  totalBytes: f.int64(5),
  ordered: f.bool(6),
  appMetadata: f.bytes(7),
});
export type FlightInfo = ValueOf<typeof FlightInfo>;

/** Field 1000 of FlightData, the body, is kept apart when it is written: see `data.ts`. */
export const DATA_BODY_FIELD = 1000;
export const FlightDataHead = new Message(`${PACKAGE}.FlightData`, {
  flightDescriptor: f.message(1, FlightDescriptor),
  dataHeader: f.bytes(2),
  appMetadata: f.bytes(3),
});
export const FlightData = new Message(`${PACKAGE}.FlightData`, {
  flightDescriptor: f.message(1, FlightDescriptor),
  dataHeader: f.bytes(2),
  appMetadata: f.bytes(3),
  dataBody: f.bytes(DATA_BODY_FIELD),
});
export type FlightData = ValueOf<typeof FlightData>;
export const PutResult = new Message(`${PACKAGE}.PutResult`, { appMetadata: f.bytes(1) });

/** Answer of CancelFlightInfo and of the older CancelQuery. */
export const CANCEL = { cancelled: 1, cancelling: 2, notCancellable: 3 } as const;
export const CancelFlightInfoRequest = new Message(`${PACKAGE}.CancelFlightInfoRequest`, {
  info: f.message(1, FlightInfo),
});
export const CancelFlightInfoResult = new Message(`${PACKAGE}.CancelFlightInfoResult`, {
  status: f.int32(1),
});

const StringList = new Message(`${PACKAGE}.SessionOptionValue.StringListValue`, {
  values: f.repeated.string(1),
});
/** One of the fields, or none: the option is taken away. */
export const SessionOptionValue = new Message(`${PACKAGE}.SessionOptionValue`, {
  text: f.optional.string(1),
  flag: f.optional.bool(2),
  integer: f.optional.sfixed64(3),
  number: f.optional.double(4),
  texts: f.message(5, StringList),
});
export type SessionOptionValue = ValueOf<typeof SessionOptionValue>;

const SessionOption = new Message('SessionOptionsEntry', {
  key: f.string(1),
  value: f.message(2, SessionOptionValue),
});
export const SetSessionOptionsRequest = new Message(`${PACKAGE}.SetSessionOptionsRequest`, {
  sessionOptions: f.messages(1, SessionOption),
});
export const SESSION_ERROR = { invalidName: 1, invalidValue: 2 } as const;
const SessionOptionError = new Message(`${PACKAGE}.SetSessionOptionsResult.Error`, { value: f.int32(1) });
export const SetSessionOptionsResult = new Message(`${PACKAGE}.SetSessionOptionsResult`, {
  errors: f.messages(
    1,
    new Message('ErrorsEntry', { key: f.string(1), value: f.message(2, SessionOptionError) }),
  ),
});
export const GetSessionOptionsResult = new Message(`${PACKAGE}.GetSessionOptionsResult`, {
  sessionOptions: f.messages(1, SessionOption),
});
export const SESSION_CLOSED = 1;
export const CloseSessionResult = new Message(`${PACKAGE}.CloseSessionResult`, { status: f.int32(1) });
