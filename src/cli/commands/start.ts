import { once } from 'node:events';
import { stoppingError } from '../../node/index.ts';
import {
  DEFAULT_HOST,
  alreadyRunning,
  clearUploads,
  createApp,
  listen,
  loopbackAddress,
  socketPathOf,
} from '../../server/index.ts';
import { LOCAL_OPERATOR, type OpenedNode } from '../factory.ts';
import { note, openLocal, runningSocket, writeJson, writeLine, type Run, type Session } from '../session.ts';

export const runStart: Run<'start'> = async (session) => {
  // Before anything is opened: a host that will be refused should cost nothing.
  loopbackAddress(session.values.host);
  if ((await runningSocket(session)) !== undefined) throw alreadyRunning();
  const opened = await openLocal(session, true);
  try {
    await serve(session, opened, session.values);
  } finally {
    await opened.node.close();
  }
  return 0;
};

/** Serves until the session's signal fires. Being asked to stop is how serving ends well. */
export async function serve(
  session: Session,
  opened: OpenedNode,
  at: { host?: string; port: number },
): Promise<void> {
  const { io, dataDir, signal, log, style } = session;
  const { node, limits } = opened;
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
    principal: session.values.as ?? LOCAL_OPERATOR,
    ...(opened.admit === undefined ? {} : { admit: opened.admit }),
  });
  const listening = await listen({
    app,
    host: at.host ?? DEFAULT_HOST,
    port: at.port,
    socketPath: socketPathOf(dataDir),
    limits,
    log,
  });
  try {
    const { url, socketPath } = listening;
    if (session.values.json)
      await writeJson(session, { url, socket: socketPath, data_dir: dataDir, pid: process.pid });
    else await writeLine(session, `Serving ${style.bold(url)} and ${socketPath}`);
    await note(
      session,
      'Single-user mode, until `fractal user add`: whoever can reach this port on this machine has all rights. Ctrl-C stops.',
    );
    opened.startSources();
    if (!signal.aborted) await once(signal, 'abort');
    await note(session, 'Stopping…');
  } finally {
    await listening.stop();
  }
}
