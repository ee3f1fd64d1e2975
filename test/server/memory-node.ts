/** A NodeApi in memory: enough behaviour to test the doors, and switches for what goes wrong. */
import { readFile, stat } from 'node:fs/promises';
import { RecordBatchStreamWriter, Table, vectorFromArray, type RecordBatch, type Vector } from 'apache-arrow';
import { badInputError, notFoundError, unavailableError } from '../../src/base/index.ts';
import type {
  AskEvent,
  AskRequest,
  AuditAnswer,
  AuditBundle,
  AuditGrowth,
  GrowthRequest,
  AuditCheckpoint,
  AuditExport,
  AuditExportRequest,
  CosignatureRequest,
  ReplayAnswer,
  ReplayRequest,
  ReportBundle,
  ReportProofRequest,
  ReplicaAnswer,
  ReplicaRequest,
  RetentionAnswer,
  RetentionRequest,
  AuditRequest,
  AuditVerdict,
  CheckRequest,
  ClassifyAnswer,
  ClassifyRequest,
  AiDocumentation,
  DecideRequest,
  Decision,
  EmbedAnswer,
  EmbedRequest,
  GenerateEvent,
  GenerateTextRequest,
  ModelDetail,
  ModelInfo,
  ModelRequest,
  PullEvent,
  PullRequest,
  ServedModel,
  DoctorCheck,
  ExternalTableRequest,
  ExternalTablesAnswer,
  ImportEvent,
  ImportRequest,
  ImportResult,
  Job,
  JobDetail,
  LawDiff,
  LawDiffRequest,
  LawObligations,
  LawObligationsRequest,
  LawShowRequest,
  LawText,
  LawVersion,
  LawVersions,
  ListedCheck,
  ListedDocument,
  ListedQuery,
  NodeApi,
  NodeStatus,
  ReindexEvent,
  RunRequest,
  SearchAnswer,
  SearchRequest,
  ListedSession,
  SessionAnswer,
  SessionRequest,
  SiteCheck,
  SlowQuery,
  SourceInfo,
  SourceRequest,
  SourceVersion,
  PolicyAnswer,
  PolicyRequest,
  SqlRequest,
  UserAnswer,
  UserRequest,
  Watch,
  WatchRequest,
  VersionsRequest,
} from '../../src/node/index.ts';

export const LONG_ROWS = 20_000;
const BATCH_ROWS = 1_000;

const ipc = (table: Table): Uint8Array =>
  RecordBatchStreamWriter.writeAll(table as unknown as Iterable<RecordBatch>).toUint8Array(true);

/** A table as an Arrow IPC stream, for tests that bring their own columns. */
export const tableBytes = (columns: Record<string, Vector>): Uint8Array => ipc(new Table(columns));

const VERSION: LawVersion = {
  version_id: 'v-1',
  in_force_from: '2020-01-01',
  in_force_to: null,
  known_from: '2026-01-01T00:00:00.000Z',
  known_to: null,
  format: 'clml',
  source_name: 'act.xml',
  provisions: 1,
};

const lawDocument = (document_id: string): LawDiff['document'] => ({
  document_id,
  citation: 'Act 1',
  title: 'An Act',
  jurisdiction: 'UK',
});

export class MemoryNode implements NodeApi {
  readonly imported = new Map<string, string>();
  readonly seen: { readonly call: string; readonly request: unknown }[] = [];
  /** Set to make the next SQL stream fail after its first chunk. */
  failAfterFirstChunk: unknown;
  /** Thrown by `ask` after the first claim. */
  failAsk: unknown;
  /** Set to make every call fail. */
  failAlways: unknown;
  /** Thrown by `import` after the first result. */
  failImport: unknown;
  /** Answers of `sql` by statement. */
  readonly answers = new Map<string, Uint8Array>();
  readonly aborted: string[] = [];
  warnings: readonly string[] = [];
  /** Of searches. */
  badges: readonly string[] = [];
  /** What `lawDiff` answers. */
  changes: LawDiff['changes'] = [];
  checks: readonly DoctorCheck[] = [{ name: 'data directory', ok: true, detail: 'writable', cure: '' }];
  listed: readonly ListedQuery[] = [];
  loggedIn: readonly ListedSession[] = [];
  slow: readonly SlowQuery[] = [];
  closed = 0;
  /** Chunks handed out, over all streams. */
  chunks = 0;
  running = false;
  /** Jobs by number, with the results of their files. */
  readonly queue = new Map<number, { job: Job; results: ImportResult[] }>();
  readonly watched = new Map<string, Watch>();
  readonly dataDir: string;

