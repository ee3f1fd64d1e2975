/** The durable ingest queue: what can be asked of it. Rules and their ids: SPEC.md. */
import { FractalError, badInputError, notFoundError, unavailableError } from '../../base/index.ts';
import type { Books } from '../../store/index.ts';
import { rejectedResult, type ShownResult } from '../file-result.ts';
import type { ActiveJob } from './active.ts';
import { Bell } from './bell.ts';
import * as itemRows from './item-rows.ts';
import * as jobRows from './job-rows.ts';
import type { JobOptions, JobRow, Tally } from './job-rows.ts';
import { UNFINISHED, type Job, type JobDetail, type JobState } from './job.ts';
import type { FoundFile } from './listing.ts';
import { RateWindow } from './rate.ts';
import { Worker, type QueuePorts } from './worker.ts';

export type JobEvent =
  | { readonly type: 'progress'; readonly job: Job }
  | { readonly type: 'result'; readonly result: ShownResult };

export interface Submission {
  readonly options: JobOptions;
  readonly priority: number;
  /** The files, when they are known already; absent: everything below the paths. */
  readonly files?: readonly FoundFile[];
  /** Written in the same transaction. */
  readonly also?: (b: Books) => Promise<void>;
}

const PRIORITY_MAX = 100;

export class ImportQueue {
  readonly #ports: QueuePorts;
  readonly #jobs = new Map<number, ActiveJob>();
  readonly #bell = new Bell();
  readonly #worker: Worker;

