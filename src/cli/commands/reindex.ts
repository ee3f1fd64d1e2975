import { Progress } from '../output/progress.ts';
import { durationText, plural } from '../output/text.ts';
import { note, withNode, writeJson, writeLine, type Run } from '../session.ts';

export const runReindex: Run<'reindex'> = async (session) => {
  const { io, signal, values } = session;
  const progress = new Progress(io.stderr, io.clock);
  const start = io.clock.monotonic();
  let done = 0;
  try {
    await withNode(session, async (node) => {
      for await (const event of node.reindex(signal)) {
        done = event.done;
        if (!values.quiet) await progress.show({ ...event, unit: 'versions' });
      }
      signal.throwIfAborted();
    });
  } catch (error) {
    await progress.clear();
    if (signal.aborted) await note(session, 'stopped; give the command again to finish');
    throw error;
  }
  await progress.clear();
  if (values.json) await writeJson(session, { versions: done });
  else if (!values.quiet)
    await writeLine(
      session,
      `Indexed ${plural(done, 'version')} again in ${durationText(io.clock.monotonic() - start)}`,
    );
  return 0;
};
