/** A running node, asked over its local socket. The other end of `app.ts`, behind the same `NodeApi`. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { FractalError, deniedError, unavailableError, type Problem } from '../base/index.ts';
import type {
  AskEvent,
  AskRequest,
  AuditAnswer,
  AuditBundle,
  AuditCheckpoint,
  AuditGrowth,
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
  GrowthRequest,
  ModelDetail,
  ModelInfo,
  ModelRequest,
  ServedModel,
  DoctorCheck,
  ExternalTableRequest,
  ExternalTablesAnswer,
  ImportEvent,
  ImportRequest,
  Job,
  JobDetail,
  LawDiff,
  LawDiffRequest,
  LawObligations,
  LawObligationsRequest,
  LawShowRequest,
  LawText,
  LawVersions,
  ListedCheck,
  ListedDocument,
  ListedQuery,
  NodeApi,
  NodeStatus,
  PolicyAnswer,
  PolicyRequest,
  PullEvent,
  PullRequest,
  ReindexEvent,
  RunRequest,
  SearchAnswer,
  SearchRequest,
  SessionAnswer,
  SessionRequest,
  SiteCheck,
  SlowQuery,
  SourceInfo,
  SourceRequest,
  SourceVersion,
  SqlRequest,
  UserAnswer,
  UserRequest,
  Watch,
  WatchRequest,
  VersionsRequest,
} from '../node/index.ts';
import { PRINCIPAL_HEADER, PURPOSE_HEADER } from './caller.ts';
import { readFrames } from './frames.ts';
import { EVENTS_TYPE, FRAMES_TYPE, JSON_TYPE, NDJSON_TYPE } from './routes.ts';
import { shortSocketPath } from './socket-path.ts';

export interface RemoteNodeOptions {
  /** Its local socket; or `url`, its HTTP port, for a node elsewhere. */
  readonly socketPath?: string;
  readonly url?: URL;
  /** Whom to act as; the local operator when absent. */
  readonly principal?: string;
  readonly token?: string | undefined;
  /** What the calls are for. */
  readonly purpose?: string | undefined;
}

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly accept?: string;
  readonly signal?: AbortSignal | undefined;
}

/** What the line of a server-sent event that holds its value begins with. */
const DATA = 'data: ';

type ErrorLine = { readonly type: 'error'; readonly problem: Problem };

export class RemoteNode implements NodeApi {
  readonly #url: URL | undefined;
  readonly #socketPath: string;
  readonly #principal: string | undefined;
  readonly #token: string | undefined;
  readonly #purpose: string | undefined;
  readonly #open = new Set<IncomingMessage>();

  constructor(options: RemoteNodeOptions) {
    this.#url = options.url;
    this.#socketPath =
      options.socketPath === undefined ? '' : shortSocketPath(options.socketPath, process.cwd());
    this.#principal = options.principal;
    this.#token = options.token;
    this.#purpose = options.purpose;
  }

  status(): Promise<NodeStatus> {
    return this.#json({ method: 'GET', path: '/v1/status' });
  }

  async doctor(): Promise<readonly DoctorCheck[]> {
    const answer = await this.#json<{ checks: DoctorCheck[] }>({ method: 'GET', path: '/v1/doctor' });
    return answer.checks;
  }

  search(request: SearchRequest, signal?: AbortSignal): Promise<SearchAnswer> {
    return this.#json({ method: 'POST', path: '/v1/search', body: request, signal });
  }