  constructor(dataDir = '/data') {
    this.dataDir = dataDir;
  }

  #see(call: string, request: unknown, signal?: AbortSignal): void {
    this.seen.push({ call, request });
    if (signal?.aborted === true) throw unavailableError('cancelled', 'cancelled', 'ask again');
    signal?.addEventListener('abort', () => this.aborted.push(call), { once: true });
    if (this.failAlways !== undefined) throw this.failAlways as Error;
  }

  async status(): Promise<NodeStatus> {
    this.#see('status', undefined);
    return {
      node: { id: 'n-1', name: 'test', role: 'edge', region: 'eu' },
      version: '0.1.0',
      mode: 'single-user',
      data_dir: this.dataDir,
      running: this.running,
      uptime_s: 12.5,
      commit_version: 7,
      tables: [{ name: 'law.sections', class: 'append-only', rows: this.imported.size }],
      search: {
        sections: this.imported.size,
        model: 'm',
        text_index: true,
        vector_index: 'flat',
        unindexed_rows: 0,
      },
      storage: { duckdb_bytes: 1024, lance_bytes: 2048 },
      memory: { rss_bytes: 4096 },
      queue: {
        queued: 0,
        running: 0,
        paused: [...this.queue.values()].filter(({ job }) => job.state === 'paused').length,
        interrupted: 0,
        files_left: 0,
        files_at_fault: 0,
        watches: this.watched.size,
        files_missing: 0,
      },
      warnings: this.warnings,
    };
  }

  async doctor(): Promise<readonly DoctorCheck[]> {
    this.#see('doctor', undefined);
    return this.checks;
  }

  async search(request: SearchRequest, signal?: AbortSignal): Promise<SearchAnswer> {
    this.#see('search', request, signal);
    const words = request.query.toLowerCase().split(/\s+/);
    const hits = [...this.imported]
      .filter(([, text]) => words.some((word) => text.toLowerCase().includes(word)))
      .slice(0, request.k ?? 10)
      .map(([path, text], index) => ({
        rank: index + 1,
        section_id: `s-${index}`,
        document_id: path,
        citation: `Act 1 § ${index + 1}`,
        heading: 'Duties',
        text,
        score: 1 - index / 100,
        scores: { vector: 0.5, text: 3.25, fused: 1 - index / 100 },
        in_force_from: '2020-01-01',
        in_force_to: null,
      }));
    return {
      query: request.query,
      mode: request.mode ?? 'hybrid',
      at: request.at ?? '2026-01-01',
      model: 'm',
      badges: this.badges,
      hits,
    };
  }

  async *ask(request: AskRequest, signal?: AbortSignal): AsyncGenerator<AskEvent> {
    this.#see('ask', request, signal);
    const { question, k = 8, at = '2026-01-01' } = request;
    if (question.trim() === '') throw badInputError('ask.empty', 'the question is empty', 'Ask.');
    const { hits } = await this.search({ query: question, k });
    const passages = hits.map((hit) => ({ ...hit, role: 'found' as const }));
    yield { type: 'passages', passages };
    await new Promise((resolve) => setImmediate(resolve));
    if (signal?.aborted === true) throw unavailableError('cancelled', 'cancelled', 'ask again');
    const claims = hits.slice(0, 1).map((hit) => ({
      text: hit.text,
      support: 1,
      citations: [
        {
          section_id: hit.section_id,
          version_id: 'v-1',
          document_id: hit.document_id,
          citation: hit.citation,
          quote: hit.text,
          start: 0,
          end: hit.text.length,
          in_force_from: hit.in_force_from,
          in_force_to: hit.in_force_to,
        },
      ],
    }));
    for (const claim of claims) {
      yield { type: 'claim', claim };
      if (this.failAsk !== undefined) throw this.failAsk as Error;
    }
    yield {
      type: 'answer',
      answer: {
        question,
        at,
        answer: claims.length === 0 ? 'No answer.' : claims.map(({ text }) => text).join('\n'),
        claims,
        confidence: claims.length === 0 ? 0.1 : 0.9,
        abstained: claims.length === 0,
        mode: 'extractive',
        model: 'm',
        label: 'extracted',
        badges: ['No generator is installed.'],
        dropped: [],
        passages,
        inference_id: 'i-1',
      },
    };
  }

  async sql(request: SqlRequest, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    this.#see('sql', request, signal);
    const known = this.answers.get(request.sql);
    if (known !== undefined) return this.#stream(cut(known, 512), signal);
    if (request.sql === 'select 42 as answer')
      return this.#stream([tableBytes({ answer: vectorFromArray([42]) })], signal);
    if (request.sql === 'select $1 as answer')
      return this.#stream([tableBytes({ answer: vectorFromArray([String(request.params?.[0])]) })], signal);
    if (request.sql === 'long') {
      const batches = Array.from(
        { length: LONG_ROWS / BATCH_ROWS },
        (_, batch) =>
          new Table({
            i: vectorFromArray(Int32Array.from({ length: BATCH_ROWS }, (_, i) => batch * BATCH_ROWS + i)),
          }),
      );
      const [first, ...rest] = batches;
      return this.#stream(cut(ipc((first as Table).concat(...rest)), 4096), signal);
    }
    throw badInputError('sql.syntax', 'the statement cannot be read', 'Check its spelling.', {
      place: { line: 1, column: 1 },
    });
  }

  async *#stream(chunks: readonly Uint8Array[], signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    for (const [index, chunk] of chunks.entries()) {
      await new Promise((resolve) => setImmediate(resolve));
      if (signal?.aborted === true) throw unavailableError('cancelled', 'cancelled', 'ask again');
      if (index > 0 && this.failAfterFirstChunk !== undefined) throw this.failAfterFirstChunk as Error;
      this.chunks++;
      yield chunk;
    }
  }

  async explain(request: SqlRequest, signal?: AbortSignal): Promise<string> {
    this.#see('explain', request, signal);
    if (!request.sql.startsWith('select'))
      throw badInputError('sql.syntax', 'cannot be read', 'Check its spelling.');
    return 'PROJECTION\n  42';
  }

  async lawDocuments(): Promise<readonly ListedDocument[]> {
    this.#see('lawDocuments', undefined);
    return [...this.imported.keys()].map((document_id) => ({
      ...lawDocument(document_id),
      versions: 1,
      first: VERSION.in_force_from,
      last: VERSION.in_force_from,
    }));
  }

  async lawVersions(document: string): Promise<LawVersions> {
    this.#see('lawVersions', document);
    return { document: this.#document(document), versions: [VERSION] };
  }

  async lawDiff(request: LawDiffRequest, signal?: AbortSignal): Promise<LawDiff> {
    this.#see('lawDiff', request, signal);
    return {
      document: this.#document(request.document),
      from: VERSION,
      to: VERSION,
      section: null,
      counts: { added: 0, changed: 1, renumbered: 0, repealed: 0, removed: 0, moved: 0, editorial: 2 },
      notes: ['a note'],
      changes: this.changes,
    };
  }

  async classify(request: ClassifyRequest, signal?: AbortSignal): Promise<ClassifyAnswer> {
    this.#see('classify', request, signal);
    const { texts = [], incidents = [], taxonomy = 'event' } = request;
    if (taxonomy !== 'event')
      throw notFoundError('taxonomy.unknown', 'there is no such taxonomy', 'Taxonomies: event.');
    return {
      results: [...texts, ...incidents].map((_, index) => ({
        index,
        incident: index < texts.length ? null : (incidents[index - texts.length] ?? null),
        taxonomy,
        verdict: 'unsure',
        labels: [
          { category: 'struck by', score: 0.4 },
          { category: 'other', score: 0.6 },
        ].sort((a, b) => b.score - a.score),
        threshold: 0.7,
        label: 'AI-classified',
        badge: null,
        model: 'double 1',
        inference_id: `inference-${index}`,
      })),
    };
  }

  async check({ site, at = '2026-01-01' }: CheckRequest): Promise<SiteCheck> {
    this.#see('check', { site, at });
    const [head] = await this.checkAll({ at });
    if (head === undefined || site !== head.site_id)
      throw notFoundError('site.unknown', 'no such site', 'List them.');
    const gap = {
      kind: 'condition-overdue',
      severity: 'medium',
      obligation_id: null,
      due: '2025-12-01',
    } as const;
    const evidence = { table: 'esh.permit_conditions', key: 'PC-1' };
    const words = { citation: 'Act 1 § 1', requirement: 'Keep it clean.', evidence };
    return { ...head, counts: { 'permit-in-force': 2 }, gaps: [{ ...gap, ...words }] };
  }

  async checkAll({ at = '2026-01-01' }: Omit<CheckRequest, 'site'>): Promise<readonly ListedCheck[]> {
    const head = { site_id: 'S/1', region: 'R', name: 'Works', status: 'at-risk', score: 93 } as const;
    return [{ ...head, as_of: at, gaps: 1 }];
  }

  async lawObligations(request: LawObligationsRequest): Promise<LawObligations> {
    this.#see('lawObligations', request);
    const counts = { must: 0, 'must-not': 0, may: 0 };
    const at = request.at ?? '2026-01-01';
    const document = this.#document(request.of);
    return {
      document,
      version: VERSION,
      at,
      section: null,
      counts,
      total: 0,
      obligations: [],
      badges: [],
      notes: [],
    };
  }

  async lawShow(request: LawShowRequest): Promise<LawText> {
    this.#see('lawShow', request);
    const document = this.#document(request.citation);
    const [, text = ''] = [...this.imported][0] ?? [];
    const provision = { section_id: 's-0', depth: 0, level: 'section', num: '1', citation: 'Act 1 § 1' };
    return {
      document,
      version: VERSION,
      at: request.at ?? '2026-01-01',
      provisions: [{ ...provision, heading: 'Duties', text }],
    };
  }

  #document(name: string): LawDiff['document'] {
    if (!this.imported.has(name)) throw notFoundError('law.document', 'no such document', 'Import it.');
    return lawDocument(name);
  }

  async *import(request: ImportRequest, signal?: AbortSignal): AsyncGenerator<ImportEvent> {
    this.#see('import', request, signal);
    const total = request.paths.length;
    for (const [done, source] of request.paths.entries()) {
      await new Promise((resolve) => setImmediate(resolve));
      if (signal?.aborted === true) throw unavailableError('cancelled', 'cancelled', 'ask again');
      yield { type: 'result', result: await this.#importOne(source) };
      yield {
        type: 'progress',
        job: 1,
        done: done + 1,
        total,
        bytes_done: (done + 1) * 100,
        bytes_total: total * 100,
        sections: this.imported.size,
        bytes_per_s: null,
        seconds_left: null,
      };
      if (this.failImport !== undefined) throw this.failImport as Error;
    }
  }

  async #importOne(source: string): Promise<ImportResult> {
    const nothing = {
      source,
      kind: null,
      documents: 0,
      sections: 0,
      obligations: 0,
      records: 0,
      warnings: [],
    };
    if ((await stat(source).catch(() => undefined)) === undefined)
      throw notFoundError('import.path', 'there is no file of that name', 'Check the path.', {
        place: { source },
      });
    const text = await readFile(source, 'utf8');
    if (text.startsWith('bad'))
      return {
        ...nothing,
        status: 'rejected',
        error: badInputError('xml.syntax', 'not well formed', 'Mend the file.', {
          place: { source, line: 3, column: 5 },
        }).toProblem(),
      };
    const status = this.imported.get(source) === text ? 'unchanged' : 'added';
    this.imported.set(source, text);
    return { ...nothing, kind: 'text', documents: 1, sections: 1, status };
  }

  async *reindex(signal?: AbortSignal): AsyncGenerator<ReindexEvent> {
    this.#see('reindex', undefined, signal);
    yield { done: 1, total: 2 };
    await new Promise((resolve) => setImmediate(resolve));
    if (signal?.aborted === true) throw unavailableError('cancelled', 'cancelled', 'ask again');
    yield { done: 2, total: 2 };
  }

  readonly kept = new Map<string, SourceInfo>();

  async sources(): Promise<readonly SourceInfo[]> {
    this.#see('sources', undefined);
    return [...this.kept.values()];
  }

  async addSource(request: SourceRequest): Promise<SourceInfo> {
    this.#see('addSource', request);
    const { name, source, every_s, since = null } = request;
    const made = { name, source, every_s, since, cursor: null, due_at: '2026-01-01T00:00:00.000Z' };
    const info = { ...made, run_at: null, documents: 0, refused: 0, error: null };
    this.kept.set(name, info);
    return info;
  }

  async removeSource(name: string): Promise<void> {
    this.#see('removeSource', name);
    if (!this.kept.delete(name)) throw notFoundError('source.unknown', 'no source', 'Check the name.');
  }

  async *runSources(request: RunRequest, signal?: AbortSignal): AsyncGenerator<ImportEvent> {
    this.#see('runSources', request, signal);
    for (const name of request.names) yield { type: 'result', result: await this.#importOne(name) };
  }

  async sourceVersions(request: VersionsRequest, signal?: AbortSignal): Promise<readonly SourceVersion[]> {
    this.#see('sourceVersions', request, signal);
    return [
      { key: 'made', date: null, here: false },
      { key: '2024-01-01', date: '2024-01-01', here: true },
    ];
  }

  async submitImport(request: ImportRequest): Promise<Job> {
    this.#see('submitImport', request);
    const results = await Promise.all(request.paths.map((source) => this.#importOne(source)));
    const id = this.queue.size + 1;
    const rejected = results.filter((result) => result.status === 'rejected').length;
    const time = '2026-01-01T00:00:00.000Z';
    const job: Job = {
      id,
      kind: 'import',
      state: 'done',
      active: false,
      priority: request.priority ?? 0,
      principal: 'local-operator',
      paths: request.paths,
      listed: true,
      files_total: results.length,
      files_done: results.length,
      bytes_total: 100,
      bytes_done: 100,
      added: results.filter((result) => result.status === 'added').length,
      updated: 0,
      unchanged: results.filter((result) => result.status === 'unchanged').length,
      rejected,
      failed: 0,
      cancelled: 0,
      bytes_per_s: null,
      seconds_left: null,
      current: null,
      waiting_until: null,
      created_at: time,
      started_at: time,
      finished_at: time,
      error: null,
    };
    this.queue.set(id, { job, results });
    return job;
  }

  #job(id: number): { job: Job; results: ImportResult[] } {
    const found = this.queue.get(id);
    if (found === undefined) throw notFoundError('import.job_unknown', 'there is no such job', 'List them.');
    return found;
  }

  async *followJob(id: number, signal?: AbortSignal): AsyncGenerator<ImportEvent> {
    this.#see('followJob', id, signal);
    const { job } = this.#job(id);
    yield {
      type: 'progress',
      job: id,
      done: job.files_done,
      total: job.files_total,
      bytes_done: job.bytes_done,
      bytes_total: job.bytes_total,
      sections: 0,
      bytes_per_s: null,
      seconds_left: null,
    };
  }

  async jobs(): Promise<readonly Job[]> {
    return [...this.queue.values()].map(({ job }) => job).reverse();
  }

  async job(id: number): Promise<JobDetail> {
    const { job, results } = this.#job(id);
    const faults = results.flatMap(({ source, error }, i) =>
      error === undefined ? [] : [{ item: i + 1, source, state: 'rejected' as const, attempts: 1, error }],
    );
    return { ...job, faults, faults_total: faults.length };
  }

  async #move(id: number, state: Job['state'], from: readonly Job['state'][]): Promise<Job> {
    const found = this.#job(id);
    if (!from.includes(found.job.state))
      throw badInputError('import.job_state', `job ${id} is ${found.job.state}`, 'List them.');
    found.job = { ...found.job, state };
    return found.job;
  }
  pauseJob(id: number): Promise<Job> {
    this.#see('pauseJob', id);
    return this.#move(id, 'paused', ['queued', 'running']);
  }
  resumeJob(id: number): Promise<Job> {
    this.#see('resumeJob', id);
    return this.#move(id, 'done', ['queued', 'paused', 'failed']);
  }
  cancelJob(id: number): Promise<Job> {
    this.#see('cancelJob', id);
    return this.#move(id, 'cancelled', ['queued', 'running', 'paused', 'failed']);
  }
  async retryJob(id: number, items?: readonly number[]): Promise<Job> {
    this.#see('retryJob', { id, items });
    const found = this.#job(id);
    for (const [i, result] of found.results.entries())
      if (result.status === 'rejected' && items?.includes(i + 1) !== false)
        found.results[i] = await this.#importOne(result.source);
    found.job = {
      ...found.job,
      rejected: found.results.filter((result) => result.status === 'rejected').length,
    };
    return found.job;
  }

  async watch(request: WatchRequest): Promise<Watch> {
    this.#see('watch', request);
    const watch = {
      path: request.path,
      kept: request.kept,
      made_at: '2026-01-01T00:00:00.000Z',
      files: 0,
      missing: [],
      missing_total: 0,
      unsettled: 0,
      scanned_at: null,
      error: null,
    };
    this.watched.set(request.path, watch);
    return watch;
  }
  async watches(): Promise<readonly Watch[]> {
    return [...this.watched.values()];
  }
  async unwatch(path: string): Promise<void> {
    this.#see('unwatch', path);
    if (!this.watched.delete(path)) throw notFoundError('watch.unknown', 'not watched', 'List them.');
  }

  async queries(): Promise<readonly ListedQuery[]> {
    this.#see('queries', undefined);
    return this.listed;
  }

  async slowQueries(): Promise<readonly SlowQuery[]> {
    this.#see('slowQueries', undefined);
    return this.slow;
  }

  async cancelQuery(id: number): Promise<void> {
    this.#see('cancelQuery', id);
    if (!this.listed.some((query) => query.id === id))
      throw notFoundError('query.unknown', 'no statement of that number runs', 'List them.');
  }

  /** What `generate` says, in pieces; empty for a node on which nothing writes. */
  words: readonly string[] = [];

  async aiDocumentation(): Promise<AiDocumentation> {
    this.#see('aiDocumentation', undefined);
    return { use_cases: { format: 'fractal.use-cases/1', version: '1', use_cases: {} }, models: [] };
  }

  /** What `manageModel` and `pullModel` changed. */
  readonly modelState = { pinned: false };

  #model(name: string): ModelDetail {
    if (!['m', 'm-1'].includes(name))
      throw notFoundError('model.unknown', 'there is no model of that name here', 'Models here: m-1.');
    return {
      name: 'm-1',
      id: 'm',
      version: '1',
      kind: 'embedding',
      format: 'onnx',
      runtime: 'onnx',
      licence: 'Apache-2.0',
      bytes: 3_000_000,
      ram_bytes_needed: 9_000_000,
      sha256: 'ab'.repeat(32),
      dimension: 2,
      context_tokens: null,
      in_use: true,
      pinned: this.modelState.pinned,
      shipped: false,
      measured: null,
      fault: null,
      card: { purpose: 'Tests.', data: 'None.', figures: ['right always'], limits: ['everything'] },
      card_text: '# Card\u001b[2J\n',
      files: [{ path: 'model.onnx', bytes: 3_000_000, sha256: 'ab'.repeat(32) }],
    };
  }

  async models(): Promise<readonly ModelInfo[]> {
    this.#see('models', undefined);
    return [this.#model('m')];
  }

  async model(name: string): Promise<ModelDetail> {
    this.#see('model', name);
    return this.#model(name);
  }

  async manageModel(request: ModelRequest, signal?: AbortSignal): Promise<ModelDetail> {
    this.#see('manageModel', request, signal);
    if (request.action === 'pin' || request.action === 'unpin')
      this.modelState.pinned = request.action === 'pin';
    return this.#model(request.action === 'add' ? 'm' : request.name);
  }

  async *pullModel(request: PullRequest, signal?: AbortSignal): AsyncGenerator<PullEvent> {
    this.#see('pullModel', request, signal);
    const model = this.#model(request.name);
    yield { type: 'file', file: 'model.onnx', bytes: 3_000_000, done: 0, total: 1 };
    yield { type: 'model', model };
  }

  async servedModels(): Promise<readonly ServedModel[]> {
    this.#see('servedModels', undefined);
    const embedder = { id: 'e', version: '1', kind: 'embedding' } as const;
    return this.words.length === 0 ? [embedder] : [embedder, { id: 'g', version: '1', kind: 'generator' }];
  }

  async embed(request: EmbedRequest, signal?: AbortSignal): Promise<EmbedAnswer> {
    this.#see('embed', request, signal);
    const vectors = request.input.map(() => [1, 0]);
    return { model: 'e 1', dimension: 2, vectors, inference_id: 'i-1' };
  }

  async *generate(request: GenerateTextRequest, signal?: AbortSignal): AsyncGenerator<GenerateEvent> {
    this.#see('generate', request, signal);
    if (this.words.length === 0) throw unavailableError('model.none', 'nothing here writes', 'name a model');
    for (const text of this.words) yield { type: 'text', text };
    const counts = { prompt_tokens: 3, completion_tokens: this.words.length };
    const finish_reason = 'stop';
    yield { type: 'end', inference_id: 'i-1', model: 'g 1', label: 'AI-generated', finish_reason, ...counts };
  }

  async decide(request: DecideRequest): Promise<Decision> {
    this.#see('decide', request);
    if (request.inference_id !== 'i-1')
      throw notFoundError('inference.unknown', 'there is none', 'look again');
    const { amendment = null, ...rest } = request;
    const decided_at = '2026-01-01T00:00:00.000Z';
    return { decision_id: 'd-1', ...rest, amendment, decided_by: 'local-operator', decided_at };
  }

  entries: AuditAnswer['entries'] = [];
  verdict: AuditVerdict = {
    ok: true,
    entries: 1,
    expired: 0,
    retired: [],
    checkpoints: 0,
    root: 'r',
    head: 'h',
    faults: [],
  };
  bundle: AuditBundle | undefined;
  reportBundle: ReportBundle | undefined;

  async audit(request: AuditRequest): Promise<AuditAnswer> {
    this.#see('audit', request);
    if (request.since?.startsWith('2') === false)
      throw badInputError('audit.time', 'no time', 'Write a day.');
    return { entries: this.entries, more: false };
  }

  async verifyAudit(): Promise<AuditVerdict> {
    this.#see('verifyAudit', undefined);
    return this.verdict;
  }

  async checkpointAudit(): Promise<AuditCheckpoint> {
    this.#see('checkpointAudit', undefined);
    return { origin: 'o', size: 1, root: 'r', note: 'o\n1\nr\n\n— o sig\n', key: 'o+id+key' };
  }

  async exportAudit(request: AuditExportRequest): Promise<AuditExport> {
    this.#see('exportAudit', request);
    if (request.limit < 1) throw badInputError('audit.limit', 'no limit', 'Write one.');
    return { lines: [] };
  }

  async cosignedAudit(request: CosignatureRequest): Promise<{ kept: boolean }> {
    this.#see('cosignedAudit', request);
    throw badInputError('audit.cosignature', 'none', 'Push again.');
  }

  async auditRetention(request: RetentionRequest): Promise<RetentionAnswer> {
    this.#see('auditRetention', request);
    if (request.action === 'release')
      throw notFoundError('audit.hold_unknown', 'there is no hold of this name', 'List them.');
    return { retention: {}, holds: [] };
  }

  async auditReplicas(request: ReplicaRequest): Promise<ReplicaAnswer> {
    this.#see('auditReplicas', request);
    if (request.action !== 'list') throw notFoundError('audit.replica_unknown', 'none', 'Accept it.');
    return { replicas: [] };
  }

  async replayAudit(request: ReplayRequest): Promise<ReplayAnswer> {
    this.#see('replayAudit', request);
    throw notFoundError('audit.entry_unknown', 'there is no such entry', 'List them.');
  }

  async proveReport(request: ReportProofRequest): Promise<ReportBundle> {
    this.#see('proveReport', request);
    if (this.reportBundle !== undefined) return this.reportBundle;
    throw notFoundError('audit.entry_unknown', 'there is no such entry', 'List them.');
  }

  async proveAudit(entry: number): Promise<AuditBundle> {
    this.#see('proveAudit', entry);
    if (this.bundle === undefined || entry !== 0)
      throw notFoundError('audit.entry_unknown', `there is no entry ${entry}`, 'List them.');
    return this.bundle;
  }

  async proveGrowth(request: GrowthRequest): Promise<AuditGrowth> {
    this.#see('proveGrowth', request);
    const { from, to = from } = request;
    if (from < 1 || to < from || to > 9)
      throw badInputError('audit.growth', 'the log has other entries', 'Give its numbers.');
    const [from_root, to_root] = ['r', 'r'];
    return {
      format: 'fractal.audit-growth/2',
      from,
      from_root,
      to,
      to_root,
      proof: [],
      checkpoint: null,
      keys: [],
    };
  }

  async sessions(request: SessionRequest): Promise<SessionAnswer> {
    this.#see('sessions', request);
    const ended = this.loggedIn.filter((one) => request.action === 'revoke' && one.id === request.id).length;
    if (request.action === 'revoke' && ended === 0)
      throw notFoundError('session.unknown', 'there is no session of this id', 'List them.');
    return { sessions: request.action === 'list' ? this.loggedIn : [], ended };
  }

  async users(request: UserRequest): Promise<UserAnswer> {
    this.#see('users', request);
    return {
      users: [{ id: 'ann', roles: ['inspector'], attributes: {}, removed: false, credentials: [] }],
      ...(request.action === 'add' ? { token: 'fractal_token' } : {}),
    };
  }

  async policy(request: PolicyRequest): Promise<PolicyAnswer> {
    this.#see('policy', request);
    if (request.action !== 'test') return {};
    return { results: [{ name: 'a case', ok: request.cases !== undefined, found: 'nothing' }] };
  }

  async externalTables(request: ExternalTableRequest): Promise<ExternalTablesAnswer> {
    this.#see('externalTables', request);
    if (request.action === 'list' || request.action === 'remove') return { tables: [] };
    const columns = [{ name: 'n', type: 'BIGINT' }];
    const source = request.action === 'add' ? request.source : '/data/n.csv';
    const table = {
      name: request.name,
      source,
      format: 'csv',
      files: 1,
      bytes: 4,
      columns,
      state: 'ok',
    } as const;
    return { tables: [table] };
  }

  async close(): Promise<void> {
    this.closed++;
  }
}

function cut(bytes: Uint8Array, size: number): Uint8Array[] {
  const out: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += size) out.push(bytes.subarray(start, start + size));
  return out;
}
