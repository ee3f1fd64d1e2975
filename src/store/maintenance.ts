/**
 * Scheduled compaction of the Lance tables: many commits leave many small fragments, and every read pays for them.
 *
 * The order, and why a crash between any two steps is harmless:
 * 1. A child process compacts. It makes a new version with the same rows and removes nothing. A crash here leaves a
 *    version that no commit names; the next open takes it back, and the work is done again another time.
 * 2. The node moves its head to the newest version, between two transactions and durably. From here on readers open
 *    the compacted version; the versions before are still whole for those that began earlier.
 * 3. The child removes old versions, while no transaction runs. Lance always keeps the newest version, and the head is
 *    the newest: nothing was staged after it. For that, commits that came in during step 1 are compacted first and the
 *    head is moved once more, so that the clean-up itself finds nothing to compact. A crash here leaves files that no
 *    version names; the next clean-up removes them.
 */
import { fork, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { FractalError, asFractalError, internalError, unavailableError } from '../base/index.ts';
import type { CompactionOrder, CompactionReply, CompactionTask } from './compaction-process.ts';
import type { Store } from './store.ts';

export interface MaintenanceOptions {
  readonly store: Store;
  /** The script of the child; for tests. */
  readonly script?: string;
  /** Called with each child as it starts; for tests. */
  readonly onChild?: (child: ChildProcess) => void;
}

/** Beside this file, in TypeScript or built. */
const SCRIPT = fileURLToPath(
  new URL(`compaction-process${path.extname(fileURLToPath(import.meta.url))}`, import.meta.url),
);

function stopped(): FractalError {
  return unavailableError('store.maintenance_stopped', 'maintenance was stopped', 'Start the node again.');
}

export class Maintenance {
  readonly #options: MaintenanceOptions;
  readonly #store: Store;
  #timer: NodeJS.Timeout | undefined;
  #unsubscribe: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #child: ChildProcess | undefined;
  #stopping = false;
  #commits = 0;
  #failures = 0;
  #lastFailure: FractalError | undefined;

  constructor(options: MaintenanceOptions) {
    this.#options = options;
    this.#store = options.store;
  }

  /** The last failure, until a run succeeds; for `status` and `doctor`. */
  get warnings(): readonly string[] {
    return this.#lastFailure === undefined
      ? []
      : [`compaction of the search tables failed and will be tried again: ${this.#lastFailure.message}`];
  }

  /** Runs that failed one after the other. */
  get failures(): number {
    return this.#failures;
  }

  start(): void {
    if (this.#unsubscribe !== undefined) return;
    this.#stopping = false;
    const { limits } = this.#store.options;
    this.#unsubscribe = this.#store.onCommit(() => {
      this.#commits++;
      // After a failure the timer decides, not the next commit.
      if (this.#commits >= limits.lance_commits_between_compactions && this.#failures === 0) this.#begin();
    });
    this.#schedule();
  }

  /** Ends the child at once and waits until it is gone. What it did is taken back or found on the next run. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    clearTimeout(this.#timer);
    this.#child?.kill('SIGKILL');
    await this.#running;
  }

  /** One run now, or the one that is running. Throws what went wrong. */
  async run(): Promise<void> {
    if (this.#running === undefined) this.#begin();
    await this.#running;
    if (this.#lastFailure !== undefined) throw this.#lastFailure;
  }

  #schedule(): void {
    if (this.#unsubscribe === undefined) return;
    const { limits } = this.#store.options;
    const pause =
      this.#failures === 0
        ? limits.compaction_interval_ms
        : Math.min(limits.compaction_pause_ms * 2 ** (this.#failures - 1), limits.compaction_pause_max_ms);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#commits > 0) this.#begin();
      else this.#schedule();
    }, pause);
    this.#timer.unref();
  }

  /** Never two at a time: a run that is asked for meanwhile is the one that runs. */
  #begin(): void {
    if (this.#running !== undefined || this.#stopping) return;
    const counted = this.#commits;
    this.#running = this.#compactAll()
      .then(
        () => {
          this.#commits -= counted;
          this.#failures = 0;
          this.#lastFailure = undefined;
        },
        (error: unknown) => {
          if (this.#stopping) return;
          this.#failures++;
          this.#lastFailure = asFractalError(error);
          this.#store.options.log('warn', this.#lastFailure.message, { code: this.#lastFailure.code });
        },
      )
      .finally(() => {
        this.#running = undefined;
        this.#schedule();
      });
  }

  async #compactAll(): Promise<void> {
    for (const name of this.#store.lanceTables) await this.#compact(name);
  }

  async #compact(name: string): Promise<void> {
    const { clock, folder, limits } = this.#store.options;
    const task: CompactionTask = {
      folder: path.join(folder, 'lance'),
      name,
      memoryBytes: limits.compaction_memory_bytes,
    };
    const child = this.#spawn();
    try {
      // Step 1: beside the writers.
      await this.#order(child, { order: 'compact', task }).catch((error: unknown) => {
        // Lance refuses a compaction that met a transaction taken back meanwhile; step 3 does it undisturbed.
        if (!(error instanceof FractalError) || error.code !== 'store.compaction') throw error;
      });
      // Step 2.
      await this.#store.maintain(name, async () => undefined);
      // Step 3: writers wait.
      await this.#store.maintain(
        name,
        () => this.#order(child, { order: 'compact', task }),
        () =>
          this.#order(child, {
            order: 'remove-versions',
            task,
            before: clock.now() - limits.lance_keep_versions_ms,
          }),
      );
    } finally {
      this.#child = undefined;
      child.on('error', () => undefined);
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    }
  }

  #spawn(): ChildProcess {
    if (this.#stopping) throw stopped();
    const child = fork(this.#options.script ?? SCRIPT, [], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { ...process.env, LANCEDB_LOG: 'error' },
    });
    this.#child = child;
    this.#options.onChild?.(child);
    return child;
  }

  async #order(child: ChildProcess, order: CompactionOrder): Promise<void> {
    if (this.#stopping) throw stopped();
    const { limits } = this.#store.options;
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: FractalError): void => {
        clearTimeout(timer);
        child.off('message', onMessage).off('exit', onExit).off('error', onError);
        if (error === undefined) resolve();
        else reject(error);
      };
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        settle(
          unavailableError(
            'store.compaction_time',
            `compaction of ${order.task.name} took longer than ${limits.compaction_time_ms} ms`,
            'It is tried again by itself. Raise compaction_time_ms in fractal.json when it keeps failing.',
          ),
        );
      }, limits.compaction_time_ms);
      const onMessage = (reply: CompactionReply): void => {
        switch (reply.reply) {
          case 'done':
            settle();
            return;
          case 'failed':
            settle(
              unavailableError(
                'store.compaction',
                `compaction of ${order.task.name} failed`,
                'It is tried again by itself.',
                { cause: reply.message },
              ),
            );
            return;
          case 'memory':
            settle(
              unavailableError(
                'store.compaction_memory',
                `compaction of ${order.task.name} needs more than ${limits.compaction_memory_bytes} bytes of memory`,
                'It is tried again by itself. Raise compaction_memory_bytes in fractal.json when it keeps failing.',
              ),
            );
        }
      };
      const onExit = (code: number | null, signal: string | null): void =>
        settle(
          unavailableError(
            'store.compaction_ended',
            `the compaction process of ${order.task.name} ended by itself (${signal ?? code})`,
            'It is tried again by itself.',
          ),
        );
      const onError = (error: Error): void =>
        settle(internalError('store.compaction_process', 'the compaction process failed', { cause: error }));
      child.on('message', onMessage).on('exit', onExit).on('error', onError);
      if (child.exitCode !== null || child.signalCode !== null) onExit(child.exitCode, child.signalCode);
      else child.send(order, () => undefined);
    });
  }
}
