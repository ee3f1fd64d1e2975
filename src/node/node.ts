/** One node: every layer built in one place, started and stopped in order. */
import { asFractalError, badInputError, internalError, newId, type Log } from '../base/index.ts';
import { HubPush, LoggedEntries, hubAddress, type HubDoor } from '../audit/index.ts';
import { ImportQueue, Importer, Watcher, reindex, remark, shownResult } from '../ingest/index.ts';
import {
  ComplianceCache,
  ExternalReader,
  SectionSearch,
  type ListedDocument,
  type Principal,
} from '../query/index.ts';
import { PrincipalDirectory } from '../security/index.ts';
import { Maintenance, Store } from '../store/index.ts';
import type {
  AskEvent,
  AskRequest,
  CheckRequest,
  ClassifyAnswer,
  ClassifyRequest,
  DoctorCheck,
  ExternalTableRequest,
  ExternalTablesAnswer,
  ImportEvent,
  ImportRequest,
  LawDiff,
  LawDiffRequest,
  LawObligations,
  LawObligationsRequest,
  LawShowRequest,
  LawText,
  LawVersions,
  Job,
  JobDetail,
  NodeApi,
  NodeStatus,
  PolicyAnswer,
  PolicyRequest,
  ReindexEvent,
  RunRequest,
  ListedCheck,
  SearchAnswer,
  SiteCheck,
  SearchRequest,
  SourceInfo,
  SourceRequest,
  SourceVersion,
  SqlRequest,
  UserAnswer,
  UserRequest,
  VersionsRequest,
  Watch,
  WatchRequest,
} from './api.ts';
import {
  LOCAL_OPERATOR,
  NodePolicy,
  admit,
  demand,
  demandAny,
  identify,
  isLocalOperator,
  readPolicy,
  readmit,
  type Caller,
} from './access.ts';
import { administerPolicy, administerUsers } from './administer.ts';
import { documentAi, type AiDocumentation } from './ai-documentation.ts';
import type {
  AuditAnswer,
  AuditBundle,
  AuditCheckpoint,
  AuditExport,
  AuditExportRequest,
  AuditGrowth,
  AuditRequest,
  AuditVerdict,
  CosignatureRequest,
  GrowthRequest,
  ReplayAnswer,
  ReplayRequest,
  ReportBundle,
  ReportProofRequest,
  ReplicaAnswer,
  ReplicaRequest,
  RetentionAnswer,
  RetentionRequest,
} from './audit-api.ts';
import { AuditQuestions } from './audit-log.ts';
import { replicaAnswer } from './audit-replicas.ts';
import { retentionAnswer } from './audit-retention.ts';
import { buildAi } from './build-ai.ts';
import { buildEmbedder } from './build-embedder.ts';
import { askNode } from './ask.ts';
import { audited, type Auditable } from './audited/calls.ts';
import { CallFacts, type Identity } from './audited/facts.ts';
import { AuditedFlight, auditedGate } from './audited/flight.ts';
import { openAudit, tellStart, tellStop } from './audited/open-audit.ts';
import { buildSources } from './build-sources.ts';
import {
  embedTexts,
  generateText,
  servedModels,
  type EmbedAnswer,
  type EmbedRequest,
  type GenerateEvent,
  type GenerateTextRequest,
  type ServedModel,
} from './generate.ts';
import { limitsOf, readConfig } from './config.ts';
import { decide, type DecideRequest, type Decision } from './decisions.ts';
import { examine } from './doctor.ts';
import { ExternalTables } from './external-tables.ts';
import { NodeFlightBackend } from './flight/backend.ts';
import { readFlightKeys, readHttpKeys, type FlightDoor } from './flight/door.ts';
import { ImportJobs, importReady, settleIndexes, stoppingError } from './import-jobs.ts';
import { LawQuestions } from './law.ts';
import { ModelManager } from './model-manager.ts';
import type { ModelDetail, ModelInfo, ModelRequest, PullEvent, PullRequest } from './models-api.ts';
import { SYSTEM, type NodeParts, type Outside } from './parts.ts';
import { readOidc } from './oidc.ts';
import { declaring, keyOf, readKey } from './purpose.ts';
import { NodeQueries } from './queries.ts';
import { askSessions, loginDoor } from './logins.ts';
import type { ListedQuery, SlowQuery } from './query-api.ts';
import type { LoginDoor, SessionAnswer, SessionRequest } from './session-api.ts';
import { NodeSources } from './sources.ts';
import {
  Making,
  asDetail,
  replay,
  type Asking,
  type MadeAnswer,
  type MadeKind,
  type MadeRequest,
} from './replay.ts';
import { proveReport } from './report-proof.ts';
import { searchNode } from './search.ts';
import { VERSION, describeNode } from './status.ts';
import { answerSql, explainSql, type SqlAsker } from './sql.ts';

