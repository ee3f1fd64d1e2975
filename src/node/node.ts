/** One node: every layer built in one place, started and stopped in order. */
import path from 'node:path';
import { asFractalError, badInputError, newId, today, unavailableError, type Log } from '../base/index.ts';
import { OnnxEmbedder, readModelFolder } from '../ai/index.ts';
import { Importer, isSourceName, reindex, remark, type FileResult } from '../ingest/index.ts';
import {
  SectionSearch,
  authorize,
  executeQuery,
  explainQuery,
  parseStatement,
  type AccessPolicy,
  type AuthorizedQuery,
  type ListedDocument,
  type Principal,
} from '../query/index.ts';
import { Maintenance, Store } from '../store/index.ts';
import type {
  DoctorCheck,
  ImportEvent,
  ImportRequest,
  ImportResult,
  LawDiff,
  LawDiffRequest,
  LawShowRequest,
  LawText,
  LawVersions,
  NodeApi,
  NodeStatus,
  ReindexEvent,
  RunRequest,
  SearchAnswer,
  SearchRequest,
  SourceInfo,
  SourceRequest,
  SourceVersion,
  SqlRequest,
  VersionsRequest,
} from './api.ts';
import { buildSources } from './build-sources.ts';
import { limitsOf, readConfig } from './config.ts';
import { examine } from './doctor.ts';
import { LawQuestions } from './law.ts';
import { mappingsFor } from './mappings.ts';
import { localOperatorPolicy, principalNamed } from './local-operator.ts';
import { shippedModelFolder } from './paths.ts';
import { SYSTEM, type NodeParts, type Outside } from './parts.ts';
import { NodeSources, checkNamed } from './sources.ts';
import { describeNode } from './status.ts';

export interface NodeOptions {
  readonly dataDir: string;
  readonly log: Log;
  /** Who asks, by name. */
  readonly principal: string;
  readonly outside?: Outside;
}

const DEFAULT_K = 10;

export class FractalNode implements NodeApi {
  readonly parts: NodeParts;
  readonly #principal: Principal;
  readonly #policy: AccessPolicy;
  readonly #sources: NodeSources;
  readonly #law: LawQuestions;
  readonly #stopping = new AbortController();
  /** Rows of older schemas are searched for people while the node runs. */
  readonly #marking: Promise<void>;

  private constructor(parts: NodeParts, principal: Principal, policy: AccessPolicy, log: Log) {
    this.parts = parts;
    this.#principal = principal;
    this.#policy = policy;
    this.#sources = new NodeSources(parts, principal.id, log);
    this.#law = new LawQuestions(parts, principal, policy);
    this.#marking = this.#markPeople(log);
  }

  async #markPeople(log: Log): Promise<void> {
    try {
      const marked = await remark(this.parts.store, 'system', this.#stopping.signal);
      if (marked > 0) log('info', 'people in free texts were marked', { rows: marked });
    } catch (error) {
      // `doctor` goes on counting the rows; until they are marked they are masked as a whole.
      log('error', `people in free texts could not be marked: ${asFractalError(error).message}`);
    }
  }

