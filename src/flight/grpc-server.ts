/** A gRPC server on node:http2. It knows no service: calls go to handlers by their path. */
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from 'node:http2';
import { type AddressInfo, type Socket } from 'node:net';
import { unavailableError, type Limits, type Log } from '../base/index.ts';
import { refuseUnchecked, tlsOptions, type TlsKeys } from './client-certificates.ts';
import { GrpcCall } from './grpc-call.ts';
import { STATUS, unimplemented } from './status.ts';

export interface GrpcServerOptions {
  readonly handlers: ReadonlyMap<string, (call: GrpcCall) => Promise<void>>;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly tls?: TlsKeys | undefined;
  readonly limits: Limits;
  readonly log: Log;
  /** A connection has ended. */
  readonly onDisconnect: (connection: object) => void;
}

export interface GrpcServer {
  readonly port: number;
  /** Lets running calls end within `shutdown_ms`, then ends them. */
  stop(): Promise<void>;
}

const FRAME_BYTES = 1024 * 1024;
const MiB = 1024 * 1024;

export async function serveGrpc(options: GrpcServerOptions): Promise<GrpcServer> {
  const { limits, log } = options;
  const settings: ServerOptions = {
    settings: {
      initialWindowSize: limits.flight_window_bytes,
      maxFrameSize: FRAME_BYTES,
      maxConcurrentStreams: limits.flight_streams,
      maxHeaderListSize: limits.flight_header_bytes,
      enablePush: false,
    },
    // In units of 1 MiB. Beyond it new calls of the connection are refused.
    maxSessionMemory: Math.ceil((4 * limits.flight_window_bytes) / MiB),
  };
  const server: Http2Server | Http2SecureServer =
    options.tls === undefined
      ? createServer(settings)
      : createSecureServer({
          ...settings,
          ...tlsOptions(options.tls),
          allowHTTP1: false,
        });
  const calls = new Set<GrpcCall>();
  const sessions = new Set<ServerHttp2Session>();
  let stopping: Promise<void> | undefined;

  server.on('session', (session: ServerHttp2Session) => {
    sessions.add(session);
    session.setLocalWindowSize(limits.flight_window_bytes);
    const stopPings = keepAlive(session, limits.flight_keepalive_ms);
    session.on('error', () => undefined);
    session.on('close', () => {
      stopPings();
      sessions.delete(session);
      options.onDisconnect(session);
    });
  });
  // Connections that never become HTTP/2 end here; they say nothing about us.
  server.on('sessionError', () => undefined);
  if (options.tls !== undefined) server.on('secureConnection', refuseUnchecked);
  server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy());
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => undefined);
    if (!isGrpc(headers)) {
      stream.respond({ ':status': 415, 'grpc-status': String(STATUS.invalidArgument) }, { endStream: true });
      return;
    }
    const call = new GrpcCall(stream, headers, limits);
    calls.add(call);
    void call
      .run(
        options.handlers.get(call.path) ??
          (async () => {
            throw unimplemented(
              'there is no such method',
              'Flight has the methods of arrow.flight.protocol.FlightService.',
            );
          }),
      )
      .then((failure) => {
        calls.delete(call);
        if (failure?.kind === 'internal')
          log('error', failure.message, { code: failure.code, method: call.path });
      });
  });
  // Node reads `maxConnections` of any server of sockets; the types of HTTP/2 leave it out.
  (server as Http2Server & { maxConnections: number }).maxConnections = limits.flight_connections;
  server.on('connection', (socket: Socket) => socket.setNoDelay(true));

  await opened(server, options.host, options.port);
  server.on('error', (error: NodeJS.ErrnoException) =>
    log('error', 'Flight listener', { code: error.code ?? error.name }),
  );
  const stop = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const session of sessions) session.close();
    const timer = setTimeout(() => {
      for (const call of calls)
        call.abort(unavailableError('node.stopping', 'the node is stopping', 'Start it again.'));
      for (const session of sessions) session.destroy();
    }, limits.shutdown_ms);
    await closed;
    clearTimeout(timer);
  };
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => (stopping ??= stop()),
  };
}

function isGrpc(headers: IncomingHttpHeaders): boolean {
  const type = headers['content-type'] ?? '';
  return headers[':method'] === 'POST' && /^application\/grpc(\+proto)?($|;)/.test(type);
}

/** Asks now and then whether somebody is there; a connection that did not answer the last time is cut. */
function keepAlive(session: ServerHttp2Session, everyMs: number): () => void {
  let unanswered = false;
  const timer = setInterval(() => {
    if (unanswered || session.destroyed) return session.destroy();
    unanswered = session.ping((error) => {
      if (error === null) unanswered = false;
    });
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

async function opened(server: Http2Server | Http2SecureServer, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException): void => {
      const code = error.code ?? '';
      reject(
        unavailableError(
          code === 'EADDRINUSE' ? 'server.port_in_use' : 'server.port',
          code === 'EADDRINUSE' ? `port ${port} is in use` : `port ${port} cannot be opened (${code})`,
          'Choose another with --flight-port, or --flight-port 0 for any free one.',
          { cause: error },
        ),
      );
    };
    server.once('error', refuse);
    server.listen({ host, port }, () => {
      server.off('error', refuse);
      resolve();
    });
  });
}