export interface NodeOptions {
  readonly dataDir: string;
  readonly log: Log;
  /** Whom to act as; when absent, whoever the token says, or the local operator of a node without users. */
  readonly principal?: string | undefined;
  readonly token?: string | undefined;
  /** What the calls are for. */
  readonly purpose?: string | undefined;
  readonly outside?: Outside;
  /** Whether this process stays: it goes on with unfinished imports and watches of earlier ones. */
  readonly serving?: boolean;
}

/** Who may use models, manage them, or keep the node sees which there are. */
const SEE_MODELS = ['infer', 'manage-models', 'administer'] as const;

export class FractalNode implements Auditable {
  readonly parts: NodeParts;
  readonly #caller: Caller;
  readonly #directory: PrincipalDirectory;
  readonly #policy: NodePolicy;
  readonly #sources: NodeSources;
  readonly #jobs: ImportJobs;
  readonly #stopping: AbortController;
  readonly #facts: CallFacts;
  /** Rows of older schemas are searched for people while the node runs. */
  #marking: Promise<void> = Promise.resolve();
  #hubPush: HubPush | undefined;

  private constructor(
    parts: NodeParts,
    directory: PrincipalDirectory,
    policy: NodePolicy,
    sources: NodeSources,
    caller: Caller,
    stopping = new AbortController(),
    facts = new CallFacts(),
  ) {
    this.parts = parts;
    this.#caller = caller;
    this.#directory = directory;
    this.#policy = policy;
    this.#sources = sources;
    this.#stopping = stopping;
    this.#facts = facts;
    this.#jobs = new ImportJobs(parts, sources, stopping.signal);
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

  /** The same node asked by somebody else. Closing it is for the one that was opened. */
  as(caller: Caller): NodeApi {
    const node = new FractalNode(
      this.parts,
      this.#directory,
      this.#policy,
      this.#sources,
      caller,
      this.#stopping,
    );
    return node.#audited();
  }

  /** The same node for one call. */
  forCall(facts: CallFacts): FractalNode {
    return new FractalNode(
      this.parts,
      this.#directory,
      this.#policy,
      this.#sources,
      this.#caller,
      this.#stopping,
      facts,
    );
  }

  /** Who asks: found once for each call. */
  async identity(): Promise<Identity> {
    return await (this.#facts.identity ??= identify(this.#directory, this.#policy, this.#caller));
  }

  /** Nobody is handed a node that does not log. */
  #audited(): FractalNode {
    const { credentials, as, via = 'command' } = this.#caller;
    const claimed = as ?? (credentials !== undefined && 'id' in credentials ? credentials.id : undefined);
    return audited<FractalNode>(this, { recorder: this.parts.audit.recorder, via, claimed });
  }

  async #law(): Promise<LawQuestions> {
    return new LawQuestions(this.parts, await this.#principal(), this.#policy);
  }

  async #principal(): Promise<Principal> {
    return (await this.identity()).principal;
  }

