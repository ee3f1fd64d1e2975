/** `fractal import PATH… --watch`. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeApi, WatchRequest } from '../../node/index.ts';
import { oneLine } from '../output/text.ts';
import { note, runningSocket, withNode, writeJson, writeLine, type Session } from '../session.ts';
import { nearPath, showEvents } from './import-show.ts';

const LOOK_MS = 250;

/** A running node takes the watch over and keeps it; without one it lasts until Ctrl-C. */
export async function runWatch(
  session: Session,
  paths: readonly string[],
  options: Omit<WatchRequest, 'path' | 'kept'>,
): Promise<number> {
  const isKept = (await runningSocket(session)) !== undefined;
  return await withNode(session, async (node) => {
    // What came before is not shown.
    const last = (await node.jobs())[0]?.id ?? 0;
    for (const path of paths) {
      const watch = await node.watch({ path, kept: isKept, ...options });
      if (isKept && session.values.json) await writeJson(session, watch);
      else await note(session, `Watching ${oneLine(nearPath(path, session.io.cwd))}`);
    }
    if (isKept) {
      await note(
        session,
        '`fractal import status` shows what comes in, `fractal import unwatch PATH` ends it',
      );
      return 0;
    }
    await note(session, 'Ctrl-C ends it; `fractal start` keeps watching');
    try {
      await showAll(session, node, last);
    } finally {
      for (const path of paths) await node.unwatch(path);
    }
    return 0;
  });
}

/** Shows jobs as they come, and files that go, until the signal fires. */
async function showAll(session: Session, node: NodeApi, after: number): Promise<never> {
  const { signal, io, style } = session;
  const missing = new Set<string>();
  let last = after;
  for (;;) {
    for (const job of (await node.jobs()).toReversed()) {
      if (job.id <= last) continue;
      last = job.id;
      await showEvents(
        session,
        node.followJob(job.id, signal),
        'what is left is read when it is watched again',
      );
    }
    for (const watch of await node.watches())
      for (const file of watch.missing) {
        if (missing.has(file.path)) continue;
        missing.add(file.path);
        if (session.values.json) await writeJson(session, { missing: file.path, since: file.since });
        else
          await writeLine(
            session,
            style.yellow(`missing    ${oneLine(nearPath(file.path, io.cwd))}; its law and records stay`),
          );
      }
    await sleep(LOOK_MS, undefined, { signal });
  }
}