  static async open(options: NodeOptions): Promise<FractalNode> {
    const outside = options.outside ?? SYSTEM;
    const { clock, fs } = outside;
    const principal = principalNamed(options.principal);
    const config = await readConfig(fs, options.dataDir);
    const limits = limitsOf(config);
    const modelFolder = path.resolve(options.dataDir, config.model ?? shippedModelFolder());
    const embedder = new OnnxEmbedder({ model: await readModelFolder(fs, modelFolder), fs, limits });
    const store = await Store.open({
      folder: options.dataDir,
      limits,
      clock,
      random: outside.random,
      fs,
      log: options.log,
    });
    try {
      const search = new SectionSearch({ store, embedder, policy: localOperatorPolicy, limits });
      const maintenance = new Maintenance({ store });
      // A damaged search table does not stop the node: SQL goes on and search says what to do.
      if (store.lanceDamage === undefined) await search.prepare();
      const importer = new Importer({ store, embedder, clock, fs, limits });
      const { dataDir } = options;
      const { sources, http } = await buildSources({ dataDir, config, limits, outside, store, importer });
      maintenance.start();
      const parts = {
        dataDir,
        config,
        limits,
        outside,
        store,
        embedder,
        search,
        maintenance,
        importer,
        sources,
        http,
        startedAt: clock.monotonic(),
      };
      return new FractalNode(parts, principal, localOperatorPolicy, options.log);
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  async status(): Promise<NodeStatus> {
    return await describeNode(this.parts);
  }

  async doctor(): Promise<readonly DoctorCheck[]> {
    return await examine(this.parts);
  }

  async search(request: SearchRequest, signal?: AbortSignal): Promise<SearchAnswer> {
    const mode = request.mode ?? 'hybrid';
    const at = request.at ?? today(this.parts.outside.clock);
    const hits = await this.parts.search.find(
      this.#principal,
      {
        query: request.query,
        mode,
        k: request.k ?? DEFAULT_K,
        at,
        jurisdiction: request.jurisdiction,
        document: request.document,
      },
      signal,
    );
    const { model } = this.parts.embedder;
    return {
      query: request.query,
      mode,
      at,
      model: mode === 'text' ? null : `${model.id} ${model.version}`,
      hits: hits.map((hit, i) => ({
        rank: i + 1,
        section_id: hit.section_id,
        document_id: hit.document_id,
        citation: hit.citation,
        heading: hit.heading,
        text: hit.text,
        score: hit.score,
        scores: { vector: hit.vector_score, text: hit.text_score, fused: hit.fused_score },
        in_force_from: hit.in_force_from,
        in_force_to: hit.in_force_to,
      })),
    };
  }

  async sql(request: SqlRequest, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const query = await this.#authorized(request);
    return await executeQuery(this.parts.store, query, this.#limitTime(request, signal));
  }

  async explain(request: SqlRequest): Promise<string> {
    return await explainQuery(this.parts.store, await this.#authorized(request));
  }

  async #authorized(request: SqlRequest): Promise<AuthorizedQuery> {
    const statement = await parseStatement(
      this.parts.store,
      request.sql,
      request.params ?? [],
      this.parts.limits,
    );
    return authorize(statement, this.#principal, this.#policy);
  }

  /** The caller's signal, the node's own stop and the time bound as one. */
  #limitTime(request: SqlRequest, signal: AbortSignal | undefined): AbortSignal {
    const { limits } = this.parts;
    const asked = request.timeout_s === undefined ? limits.sql_timeout_ms : request.timeout_s * 1000;
    if (!(asked > 0) || asked > limits.sql_timeout_max_ms)
      throw badInputError(
        'sql.timeout',
        `the timeout must be more than 0 and at most ${limits.sql_timeout_max_ms / 1000} s`,
        'Ask for less time.',
      );
    const signals = [AbortSignal.timeout(asked), this.#stopping.signal];
    return AbortSignal.any(signal === undefined ? signals : [...signals, signal]);
  }

  async lawDiff(request: LawDiffRequest, signal?: AbortSignal): Promise<LawDiff> {
    return await this.#law.diff(request, signal);
  }

  async lawVersions(document: string): Promise<LawVersions> {
    return await this.#law.versions(document);
  }

  async lawDocuments(): Promise<readonly ListedDocument[]> {
    return await this.#law.documents();
  }

  async lawShow(request: LawShowRequest): Promise<LawText> {
    return await this.#law.show(request);
  }

  async *import(request: ImportRequest, signal?: AbortSignal): AsyncGenerator<ImportEvent> {
    const { importer } = this.parts;
    await this.#checkImport();
    const options = {
      kind: request.kind,
      jurisdiction: request.jurisdiction,
      inForceFrom: request.in_force_from,
      principal: this.#principal.id,
      ...(await mappingsFor(this.parts.dataDir, request, this.parts.outside)),
    };
    importer.check(options);
    const words = request.paths.filter(isSourceName);
    checkNamed(request, words);
    const files = await importer.find(request.paths.filter((word) => !isSourceName(word)));
    let total = files.length + words.length;
    const bytesTotal = files.reduce((sum, file) => sum + file.bytes, 0);
    let done = 0;
    let bytes = 0;
    let sections = 0;
    const stop = this.#stop(signal);
    const events = function* (result: FileResult): Generator<ImportEvent> {
      done++;
      sections += result.sections;
      yield { type: 'result', result: asImportResult(result) };
      total = Math.max(total, done);
      yield { type: 'progress', done, total, bytes_done: bytes, bytes_total: bytesTotal, sections };
    };
    yield { type: 'progress', done, total, bytes_done: 0, bytes_total: bytesTotal, sections };
    for (const file of files) {
      stop.throwIfAborted();
      const result = await importer.importFile(file.path, request.name ?? file.path, options, stop);
      bytes += file.bytes;
      yield* events(result);
    }
    for (const word of words)
      for await (const result of this.#sources.import(word, request, options, stop)) yield* events(result);
    await this.#settle();
  }

  async sources(): Promise<readonly SourceInfo[]> {
    return await this.#sources.list();
  }

  async addSource(request: SourceRequest): Promise<SourceInfo> {
    await this.#checkImport();
    return await this.#sources.add(request);
  }

  async removeSource(name: string): Promise<void> {
    await this.#checkImport();
    await this.#sources.remove(name);
  }

  async *runSources(request: RunRequest, signal?: AbortSignal): AsyncGenerator<ImportEvent> {
    await this.#checkImport();
    for await (const result of this.#sources.run(request, this.#stop(signal)))
      yield { type: 'result', result: asImportResult(result) };
    await this.#settle();
  }

  async sourceVersions(request: VersionsRequest, signal?: AbortSignal): Promise<readonly SourceVersion[]> {
    await this.#checkImport();
    return await this.#sources.versions(request, this.#stop(signal));
  }

  /** From now on, until the node closes, sources run when they are due, if the network is on. For a node that serves. */
  startSources(): void {
    this.#sources.start();
  }

  async #checkImport(): Promise<void> {
    const { store, search } = this.parts;
    const decision = this.#policy.decide(this.#principal, { action: 'import', tables: ['*'] });
    if (!decision.allowed)
      throw unavailableError('policy.denied', decision.rule, 'Ask an administrator for the right.');
    if (store.lanceDamage !== undefined) throw store.lanceDamage;
    await search.checkModel();
  }

  #stop(signal: AbortSignal | undefined): AbortSignal {
    return AbortSignal.any(signal === undefined ? [this.#stopping.signal] : [this.#stopping.signal, signal]);
  }

  async *reindex(signal?: AbortSignal): AsyncGenerator<ReindexEvent> {
    const { store, search, embedder, limits } = this.parts;
    const events: ReindexEvent[] = [];
    let wake: () => void = () => undefined;
    let failure: unknown;
    let finished = false;
    const work = reindex(
      store,
      search,
      embedder,
      limits,
      this.#principal.id,
      (done, total) => {
        events.push({ done, total });
        wake();
      },
      signal,
    )
      .catch((error: unknown) => {
        failure = error;
      })
      .finally(() => {
        finished = true;
        wake();
      });
    for (;;) {
      const event = events.shift();
      if (event !== undefined) yield event;
      else if (finished) break;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
    await work;
    if (failure !== undefined) throw asFractalError(failure);
    await this.#settle();
  }

  /** After many new rows: indexes take them in, so that searches need not scan. */
  async #settle(): Promise<void> {
    const { search, maintenance, limits } = this.parts;
    await search.maintainVectorIndex();
    if ((await search.unindexedRows()) > limits.unindexed_rows) await maintenance.run();
  }

  async close(): Promise<void> {
    this.#stopping.abort(unavailableError('node.stopping', 'the node is stopping', 'Start it again.'));
    await this.#sources.close();
    await this.#marking;
    await this.parts.maintenance.stop();
    await this.parts.store.close();
  }
}

function asImportResult(result: FileResult): ImportResult {
  const { error, ...rest } = result;
  return { ...rest, ...(error === undefined ? {} : { error: error.toProblem() }) };
}

export function newNodeName(outside: Outside): string {
  return `node-${newId(outside.clock, outside.random).slice(-6)}`;
}