  async *ask(request: AskRequest, signal?: AbortSignal): AsyncGenerator<AskEvent, void, undefined> {
    const response = await this.#call({
      method: 'POST',
      path: '/v1/ask',
      body: request,
      accept: EVENTS_TYPE,
      signal,
    });
    for await (const line of lines(this.#chunks(response, signal))) {
      if (!line.startsWith(DATA)) continue;
      const event = JSON.parse(line.slice(DATA.length)) as AskEvent | ErrorLine;
      if (event.type === 'error') throw FractalError.fromProblem(event.problem);
      yield event;
    }
  }

  async sql(request: SqlRequest, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const response = await this.#call({
      method: 'POST',
      path: '/v1/sql',
      body: request,
      accept: FRAMES_TYPE,
      signal,
    });
    return readFrames(this.#chunks(response, signal));
  }

  async explain(request: SqlRequest, signal?: AbortSignal): Promise<string> {
    const answer = await this.#json<{ plan: string }>({
      method: 'POST',
      path: '/v1/explain',
      body: request,
      signal,
    });
    return answer.plan;
  }

  classify(request: ClassifyRequest, signal?: AbortSignal): Promise<ClassifyAnswer> {
    // Lists, so that the answer is one.
    const { texts = [], ...rest } = request;
    return this.#json({ method: 'POST', path: '/v1/classify', body: { ...rest, texts }, signal });
  }

  check({ site, ...query }: CheckRequest): Promise<SiteCheck> {
    const path = `/v1/sites/${encodeURIComponent(site)}/compliance${queryOf({ ...query })}`;
    return this.#json({ method: 'GET', path });
  }

  async checkAll(query: Omit<CheckRequest, 'site'>): Promise<readonly ListedCheck[]> {
    const path = `/v1/compliance${queryOf({ ...query })}`;
    return (await this.#json<{ sites: ListedCheck[] }>({ method: 'GET', path })).sites;
  }

  lawDiff(request: LawDiffRequest, signal?: AbortSignal): Promise<LawDiff> {
    return this.#json({ method: 'GET', path: `/v1/law/diff${queryOf({ ...request })}`, signal });
  }

  lawVersions(document: string): Promise<LawVersions> {
    return this.#json({ method: 'GET', path: `/v1/law/versions${queryOf({ document })}` });
  }

  async lawDocuments(): Promise<readonly ListedDocument[]> {
    const answer = await this.#json<{ documents: ListedDocument[] }>({
      method: 'GET',
      path: '/v1/law/documents',
    });
    return answer.documents;
  }

  lawObligations(request: LawObligationsRequest): Promise<LawObligations> {
    return this.#json({ method: 'GET', path: `/v1/law/obligations${queryOf({ ...request })}` });
  }

  lawShow(request: LawShowRequest): Promise<LawText> {
    return this.#json({ method: 'GET', path: `/v1/law/text${queryOf({ ...request })}` });
  }

  import(request: ImportRequest, signal?: AbortSignal): AsyncGenerator<ImportEvent, void, undefined> {
    return this.#events('/v1/import', request, signal);
  }

  async *#importEvents(
    response: IncomingMessage,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ImportEvent, void, undefined> {
    for await (const line of lines(this.#chunks(response, signal))) {
      const event = JSON.parse(line) as ImportEvent | ErrorLine;
      if (event.type === 'error') throw FractalError.fromProblem(event.problem);
      yield event;
    }
  }

  submitImport(request: ImportRequest): Promise<Job> {
    return this.#json({ method: 'POST', path: '/v1/jobs', body: request });
  }

  async *followJob(id: number, signal?: AbortSignal): AsyncGenerator<ImportEvent, void, undefined> {
    const path = `/v1/jobs/${id}/events`;
    const response = await this.#call({ method: 'GET', path, accept: NDJSON_TYPE, signal });
    yield* this.#importEvents(response, signal);
  }

  async jobs(): Promise<readonly Job[]> {
    return (await this.#json<{ jobs: Job[] }>({ method: 'GET', path: '/v1/jobs' })).jobs;
  }

  job(id: number): Promise<JobDetail> {
    return this.#json({ method: 'GET', path: `/v1/jobs/${id}` });
  }

  pauseJob(id: number): Promise<Job> {
    return this.#json({ method: 'POST', path: `/v1/jobs/${id}/pause`, body: {} });
  }

  resumeJob(id: number): Promise<Job> {
    return this.#json({ method: 'POST', path: `/v1/jobs/${id}/resume`, body: {} });
  }

  cancelJob(id: number): Promise<Job> {
    return this.#json({ method: 'POST', path: `/v1/jobs/${id}/cancel`, body: {} });
  }

  retryJob(id: number, items?: readonly number[]): Promise<Job> {
    const body = items === undefined ? {} : { items };
    return this.#json({ method: 'POST', path: `/v1/jobs/${id}/retry`, body });
  }

  watch(request: WatchRequest): Promise<Watch> {
    return this.#json({ method: 'POST', path: '/v1/watches', body: request });
  }

  async watches(): Promise<readonly Watch[]> {
    return (await this.#json<{ watches: Watch[] }>({ method: 'GET', path: '/v1/watches' })).watches;
  }

  async unwatch(path: string): Promise<void> {
    await this.#json({ method: 'POST', path: '/v1/unwatch', body: { path } });
  }

  async *reindex(signal?: AbortSignal): AsyncGenerator<ReindexEvent, void, undefined> {
    const response = await this.#call({
      method: 'POST',
      path: '/v1/reindex',
      body: {},
      accept: NDJSON_TYPE,
      signal,
    });
    for await (const line of lines(this.#chunks(response, signal))) {
      const event = JSON.parse(line) as ({ readonly type: 'progress' } & ReindexEvent) | ErrorLine;
      if (event.type === 'error') throw FractalError.fromProblem(event.problem);
      yield { done: event.done, total: event.total };
    }
  }

  async sources(): Promise<readonly SourceInfo[]> {
    const answer = await this.#json<{ sources: SourceInfo[] }>({ method: 'GET', path: '/v1/sources' });
    return answer.sources;
  }

  addSource(request: SourceRequest): Promise<SourceInfo> {
    return this.#json({ method: 'POST', path: '/v1/sources', body: request });
  }

  async removeSource(name: string): Promise<void> {
    await this.#json({ method: 'POST', path: '/v1/sources/remove', body: { name } });
  }

  runSources(request: RunRequest, signal?: AbortSignal): AsyncGenerator<ImportEvent, void, undefined> {
    return this.#events('/v1/sources/run', request, signal);
  }

  async sourceVersions(request: VersionsRequest, signal?: AbortSignal): Promise<readonly SourceVersion[]> {
    const answer = await this.#json<{ versions: SourceVersion[] }>({
      method: 'POST',
      path: '/v1/sources/versions',
      body: request,
      signal,
    });
    return answer.versions;
  }

  async queries(): Promise<readonly ListedQuery[]> {
    return (await this.#json<{ queries: ListedQuery[] }>({ method: 'GET', path: '/v1/queries' })).queries;
  }

  async slowQueries(): Promise<readonly SlowQuery[]> {
    return (await this.#json<{ queries: SlowQuery[] }>({ method: 'GET', path: '/v1/queries/slow' })).queries;
  }

  async cancelQuery(id: number): Promise<void> {
    await this.#json({ method: 'POST', path: `/v1/queries/${id}/cancel`, body: {} });
  }

  aiDocumentation(): Promise<AiDocumentation> {
    return this.#json({ method: 'GET', path: '/v1/ai/documentation' });
  }

  async models(): Promise<readonly ModelInfo[]> {
    return (await this.#json<{ models: ModelInfo[] }>({ method: 'GET', path: '/v1/registry/models' })).models;
  }

  model(name: string): Promise<ModelDetail> {
    return this.#json({ method: 'GET', path: `/v1/registry/models/${encodeURIComponent(name)}` });
  }

  manageModel(request: ModelRequest, signal?: AbortSignal): Promise<ModelDetail> {
    return this.#json({ method: 'POST', path: '/v1/registry/models', body: request, signal });
  }

  async *pullModel(request: PullRequest, signal?: AbortSignal): AsyncGenerator<PullEvent, void, undefined> {
    const path = '/v1/registry/pull';
    const response = await this.#call({ method: 'POST', path, body: request, accept: NDJSON_TYPE, signal });
    for await (const line of lines(this.#chunks(response, signal))) {
      const event = JSON.parse(line) as PullEvent | ErrorLine;
      if (event.type === 'error') throw FractalError.fromProblem(event.problem);
      yield event;
    }
  }

  async servedModels(): Promise<readonly ServedModel[]> {
    const answer = await this.#json<{ data: ServedModel[] }>({ method: 'GET', path: '/v1/models' });
    return answer.data.map(({ id, version, kind }) => ({ id, version, kind }));
  }

  embed(request: EmbedRequest, signal?: AbortSignal): Promise<EmbedAnswer> {
    return this.#json({ method: 'POST', path: '/v1/embed', body: request, signal });
  }

  async *generate(request: GenerateTextRequest, signal?: AbortSignal): AsyncGenerator<GenerateEvent> {
    const path = '/v1/generate';
    const response = await this.#call({ method: 'POST', path, body: request, accept: NDJSON_TYPE, signal });
    for await (const line of lines(this.#chunks(response, signal))) {
      const event = JSON.parse(line) as GenerateEvent | ErrorLine;
      if (event.type === 'error') throw FractalError.fromProblem(event.problem);
      yield event;
    }
  }

  decide(request: DecideRequest): Promise<Decision> {
    return this.#json({ method: 'POST', path: '/v1/decisions', body: request });
  }

  audit(request: AuditRequest): Promise<AuditAnswer> {
    return this.#json({ method: 'GET', path: `/v1/audit${queryOf({ ...request })}` });
  }

  verifyAudit(): Promise<AuditVerdict> {
    return this.#json({ method: 'GET', path: '/v1/audit/verify' });
  }

  checkpointAudit(): Promise<AuditCheckpoint> {
    return this.#json({ method: 'POST', path: '/v1/audit/checkpoint', body: {} });
  }

  exportAudit(request: AuditExportRequest): Promise<AuditExport> {
    return this.#json({ method: 'GET', path: `/v1/audit/lines${queryOf({ ...request })}` });
  }

  cosignedAudit(request: CosignatureRequest): Promise<{ kept: boolean }> {
    return this.#json({ method: 'POST', path: '/v1/audit/cosignature', body: request });
  }

  auditRetention(request: RetentionRequest): Promise<RetentionAnswer> {
    return this.#json({ method: 'POST', path: '/v1/audit/retention', body: request });
  }

  auditReplicas(request: ReplicaRequest): Promise<ReplicaAnswer> {
    return this.#json({ method: 'POST', path: '/v1/audit/replicas', body: request });
  }

  replayAudit(request: ReplayRequest, signal?: AbortSignal): Promise<ReplayAnswer> {
    return this.#json({ method: 'POST', path: '/v1/audit/replay', body: request, signal });
  }

  proveReport(request: ReportProofRequest): Promise<ReportBundle> {
    return this.#json({ method: 'POST', path: '/v1/audit/report', body: request });
  }

  proveAudit(entry: number): Promise<AuditBundle> {
    return this.#json({ method: 'GET', path: `/v1/audit/${entry}/proof` });
  }

  proveGrowth(request: GrowthRequest): Promise<AuditGrowth> {
    return this.#json({ method: 'GET', path: `/v1/audit/growth${queryOf({ ...request })}` });
  }

  sessions(request: SessionRequest): Promise<SessionAnswer> {
    return this.#json({ method: 'POST', path: '/v1/sessions', body: request });
  }

  users(request: UserRequest): Promise<UserAnswer> {
    return this.#json({ method: 'POST', path: '/v1/users', body: request });
  }

  policy(request: PolicyRequest): Promise<PolicyAnswer> {
    return this.#json({ method: 'POST', path: '/v1/policies', body: request });
  }

  externalTables(request: ExternalTableRequest): Promise<ExternalTablesAnswer> {
    return this.#json({ method: 'POST', path: '/v1/tables', body: request });
  }

  /** Ends this side's requests. The node itself goes on. */
  async close(): Promise<void> {
    for (const response of this.#open) response.destroy();
  }

  async *#events(
    path: string,
    body: unknown,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ImportEvent, void, undefined> {
    const response = await this.#call({ method: 'POST', path, body, accept: NDJSON_TYPE, signal });
    for await (const line of lines(this.#chunks(response, signal))) {
      const event = JSON.parse(line) as ImportEvent | ErrorLine;
      if (event.type === 'error') throw FractalError.fromProblem(event.problem);
      yield event;
    }
  }

  async #json<T>(call: Call): Promise<T> {
    const response = await this.#call(call);
    const parts: Uint8Array[] = [];
    for await (const chunk of this.#chunks(response, call.signal)) parts.push(chunk);
    return JSON.parse(Buffer.concat(parts).toString()) as T;
  }

  /** Sends the call; resolves with the head of a good answer, throws the problem of a bad one. */
  async #call(call: Call): Promise<IncomingMessage> {
    const response = await this.#send(call);
    this.#open.add(response);
    response.once('close', () => this.#open.delete(response));
    if ((response.statusCode ?? 0) < 300) return response;
    const parts: Uint8Array[] = [];
    for await (const chunk of this.#chunks(response, call.signal)) parts.push(chunk);
    throw problemOf(Buffer.concat(parts).toString());
  }

  #send(call: Call): Promise<IncomingMessage> {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    return new Promise((resolve, reject) => {
      const url = this.#url;
      const request = (url?.protocol === 'https:' ? httpsRequest : httpRequest)(
        {
          ...(url === undefined
            ? { socketPath: this.#socketPath }
            : { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: url.port }),
          method: call.method,
          path: call.path,
          // A connection per call: a kept one may be cut by the node while the next request is on its way.
          agent: false,
          headers: {
            host: url?.host ?? 'localhost',
            accept: call.accept ?? JSON_TYPE,
            ...(this.#principal === undefined ? {} : { [PRINCIPAL_HEADER]: this.#principal }),
            ...(this.#purpose === undefined ? {} : { [PURPOSE_HEADER]: this.#purpose }),
            ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
            ...(body === undefined
              ? {}
              : { 'content-type': JSON_TYPE, 'content-length': Buffer.byteLength(body) }),
          },
          ...(call.signal === undefined ? {} : { signal: call.signal }),
        },
        resolve,
      );
      request.on('error', (error) =>
        reject(
          url === undefined || call.signal?.aborted === true
            ? connectionError(error, call.signal)
            : unreachable(url, error),
        ),
      );
      request.end(body);
    });
  }

  async *#chunks(
    response: IncomingMessage,
    signal?: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for await (const chunk of response as AsyncIterable<Uint8Array>) yield chunk;
    } catch (error) {
      throw connectionError(error, signal, this.#url);
    }
  }
}

const queryOf = (request: Readonly<Record<string, string | number | boolean>>): string =>
  `?${new URLSearchParams(Object.entries(request).map(([name, value]): [string, string] => [name, String(value)])).toString()}`;

async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let held = '';
  for await (const chunk of chunks) {
    const parts = (held + decoder.decode(chunk, { stream: true })).split('\n');
    held = parts.pop() ?? '';
    for (const part of parts) if (part !== '') yield part;
  }
  if (held !== '') yield held;
}

function problemOf(body: string): FractalError {
  try {
    const problem = JSON.parse(body) as Problem;
    if (typeof problem.code === 'string') return FractalError.fromProblem(problem);
  } catch {
    // Not ours: told below.
  }
  return unavailableError(
    'remote.protocol',
    'the running node answered in a form that this program does not know',
    'Run the same version of Fractal on both sides: restart the node with `fractal start`.',
  );
}

const unreachable = (url: URL, error: unknown): FractalError =>
  unavailableError(
    'node.unreachable',
    `${url.host} does not answer (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`,
    'See whether the node there runs, and whether its certificate is known here (NODE_EXTRA_CA_CERTS).',
    { cause: error },
  );

function connectionError(error: unknown, signal: AbortSignal | undefined, url?: URL): FractalError {
  if (error instanceof FractalError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  // An aborted request may also surface as a reset connection.
  if (signal?.aborted === true)
    return unavailableError('cancelled', 'the request was cancelled', 'Ask again when it suits you.');
  if (code === 'ENOENT' || code === 'ECONNREFUSED')
    return unavailableError(
      'node.not_running',
      'no node answers on this data directory',
      'Start one with `fractal start`, or run the command again: without a running node it opens the directory itself.',
    );
  if (code === 'EACCES' || code === 'EPERM')
    return deniedError(
      'node.socket_denied',
      'the node on this data directory belongs to another user',
      'Run the command as the user who started the node.',
    );
  if (url !== undefined)
    return unavailableError(
      'node.connection_lost',
      `the connection to ${url.host} was lost (${code === '' ? 'unknown reason' : code})`,
      'Try again when it answers.',
      { cause: error },
    );
  return unavailableError(
    'node.connection_lost',
    `the connection to the running node was lost (${code === '' ? 'unknown reason' : code})`,
    'See whether the node still runs with `fractal status`, then try again.',
    { cause: error },
  );
}
