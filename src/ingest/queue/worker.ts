/** The one worker of the queue: takes jobs by priority and age and ends their files one at a time (SPEC.md). */
import {
  asFractalError,
  internalError,
  notFoundError,
  unavailableError,
  type Clock,
  type FileSystem,
  type FractalError,
  type Limits,
  type Log,
} from '../../base/index.ts';
import type { Store } from '../../store/index.ts';
import { importFault } from '../faults.ts';
import { rejectedResult, type FileResult } from '../file-result.ts';
import { identify, seenBefore, type Identified, type Links } from '../identify.ts';
import type { Importer } from '../importer.ts';
import type { ActiveJob } from './active.ts';
import type { Bell } from './bell.ts';
import * as itemRows from './item-rows.ts';
import type { Item } from './item-rows.ts';
import * as jobRows from './job-rows.ts';
import { listFiles, type FoundFile } from './listing.ts';

export interface QueuePorts {
  readonly store: Store;
  readonly importer: Importer;
  readonly clock: Clock;
  readonly fs: FileSystem;
  readonly limits: Limits;
  readonly log: Log;
  /** Before a job: throws why nothing can be taken in. */
  readonly ready: () => Promise<void>;
  /** After the last file of a job that brought something in: looks after the indexes. */
  readonly settle: () => Promise<void>;
}

const IDENTIFY_AT_ONCE = 4;

export class Worker {
  readonly #ports: QueuePorts;
  readonly #jobs: ReadonlyMap<number, ActiveJob>;
  readonly #bell: Bell;
  readonly #leave: (id: number) => void;
  readonly #stopping = new AbortController();
  #work: Promise<void> | undefined;

  /** `leave` is called with a job that is worked on no more. */
  constructor(
    ports: QueuePorts,
    jobs: ReadonlyMap<number, ActiveJob>,
    bell: Bell,
    leave: (id: number) => void,
  ) {
    this.#ports = ports;
    this.#jobs = jobs;
    this.#bell = bell;
    this.#leave = leave;
  }

  start(): void {
    this.#work ??= this.#run();
  }

