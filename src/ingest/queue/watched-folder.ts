/**
 * One watched folder. A walk of it is what counts; events of the system only bring it forward, because mounts and busy
 * machines lose them.
 */
import {
  asFractalError,
  unavailableError,
  type Clock,
  type FileSystem,
  type FractalError,
  type Limits,
  type Log,
  type Problem,
} from '../../base/index.ts';
import type { Books, Store } from '../../store/index.ts';
import { Bell } from './bell.ts';
import type { JobOptions } from './job-rows.ts';
import { listFiles, type FoundFile } from './listing.ts';
import type { ImportQueue } from './queue.ts';

export interface Watch {
  readonly path: string;
  /** Whether it goes on when the node is started again. */
  readonly kept: boolean;
  readonly made_at: string;
  /** Files handed to the queue so far. */
  readonly files: number;
  /** Files that were there and are not: what was imported of them stays. */
  readonly missing: readonly { readonly path: string; readonly since: string }[];
  /** Also those beyond the bound of `missing`. */
  readonly missing_total: number;
  /** Files that something may still be writing to. */
  readonly unsettled: number;
  readonly scanned_at: string | null;
  /** Why the folder could not be walked last time. */
  readonly error: Problem | null;
}

export interface WatcherPorts {
  readonly store: Store;
  readonly queue: ImportQueue;
  readonly clock: Clock;
  readonly fs: FileSystem;
  readonly limits: Limits;
  readonly log: Log;
}

interface KnownFile {
  readonly path: string;
  readonly bytes: bigint;
  readonly modified_ms: bigint;
  readonly missing: boolean;
}

/** Behind what a person asks for. */
const PRIORITY = -1;

/** `since`: by the clock that never goes back. */
type Unsettled = FoundFile & { readonly since: number };

export class WatchedFolder {
  readonly #ports: WatcherPorts;
  readonly #path: string;
  readonly #options: JobOptions;
  readonly #bell = new Bell();
  readonly #stopping = new AbortController();
  /** Files that differ from what the queue has, since when they are as they are. */
  #unsettled = new Map<string, Unsettled>();
  #scannedAt: number | undefined;
  #error: FractalError | undefined;
  #work: Promise<void> | undefined;

  constructor(ports: WatcherPorts, path: string, options: JobOptions) {
    this.#ports = ports;
    this.#path = path;
    this.#options = options;
  }

  get state(): Pick<Watch, 'unsettled' | 'scanned_at' | 'error'> {
    return {
      unsettled: this.#unsettled.size,
      scanned_at: this.#scannedAt === undefined ? null : new Date(this.#scannedAt).toISOString(),
      error: this.#error?.toProblem() ?? null,
    };
  }

  start(): void {
    this.#work ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#work;
  }

  async #run(): Promise<void> {
    const { fs, limits, log } = this.#ports;
    const { signal } = this.#stopping;
    const unwatch = fs.watch(this.#path, () => this.#bell.ring());
    while (!signal.aborted) {
      const { rung } = this.#bell;
      try {
        await this.#scan();
        this.#error = undefined;
      } catch (error) {
        this.#error = asFractalError(error);
        log('warn', this.#error.message, { code: this.#error.code, watch: this.#path });
      }
      // Events come in showers; a walk sooner than this would find the same files unsettled.
      await new Bell().after(0, limits.watch_settle_ms / 2, signal);
      const wait = this.#unsettled.size > 0 ? limits.watch_settle_ms / 2 : limits.watch_rescan_ms;
      await this.#bell.after(rung, wait, signal);
    }
    unwatch();
  }

  async #scan(): Promise<void> {
    const { store, queue, fs, limits, clock, log } = this.#ports;
    if ((await fs.stat(this.#path)) === undefined)
      // A mount that is away must not make everything below it missing.
      throw unavailableError(
        'watch.unreachable',
        'a watched folder is not there',
        'Mount it again, or end the watch with `fractal import unwatch PATH`.',
      );
    const known = new Map(
      (
        await store.rows<KnownFile>(
          `select path, bytes, modified_ms, missing_since is not null as missing from node.watched_files where watch_path = $1`,
          [this.#path],
        )
      ).map((file) => [file.path, file]),
    );
    const unsettled = new Map<string, Unsettled>();
    const settled: FoundFile[] = [];
    const back: string[] = [];
    for await (const file of listFiles(fs, limits, [this.#path])) {
      if (this.#stopping.signal.aborted) return;
      const before = known.get(file.path);
      known.delete(file.path);
      if (before !== undefined && isSame(file, before)) {
        if (before.missing) back.push(file.path);
        continue;
      }
      const last = this.#unsettled.get(file.path);
      const now = clock.monotonic();
      const since =
        last !== undefined && last.bytes === file.bytes && last.modifiedMs === file.modifiedMs
          ? last.since
          : now;
      if (now - since >= limits.watch_settle_ms) settled.push(file);
      else unsettled.set(file.path, { ...file, since });
    }
    const gone = [...known.values()].filter((file) => !file.missing).map((file) => file.path);
    if (gone.length > 0 || back.length > 0) {
      await store.bookkeep((b) => this.#markMissing(b, gone, back, clock.now()));
      for (const path of gone)
        log('warn', 'a watched file is missing; what was imported of it stays', { file: path });
    }
    if (settled.length > 0)
      await queue.submit({
        options: { ...this.#options, paths: [this.#path] },
        priority: PRIORITY,
        files: settled,
        // Rule Q9: a file is known exactly when a job has it.
        also: (b) => this.#know(b, settled),
      });
    this.#unsettled = unsettled;
    this.#scannedAt = clock.now();
  }

  async #markMissing(
    b: Books,
    gone: readonly string[],
    back: readonly string[],
    nowMs: number,
  ): Promise<void> {
    await b.bookkeep(
      `update node.watched_files set missing_since = case when list_contains($2::varchar[], path) then make_timestamp($4) else null end
        where watch_path = $1 and (list_contains($2::varchar[], path) or list_contains($3::varchar[], path))`,
      [this.#path, [...gone], [...back], BigInt(nowMs) * 1000n],
    );
  }

  async #know(b: Books, files: readonly FoundFile[]): Promise<void> {
    const paths = files.map((file) => file.path);
    await b.bookkeep(
      'delete from node.watched_files where watch_path = $1 and path in (select unnest($2::varchar[]))',
      [this.#path, paths],
    );
    await b.bookkeep(
      `insert into node.watched_files
        select $1, unnest($2::varchar[]), unnest($3::varchar[])::bigint, unnest($4::varchar[])::bigint, null`,
      [
        this.#path,
        paths,
        files.map((file) => String(file.bytes)),
        files.map((file) => String(file.modifiedMs)),
      ],
    );
  }
}

const isSame = (file: FoundFile, known: KnownFile): boolean =>
  BigInt(file.bytes) === known.bytes && BigInt(file.modifiedMs) === known.modified_ms;
