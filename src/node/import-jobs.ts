/** Imports as the node offers them: requests to jobs of the queue, and what happens to a job as events. */
import { FractalError, badInputError, unavailableError, type Limits } from '../base/index.ts';
import { isSourceName, shownResult, type ImportOptions, type JobEvent } from '../ingest/index.ts';
import type { SectionSearch } from '../query/index.ts';
import type { Maintenance, Store } from '../store/index.ts';
import type { ImportEvent, ImportRequest, Job, Watch, WatchRequest } from './api.ts';
import { mappingsFor } from './mappings.ts';
import type { NodeParts } from './parts.ts';
import { checkNamed, type NodeSources } from './sources.ts';

const STOPPING = 'node.stopping';

/** Why what runs is ended when the node stops. */
export const stoppingError = (): FractalError =>
  unavailableError(STOPPING, 'the node is stopping', 'Start it again.');

export const isStopping = (reason: unknown): boolean =>
  reason instanceof FractalError && reason.code === STOPPING;

/** Throws why nothing can be taken in. */
export async function importReady(parts: { store: Store; search: SectionSearch }): Promise<void> {
  if (parts.store.lanceDamage !== undefined) throw parts.store.lanceDamage;
  await parts.search.checkModel();
}

/** After many new rows: indexes take them in, so that searches need not scan. */
export async function settleIndexes(parts: {
  search: SectionSearch;
  maintenance: Maintenance;
  limits: Limits;
}): Promise<void> {
  const { search, maintenance, limits } = parts;
  await search.maintainVectorIndex();
  if ((await search.unindexedRows()) > limits.unindexed_rows) await maintenance.run();
}

export class ImportJobs {
  readonly #parts: NodeParts;
  readonly #sources: NodeSources;
  readonly #stopping: AbortSignal;

  constructor(parts: NodeParts, sources: NodeSources, stopping: AbortSignal) {
    this.#parts = parts;
    this.#sources = sources;
    this.#stopping = stopping;
  }

  async submit(request: ImportRequest, principal: string): Promise<Job> {
    if (request.paths.some(isSourceName))
      throw badInputError(
        'import.detach',
        'what is fetched by name or address is not a job of the queue',
        'Leave --detach away, or make it a standing source with `fractal source add`.',
      );
    const id = await this.#submit(request, principal);
    return await this.#parts.queue.job(id);
  }

  async #submit(request: ImportRequest, principal: string): Promise<number> {
    const options = await this.#options(request, principal);
    await importReady(this.#parts);
    return await this.#parts.queue.submit({
      options: {
        paths: request.paths,
        ...(request.name === undefined ? {} : { name: request.name }),
        import: options,
      },
      priority: request.priority ?? 0,
    });
  }

  async #options(request: Omit<ImportRequest, 'paths'>, principal: string): Promise<ImportOptions> {
    const options = {
      kind: request.kind,
      jurisdiction: request.jurisdiction,
      inForceFrom: request.in_force_from,
      principal,
      ...(await mappingsFor(this.#parts.dataDir, request, this.#parts.outside)),
    };
    this.#parts.importer.check(options);
    return options;
  }

  /** Names and addresses are fetched after the files, each in its turn. */
  async *import(
    request: ImportRequest,
    principal: string,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ImportEvent> {
    signal?.throwIfAborted();
    const words = request.paths.filter(isSourceName);
    checkNamed(request, words);
    const paths = request.paths.filter((word) => !isSourceName(word));
    if (paths.length > 0) yield* this.#files({ ...request, paths }, principal, signal);
    if (words.length > 0) yield* this.#named(words, request, principal, signal);
  }

  async *#files(
    request: ImportRequest,
    principal: string,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ImportEvent> {
    const { queue } = this.#parts;
    const id = await this.#submit(request, principal);
    let hasEnded = false;
    try {
      yield* this.#events(id, signal, 0);
      hasEnded = true;
    } finally {
      // Nobody follows it any more; one that failed can be resumed.
      if (!hasEnded && !this.#stopping.aborted && !isStopping(signal?.reason)) await queue.abandon(id);
    }
  }

  async *#named(
    words: readonly string[],
    request: ImportRequest,
    principal: string,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ImportEvent> {
    const options = await this.#options(request, principal);
    await importReady(this.#parts);
    const stop = this.#stop(signal);
    const unmeasured = { job: null, bytes_done: 0, bytes_total: 0, bytes_per_s: null, seconds_left: null };
    let [done, sections] = [0, 0];
    for (const word of words)
      for await (const result of this.#sources.import(word, request, options, stop)) {
        yield { type: 'result', result: shownResult(result) };
        done++;
        sections += result.sections;
        yield { type: 'progress', ...unmeasured, done, total: Math.max(words.length, done), sections };
      }
    await settleIndexes(this.#parts);
  }

  #stop(signal: AbortSignal | undefined): AbortSignal {
    return AbortSignal.any(signal === undefined ? [this.#stopping] : [this.#stopping, signal]);
  }

  async *follow(id: number, signal: AbortSignal | undefined): AsyncGenerator<ImportEvent> {
    yield* this.#events(id, signal, undefined);
  }

  async *#events(
    id: number,
    signal: AbortSignal | undefined,
    after: number | undefined,
  ): AsyncGenerator<ImportEvent> {
    const stop = this.#stop(signal);
    let sections = 0;
    for await (const event of this.#parts.queue.follow(id, stop, after)) {
      if (event.type === 'result') sections += event.result.sections;
      yield event.type === 'result' ? event : progressOf(event, sections);
    }
  }

  async watch(request: WatchRequest, principal: string): Promise<Watch> {
    const options = await this.#options(request, principal);
    return await this.#parts.watcher.add(
      request.path,
      { paths: [request.path], import: options },
      request.kept,
    );
  }
}

function progressOf({ job }: Extract<JobEvent, { type: 'progress' }>, sections: number): ImportEvent {
  return {
    type: 'progress',
    job: job.id,
    done: job.files_done,
    total: job.files_total,
    bytes_done: job.bytes_done,
    bytes_total: job.bytes_total,
    sections,
    bytes_per_s: job.bytes_per_s,
    seconds_left: job.seconds_left,
  };
}
