/**
 * Text to vectors in a thread beside: ONNX Runtime computes on the thread that calls it, so an import would hold up every
 * search. Texts go over in batches, and batches of questions before those of passages.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { FractalError, unavailableError, type Limits } from '../base/index.ts';
import type { Embedder, ModelIdentity, TermVectors } from '../query/index.ts';
import type { EmbedReply, EmbedTask, ThreadData } from './embed-thread.ts';
import { LazyModel } from './lazy-model.ts';
import type { ModelFolder } from './model-folder.ts';

/** Source runs as it is or compiled: the thread's file ends as this one does. */
const THREAD = new URL(`embed-thread${path.extname(fileURLToPath(import.meta.url))}`, import.meta.url);

export interface ThreadEmbedderOptions {
  readonly model: ModelFolder;
  readonly limits: Limits;
}

interface Waiting {
  readonly task: EmbedTask;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Batches with the thread at a time: one that is computed, and the next, so that it need not wait for us. */
const WITH_THREAD = 2;

export class ThreadEmbedder implements Embedder {
  readonly model: ModelIdentity;
  readonly terms: TermVectors | undefined;
  readonly #options: ThreadEmbedderOptions;
  readonly #lazy: LazyModel<EmbedThread>;

  /** Cheap: the thread is started, and files are read and checked, when the first text comes. */
  constructor(options: ThreadEmbedderOptions) {
    const { manifest, sha256 } = options.model;
    this.model = { id: manifest.id, version: manifest.version, sha256, dimension: manifest.dimension };
    this.#options = options;
    this.#lazy = new LazyModel({
      load: () => Promise.resolve(new EmbedThread(options, () => void this.unload())),
      free: (thread) => thread.end(),
      idleMs: options.limits.model_idle_ms,
    });
    this.terms =
      manifest.terms === true
        ? {
            termsOf: (texts) => this.#termsOf(texts),
            weightsOf: (ids) => this.#first<Float32Array>({ type: 'weights', ids }),
            likeness: (asked, found) => this.#first<Float32Array>({ type: 'likeness', asked, found }),
          }
        : undefined;
  }

  async embed(
    texts: readonly string[],
    purpose: 'query' | 'passage',
    signal?: AbortSignal,
  ): Promise<Float32Array> {
    const { dimension } = this.model;
    const out = new Float32Array(texts.length * dimension);
    // Texts of like length share a call, so that little is computed on padding.
    const order = texts.map((_, i) => i).sort((a, b) => (texts[a]?.length ?? 0) - (texts[b]?.length ?? 0));
    await this.#inBatches(order, purpose === 'query', signal, async (ask, rows) => {
      const asked = { type: 'embed', texts: rows.map((row) => texts[row] ?? ''), purpose } as const;
      const vectors = (await ask(asked)) as Float32Array;
      rows.forEach((row, i) =>
        out.set(vectors.subarray(i * dimension, (i + 1) * dimension), row * dimension),
      );
    });
    return out;
  }

  /** Ends the thread; the next text starts it again. */
  async unload(): Promise<void> {
    await this.#lazy.unload();
  }

  async #termsOf(texts: readonly string[]): Promise<Uint16Array[]> {
    const out: Uint16Array[] = [];
    const all = texts.map((_, i) => i);
    await this.#inBatches(all, texts.length === 1, undefined, async (ask, rows) => {
      const found = (await ask({
        type: 'terms',
        texts: rows.map((row) => texts[row] ?? ''),
      })) as Uint16Array[];
      rows.forEach((row, i) => (out[row] = found[i] ?? new Uint16Array(0)));
    });
    return out;
  }

  async #first<T>(task: EmbedTask): Promise<T> {
    return await this.#lazy.use(async (thread) => (await thread.ask(task, true)) as T);
  }

  async #inBatches(
    rows: readonly number[],
    isFirst: boolean,
    signal: AbortSignal | undefined,
    work: (ask: (task: EmbedTask) => Promise<unknown>, rows: readonly number[]) => Promise<void>,
  ): Promise<void> {
    const size = this.#options.limits.embed_batch_texts;
    await this.#lazy.use(async (thread) => {
      let start = 0;
      const run = async (): Promise<void> => {
        try {
          while (start < rows.length) {
            signal?.throwIfAborted();
            const batch = rows.slice(start, (start += size));
            await work((task) => thread.ask(task, isFirst), batch);
          }
        } catch (error) {
          start = rows.length;
          throw error;
        }
      };
      // The thread is in use until the last of them has ended, whatever became of the first.
      const ended = await Promise.allSettled(Array.from({ length: WITH_THREAD }, run));
      for (const one of ended) if (one.status === 'rejected') throw one.reason;
    });
  }
}

class EmbedThread {
  readonly #worker: Worker;
  readonly #limits: Limits;
  readonly #first: Waiting[] = [];
  readonly #later: Waiting[] = [];
  readonly #sent = new Map<number, Waiting>();
  readonly #ended: Promise<void>;
  #tasks = 0;
  #isEnding = false;
  #isOver = false;

  constructor({ model, limits }: ThreadEmbedderOptions, onDeath: () => void) {
    this.#limits = limits;
    const data: ThreadData = { model, limits };
    // What the process was started with is not for the thread.
    const worker = new Worker(THREAD, { workerData: data, execArgv: [] });
    this.#worker = worker;
    // Alone it keeps no process alive.
    worker.unref();
    worker.on('message', (reply: EmbedReply) => this.#take(reply));
    let cause: unknown;
    worker.on('error', (error: unknown) => {
      cause = error;
    });
    this.#ended = new Promise((resolve) =>
      worker.on('exit', () => {
        this.#over(cause);
        if (!this.#isEnding) onDeath();
        resolve();
      }),
    );
  }

  /** Questions before passages. Throws what the model throws. */
  ask(task: EmbedTask, isFirst: boolean): Promise<unknown> {
    const { embed_waiting: most } = this.#limits;
    if (this.#first.length + this.#later.length >= most)
      return Promise.reject(
        unavailableError('embed.busy', `${most} batches wait for the embedding model`, 'Ask again later.'),
      );
    return new Promise((resolve, reject) => {
      (isFirst ? this.#first : this.#later).push({ task, resolve, reject });
      this.#send();
    });
  }

  async end(): Promise<void> {
    if (this.#isOver) return;
    this.#isEnding = true;
    this.#worker.ref();
    this.#worker.postMessage('end');
    await this.#ended;
  }

  #send(): void {
    if (this.#isOver) return this.#over(undefined);
    while (this.#sent.size < WITH_THREAD) {
      const next = this.#first.shift() ?? this.#later.shift();
      if (next === undefined) break;
      const id = this.#tasks++;
      this.#sent.set(id, next);
      this.#worker.postMessage({ id, task: next.task });
    }
    if (this.#sent.size > 0) this.#worker.ref();
    // Whoever ends it waits for its exit.
    else if (!this.#isEnding) this.#worker.unref();
  }

  #take(reply: EmbedReply): void {
    const waiting = this.#sent.get(reply.id);
    this.#sent.delete(reply.id);
    if ('problem' in reply) waiting?.reject(FractalError.fromProblem(reply.problem));
    else waiting?.resolve(reply.value);
    this.#send();
  }

  #over(cause: unknown): void {
    this.#isOver = true;
    const error = unavailableError('model.thread', 'the thread of the embedding model ended', 'Ask again.', {
      cause,
    });
    for (const { reject } of [...this.#sent.values(), ...this.#first, ...this.#later]) reject(error);
    this.#sent.clear();
    this.#first.length = 0;
    this.#later.length = 0;
  }
}