  private constructor(ports: QueuePorts) {
    this.#ports = ports;
    this.#worker = new Worker(ports, this.#jobs, this.#bell, (id) => {
      this.#jobs.delete(id);
      this.#bell.ring();
    });
  }

  /** Mends what a crash left. `all`: goes on with every unfinished job; otherwise only with those asked for. */
  static async open(ports: QueuePorts, options: { readonly all: boolean }): Promise<ImportQueue> {
    const queue = new ImportQueue(ports);
    await queue.#recover();
    if (options.all)
      for (const row of (await jobRows.readJobs(ports.store)).reverse())
        if (row.state === 'queued') queue.#activate(row);
    queue.#worker.start();
    return queue;
  }

  /** Rule Q4: what ran when the last process died is queued again; a file it died in too often is given up. */
  async #recover(): Promise<void> {
    const { store, limits, clock } = this.#ports;
    const [left] = await store.rows<{ n: number }>(
      `select ((select count(*) from node.jobs where state = 'running')
             + (select count(*) from node.job_items where state = 'running'))::int as n`,
    );
    if (left?.n === 0) return;
    await store.bookkeep(async (b) => {
      for (const { job_id: id, ...item } of await itemRows.brokenOff(b))
        if (item.attempts < limits.import_attempts) await itemRows.putBack(b, id, item.ordinal, 0);
        else {
          const error = unavailableError(
            'import.crashed',
            `the process ended ${item.attempts} times while it read this file`,
            'Look at the memory of the machine and at the file, then `fractal import retry`.',
          );
          await itemRows.endItems(b, id, [{ item, result: rejectedResult(item.name, error) }], clock.now());
        }
      for (const row of await jobRows.readJobs(b))
        if (row.state === 'running') await jobRows.moveJob(b, row.job_id, ['running'], 'queued', clock.now());
    });
  }

  /** Puts a job into the queue; it is durable when this resolves. Answers its id. */
  async submit({ options, priority, files, also }: Submission): Promise<number> {
    const { store, fs, clock, limits } = this.#ports;
    if (!Number.isInteger(priority) || Math.abs(priority) > PRIORITY_MAX)
      throw badInputError(
        'import.priority',
        `the priority must be a whole number from -${PRIORITY_MAX} to ${PRIORITY_MAX}`,
        'Higher goes first; 0 is usual.',
      );
    for (const path of files === undefined ? options.paths : [])
      if ((await fs.stat(path)) === undefined)
        throw notFoundError('import.path', `there is nothing at ${path}`, 'Check the path.');
    const row = await store.bookkeep(async (b) => {
      const jobs = await jobRows.readJobs(b);
      if (jobs.filter((job) => UNFINISHED.includes(job.state)).length >= limits.import_jobs)
        throw unavailableError(
          'import.queue_full',
          `there are ${limits.import_jobs} unfinished jobs`,
          '`fractal import list` shows them; resume or cancel some.',
        );
      const id = await jobRows.insertJob(b, {
        priority,
        options,
        listed: files !== undefined,
        nowMs: clock.now(),
      });
      for (let i = 0; i < (files?.length ?? 0); i += limits.import_listing_files)
        await itemRows.addItems(
          b,
          id,
          i + 1,
          files?.slice(i, i + limits.import_listing_files) ?? [],
          options.name,
        );
      await also?.(b);
      return (await jobRows.readJobs(b, id))[0];
    });
    if (row === undefined) throw jobUnknown();
    this.#activate(row);
    this.#bell.ring();
    return row.job_id;
  }

  #activate(row: JobRow): void {
    const { clock, limits } = this.#ports;
    this.#jobs.set(row.job_id, {
      id: row.job_id,
      priority: row.priority,
      options: jobRows.optionsOf(row),
      rate: new RateWindow(clock, limits.import_rate_window_ms),
      started: false,
      listed: row.listed,
      left: false,
      abort: new AbortController(),
      changed: false,
      failures: 0,
      notBefore: 0,
      current: undefined,
    });
  }

  /** Newest first. */
  async jobs(): Promise<Job[]> {
    const { store } = this.#ports;
    const tallies = await jobRows.readTallies(store);
    return (await jobRows.readJobs(store)).map((row) => this.#shown(row, tallies.get(row.job_id)));
  }

  async job(id: number): Promise<JobDetail> {
    const { store, limits } = this.#ports;
    const { faults, total } = await itemRows.readFaults(store, id, limits.import_faults_shown);
    return { ...(await this.#one(id)), faults, faults_total: total };
  }

  async #one(id: number): Promise<Job> {
    const { store } = this.#ports;
    const [row] = await jobRows.readJobs(store, id);
    if (row === undefined) throw jobUnknown();
    return this.#shown(row, (await jobRows.readTallies(store, id)).get(id));
  }

  /** A file that was being read when a process died may be tried at once: nobody waits for it. */
  #waitsUntil(row: JobRow, tally: Tally | undefined): string | null {
    const next = tally?.next_try;
    if (!UNFINISHED.includes(row.state) || next === null || next === undefined) return null;
    return next.getTime() > this.#ports.clock.now() ? next.toISOString() : null;
  }

  #shown(row: JobRow, tally: Tally | undefined): Job {
    const active = this.#jobs.get(row.job_id);
    const rate = active?.rate.bytesPerSecond ?? null;
    const bytesDone = Number(tally?.bytes ?? 0n);
    const isRunning = row.state === 'running';
    return {
      id: row.job_id,
      kind: 'import',
      state: row.state,
      active: active !== undefined && !active.left,
      priority: row.priority,
      principal: row.principal,
      paths: jobRows.optionsOf(row).paths,
      listed: row.listed,
      files_total: row.files,
      files_done: tally?.done ?? 0,
      bytes_total: Number(row.bytes),
      bytes_done: bytesDone,
      added: tally?.added ?? 0,
      updated: tally?.updated ?? 0,
      unchanged: tally?.unchanged ?? 0,
      rejected: tally?.rejected ?? 0,
      failed: tally?.failed ?? 0,
      cancelled: tally?.cancelled ?? 0,
      bytes_per_s: isRunning ? rate : null,
      seconds_left:
        isRunning && row.listed && rate !== null && rate > 0 ? (Number(row.bytes) - bytesDone) / rate : null,
      current: active?.current ?? null,
      waiting_until: this.#waitsUntil(row, tally),
      created_at: row.created_at.toISOString(),
      started_at: row.started_at?.toISOString() ?? null,
      finished_at: row.finished_at?.toISOString() ?? null,
      error: jobRows.problemOf(row.error),
    };
  }

  /**
   * What happens to a job, until it ends: progress, and each result after the one numbered `after` (absent: from now
   * on). Results are read from the database, so a slow follower holds nothing up and misses nothing. Throws why the
   * job failed or that it was cancelled, and the signal's reason when it fires.
   */
  async *follow(id: number, signal: AbortSignal, after?: number): AsyncGenerator<JobEvent> {
    const { store, limits } = this.#ports;
    let seen = after ?? (await jobRows.readTallies(store, id)).get(id)?.finished ?? 0;
    for (;;) {
      signal.throwIfAborted();
      const { rung } = this.#bell;
      const job = await this.#one(id);
      const results = await itemRows.readResults(store, id, seen, limits.import_results_read);
      for (const { finished, result } of results) {
        signal.throwIfAborted();
        seen = finished;
        yield { type: 'result', result };
      }
      yield { type: 'progress', job };
      if (results.length > 0) continue;
      if (!UNFINISHED.includes(job.state)) return this.#throwEnd(job);
      if (!this.#jobs.has(id) && this.#bell.rung === rung) throw notWorkedOn(id);
      await this.#bell.after(rung, Infinity, signal);
    }
  }

  #throwEnd(job: Job): void {
    if (job.state === 'failed' && job.error !== null) throw FractalError.fromProblem(job.error);
    if (job.state === 'cancelled')
      throw unavailableError(
        'import.cancelled',
        `job ${job.id} was cancelled; what was in stays`,
        'Give the import again for what is left.',
      );
  }

  /** The worker stops after the file at hand. */
  async pause(id: number): Promise<Job> {
    await this.#move(id, ['queued', 'running'], 'paused', 'it does not run');
    const job = this.#jobs.get(id);
    if (job !== undefined) job.left = true;
    this.#bell.ring();
    return await this.#one(id);
  }

  /** Goes on with a job that was paused, that failed, or that an earlier process left. */
  async resume(id: number): Promise<Job> {
    const { store } = this.#ports;
    if (this.#jobs.get(id)?.left !== false)
      await store.bookkeep(async (b) => {
        await this.#must(b, id, ['queued', 'paused', 'failed'], 'queued', 'it has ended');
        await itemRows.tryNow(b, id);
      });
    return await this.#goOn(id);
  }

  /** What is in stays, the file at hand leaves no trace, what is left is not read. */
  async cancel(id: number): Promise<Job> {
    await this.#cancel(id, [...UNFINISHED, 'failed']);
    return await this.#one(id);
  }

  /** Cancels a job unless it has ended or failed. */
  async abandon(id: number): Promise<void> {
    try {
      await this.#cancel(id, UNFINISHED);
    } catch (error) {
      if (!(error instanceof FractalError) || error.code !== 'import.job_state') throw error;
    }
  }

  async #cancel(id: number, from: readonly JobState[]): Promise<void> {
    const job = this.#jobs.get(id);
    if (job !== undefined) {
      job.left = true;
      job.abort.abort();
    }
    await this.#ports.store.bookkeep(async (b) => {
      await this.#must(b, id, from, 'cancelled', 'it has ended');
      await itemRows.cancelItems(b, id);
    });
    this.#jobs.delete(id);
    this.#bell.ring();
  }

  /** Rejected and failed files again: all of a job, or those named by their numbers. */
  async retry(id: number, items?: readonly number[]): Promise<Job> {
    const { store, clock } = this.#ports;
    await store.bookkeep(async (b) => {
      const [row] = await jobRows.readJobs(b, id);
      if (row === undefined) throw jobUnknown();
      const found = await itemRows.requeueItems(b, id, items);
      if (found < (items?.length ?? 1))
        throw notFoundError(
          'import.nothing_to_retry',
          'these files of the job were not rejected, or none was',
          '`fractal import failed` lists the files that can be tried again.',
        );
      if (row.state !== 'running') await jobRows.moveJob(b, id, [row.state], 'queued', clock.now());
    });
    return await this.#goOn(id);
  }

  async #goOn(id: number): Promise<Job> {
    const active = this.#jobs.get(id);
    if (active === undefined) {
      const [row] = await jobRows.readJobs(this.#ports.store, id);
      if (row === undefined) throw jobUnknown();
      this.#activate(row);
    } else {
      active.notBefore = 0;
      if (active.left) Object.assign(active, { left: false, started: false, failures: 0 });
    }
    this.#bell.ring();
    return await this.#one(id);
  }

  async #move(id: number, from: readonly JobState[], to: JobState, why: string): Promise<void> {
    await this.#ports.store.bookkeep((b) => this.#must(b, id, from, to, why));
  }

  async #must(b: Books, id: number, from: readonly JobState[], to: JobState, why: string): Promise<void> {
    if (await jobRows.moveJob(b, id, from, to, this.#ports.clock.now())) return;
    const [row] = await jobRows.readJobs(b, id);
    if (row === undefined) throw jobUnknown();
    throw badInputError(
      'import.job_state',
      `job ${id} is ${row.state}: ${why}`,
      '`fractal import list` shows the states of all jobs.',
    );
  }

  /** Unfinished jobs that this process does not work on: an earlier one left them. */
  async interrupted(): Promise<Job[]> {
    return (await this.jobs()).filter((job) => job.state === 'queued' && !job.active);
  }

  async stop(): Promise<void> {
    await this.#worker.stop();
  }
}

const jobUnknown = (): FractalError =>
  notFoundError(
    'import.job_unknown',
    'there is no job of that number',
    '`fractal import list` shows all jobs.',
  );

const notWorkedOn = (id: number): FractalError =>
  unavailableError(
    'import.not_running',
    `nobody works on job ${id}`,
    `\`fractal import resume ${id}\` goes on with it.`,
  );
