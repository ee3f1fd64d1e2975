/** The node's side of sources: what the interface asks for, in the words of the interface. */
import { asFractalError, badInputError, type Log } from '../base/index.ts';
import {
  SourceTimer,
  type Feed,
  type FileResult,
  type HttpClient,
  type ImportOptions,
  type Importer,
  type Sources,
} from '../ingest/index.ts';
import type {
  ImportRequest,
  RunRequest,
  SourceInfo,
  SourceRequest,
  SourceVersion,
  VersionsRequest,
} from './api.ts';
import type { NodeParts } from './parts.ts';

export class NodeSources {
  readonly #sources: Sources;
  readonly #importer: Importer;
  readonly #http: HttpClient;
  readonly #networkOn: boolean;
  readonly #timer: SourceTimer;

  /** `principal`: as whom sources run when they are due. */
  constructor(parts: NodeParts, principal: string, log: Log) {
    const { sources, importer, http, limits, config } = parts;
    this.#sources = sources;
    this.#importer = importer;
    this.#http = http;
    this.#networkOn = config.network?.enabled === true;
    this.#timer = new SourceTimer({ sources, limits, log, principal });
  }

  import(
    word: string,
    request: ImportRequest,
    options: ImportOptions,
    signal: AbortSignal,
  ): AsyncGenerator<FileResult> {
    const { versions = false, sha256, allow_network: allowNetwork = false } = request;
    return this.#sources.import({ word, versions, sha256, allowNetwork }, options, signal);
  }

  async list(): Promise<readonly SourceInfo[]> {
    return (await this.#sources.list()).map(asSourceInfo);
  }

  async add(request: SourceRequest, principal: string): Promise<SourceInfo> {
    const { every_s: everyS, name, source, kind, jurisdiction, since } = request;
    this.#importer.check({ kind, jurisdiction, inForceFrom: since, principal });
    const feed = { name, source, everyS, kind, jurisdiction, since };
    return asSourceInfo(await this.#sources.add(feed, principal));
  }

  async remove(name: string, principal: string): Promise<void> {
    await this.#sources.remove(name, principal);
  }

  /** A source whose list cannot be read is one result: it must not keep the others from running. */
  async *run(request: RunRequest, principal: string, signal: AbortSignal): AsyncGenerator<FileResult> {
    const { names, allow_network: allow = false } = request;
    this.#sources.checkNetwork(allow);
    const due = names.length > 0 ? [] : await this.#sources.due();
    for (const name of [...names, ...due.map((feed) => feed.name)]) {
      try {
        yield* this.#sources.run(name, principal, allow, signal);
      } catch (error) {
        signal.throwIfAborted();
        yield listFailure(name, error);
      }
    }
  }

  async versions(request: VersionsRequest, signal: AbortSignal): Promise<readonly SourceVersion[]> {
    const { source, allow_network: allow = false } = request;
    const listed = await this.#sources.versions(source, allow, signal);
    return listed.map(({ key, date, here }) => ({ key, date: date ?? null, here }));
  }

  start(): void {
    if (this.#networkOn) this.#timer.start();
  }

  async close(): Promise<void> {
    await this.#timer.stop();
    this.#http.close();
  }
}

/** What speaks of fetching means nothing for a file, and one hash is that of one document. */
export function checkNamed(request: ImportRequest, words: readonly string[]): void {
  const { paths, sha256, versions } = request;
  if (sha256 !== undefined && (words.length !== 1 || paths.length !== 1))
    throw badInputError(
      'import.sha256',
      'a hash belongs to exactly one address',
      'Give one address with --sha256.',
    );
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/i.test(sha256))
    throw badInputError('import.sha256', 'the hash is not a SHA-256', 'Give 64 hexadecimal digits.');
  if (versions === true && words.length === 0)
    throw badInputError(
      'import.versions',
      'versions are listed by publishers, not by files',
      'Give a short name such as ecfr:40/262.',
    );
}

function asSourceInfo(feed: Feed): SourceInfo {
  return {
    name: feed.name,
    source: feed.source,
    every_s: feed.everyS,
    since: feed.since ?? null,
    cursor: feed.cursor ?? null,
    due_at: new Date(feed.dueAt).toISOString(),
    run_at: feed.runAt === undefined ? null : new Date(feed.runAt).toISOString(),
    documents: feed.documents,
    refused: feed.refused,
    error: feed.errorCode === undefined ? null : { code: feed.errorCode, message: feed.errorMessage ?? '' },
  };
}

function listFailure(source: string, thrown: unknown): FileResult {
  return {
    source,
    kind: null,
    status: 'rejected',
    documents: 0,
    sections: 0,
    obligations: 0,
    records: 0,
    warnings: [],
    error: asFractalError(thrown).at({ source }),
  };
}
