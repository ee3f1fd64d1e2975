/** Threads that check files of entries side by side. A small log is checked where they are read. */
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { FIXED_LIMITS, internalError } from '../base/index.ts';
import { cleanSegment, type CleanSegment } from './clean-segment.ts';
import type { CheckReply, CheckTask } from './verify-thread.ts';

/** Source runs as it is or compiled: the thread's file ends as this one does. */
const THREAD = new URL(`verify-thread${path.extname(fileURLToPath(import.meta.url))}`, import.meta.url);

interface Waiting {
  readonly resolve: (found: CleanSegment | undefined) => void;
  readonly reject: (error: Error) => void;
}

export class VerifyPool {
  readonly #workers: Worker[] = [];
  readonly #free: Worker[] = [];
  readonly #asked = new Map<Worker, Waiting>();
  /** Files that are checked at one time. */
  readonly width: number;

  /** `entries`: about how many there are to check. */
  constructor(entries: number) {
    const most = Math.min(FIXED_LIMITS.audit_verify_threads.value, availableParallelism());
    this.width = entries < FIXED_LIMITS.audit_verify_inline_entries.value ? 1 : most;
    if (this.width === 1) return;
    for (let i = 0; i < this.width; i++) this.#start();
  }

  /** What the file is, when it is good. At most `width` at a time. */
  async check(first: number, file: Uint8Array): Promise<CleanSegment | undefined> {
    const worker = this.#free.pop();
    if (worker === undefined)
      return cleanSegment(Buffer.from(file.buffer, file.byteOffset, file.length), first);
    return await new Promise((resolve, reject) => {
      this.#asked.set(worker, { resolve, reject });
      const task: CheckTask = { first, bytes: file };
      // A small file lies in memory that it shares with others: that is copied.
      const isAlone = file.byteLength === file.buffer.byteLength;
      worker.postMessage(task, isAlone ? [file.buffer as ArrayBuffer] : []);
    });
  }

  /** Ends the threads; what is still asked is never answered. */
  async close(): Promise<void> {
    this.#asked.clear();
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #start(): void {
    // What the process was started with is not for the thread.
    const worker = new Worker(THREAD, { execArgv: [] });
    this.#workers.push(worker);
    this.#free.push(worker);
    worker.on('message', (reply: CheckReply) => {
      const waiting = this.#asked.get(worker);
      this.#asked.delete(worker);
      this.#free.push(worker);
      waiting?.resolve(reply === undefined ? undefined : withBuffers(reply));
    });
    worker.on('error', (cause: unknown) => {
      this.#asked
        .get(worker)
        ?.reject(internalError('audit.verify_thread', 'a thread that checks the audit log ended', { cause }));
      this.#asked.delete(worker);
    });
  }
}

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

/** Between threads a buffer becomes plain bytes. */
const withBuffers = (clean: CleanSegment): CleanSegment => ({
  ...clean,
  leaves: bufferOf(clean.leaves),
  roots: bufferOf(clean.roots),
  own: clean.own.map(({ id, bytes }) => ({ id, bytes: bufferOf(bytes) })),
});
