/** `fractal import status|list|failed|pause|resume|retry|cancel|watches|unwatch`. */
import path from 'node:path';
import { ERROR_KINDS, FractalError, notFoundError, unavailableError, usageError } from '../../base/index.ts';
import type { Job, NodeApi, Watch } from '../../node/index.ts';
import { tableLines, type TableColumn } from '../output/table.ts';
import { bytesText, countText, durationText, oneLine, plural } from '../output/text.ts';
import { errorText } from '../report-error.ts';
import { runningSocket, writeJson, writeLine, type Session, type SessionOf } from '../session.ts';
import { nearPath, showEvents } from './import-show.ts';

type Action = (session: SessionOf<'import'>, node: NodeApi, words: readonly string[]) => Promise<number>;

/** Finished jobs that `status` still shows. */
const FINISHED_SHOWN = 5;

const isUnfinished = (job: Job): boolean => ['queued', 'running', 'paused'].includes(job.state);

const status: Action = async (session, node, words) => {
  const all = await jobsNamed(node, words);
  let finished = 0;
  const shown =
    words.length > 0 ? all : all.filter((job) => isUnfinished(job) || finished++ < FINISHED_SHOWN);
  const watches = words.length > 0 ? [] : await node.watches();
  if (session.values.json) await writeJson(session, { jobs: shown, watches });
  else {
    await showJobs(session, shown);
    if (watches.length > 0) await showWatches(session, watches);
  }
  return 0;
};

const list: Action = async (session, node, words) => {
  const jobs = await jobsNamed(node, words);
  if (session.values.json) await writeJson(session, { jobs });
  else await showJobs(session, jobs);
  return 0;
};

const failed: Action = async (session, node, words) => {
  const jobs = (await jobsNamed(node, words)).filter(
    (job) => job.rejected + job.failed > 0 || words.length > 0,
  );
  const details = await Promise.all(jobs.map((job) => node.job(job.id)));
  if (session.values.json) {
    for (const { id, faults } of details)
      for (const fault of faults) await writeJson(session, { job: id, ...fault });
    return 0;
  }
  const { io, style } = session;
  for (const { id, faults, faults_total: total } of details) {
    for (const fault of faults) {
      const where = `job ${id}, file ${fault.item}`;
      const tries = fault.attempts > 1 ? `, ${fault.attempts} tries` : '';
      await writeLine(
        session,
        `${style.red(fault.state === 'done' ? 'in part' : fault.state)}  ${oneLine(nearPath(fault.source, io.cwd))}  ${style.dim(`(${where}${tries})`)}`,
      );
      for (const line of errorText(FractalError.fromProblem(fault.error)))
        await writeLine(session, `  ${line}`);
    }
    if (total > faults.length)
      await writeLine(session, `… and ${plural(total - faults.length, 'file')} more of job ${id}`);
  }
  if (details.every((job) => job.faults.length === 0))
    await writeLine(session, 'No file was rejected or failed');
  return 0;
};

const pause: Action = async (session, node, words) => {
  const job = await theOne(node, words, (one) => one.state === 'queued' || one.state === 'running', 'pause');
  return await told(session, await node.pauseJob(job.id), 'paused; `fractal import resume` goes on');
};

const cancel: Action = async (session, node, words) => {
  const job = await theOne(node, words, (one) => isUnfinished(one) || one.state === 'failed', 'cancel');
  const cancelled = await node.cancelJob(job.id);
  return await told(
    session,
    cancelled,
    `cancelled: ${plural(cancelled.files_done, 'file')} done, ${countText(cancelled.cancelled)} not read`,
  );
};

const resume: Action = async (session, node, words) => {
  const named = await jobsNamed(node, words);
  const jobs =
    words.length > 0
      ? named
      : named.filter(
          (job) => job.state === 'paused' || (isUnfinished(job) && !job.active) || job.state === 'failed',
        );
  return await goOn(session, node, jobs, (job) => node.resumeJob(job.id));
};

const retry: Action = async (session, node, words) => {
  const [job, ...items] = words;
  const numbers = items.map(numberOf);
  const named = await jobsNamed(node, job === undefined ? [] : [job]);
  const jobs = job === undefined ? named.filter((one) => one.rejected + one.failed > 0) : named;
  return await goOn(session, node, jobs, (one) =>
    items.length === 0 ? node.retryJob(one.id) : node.retryJob(one.id, numbers),
  );
};

/** Starts jobs again, oldest first, and stays with them: without a running node this process does the work. */
async function goOn(
  session: SessionOf<'import'>,
  node: NodeApi,
  jobs: readonly Job[],
  start: (job: Job) => Promise<Job>,
): Promise<number> {
  if (jobs.length === 0)
    throw notFoundError(
      'import.nothing_left',
      'there is no such job',
      '`fractal import list` shows all jobs.',
    );
  if (session.values.detach && (await runningSocket(session)) === undefined)
    throw unavailableError(
      'import.detach',
      'no node runs on this data directory: nobody would do the work',
      'Start one with `fractal start`, or leave --detach away.',
    );
  let faulty = 0;
  for (const job of jobs.toSorted((a, b) => a.id - b.id)) {
    const started = await start(job);
    if (session.values.detach) await told(session, started, 'goes on');
    else
      faulty += (
        await showEvents(
          session,
          node.followJob(job.id, session.signal),
          `\`fractal import status ${job.id}\` shows what is left`,
        )
      ).faulty;
  }
  return faulty > 0 ? ERROR_KINDS.bad_input.exit : 0;
}

