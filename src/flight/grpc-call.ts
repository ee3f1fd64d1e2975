/** One call at the server: its request, its deadline, its answer. */
import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import {
  asFractalError,
  badInputError,
  unavailableError,
  type FractalError,
  type Limits,
} from '../base/index.ts';
import { peerCertificate } from './client-certificates.ts';
import { frameHead, readFrames } from './frames.ts';
import { STATUS, statusMessage, statusOf } from './status.ts';

/** Who is at the other end of the connection. */
export interface Peer {
  readonly address: string;
  readonly encrypted: boolean;
  /** The client's certificate, when it showed one that was checked. */
  readonly certificate: X509Certificate | undefined;
}

const TIMEOUT = /^(\d{1,8})([HMSmun])$/;
const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};
/** The longest time a timer takes. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Milliseconds of a `grpc-timeout` header. */
export function timeoutMs(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const match = TIMEOUT.exec(header);
  if (match === null)
    throw badInputError('flight.malformed', 'grpc-timeout is malformed', 'Send it as gRPC says.');
  return Math.min(Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? 1), TIMER_MS_MAX);
}

export class GrpcCall {
  /** Full path: `/package.Service/Method`. */
  readonly path: string;
  readonly metadata: IncomingHttpHeaders;
  readonly peer: Peer;
  /** The same for all calls of one connection. */
  readonly connection: object;
  readonly #stream: ServerHttp2Stream;
  readonly #limits: Limits;
  readonly #abort = new AbortController();
  readonly #answer: Record<string, string> = {};
  #timer: NodeJS.Timeout | undefined;
  #trailers: Record<string, string> = { 'grpc-status': String(STATUS.ok) };