  get stopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Ends the file at hand without a trace and returns when nothing is written any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const job of this.#jobs.values()) job.abort.abort();
    this.#bell.ring();
    await this.#work;
  }

  async #run(): Promise<void> {
    while (!this.stopping) {
      const { rung } = this.#bell;
      const job = this.#next();
      if (job === undefined) {
        await this.#bell.after(rung, this.#nextTry());
        continue;
      }
      try {
        await this.#step(job);
      } catch (error) {
        if (!this.stopping && !job.left) await this.#fail(job, importFault(error));
      }
    }
  }

  #next(): ActiveJob | undefined {
    const now = this.#ports.clock.monotonic();
    return [...this.#jobs.values()]
      .filter((job) => job.notBefore <= now && !job.left)
      .sort((a, b) => b.priority - a.priority || a.id - b.id)[0];
  }

  #nextTry(): number {
    const now = this.#ports.clock.monotonic();
    return Math.min(...[...this.#jobs.values()].filter((job) => !job.left).map((job) => job.notBefore - now));
  }

  /** Whether the worker should turn to something else before the next file of the job. */
  #shouldLeave(job: ActiveJob): boolean {
    return this.stopping || job.left || this.#next() !== job;
  }

  async #step(job: ActiveJob): Promise<void> {
    const { store, clock, limits } = this.#ports;
    if (!job.started) {
      await this.#ports.ready();
      job.started = true;
      job.rate.start();
      await store.bookkeep((b) => jobRows.moveJob(b, job.id, ['queued', 'running'], 'running', clock.now()));
    }
    if (!job.listed) return await this.#list(job);
    const items = await itemRows.dueItems(store, job.id, clock.now(), limits.import_batch_files);
    if (items.length === 0) return await this.#end(job);
    const known = await this.#known(job, items);
    for (const item of items) {
      if (this.#shouldLeave(job)) return;
      const identified = known.get(item.ordinal);
      if (identified !== 'ended') await this.#read(job, item, identified);
    }
  }

  /** Rule Q3: the files found so far are kept; a listing that was cut off goes on where it was. */
  async #list(job: ActiveJob): Promise<void> {
    const { store, fs, limits } = this.#ports;
    const { paths, name } = job.options;
    const so = await itemRows.listedSoFar(store, job.id);
    let ordinal = so.next;
    let found: FoundFile[] = [];
    const keep = async (isLast: boolean): Promise<void> => {
      await store.bookkeep(async (b) => {
        if (found.length > 0) await itemRows.addItems(b, job.id, ordinal, found, name);
        if (isLast) await jobRows.setListed(b, job.id);
      });
      ordinal += found.length;
      found = [];
      this.#bell.ring();
    };
    for (const path of paths)
      if ((await fs.stat(path)) === undefined)
        throw notFoundError('import.path', `there is nothing at ${path}`, 'Check the path.');
    for await (const file of listFiles(fs, limits, paths)) {
      if (this.stopping || job.left) return;
      if (so.paths.has(file.path)) continue;
      so.paths.add(file.path);
      found.push(file);
      if (found.length >= limits.import_listing_files) await keep(false);
    }
    await keep(true);
    job.listed = true;
  }

  /** Files as they are now, and at one stroke the end of those that were here before. */
  async #known(job: ActiveJob, items: readonly Item[]): Promise<Map<number, Identified | 'ended'>> {
    const { store, limits, clock } = this.#ports;
    const known = new Map<number, Identified | 'ended'>();
    const batch: Item[] = [];
    let bytes = 0;
    for (const item of items) {
      bytes += Number(item.bytes);
      if (bytes > limits.import_batch_bytes) break;
      batch.push(item);
    }
    // A date given now may be the one that was missing then.
    const { inForceFrom, mapping } = job.options.import;
    if (inForceFrom !== undefined || mapping !== undefined) return known;
    const looking = batch.values();
    const look = async (): Promise<void> => {
      for (const item of looking) {
        if (this.stopping || job.left) return;
        const identified = await this.#look(job, item);
        if (identified !== undefined) known.set(item.ordinal, identified);
      }
    };
    await Promise.all(Array.from({ length: IDENTIFY_AT_ONCE }, look));
    const found = batch.flatMap((item) => {
      const identified = known.get(item.ordinal);
      return identified === undefined || identified === 'ended' ? [] : [{ item, identified }];
    });
    const before = await seenBefore(
      store,
      found.map(({ item, identified }) => ({ name: item.name, sha256: identified.sha256 })),
    );
    const endings = found.flatMap(({ item, identified }, i) => {
      const result = before[i];
      if (result === undefined || this.stopping || job.left) return [];
      return [{ item, result: withNote(result, item, identified) }];
    });
    if (endings.length === 0) return known;
    await store.bookkeep((b) => itemRows.endItems(b, job.id, endings, clock.now()));
    for (const { item } of endings) {
      known.set(item.ordinal, 'ended');
      job.rate.add(Number(item.bytes));
    }
    job.failures = 0;
    this.#bell.ring();
    return known;
  }

  /** What cannot be looked at is left to the reading, which says why. */
  async #look(job: ActiveJob, item: Item): Promise<Identified | undefined> {
    const { fs, limits } = this.#ports;
    try {
      return await identify(fs, limits, item.path, job.abort.signal, linksAt(job, item));
    } catch {
      return undefined;
    }
  }

  async #read(job: ActiveJob, item: Item, looked: Identified | undefined): Promise<void> {
    const { store, importer, clock } = this.#ports;
    job.abort = new AbortController();
    const { signal } = job.abort;
    if (!(await store.bookkeep((b) => itemRows.startItem(b, job.id, item.ordinal)))) return;
    job.current = item.path;
    let noted: FileResult | undefined;
    try {
      if (this.stopping || job.left) throw internalError('import.left', 'the job was left before this file');
      const identified = looked ?? (await this.#look(job, item));
      const result = await importer.importFile(item.path, item.name, job.options.import, {
        signal,
        links: linksAt(job, item),
        ...(identified === undefined ? {} : { identified }),
        onApplied: async (transaction, applied) => {
          const ending = { item, result: withNote(applied, item, identified) };
          // Rule Q1: cancelled in the meantime, it must not come in.
          if ((await itemRows.endItems(transaction, job.id, [ending], clock.now())) !== 1)
            throw unavailableError('import.cancelled', 'the import was cancelled', 'Import the file again.');
          noted = applied;
        },
      });
      if (noted !== result)
        await store.bookkeep((b) => itemRows.endItems(b, job.id, [{ item, result }], clock.now()));
      job.failures = 0;
      job.changed ||= result.status === 'added' || result.status === 'updated';
      job.rate.add(Number(item.bytes));
    } catch (error) {
      if (signal.aborted || this.stopping || job.left)
        await store.bookkeep((b) => itemRows.putBack(b, job.id, item.ordinal));
      else await this.#machineFailed(job, item, importFault(error));
    } finally {
      job.current = undefined;
      this.#bell.ring();
    }
  }

  /** Rule Q6: what is wrong with the machine is tried again after growing pauses, a bounded number of times. */
  async #machineFailed(job: ActiveJob, item: Item, error: FractalError): Promise<void> {
    const { store, limits, clock, log } = this.#ports;
    log('warn', error.message, { job: job.id, code: error.code });
    const attempts = item.attempts + 1;
    const isHopeless = error.kind !== 'unavailable' || ++job.failures >= limits.import_attempts;
    const pause = (tries: number): number =>
      Math.min(limits.import_retry_pause_ms * 2 ** (tries - 1), limits.import_retry_pause_max_ms);
    await store.bookkeep(async (b) => {
      if (attempts < limits.import_attempts || isHopeless)
        await itemRows.putBack(b, job.id, item.ordinal, clock.now() + (isHopeless ? 0 : pause(attempts)));
      else
        await itemRows.endItems(b, job.id, [{ item, result: rejectedResult(item.name, error) }], clock.now());
      await jobRows.noteError(b, job.id, error);
    });
    if (isHopeless) throw error;
    job.notBefore = clock.monotonic() + pause(job.failures);
  }

  async #end(job: ActiveJob): Promise<void> {
    const { store, clock, limits, log } = this.#ports;
    const next = (await jobRows.readTallies(store, job.id)).get(job.id)?.next_try;
    if (next !== null && next !== undefined) {
      job.notBefore = clock.monotonic() + Math.max(next.getTime() - clock.now(), 1);
      return;
    }
    if (job.changed) {
      try {
        await this.#ports.settle();
      } catch (error) {
        // The files are in; only searches are slower until it works.
        log('warn', asFractalError(error).message, { job: job.id });
      }
      job.changed = false;
    }
    const isDone = await store.bookkeep(async (b) => {
      if (!(await jobRows.finishJob(b, job.id, clock.now()))) return false;
      await jobRows.forgetJobs(b, limits.import_jobs_kept, limits.import_items_kept);
      return true;
    });
    if (isDone) this.#leave(job.id);
  }

  async #fail(job: ActiveJob, error: FractalError): Promise<void> {
    const { store, clock, log } = this.#ports;
    log('error', error.message, { job: job.id, code: error.code });
    job.left = true;
    try {
      await store.bookkeep((b) =>
        jobRows.moveJob(b, job.id, ['queued', 'running'], 'failed', clock.now(), error),
      );
    } catch (second) {
      // The disk that failed the job may refuse this too: it stays unfinished and goes on at the next start.
      log('error', asFractalError(second).message, { job: job.id });
    }
    this.#leave(job.id);
  }
}

/** The file was listed and changed before its turn: it is taken as it is now, and said. */
function withNote(result: FileResult, item: Item, identified: Identified | undefined): FileResult {
  if (identified === undefined || item.modified_ms === null) return result;
  if (BigInt(identified.bytes) === item.bytes && BigInt(identified.modifiedMs) === item.modified_ms)
    return result;
  return {
    ...result,
    warnings: [...result.warnings, 'the file changed after it was listed: it was read as it is now'],
  };
}

/** Somebody named the path itself, or it was found below one (rule Q13). */
function linksAt(job: ActiveJob, item: Item): Links {
  return job.options.paths.includes(item.path) ? 'follow' : 'refuse';
}