const watches: Action = async (session, node) => {
  const all = await node.watches();
  if (session.values.json) await writeJson(session, { watches: all });
  else if (all.length === 0) await writeLine(session, 'No folder is watched');
  else await showWatches(session, all);
  return 0;
};

const unwatch: Action = async (session, node, words) => {
  if (words.length === 0)
    throw usageError(
      'usage.argument',
      '`fractal import unwatch` needs a folder',
      '`fractal import watches` lists the watched folders.',
    );
  for (const word of words) await node.unwatch(path.resolve(session.io.cwd, word));
  if (session.values.json) await writeJson(session, { unwatched: words.length });
  else await writeLine(session, `No longer watched; what was imported stays`);
  return 0;
};

export const JOB_ACTIONS: ReadonlyMap<string, Action> = new Map([
  ['status', status],
  ['list', list],
  ['failed', failed],
  ['pause', pause],
  ['resume', resume],
  ['retry', retry],
  ['cancel', cancel],
  ['watches', watches],
  ['unwatch', unwatch],
]);

function numberOf(word: string): number {
  if (/^\d{1,9}$/.test(word)) return Number(word);
  throw usageError('usage.argument', 'jobs and files have numbers', '`fractal import list` shows the jobs.');
}

async function jobsNamed(node: NodeApi, words: readonly string[]): Promise<readonly Job[]> {
  if (words.length === 0) return await node.jobs();
  const jobs: Job[] = [];
  for (const word of words) jobs.push(await node.job(numberOf(word)));
  return jobs;
}

/** The job that was named, or the only one that it can be. */
async function theOne(
  node: NodeApi,
  words: readonly string[],
  fits: (job: Job) => boolean,
  verb: string,
): Promise<Job> {
  const named = await jobsNamed(node, words.slice(0, 1));
  const jobs = words.length > 0 ? named : named.filter(fits);
  const [job] = jobs;
  if (job !== undefined && jobs.length === 1) return job;
  throw usageError(
    'usage.argument',
    jobs.length === 0 ? `there is no job to ${verb}` : `there are ${jobs.length} jobs to ${verb}`,
    `Name one: \`fractal import ${verb} JOB\`; \`fractal import list\` shows all jobs.`,
  );
}

async function told(session: Session, job: Job, what: string): Promise<number> {
  if (session.values.json) await writeJson(session, job);
  else await writeLine(session, `Job ${job.id} ${what}`);
  return 0;
}

const JOB_COLUMNS: readonly TableColumn[] = [
  { name: 'job', align: 'right' },
  { name: 'state', align: 'left' },
  { name: 'done', align: 'right' },
  { name: 'files', align: 'right' },
  { name: 'size', align: 'right' },
  { name: 'rate', align: 'right' },
  { name: 'left', align: 'right' },
  { name: 'rejected', align: 'right' },
  { name: 'failed', align: 'right' },
  { name: 'what', align: 'left' },
];

async function showJobs(session: Session, jobs: readonly Job[]): Promise<void> {
  const { io, style } = session;
  if (jobs.length === 0) return writeLine(session, 'No import was queued yet');
  const rows = jobs.map((job) => [
    String(job.id),
    isUnfinished(job) && !job.active && job.state !== 'paused' ? 'interrupted' : job.state,
    job.listed ? `${Math.floor((100 * job.files_done) / Math.max(job.files_total, 1))} %` : 'listing',
    `${countText(job.files_done)}/${countText(job.files_total)}`,
    bytesText(job.bytes_total),
    job.bytes_per_s === null ? '' : `${bytesText(job.bytes_per_s)}/s`,
    job.seconds_left === null ? '' : durationText(job.seconds_left * 1000),
    job.rejected === 0 ? '' : countText(job.rejected),
    job.failed === 0 ? '' : countText(job.failed),
    job.paths.map((one) => nearPath(one, io.cwd)).join(' '),
  ]);
  const width = io.stdout.isTty ? io.stdout.columns : undefined;
  for await (const line of tableLines(JOB_COLUMNS, rows, { style, width })) await writeLine(session, line);
  for (const job of jobs) {
    if (job.current !== null)
      await writeLine(session, style.dim(`job ${job.id} reads ${oneLine(nearPath(job.current, io.cwd))}`));
    if (job.waiting_until !== null)
      await writeLine(session, style.yellow(`job ${job.id} tries a file again at ${job.waiting_until}`));
    if (job.error !== null)
      for (const line of errorText(FractalError.fromProblem(job.error)))
        await writeLine(session, style.yellow(`job ${job.id} ${line}`));
  }
  if (jobs.some((job) => job.rejected + job.failed > 0))
    await writeLine(session, '`fractal import failed` shows the reasons and cures');
  if (jobs.some((job) => isUnfinished(job) && !job.active))
    await writeLine(session, '`fractal import resume` goes on with what was interrupted or paused');
}

async function showWatches(session: Session, watches: readonly Watch[]): Promise<void> {
  const { io, style } = session;
  for (const watch of watches) {
    const facts = [plural(watch.files, 'file')];
    if (watch.unsettled > 0) facts.push(`${countText(watch.unsettled)} still being written`);
    if (watch.missing_total > 0) facts.push(style.yellow(`${countText(watch.missing_total)} missing`));
    await writeLine(session, `watching ${oneLine(nearPath(watch.path, io.cwd))}: ${facts.join(', ')}`);
    for (const file of watch.missing)
      await writeLine(
        session,
        `  missing since ${file.since}: ${oneLine(nearPath(file.path, io.cwd))}; its law and records stay`,
      );
    if (watch.error !== null)
      for (const line of errorText(FractalError.fromProblem(watch.error)))
        await writeLine(session, `  ${line}`);
  }
}
