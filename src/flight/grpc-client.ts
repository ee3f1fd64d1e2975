/** A gRPC client on node:http2: one connection, any number of calls. */
import { once } from 'node:events';
import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
} from 'node:http2';
import { FractalError, unavailableError, type Limits } from '../base/index.ts';
import { readFrames } from './frames.ts';
import { STATUS, errorOfStatus } from './status.ts';

export interface ClientTls {
  /** Authorities to trust instead of the system's. */
  readonly ca?: string | Uint8Array;
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  /** Metadata of the call, in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sees the headers of the answer. */
  readonly onHeaders?: (headers: IncomingHttpHeaders) => void;
}

const FRAME_BYTES = 1024 * 1024;

export class GrpcClient {
  readonly #session: ClientHttp2Session;
  readonly #limits: Limits;
  /** Sent with every call: `authorization`, `cookie`. */
  readonly headers: Record<string, string> = {};

  private constructor(session: ClientHttp2Session, limits: Limits) {
    this.#session = session;
    this.#limits = limits;
  }

  /** `origin` is `http://HOST:PORT` or `https://HOST:PORT`. */
  static async connect(origin: string, limits: Limits, tls: ClientTls = {}): Promise<GrpcClient> {
    const { ca, cert, key } = tls;
    const session = connect(origin, {
      settings: {
        initialWindowSize: limits.flight_window_bytes,
        maxFrameSize: FRAME_BYTES,
        enablePush: false,
      },
      minVersion: 'TLSv1.3',
      ...(ca === undefined ? {} : { ca: Buffer.from(ca) }),
      ...(cert === undefined ? {} : { cert: Buffer.from(cert) }),
      ...(key === undefined ? {} : { key: Buffer.from(key) }),
    });
    try {
      await ready(session, AbortSignal.timeout(limits.flight_request_ms));
    } catch (error) {
      session.destroy();
      throw unreachable(error);
    }
    session.setLocalWindowSize(limits.flight_window_bytes);
    return new GrpcClient(session, limits);
  }

  /**
   * Sends framed messages, gives the messages that are answered. Leaving the loop early cancels the call. Throws what
   * the peer's status says.
   */
  async *call(
    path: string,
    requests: AsyncIterable<readonly Uint8Array[]> | Iterable<readonly Uint8Array[]>,
    options: CallOptions = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    options.signal?.throwIfAborted();
    if (this.#session.destroyed || this.#session.closed) throw unreachable(undefined);
    const stream = this.#session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(options.timeoutMs === undefined ? {} : { 'grpc-timeout': `${Math.ceil(options.timeoutMs)}m` }),
      ...this.headers,
      ...options.headers,
    });
    const answer = new Answer(stream, options.onHeaders);
    const onAbort = (): void => stream.close(constants.NGHTTP2_CANCEL);
    options.signal?.addEventListener('abort', onAbort, { once: true });
    const sending = send(stream, requests);
    // The call's own status says more than a write that failed; it is awaited below all the same.
    sending.catch(() => undefined);
    try {
      yield* readFrames(stream as AsyncIterable<Uint8Array>, this.#limits.flight_message_bytes);
      await answer.finish();
      await sending;
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof FractalError && error.code !== 'flight.cut') throw error;
      // A broken stream may still have told its status.
      await answer.finish();
      throw error instanceof FractalError ? error : unreachable(error);
    } finally {
      options.signal?.removeEventListener('abort', onAbort);
      if (!stream.closed) stream.close(constants.NGHTTP2_CANCEL);
    }
  }

  close(): void {
    this.#session.close();
  }
}

/** A peer that hangs up during the handshake may do so without an error. */
async function ready(session: ClientHttp2Session, signal: AbortSignal): Promise<void> {
  session.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => {
    session.once('remoteSettings', () => resolve());
    // A certificate that is refused after the handshake is an error of the socket that the session keeps to itself.
    for (const end of [session, session.socket]) {
      end.once('error', reject);
      end.once('close', () => reject(unreachable(undefined)));
    }
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

/** Headers and trailers of an answer; the status may stand in either. */
class Answer {
  readonly #stream: ClientHttp2Stream;
  #status: string | undefined;
  #message = '';
  #http: number | undefined;

  constructor(stream: ClientHttp2Stream, onHeaders: CallOptions['onHeaders']) {
    this.#stream = stream;
    stream.on('response', (headers) => {
      this.#http = headers[':status'];
      onHeaders?.(headers);
      this.#take(headers);
    });
    stream.on('trailers', (trailers: IncomingHttpHeaders) => this.#take(trailers));
    stream.on('error', () => undefined);
  }

  /** Throws unless the status is OK. */
  async finish(): Promise<void> {
    if (this.#status === undefined && !this.#stream.closed)
      await once(this.#stream, 'close').catch(() => undefined);
    if (this.#status === undefined)
      throw this.#http === undefined || this.#http === 200
        ? unreachable(undefined)
        : unavailableError(
            'flight.not_grpc',
            `the peer answered with HTTP status ${this.#http}`,
            'Is it a Flight server?',
          );
    const status = Number(this.#status);
    if (status !== STATUS.ok) throw errorOfStatus(status, this.#message);
  }

  #take(headers: IncomingHttpHeaders): void {
    const status = headers['grpc-status'];
    if (status === undefined) return;
    this.#status = String(status);
    this.#message = String(headers['grpc-message'] ?? '');
  }
}

async function send(
  stream: ClientHttp2Stream,
  requests: AsyncIterable<readonly Uint8Array[]> | Iterable<readonly Uint8Array[]>,
): Promise<void> {
  for await (const pieces of requests) {
    if (stream.destroyed || stream.closed || stream.writableEnded) return;
    let room = true;
    stream.cork();
    for (const piece of pieces) room = stream.write(piece);
    stream.uncork();
    if (!room && stream.writableNeedDrain) await Promise.race([once(stream, 'drain'), once(stream, 'close')]);
  }
  if (!stream.destroyed) stream.end();
}

function unreachable(cause: unknown): FractalError {
  return unavailableError(
    'flight.connection_lost',
    'the connection to the Flight server could not be made or was lost',
    'See whether it runs, and whether host, port and TLS are right.',
    { cause },
  );
}
