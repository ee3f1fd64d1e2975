/** Opens the Flight door of a node. */
import {
  deniedError,
  systemClock,
  systemRandom,
  type Clock,
  type Limits,
  type Log,
  type Random,
} from '../../base/index.ts';
import { serveGrpc, type FlightBackend, type TlsKeys } from '../../flight/index.ts';
import { loopbackAddress } from '../listen.ts';
import type { FlightGate } from '../../node/index.ts';
import { flightHandlers } from './service.ts';
import { ServiceState } from './state.ts';

/** Handles that nobody asks for are dropped by a look round this often. */
const SWEEP_MS = 10_000;

export interface FlightListenOptions {
  readonly backend: FlightBackend;
  readonly gate: FlightGate;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly tls?: TlsKeys | undefined;
  readonly limits: Limits;
  readonly log: Log;
  readonly clock?: Clock;
  readonly random?: Random;
}

export interface FlightListening {
  /** `grpc://HOST:PORT`, with TLS `grpc+tls://HOST:PORT`. */
  readonly url: string;
  readonly port: number;
  readonly stop: () => Promise<void>;
}

export async function listenFlight(options: FlightListenOptions): Promise<FlightListening> {
  const host = allowedHost(options);
  const { limits, log, tls } = options;
  const state = new ServiceState({
    backend: options.backend,
    gate: options.gate,
    limits,
    log,
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
  });
  const server = await serveGrpc({
    handlers: flightHandlers(state),
    host,
    port: options.port,
    tls,
    limits,
    log,
    onDisconnect: (connection) => state.sessions.disconnected(connection),
  });
  const sweeper = setInterval(() => state.sweep(), SWEEP_MS);
  sweeper.unref();
  return {
    url: `${tls === undefined ? 'grpc' : 'grpc+tls'}://${host.includes(':') ? `[${host}]` : host}:${server.port}`,
    port: server.port,
    stop: async () => {
      clearInterval(sweeper);
      await server.stop();
      state.end();
    },
  };
}

/** Without TLS, only this machine. */
function allowedHost({ host, tls }: FlightListenOptions): string {
  if (tls !== undefined) return host;
  try {
    return loopbackAddress(host);
  } catch (error) {
    throw deniedError(
      'server.plaintext',
      'Flight without TLS is opened on loopback only',
      'Set flight_tls in fractal.json, or use --host 127.0.0.1.',
      { cause: error },
    );
  }
}
