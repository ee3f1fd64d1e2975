/** Opens the doors of a node: a loopback port for programs and the console, a local socket for commands. */
import { chmod, lstat, unlink } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import path from 'node:path';
import type { TLSSocket } from 'node:tls';
import { getRequestListener } from '@hono/node-server';
import { unavailableError, usageError, type Limits, type Log } from '../base/index.ts';
import { peerCertificate, refuseUnchecked, tlsOptions, type TlsKeys } from '../flight/index.ts';
import { addressFor } from './address.ts';
import type { HttpApp } from './app.ts';
import { namesOf } from './certificate.ts';
import type { Door } from './context.ts';
import { SECURITY_HEADERS } from './guard.ts';
import { problemResponse } from './problem.ts';
import { shortSocketPath } from './socket-path.ts';

export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_PORT = 7420;

export interface ListenOptions {
  readonly app: HttpApp;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Whether callers must say who they are; without it only loopback is opened. */
  readonly users?: boolean;
  /** TLS of the port; without it only loopback is opened. */
  readonly tls?: TlsKeys | undefined;
  readonly socketPath: string;
  readonly limits: Limits;
  readonly log: Log;
}

export interface Listening {
  readonly url: string;
  readonly port: number;
  readonly socketPath: string;
  /** Lets running requests end within `shutdown_ms`, then cuts them. Can be called again. */
  readonly stop: () => Promise<void>;
}

export async function listen(options: ListenOptions): Promise<Listening> {
  const { app, limits, tls, users = false } = options;
  const host = addressFor(options.host, { users, tls: tls !== undefined });
  const socketPath = shortSocketPath(options.socketPath, process.cwd());
  const tcp = server(app, 'tcp', limits, tls);
  const local = server(app, 'socket', limits);
  const servers = [tcp, local];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= stopAll(servers, limits.shutdown_ms));
  try {
    await openSocket(local, socketPath);
    await openPort(tcp, host, options.port);
  } catch (error) {
    await stop();
    throw error;
  }
  const { port } = tcp.address() as AddressInfo;
  const url = `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  for (const opened of servers)
    opened.on('error', (error: NodeJS.ErrnoException) => {
      options.log('error', 'listener', { code: error.code ?? error.name });
    });
  return { url, port, socketPath: options.socketPath, stop };
}

function server(app: HttpApp, transport: Door['transport'], limits: Limits, tls?: TlsKeys): Server {
  const isOurName = tls === undefined ? undefined : namesOf(tls.cert);
  const listener = getRequestListener(
    (request, bindings) => {
      const { incoming, outgoing } = bindings as { incoming: IncomingMessage; outgoing: ServerResponse };
      const { localPort: port, remoteAddress: address } = incoming.socket;
      const users = tls?.clientUsers;
      const certificate = users === undefined ? undefined : peerCertificate(incoming.socket as TLSSocket);
      const door: Door = {
        transport,
        ...(port === undefined ? {} : { port }),
        ...(address === undefined ? {} : { address }),
        ...(isOurName === undefined ? {} : { isOurName }),
        ...(users === undefined || certificate === undefined ? {} : { shown: { certificate, users } }),
        cut: () => outgoing.destroy(),
      };
      return app.fetch(request, door);
    },
    {
      overrideGlobalObjects: false,
      // Only requests that never became one come here: a malformed Host or target.
      errorHandler: () => {
        const response = problemResponse(
          usageError(
            'http.malformed',
            'the request line or Host header is malformed',
            'Send a valid request.',
          ),
        );
        for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.headers.set(name, value);
        return response;
      },
    },
  );
  const settings = {
    headersTimeout: limits.http_headers_ms,
    connectionsCheckingInterval: Math.min(1_000, limits.http_headers_ms),
  };
  const answer = (incoming: IncomingMessage, outgoing: ServerResponse): void =>
    void listener(incoming, outgoing);
  const created =
    tls === undefined
      ? createServer(settings, answer)
      : createTlsServer(
          { ...settings, ...tlsOptions(tls), handshakeTimeout: limits.http_headers_ms },
          answer,
        );
  if (tls !== undefined) created.on('secureConnection', refuseUnchecked);
  created.maxConnections = limits.http_connections;
  return created;
}

function listening(target: Server, open: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    target.once('error', reject);
    target.once('listening', () => {
      target.off('error', reject);
      resolve();
    });
    open();
  });
}

async function openPort(target: Server, host: string, port: number): Promise<void> {
  try {
    await listening(target, () => target.listen({ host, port }));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw unavailableError(
      code === 'EADDRINUSE' ? 'server.port_in_use' : 'server.port',
      code === 'EADDRINUSE' ? `port ${port} is in use` : `port ${port} cannot be opened (${code})`,
      'Choose another with --port, or --port 0 for any free one.',
      { cause: error },
    );
  }
}

async function openSocket(target: Server, socketPath: string): Promise<void> {
  const isPipe = socketPath.startsWith('\\\\.\\pipe\\');
  // The folder is what keeps other users out between bind and chmod.
  if (!isPipe) await chmod(path.dirname(socketPath), 0o700);
  const open = (): Promise<void> => listening(target, () => target.listen({ path: socketPath }));
  try {
    await open();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE')
      throw unavailableError(
        'server.socket',
        `the local socket cannot be opened (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`,
        'Check that the data directory is on a local disk, writable and owned by you.',
        { cause: error },
      );
    if (isPipe || (await socketAnswers(socketPath))) throw alreadyRunning();
    await removeStale(socketPath);
    await open();
  }
  if (!isPipe) await chmod(socketPath, 0o600);
}

export const alreadyRunning = (): Error =>
  unavailableError(
    'node.running',
    'a node already runs on this data directory',
    'Use it as it is, or stop it first (Ctrl-C where it was started).',
  );

/** Whether somebody accepts connections on the socket. */
export function socketAnswers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path: shortSocketPath(socketPath, process.cwd()) });
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}

/** A socket left by a node that was killed. Anything else of that name is not ours to remove. */
async function removeStale(socketPath: string): Promise<void> {
  if (!(await lstat(socketPath)).isSocket())
    throw unavailableError(
      'server.socket',
      'a file that is not a socket lies where the local socket belongs',
      'Move node.sock out of the data directory.',
    );
  await unlink(socketPath);
}

async function stopAll(servers: readonly Server[], deadlineMs: number): Promise<void> {
  const closed = servers.map(
    (target) =>
      new Promise<void>((resolve) => {
        if (target.listening) target.close(() => resolve());
        else resolve();
      }),
  );
  const timer = setTimeout(() => {
    for (const target of servers) target.closeAllConnections();
  }, deadlineMs);
  await Promise.all(closed);
  clearTimeout(timer);
}
