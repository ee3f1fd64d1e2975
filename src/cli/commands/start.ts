import { once } from 'node:events';
import { stoppingError } from '../../node/index.ts';
import {
  DEFAULT_HOST,
  alreadyRunning,
  clearUploads,
  createApp,
  listen,
  listenFlight,
  socketPathOf,
  type FlightListening,
} from '../../server/index.ts';
import { LOCAL_OPERATOR, type OpenedNode } from '../factory.ts';
import { note, openLocal, runningSocket, writeJson, writeLine, type Run, type Session } from '../session.ts';

export const runStart: Run<'start'> = async (session) => {
  if ((await runningSocket(session)) !== undefined) throw alreadyRunning();
  const opened = await openLocal(session, true);
  try {
    await serve(session, opened, {
      ...session.values,
      flightPort: session.values['flight-port'],
      flightHost: session.values['flight-host'],
    });
  } finally {
    await opened.node.close();
  }
  return 0;
};

/** Serves until the session's signal fires. Being asked to stop is how serving ends well. */
export async function serve(
  session: Session,
  opened: OpenedNode,
  at: { host?: string; port: number; flightPort: number | undefined; flightHost?: string | undefined },
): Promise<void> {
  const { io, dataDir, signal, log, style } = session;
  const { node, limits } = opened;
  const principal = session.values.as ?? LOCAL_OPERATOR;
  await clearUploads(dataDir);
  const stopping = new AbortController();
  const stop = (): void => stopping.abort(stoppingError());
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  const app = createApp(node, {
    stopping: stopping.signal,
    dataDir,
    version: io.version,
    limits,
    log,
    principal,
    ...(opened.admit === undefined ? {} : { admit: opened.admit }),
    ...(opened.logins === undefined ? {} : { logins: opened.logins }),
  });
  const host = at.host ?? DEFAULT_HOST;
  const door = (await opened.http?.()) ?? { users: false, tls: undefined };
  const listening = await listen({
    app,
    host,
    port: at.port,
    ...door,
    socketPath: socketPathOf(dataDir),
    limits,
    log,
  });
  let flight: FlightListening | undefined;
  try {
    const { url, socketPath } = listening;
    flight = await listenFlight({
      ...(await opened.flight()),
      host: at.flightHost ?? host,
      port: at.flightPort ?? nextPort(at.port),
      limits,
      log,
    });
    if (session.values.json)
      await writeJson(session, {
        url,
        flight: flight.url,
        socket: socketPath,
        data_dir: dataDir,
        pid: process.pid,
      });
    else await writeLine(session, `Serving ${style.bold(url)}, ${style.bold(flight.url)} and ${socketPath}`);
    await note(
      session,
      door.users
        ? 'Every call shows credentials. Ctrl-C stops.'
        : 'Single-user mode, until `fractal user add`: whoever can reach these ports on this machine has all rights. Ctrl-C stops.',
    );
    opened.startSources();
    opened.startPush(io.env['FRACTAL_HUB_TOKEN']);
    if (!signal.aborted) await once(signal, 'abort');
    await note(session, 'Stopping…');
  } finally {
    await Promise.all([listening.stop(), flight?.stop()]);
  }
}

const PORT_MAX = 65_535;

/** The port after it; any free one where there is none. */
const nextPort = (port: number): number => (port === 0 || port === PORT_MAX ? 0 : port + 1);
