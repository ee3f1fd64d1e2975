/** Flight and Flight SQL: protocol, client, and the ports of the server. */
import * as flight from './messages.ts';
import * as flightSql from './sql-messages.ts';

/** The messages of the two protocols, by name. */
export { flight, flightSql };
export type {
  BoundRow,
  Described,
  FlightBackend,
  FlightTransaction,
  ForeignKey,
  IngestTarget,
  StatementRun,
  TableInfo,
  TableType,
} from './backend.ts';
export { TABLE_TYPES } from './backend.ts';
export { FlightClient, commandDescriptor } from './client.ts';
export type { FlightClientOptions } from './client.ts';
export { dataFrame, ipcOf, schemaBytes } from './data.ts';
export { frameHead, readFrames } from './frames.ts';
export type { CallOptions, ClientTls } from './grpc-client.ts';
export { GrpcCall, timeoutMs } from './grpc-call.ts';
export type { Peer } from './grpc-call.ts';
export { serveGrpc } from './grpc-server.ts';
export type { GrpcServer } from './grpc-server.ts';
export { peerCertificate, refuseUnchecked, tlsOptions } from './client-certificates.ts';
export type { TlsKeys } from './client-certificates.ts';
export { Message, f as protobufFields } from './protobuf.ts';
export type { Decoded, Fields, ValueOf } from './protobuf.ts';
export { FlightSqlClient, descriptorOf } from './sql-client.ts';
export type { PreparedStatement } from './sql-client.ts';
export { errorOfStatus, statusMessage, statusOf, unimplemented } from './status.ts';
