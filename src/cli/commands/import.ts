import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { ERROR_KINDS, FIXED_LIMITS, badInputError, unavailableError, usageError } from '../../base/index.ts';
import type { ImportRequest, NodeApi } from '../../node/index.ts';
import { countText } from '../output/text.ts';
import { note, runningSocket, withNode, writeJson, writeLine, type Run, type Session } from '../session.ts';
import { fetchOptions, wordOf } from '../source-words.ts';
import { JOB_ACTIONS } from './import-jobs.ts';
import { showEvents, type ImportTotals } from './import-show.ts';
import { runWatch } from './import-watch.ts';
import { nameOrPath } from './mappings.ts';

export const runImport: Run<'import'> = async (session) => {
  const { values, io } = session;
  const [first = '', ...rest] = session.arguments;
  const action = JOB_ACTIONS.get(first);
  if (action !== undefined) return await withNode(session, (node) => action(session, node, rest));
  const paths = session.arguments.map((word) => wordOf(word, io.cwd));
  const options = {
    ...(values.kind === undefined ? {} : { kind: values.kind }),
    ...(values.jurisdiction === undefined ? {} : { jurisdiction: values.jurisdiction }),
    ...(values.mapping === undefined ? {} : mappingOf(values.mapping, io.cwd)),
    ...(values['in-force-from'] === undefined ? {} : { in_force_from: values['in-force-from'] }),
    ...fetchOptions(values),
  };
  if (values.watch) {
    if (values.detach || session.given.has('priority'))
      throw usageError(
        'usage.flag',
        '--watch goes with neither --detach nor --priority',
        'With a running node, --watch returns at once; watched files come after what people ask for.',
      );
    return await runWatch(session, paths, options);
  }
  const request: ImportRequest = {
    paths,
    ...options,
    ...(session.given.has('priority') ? { priority: values.priority } : {}),
  };
  if (values.detach) return await detach(session, request);
  const totals = await withNode(session, async (node) => {
    await tellInterrupted(session, node);
    return await importInto(session, node, request);
  });
  return totals.faulty > 0 ? ERROR_KINDS.bad_input.exit : 0;
};

/** A mapping by name, or the text of a file: a running node need not be able to read it. */
function mappingOf(word: string, cwd: string): Pick<ImportRequest, 'mapping' | 'mapping_text'> {
  const mapping = nameOrPath(word, cwd);
  if (!path.isAbsolute(mapping)) return { mapping };
  const most = FIXED_LIMITS.mapping_bytes.value;
  if (statSync(mapping).size > most)
    throw badInputError('limit.mapping_bytes', `a mapping has at most ${most} bytes`, 'Give a mapping.', {
      place: { source: mapping },
    });
  return { mapping, mapping_text: readFileSync(mapping, 'utf8') };
}

/** Hands the import to the running node and does not wait. */
async function detach(session: Session, request: ImportRequest): Promise<number> {
  if ((await runningSocket(session)) === undefined)
    throw unavailableError(
      'import.detach',
      'no node runs on this data directory: nobody would do the work',
      'Start one with `fractal start`, or leave --detach away.',
    );
  const job = await withNode(session, (node) => node.submitImport(request));
  if (session.values.json) await writeJson(session, job);
  else await writeLine(session, `Job ${job.id}: \`fractal import status ${job.id}\` shows how it goes`);
  return 0;
}

/** What an earlier process left unfinished. */
async function tellInterrupted(session: Session, node: NodeApi): Promise<void> {
  for (const job of await node.jobs())
    if (job.state === 'queued' && !job.active)
      await note(
        session,
        `Job ${job.id} of an earlier run is not finished (${countText(job.files_done)} of ${countText(job.files_total)} files): ` +
          `\`fractal import resume ${job.id}\` goes on with it`,
      );
}

/** Imports and shows what happens. Also what `demo` does with the sample. */
export const importInto = (session: Session, node: NodeApi, request: ImportRequest): Promise<ImportTotals> =>
  showEvents(session, node.import(request, session.signal), 'give the command again to go on');