  constructor(stream: ServerHttp2Stream, metadata: IncomingHttpHeaders, limits: Limits) {
    this.#stream = stream;
    this.#limits = limits;
    this.path = metadata[':path'] ?? '';
    this.metadata = metadata;
    this.connection = stream.session ?? stream;
    this.peer = peerOf(stream);
    stream.on('aborted', () => this.#cancel());
    stream.on('close', () => this.#cancel());
  }

  /** Fires when the caller goes away, its deadline passes, or the server stops. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Ends the call from outside. */
  abort(reason: FractalError): void {
    this.#abort.abort(reason);
  }

  /** Runs the call to its end; never throws. `handler` answers by `send`. Gives the error, if there was one. */
  async run(handler: (call: GrpcCall) => Promise<void>): Promise<FractalError | undefined> {
    let failure: FractalError | undefined;
    try {
      this.#startTimer();
      await handler(this);
      this.#open();
    } catch (error) {
      failure = asFractalError(this.signal.aborted ? this.signal.reason : error);
    }
    clearTimeout(this.#timer);
    this.#finish(failure);
    return failure;
  }

  /** A header of the answer; before the first `send`. */
  setHeader(name: string, value: string): void {
    this.#answer[name] = value;
  }

  /** The messages that the caller sends, each at most `flight_message_bytes`. */
  messages(): AsyncGenerator<Uint8Array, void, undefined> {
    return readFrames(this.#chunks(), this.#limits.flight_message_bytes);
  }

  /** The one message of a unary or server-streaming call. */
  async request(): Promise<Uint8Array> {
    const late = setTimeout(() => {
      this.abort(
        unavailableError(
          'flight.deadline',
          'the request did not arrive in time',
          'Send it whole after opening the call.',
        ),
      );
    }, this.#limits.flight_request_ms);
    try {
      let found: Uint8Array | undefined;
      for await (const message of readFrames(this.#chunks(), this.#limits.flight_command_bytes)) {
        if (found !== undefined)
          throw badInputError('flight.malformed', 'the call has more than one request', 'Send one message.');
        found = message;
      }
      if (found === undefined)
        throw badInputError('flight.malformed', 'the call has no request', 'Send one message.');
      return found;
    } finally {
      clearTimeout(late);
    }
  }

  /** Sends one message. */
  async sendMessage(message: Uint8Array): Promise<void> {
    await this.send([frameHead(message.length), message]);
  }

  /** Sends a frame in pieces and waits until the caller has taken in what went before: nothing piles up here. */
  async send(pieces: readonly Uint8Array[]): Promise<void> {
    this.signal.throwIfAborted();
    this.#open();
    const stream = this.#stream;
    let room = true;
    stream.cork();
    for (const piece of pieces) room = stream.write(piece);
    stream.uncork();
    if (room || !stream.writableNeedDrain) return;
    const stalled = setTimeout(() => {
      this.abort(
        unavailableError(
          'flight.stalled',
          'the caller has not read on for too long',
          'Read the stream to its end, or cancel it.',
        ),
      );
    }, this.#limits.flight_stall_ms);
    try {
      await once(stream, 'drain', { signal: this.signal });
    } catch (error) {
      this.signal.throwIfAborted();
      throw error;
    } finally {
      clearTimeout(stalled);
    }
  }

  /** Chunks of the request. Leaving early does not end the call. */
  async *#chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    const chunks = this.#stream.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]();
    const gone = new Promise<never>((_, reject) => {
      this.signal.addEventListener('abort', () => reject(this.signal.reason as FractalError), { once: true });
    });
    // It may be rejected when nobody waits any more.
    gone.catch(() => undefined);
    for (;;) {
      this.signal.throwIfAborted();
      const silent = setTimeout(() => {
        this.abort(
          unavailableError(
            'flight.deadline',
            'the caller has sent nothing for too long',
            'Send on, or end the call.',
          ),
        );
      }, this.#limits.flight_stall_ms);
      let next: IteratorResult<Uint8Array>;
      try {
        next = (await Promise.race([chunks.next(), gone])) as IteratorResult<Uint8Array>;
      } finally {
        clearTimeout(silent);
      }
      if (next.done === true) return;
      yield next.value;
    }
  }

  #startTimer(): void {
    const ms = timeoutMs(this.metadata['grpc-timeout'] as string | undefined);
    if (ms === undefined) return;
    this.#timer = setTimeout(() => {
      this.abort(
        unavailableError('flight.deadline', "the caller's deadline has passed", 'Give the call more time.'),
      );
    }, ms);
  }

  #cancel(): void {
    this.abort(
      unavailableError('flight.cancelled', 'the caller has gone or has cancelled the call', 'Ask again.'),
    );
  }

  #open(): void {
    const stream = this.#stream;
    if (stream.headersSent || stream.destroyed || stream.closed) return;
    stream.on('wantTrailers', () => {
      if (!stream.destroyed && !stream.closed) stream.sendTrailers(this.#trailers);
    });
    stream.respond({ ...this.#headers(), ...this.#answer }, { waitForTrailers: true });
  }

  #headers(): Record<string, string | number> {
    return { ':status': 200, 'content-type': 'application/grpc', 'grpc-accept-encoding': 'identity' };
  }

  #finish(failure: FractalError | undefined): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed) return;
    if (failure !== undefined) {
      this.#trailers = { 'grpc-status': String(statusOf(failure)), 'grpc-message': statusMessage(failure) };
      if (!stream.headersSent) {
        stream.respond({ ...this.#headers(), ...this.#answer, ...this.#trailers }, { endStream: true });
        this.#hangUp();
        return;
      }
    }
    // What the caller has not taken in would hold the trailers back; it has given up reading, or never will.
    if (failure?.code === 'flight.stalled') stream.close(constants.NGHTTP2_CANCEL);
    else {
      stream.once('finish', () => this.#hangUp());
      stream.end();
    }
  }

  /** An answer ends the call; what the caller still sends would wait for a reader for ever. */
  #hangUp(): void {
    const stream = this.#stream;
    stream.resume();
    setImmediate(() => {
      if (!stream.readableEnded && !stream.destroyed) stream.close(constants.NGHTTP2_NO_ERROR);
    });
  }
}

function peerOf(stream: ServerHttp2Stream): Peer {
  const socket = stream.session?.socket as TLSSocket | undefined;
  return {
    address: socket?.remoteAddress ?? '',
    encrypted: socket?.encrypted === true,
    certificate: peerCertificate(socket),
  };
}
