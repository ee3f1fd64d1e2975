/**
 * Obligations of many provisions. A small file is searched where it is read; a large one in a thread beside, so that
 * reading, finding and writing go on at the same time. The answers are the same.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { FIXED_LIMITS, internalError } from '../../base/index.ts';
import { findObligations, type Obligation, type ObligationInput } from './detect.ts';
import { unpacked } from './packed.ts';
import type { FindReply, FindTask } from './thread.ts';

/** Source runs as it is or compiled: the thread's file ends as this one does. */
const THREAD = new URL(`thread${path.extname(fileURLToPath(import.meta.url))}`, import.meta.url);

type Found = readonly (readonly Obligation[])[];

interface Waiting {
  readonly inputs: readonly ObligationInput[];
  readonly resolve: (found: Found) => void;
  readonly reject: (error: Error) => void;
}

export class ObligationFinder {
  #chars = 0;
  #worker: Worker | undefined;
  #tasks = 0;
  readonly #waiting = new Map<number, Waiting>();

  /** What is found in each, in their order. Ends with an error when the thread does. */
  async find(inputs: readonly ObligationInput[]): Promise<Found> {
    for (const { text } of inputs) this.#chars += text.length;
    if (this.#chars <= FIXED_LIMITS.obligation_inline_chars.value)
      return inputs.map((input) => findObligations(input));
    const worker = (this.#worker ??= this.#start());
    const task: FindTask = { id: this.#tasks++, inputs };
    return await new Promise<Found>((resolve, reject) => {
      this.#waiting.set(task.id, { inputs, resolve, reject });
      worker.postMessage(task);
    });
  }

  /** Ends the thread; what is still asked fails. */
  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(THREAD, {
      // What the process was started with is not for the thread.
      execArgv: [],
      resourceLimits: {
        maxOldGenerationSizeMb: FIXED_LIMITS.obligation_heap_mib.value,
        maxYoungGenerationSizeMb: FIXED_LIMITS.obligation_young_mib.value,
      },
    });
    worker.on('message', ({ id, found }: FindReply) => {
      const waiting = this.#waiting.get(id);
      waiting?.resolve(unpacked(found, waiting.inputs));
      this.#waiting.delete(id);
    });
    const failed = (cause?: unknown): void => {
      const error = internalError('obligations.thread', 'the thread that finds obligations ended', {
        cause,
      });
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    };
    worker.on('error', failed);
    worker.on('exit', () => failed());
    return worker;
  }
}
