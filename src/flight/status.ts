/** gRPC status codes, and what they are among our errors. */
import {
  type FractalError,
  badInputError,
  deniedError,
  integrityError,
  internalError,
  notFoundError,
  unavailableError,
  usageError,
  type ErrorKind,
} from '../base/index.ts';

export const STATUS = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

const BY_KIND: Readonly<Record<ErrorKind, number>> = {
  internal: STATUS.internal,
  usage: STATUS.invalidArgument,
  denied: STATUS.permissionDenied,
  not_found: STATUS.notFound,
  bad_input: STATUS.invalidArgument,
  unavailable: STATUS.unavailable,
  integrity: STATUS.dataLoss,
};

/** Errors that gRPC tells apart and our kinds do not. */
const BY_CODE: Readonly<Record<string, number>> = {
  'flight.unimplemented': STATUS.unimplemented,
  'flight.compression': STATUS.unimplemented,
  'flight.unauthenticated': STATUS.unauthenticated,
  'flight.deadline': STATUS.deadlineExceeded,
  'flight.cancelled': STATUS.cancelled,
  'flight.full': STATUS.resourceExhausted,
  'flight.message_size': STATUS.resourceExhausted,
  'auth.required': STATUS.unauthenticated,
  'auth.failed': STATUS.unauthenticated,
  'auth.locked': STATUS.resourceExhausted,
  'sql.rights_changed': STATUS.aborted,
  'flight.transaction_busy': STATUS.failedPrecondition,
  'sql.memory': STATUS.resourceExhausted,
  'table.exists': STATUS.alreadyExists,
};

export function statusOf(error: FractalError): number {
  return BY_CODE[error.code] ?? BY_KIND[error.kind];
}

/** Percent-encoded, as gRPC asks of `grpc-message`. The code comes last: programs look for it, people read the rest. */
export function statusMessage(error: FractalError): string {
  return encodeURI(`${error.message}. ${error.cure} [${error.code}]`).replaceAll('%20', ' ');
}

/** The error that a peer's status stands for. */
export function errorOfStatus(status: number, encoded: string): FractalError {
  let text = encoded;
  try {
    text = decodeURIComponent(encoded);
  } catch {
    // Not encoded as it should be: shown as it came.
  }
  const { code = `flight.status_${status}`, message = text } =
    /^(?<message>.*) \[(?<code>[a-z_.0-9]+)\]$/s.exec(text)?.groups ?? {};
  const make = MAKERS[status] ?? unavailableError;
  const cure = 'The peer refused; what it says is the reason.';
  return make(code, message === '' ? `the peer answered with status ${status}` : message, cure);
}

const MAKERS: Readonly<Record<number, typeof usageError>> = {
  [STATUS.invalidArgument]: badInputError,
  [STATUS.notFound]: notFoundError,
  [STATUS.alreadyExists]: badInputError,
  [STATUS.permissionDenied]: deniedError,
  [STATUS.unauthenticated]: deniedError,
  [STATUS.unimplemented]: usageError,
  [STATUS.dataLoss]: integrityError,
  [STATUS.internal]: (code, message) => internalError(code, message),
};

export const unimplemented = (what: string, cure: string): FractalError =>
  usageError('flight.unimplemented', what, cure);
