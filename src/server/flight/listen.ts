/** Opens the Flight door of a node. */
import {
  systemClock,
  systemRandom,
  type Clock,
  type Limits,
  type Log,
  type Random,
} from '../../base/index.ts';
import { serveGrpc, type FlightBackend, type TlsKeys } from '../../flight/index.ts';
import { addressFor } from '../address.ts';
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
  /** Whether callers must say who they are; without it only loopback is opened. */
  readonly users?: boolean;
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
  const { limits, log, tls, users = false } = options;
  const host = addressFor(options.host, { users, tls: tls !== undefined });
  const state = new ServiceState({
    backend: options.backend,
    gate: options.gate,
    clientUsers: tls?.clientUsers,
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