  static async open(options: NodeOptions): Promise<FractalNode> {
    const outside = options.outside ?? SYSTEM;
    const { clock, fs } = outside;
    const config = await readConfig(fs, options.dataDir);
    const limits = limitsOf(config);
    const policy = new NodePolicy(
      await readPolicy(fs, options.dataDir, config.policy),
      clock,
      outside.random.bytes(32),
    );
    const embedder = await buildEmbedder({ dataDir: options.dataDir, config, fs, limits });
    const store = await Store.open({
      folder: options.dataDir,
      limits,
      clock,
      random: outside.random,
      fs,
      log: options.log,
    });
    try {
      const audit = await openAudit({
        dataDir: options.dataDir,
        store,
        outside,
        limits,
        log: options.log,
        retention: config.audit_retention,
      });
      const search = new SectionSearch({ store, embedder, policy, limits });
      const maintenance = new Maintenance({ store });
      // A damaged search table does not stop the node: SQL goes on and search says what to do.
      if (store.lanceDamage === undefined) await search.prepare();
      const importer = new Importer({ store, embedder, clock, fs, limits });
      const { dataDir } = options;
      const { sources, http, fetching } = await buildSources({
        dataDir,
        config,
        limits,
        outside,
        store,
        importer,
      });
      const ai = await buildAi({ dataDir, config, limits, outside, store });
      const models = new ModelManager({ dataDir, limits, outside, fetching });
      await models.clear();
      maintenance.start();
      const all = options.serving === true;
      const ports = { store, importer, clock, fs, limits, log: options.log };
      const queue = await ImportQueue.open(
        {
          ...ports,
          ready: () => importReady({ store, search }),
          settle: () => settleIndexes({ search, maintenance, limits }),
        },
        { all },
      );
      const watcher = await Watcher.open({ ...ports, queue }, { all });
      const queries = new NodeQueries({ store, limits, fs, dataDir, config }, options.log);
      const parts = {
        dataDir,
        queries,
        config,
        limits,
        outside,
        store,
        embedder,
        ...ai,
        search,
        federation: {
          ...{ search, embedder, external: new ExternalReader(fs, limits), clock },
          audit: new LoggedEntries(audit.log),
        },
        maintenance,
        importer,
        sources,
        fetching,
        models,
        http,
        queue,
        watcher,
        compliance: new ComplianceCache(store, limits),
        audit,
        startedAt: clock.monotonic(),
      };
      const { random } = outside;
      await new ExternalTables(parts, policy).load();
      const directory = new PrincipalDirectory({
        store,
        clock,
        random,
        limits,
        policy: policy.engine,
        oidc: await readOidc(config.oidc, {
          ...{ fs, dataDir, clock, limits, network: config.network },
          audit: audit.recorder.options.sink,
        }),
        lockedOut: (lockout) => audit.recorder.lockedOut(lockout),
      });
      const { token, principal, purpose } = options;
      const caller = { purpose, as: principal, credentials: token === undefined ? undefined : { token } };
      const nodeSources = new NodeSources(parts, LOCAL_OPERATOR.id, options.log);
      const node = new FractalNode(parts, directory, policy, nodeSources, caller);
      await tellStart(audit.log, store, {
        version: VERSION,
        policy_version: policy.engine.document.version,
        model: `${embedder.model.id} ${embedder.model.version}`,
        model_sha256: embedder.model.sha256,
        serving: all,
      });
      node.#marking = node.#markPeople(options.log);
      return node.#audited();
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** What the Flight door of this node asks, and the keys of its TLS when it has some. */
  async flight(): Promise<FlightDoor> {
    const directory = this.#directory;
    const policy = this.#policy;
    const named = async (key: string): Promise<Principal> => {
      const { id, purpose } = readKey(key);
      if (id === LOCAL_OPERATOR.id) return await admit(directory, policy, { purpose });
      return declaring(await directory.named(id), purpose);
    };
    return {
      backend: new AuditedFlight(
        new NodeFlightBackend(this.parts, { policy, named }, this.#stopping.signal),
        this.parts.audit.recorder,
        named,
      ),
      gate: auditedGate(
        this.parts.audit.recorder,
        {
          admit: async (caller) => {
            const { principal, ...rest } = await identify(directory, policy, caller);
            return { principal: keyOf(principal), ...rest };
          },
          readmit: async (credential, as, purpose) =>
            keyOf(await readmit(directory, policy, credential, { as, purpose })),
        },
        named,
      ),
      users: !(await directory.isSingleUser()),
      tls: await readFlightKeys(this.parts),
    };
  }

  /** What stands before the HTTP port. */
  async http(): Promise<Pick<FlightDoor, 'users' | 'tls'>> {
    return { users: !(await this.#directory.isSingleUser()), tls: await readHttpKeys(this.parts) };
  }

  async status(): Promise<NodeStatus> {
    const principal = await this.#principal();
    const mode = isLocalOperator(principal) ? 'single-user' : 'users';
    const status = { ...(await describeNode(this.parts)), mode } as const;
    // How many rows there are tells of rows that policy hides.
    return this.#mayAdminister(principal)
      ? { ...status, queries: this.parts.queries.figures() }
      : { ...status, tables: [], warnings: [] };
  }

  async doctor(): Promise<readonly DoctorCheck[]> {
    demand(this.#policy, await this.#principal(), 'administer');
    return await examine(this.parts);
  }

  async search(request: SearchRequest, signal?: AbortSignal): Promise<SearchAnswer> {
    return await searchNode(this.parts, await this.#principal(), request, signal);
  }

  async *ask(request: AskRequest, signal?: AbortSignal): AsyncGenerator<AskEvent> {
    const asking = await this.#asking();
    const making = new Making(asking, 'ask', request);
    const stop = this.#stop(signal);
    for await (const event of askNode(this.parts, asking.principal, this.#policy, making.request, stop)) {
      if (event.type === 'answer') this.#facts.made(asDetail(await making.from(event.answer)));
      yield event;
    }
  }

  async sql(request: SqlRequest, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    return await answerSql(
      { ...this.#asker(), readOnly: request.read_only === true },
      request.sql,
      request.params ?? [],
      this.#limitTime(request, signal),
    );
  }

  async explain(request: SqlRequest, signal?: AbortSignal): Promise<string> {
    return await explainSql(
      this.#asker(),
      request.sql,
      request.params ?? [],
      this.#limitTime(request, signal),
    );
  }

  #asker(): SqlAsker {
    return {
      store: this.parts.store,
      federation: this.parts.federation,
      policy: this.#policy,
      principal: () => this.#principal(),
      reads: (query) => this.#facts.reads(query),
    };
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

  async queries(): Promise<readonly ListedQuery[]> {
    const principal = await this.#principal();
    return await this.parts.queries.list(principal, this.#mayAdminister(principal));
  }

  async slowQueries(): Promise<readonly SlowQuery[]> {
    demand(this.#policy, await this.#principal(), 'administer');
    return await this.parts.queries.slow();
  }

  async cancelQuery(id: number): Promise<void> {
    const principal = await this.#principal();
    this.parts.queries.cancel(id, principal, this.#mayAdminister(principal));
  }

  async #auditLog(): Promise<AuditQuestions> {
    return new AuditQuestions(this.parts.audit.log, this.#policy, await this.#principal());
  }

  async audit(request: AuditRequest): Promise<AuditAnswer> {
    return await (await this.#auditLog()).audit(request);
  }

  async verifyAudit(): Promise<AuditVerdict> {
    return await (await this.#auditLog()).verifyAudit();
  }

  async checkpointAudit(): Promise<AuditCheckpoint> {
    return await (await this.#auditLog()).checkpointAudit();
  }

  async exportAudit(request: AuditExportRequest): Promise<AuditExport> {
    return await (await this.#auditLog()).exportAudit(request);
  }

  async cosignedAudit(request: CosignatureRequest): Promise<{ kept: boolean }> {
    return await (await this.#auditLog()).cosignedAudit(request);
  }

  async auditRetention(request: RetentionRequest): Promise<RetentionAnswer> {
    return await retentionAnswer(this.parts.audit, this.#policy, await this.#principal(), request);
  }

  async auditReplicas(request: ReplicaRequest): Promise<ReplicaAnswer> {
    const principal = await this.#principal();
    return await replicaAnswer(this.parts.audit.replicas, this.#policy, principal, request);
  }

  async proveAudit(entry: number): Promise<AuditBundle> {
    return await (await this.#auditLog()).proveAudit(entry);
  }

  async proveGrowth(request: GrowthRequest): Promise<AuditGrowth> {
    return await (await this.#auditLog()).proveGrowth(request);
  }

  async proveReport(request: ReportProofRequest): Promise<ReportBundle> {
    return await proveReport(await this.#asking(), request);
  }

  async replayAudit(request: ReplayRequest, signal?: AbortSignal): Promise<ReplayAnswer> {
    const asking = await this.#asking();
    const actAs = (who: string): Promise<Principal> => this.#ifAllowedAs(asking.principal, who);
    return await replay(asking, actAs, request, this.#stop(signal));
  }

  /** Somebody else, when the principal may act as others and they are still there; else the principal. */
  async #ifAllowedAs(principal: Principal, who: string): Promise<Principal> {
    const may = this.#policy.decide(principal, { action: 'impersonate', tables: ['*'] }).allowed;
    if (who === principal.id || isLocalOperator(principal) || !may) return principal;
    try {
      return declaring(await this.#directory.named(who), principal.purpose);
    } catch (error) {
      if (asFractalError(error).kind !== 'not_found') throw error;
      return principal;
    }
  }

  async #asking(): Promise<Asking> {
    return { parts: this.parts, policy: this.#policy, principal: await this.#principal() };
  }

  #mayAdminister(principal: Principal): boolean {
    return this.#policy.decide(principal, { action: 'administer', tables: ['*'] }).allowed;
  }

  /** The answer, with what it was made from in the log. */
  async #made<K extends Exclude<MadeKind, 'ask'>>(
    kind: K,
    request: MadeRequest<K>,
    signal?: AbortSignal,
  ): Promise<MadeAnswer<K>> {
    const making = new Making(await this.#asking(), kind, request);
    const answer = await making.answer(this.#stop(signal));
    if (answer === undefined) throw internalError('answer.none', `there is no answer to ${kind}`);
    this.#facts.made(asDetail(await making.from(answer)));
    return answer;
  }

  async classify(request: ClassifyRequest, signal?: AbortSignal): Promise<ClassifyAnswer> {
    return await this.#made('classify', request, signal);
  }

  async check(request: CheckRequest): Promise<SiteCheck> {
    return await this.#made('check', request);
  }

  async checkAll(request: Omit<CheckRequest, 'site'>): Promise<readonly ListedCheck[]> {
    return await this.#made('check_all', request);
  }

  async lawDiff(request: LawDiffRequest, signal?: AbortSignal): Promise<LawDiff> {
    return await this.#made('law_diff', request, signal);
  }

  async lawVersions(document: string): Promise<LawVersions> {
    return await (await this.#law()).versions(document);
  }

  async lawDocuments(): Promise<readonly ListedDocument[]> {
    return await (await this.#law()).documents();
  }

  async lawObligations(request: LawObligationsRequest): Promise<LawObligations> {
    return await this.#made('law_obligations', request);
  }

  async lawShow(request: LawShowRequest): Promise<LawText> {
    return await (await this.#law()).show(request);
  }

  async *import(request: ImportRequest, signal?: AbortSignal): AsyncGenerator<ImportEvent> {
    const principal = await this.#mayImport();
    yield* this.#jobs.import(request, principal.id, signal);
  }

  async submitImport(request: ImportRequest): Promise<Job> {
    const principal = await this.#mayImport();
    return await this.#jobs.submit(request, principal.id);
  }

  async *followJob(id: number, signal?: AbortSignal): AsyncGenerator<ImportEvent> {
    await this.#mayImport();
    yield* this.#jobs.follow(id, signal);
  }

  async jobs(): Promise<readonly Job[]> {
    await this.#mayImport();
    return await this.parts.queue.jobs();
  }

  async job(id: number): Promise<JobDetail> {
    await this.#mayImport();
    return await this.parts.queue.job(id);
  }

  async pauseJob(id: number): Promise<Job> {
    await this.#mayImport();
    return await this.parts.queue.pause(id);
  }

  async resumeJob(id: number): Promise<Job> {
    await this.#mayImport();
    return await this.parts.queue.resume(id);
  }

  async cancelJob(id: number): Promise<Job> {
    await this.#mayImport();
    return await this.parts.queue.cancel(id);
  }

  async retryJob(id: number, items?: readonly number[]): Promise<Job> {
    await this.#mayImport();
    return await this.parts.queue.retry(id, items);
  }

  async watch(request: WatchRequest): Promise<Watch> {
    const principal = await this.#mayImport();
    return await this.#jobs.watch(request, principal.id);
  }

  async watches(): Promise<readonly Watch[]> {
    await this.#mayImport();
    return await this.parts.watcher.list();
  }

  async unwatch(path: string): Promise<void> {
    await this.#mayImport();
    await this.parts.watcher.remove(path);
  }

  async sources(): Promise<readonly SourceInfo[]> {
    demand(this.#policy, await this.#principal(), 'import');
    return await this.#sources.list();
  }

  async addSource(request: SourceRequest): Promise<SourceInfo> {
    const principal = await this.#mayFetch();
    return await this.#sources.add(request, principal.id);
  }

  async removeSource(name: string): Promise<void> {
    const principal = await this.#mayFetch();
    await this.#sources.remove(name, principal.id);
  }

  async *runSources(request: RunRequest, signal?: AbortSignal): AsyncGenerator<ImportEvent> {
    const principal = await this.#mayFetch();
    for await (const result of this.#sources.run(request, principal.id, this.#stop(signal)))
      yield { type: 'result', result: shownResult(result) };
    await settleIndexes(this.parts);
  }

  async sourceVersions(request: VersionsRequest, signal?: AbortSignal): Promise<readonly SourceVersion[]> {
    await this.#mayFetch();
    return await this.#sources.versions(request, this.#stop(signal));
  }

  /** From now on, until the node closes, sources run when they are due, if the network is on. For a node that serves. */
  startSources(): void {
    this.#sources.start();
  }

  /** From now on, until the node closes, its audit log goes to the hub of `audit_hub`, if one is set. For a node that serves. */
  startPush(openHub: (url: URL) => HubDoor): void {
    const { config, audit } = this.parts;
    const url = hubAddress(config.audit_hub?.url);
    if (config.audit_hub === undefined || url === undefined || this.#hubPush !== undefined) return;
    this.#hubPush = new HubPush(audit.log, config.audit_hub, openHub(url));
    this.#hubPush.start();
  }

  async #mayImport(): Promise<Principal> {
    const principal = await this.#principal();
    demand(this.#policy, principal, 'import');
    return principal;
  }

  /** Who fetches, if they may, and if what they bring can be taken in. */
  async #mayFetch(): Promise<Principal> {
    const principal = await this.#mayImport();
    await importReady(this.parts);
    return principal;
  }

  #stop(signal: AbortSignal | undefined): AbortSignal {
    return AbortSignal.any(signal === undefined ? [this.#stopping.signal] : [this.#stopping.signal, signal]);
  }

  async *reindex(signal?: AbortSignal): AsyncGenerator<ReindexEvent> {
    const { store, search, embedder, limits } = this.parts;
    const principal = await this.#principal();
    demand(this.#policy, principal, 'administer');
    const events: ReindexEvent[] = [];
    let wake: () => void = () => undefined;
    let failure: unknown;
    let finished = false;
    const work = reindex(
      store,
      search,
      embedder,
      limits,
      principal.id,
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
    await settleIndexes(this.parts);
  }

  async #mayInfer(): Promise<Principal> {
    const principal = await this.#principal();
    demand(this.#policy, principal, 'infer');
    return principal;
  }

  async aiDocumentation(): Promise<AiDocumentation> {
    await this.#mayInfer();
    return await documentAi(this.parts);
  }

  async servedModels(): Promise<readonly ServedModel[]> {
    await this.#principal();
    return await servedModels(this.parts);
  }

  async models(): Promise<readonly ModelInfo[]> {
    demandAny(this.#policy, await this.#principal(), SEE_MODELS);
    return await this.parts.models.list();
  }

  async model(name: string): Promise<ModelDetail> {
    demandAny(this.#policy, await this.#principal(), SEE_MODELS);
    return await this.parts.models.show(name);
  }

  async manageModel(request: ModelRequest, signal?: AbortSignal): Promise<ModelDetail> {
    demand(this.#policy, await this.#principal(), 'manage-models');
    return await this.parts.models.manage(request, this.#stop(signal));
  }

  async *pullModel(request: PullRequest, signal?: AbortSignal): AsyncGenerator<PullEvent> {
    demand(this.#policy, await this.#principal(), 'manage-models');
    yield* this.parts.models.pull(request, this.#stop(signal));
  }

  async embed(request: EmbedRequest, signal?: AbortSignal): Promise<EmbedAnswer> {
    return await embedTexts(this.parts, await this.#mayInfer(), request, this.#stop(signal));
  }

  async *generate(request: GenerateTextRequest, signal?: AbortSignal): AsyncGenerator<GenerateEvent> {
    yield* generateText(this.parts, await this.#mayInfer(), request, this.#stop(signal));
  }

  async decide(request: DecideRequest): Promise<Decision> {
    return await decide(this.parts, this.#policy, await this.#principal(), request);
  }

  async sessions(request: SessionRequest): Promise<SessionAnswer> {
    const identity = await this.identity();
    return await askSessions(this.#directory, identity, this.#mayAdminister(identity.principal), request);
  }

  /** Opens and ends login sessions. */
  logins(): LoginDoor {
    return loginDoor(this.#directory, this.#policy, this.parts.audit.recorder);
  }

  async users(request: UserRequest): Promise<UserAnswer> {
    return await administerUsers(this.#directory, this.#policy, await this.#principal(), request);
  }

  async policy(request: PolicyRequest): Promise<PolicyAnswer> {
    return await administerPolicy(
      this.parts,
      this.#directory,
      this.#policy,
      await this.#principal(),
      request,
    );
  }

  async externalTables(request: ExternalTableRequest): Promise<ExternalTablesAnswer> {
    const principal = await this.#principal();
    demand(this.#policy, principal, 'administer');
    return await new ExternalTables(this.parts, this.#policy).ask(request, principal.id);
  }

  async close(): Promise<void> {
    this.#stopping.abort(stoppingError());
    await this.#sources.close();
    await this.#hubPush?.stop();
    await this.#marking;
    await this.parts.queries.close();
    await this.parts.watcher.stop();
    await this.parts.queue.stop();
    await this.parts.generators.close();
    await this.parts.embedder.unload?.();
    await this.parts.classifier.unload();
    await this.parts.maintenance.stop();
    await this.parts.audit.retirement.stop();
    await tellStop(this.parts.audit.log, this.parts.store);
    await this.parts.store.close();
    await this.parts.audit.log.close();
  }
}

export function newNodeName(outside: Outside): string {
  return `node-${newId(outside.clock, outside.random).slice(-6)}`;
}
