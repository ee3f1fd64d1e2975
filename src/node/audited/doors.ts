/**
 * What the log says of each call of a node. The compiler asks for every one: a call that is added is decided here.
 *
 * Details hold references and hashes. Free texts that callers give (questions, names, paths) are told as keyed hashes.
 */
import { FIXED_LIMITS } from '../../base/index.ts';
import type { AuditCategory } from '../../schema/index.ts';
import type { ImportEvent, ImportRequest, Job, NodeApi, ReindexEvent, WatchRequest } from '../api.ts';
import type { ModelDetail } from '../models-api.ts';
import type { Detail, Recorder } from './recorder.ts';

type Result<K extends keyof NodeApi> = ReturnType<NodeApi[K]>;

/** `events`: items as they come. `batches`: an answer that streams. `answer`: one value. */
export type Shape<K extends keyof NodeApi> =
  Result<K> extends AsyncIterable<unknown>
    ? 'events'
    : Result<K> extends Promise<AsyncIterable<unknown>>
      ? 'batches'
      : 'answer';

type Item<K extends keyof NodeApi> = Result<K> extends AsyncIterable<infer T> ? T : Awaited<Result<K>>;

export interface AuditedDoor<K extends keyof NodeApi> {
  readonly category: AuditCategory;
  readonly shape: Shape<K>;
  /** It changes something: it begins only when its beginning is durable, and answers when its end is. */
  readonly changes: boolean;
  /** What it is done to. */
  readonly resource: (...args: Parameters<NodeApi[K]>) => string;
  /** What was asked. */
  readonly asked?: (recorder: Recorder, ...args: Parameters<NodeApi[K]>) => Detail;
  /** Of events: what kind of thing is counted, in `files`. There may be more of them than memory holds. */
  readonly counted?: (item: Item<K>) => string | undefined;
  /** Of events: whether this is the last one. Whoever has it has the whole answer, and may leave. */
  readonly ends?: (item: Item<K>) => boolean;
  /** What came of it; of events the last one is known. */
  readonly outcome?: (items: readonly Item<K>[], recorder: Recorder) => Detail;
}

export type Door<K extends keyof NodeApi> = AuditedDoor<K> | { readonly unaudited: string };

export type Doors = { readonly [K in keyof NodeApi]: Door<K> };

/** A jurisdiction, a day, a kind, a role. What a caller sends in its place may be anything, and is not told. */
const CODE = /^[A-Za-z0-9][A-Za-z0-9:.+-]{0,31}$/;
const coded = (text: string): string => (CODE.test(text) ? text : '(not a code)');

const given = (values: Readonly<Record<string, string | number | boolean | undefined>>): Detail =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === 'string' ? coded(value) : value]],
    ),
  );

const importAsked = (recorder: Recorder, request: ImportRequest | WatchRequest): Detail => ({
  ...given({
    kind: request.kind,
    jurisdiction: request.jurisdiction,
    in_force_from: request.in_force_from,
    mapping: request.mapping === undefined ? undefined : recorder.hidden(request.mapping),
    mapping_text: request.mapping_text === undefined ? undefined : recorder.hidden(request.mapping_text),
    allow_network: request.allow_network,
  }),
  paths: ('path' in request ? [request.path] : request.paths.slice(0, NAMED)).map((one) =>
    recorder.hidden(one),
  ),
  ...('path' in request ? {} : { path_count: request.paths.length }),
});

/** Paths, sections and the like that one entry names. */
const NAMED = FIXED_LIMITS.audit_named_items.value;

/** Each file is in the entry of its commit; here is how many of each kind there were. */
const imported = (event: ImportEvent): string | undefined =>
  event.type === 'result' ? event.result.status : undefined;

/** Names and versions of models are plain names, and the hash says which bytes they were. */
const modelTold = (model: ModelDetail | undefined): Detail =>
  model === undefined ? {} : { model: `${model.id} ${model.version}`, sha256: model.sha256 };

const jobDoor = (id: number): string => `job/${id}`;
const jobState = ([job]: readonly Job[]): Detail =>
  job === undefined ? {} : { job: job.id, state: job.state, files: job.files_total };

export const DOORS: Doors = {
  status: { unaudited: 'figures of the node; asked all the time by who watches it' },
  doctor: { category: 'administration', shape: 'answer', changes: false, resource: () => 'node' },
  search: {
    category: 'access',
    shape: 'answer',
    changes: false,
    resource: () => 'law.sections',
    asked: (recorder, request) => ({
      query_hash: recorder.hidden(request.query),
      query_chars: request.query.length,
      ...given({ k: request.k, mode: request.mode, at: request.at, jurisdiction: request.jurisdiction }),
      ...(request.document === undefined ? {} : { document_hash: recorder.hidden(request.document) }),
    }),
    outcome: ([answer]) => ({
      rows: answer?.hits.length ?? 0,
      sections: (answer?.hits ?? []).slice(0, NAMED).map((hit) => hit.section_id),
      model: answer?.model ?? null,
    }),
  },
  ask: {
    category: 'inference',
    shape: 'events',
    changes: false,
    resource: () => 'law.sections',
    asked: (recorder, { question, k, model, at, jurisdiction, document }) => ({
      input_hash: recorder.hidden(question),
      ...given({ k, at, jurisdiction }),
      ...(model === undefined ? {} : { model_hash: recorder.hidden(model) }),
      ...(document === undefined ? {} : { document_hash: recorder.hidden(document) }),
    }),
    ends: ({ type }) => type === 'answer',
    // Of all events the last one is kept: the whole answer.
    outcome: (events, recorder) => {
      const last = events.at(-1);
      if (last?.type !== 'answer') return {};
      const { model, confidence, abstained, inference_id } = last.answer;
      const output_hash = recorder.hidden(JSON.stringify(last.answer));
      return { output_hash, model, confidence, abstained, inference_id };
    },
  },
  classify: {
    category: 'inference',
    shape: 'answer',
    changes: false,
    resource: ({ incidents }) => (incidents === undefined ? 'text' : 'esh.incidents'),
    asked: (recorder, { texts = [], incidents = [], taxonomy, labels, regulations, at }) => ({
      ...given({ regulations, at }),
      texts: texts.length,
      incidents: incidents.length,
      input_hash: recorder.hidden(JSON.stringify([texts, incidents])),
      ...(taxonomy === undefined ? {} : { taxonomy_hash: recorder.hidden(taxonomy) }),
      ...(labels === undefined ? {} : { labels_hash: recorder.hidden(JSON.stringify(labels)) }),
    }),
    outcome: ([answer], recorder) => ({
      output_hash: recorder.hidden(JSON.stringify(answer)),
      models: [...new Set(answer?.results.map(({ model }) => model))],
      inferences: (answer?.results ?? []).slice(0, NAMED).map(({ inference_id }) => inference_id),
    }),
  },
  embed: {
    category: 'inference',
    shape: 'answer',
    changes: false,
    resource: () => 'text',
    asked: (recorder, { input, purpose }) => ({
      texts: input.length,
      input_hash: recorder.hidden(JSON.stringify(input)),
      ...given({ purpose }),
    }),
    outcome: ([answer]) =>
      answer === undefined ? {} : { model: answer.model, inference_id: answer.inference_id },
  },
  generate: {
    category: 'inference',
    shape: 'events',
    changes: false,
    resource: () => 'text',
    asked: (recorder, { messages, model, max_tokens }) => ({
      messages: messages.length,
      input_hash: recorder.hidden(JSON.stringify(messages)),
      ...given({ max_tokens }),
      ...(model === undefined ? {} : { model_hash: recorder.hidden(model) }),
    }),
    ends: ({ type }) => type === 'end',
    // Of all events the last one is kept. The text itself is in the record of inferences.
    outcome: (events) => {
      const last = events.at(-1);
      if (last?.type !== 'end') return {};
      const { model, inference_id, finish_reason, prompt_tokens, completion_tokens } = last;
      return { model, inference_id, finish_reason, prompt_tokens, completion_tokens };
    },
  },
  decide: {
    category: 'decision',
    shape: 'answer',
    changes: true,
    resource: () => 'ai.inferences',
    asked: (recorder, { inference_id, decision, reason, amendment }) => ({
      inference_hash: recorder.hidden(inference_id),
      decision: coded(decision),
      reason_hash: recorder.hidden(reason),
      ...(amendment === undefined ? {} : { amendment_hash: recorder.hidden(amendment) }),
    }),
    outcome: ([made]) =>
      made === undefined ? {} : { decision_id: made.decision_id, inference_id: made.inference_id },
  },
  aiDocumentation: {
    category: 'access',
    shape: 'answer',
    changes: false,
    resource: () => 'models',
    outcome: ([found]) => ({ models: found?.models.length ?? 0 }),
  },
  models: {
    category: 'access',
    shape: 'answer',
    changes: false,
    resource: () => 'models',
    outcome: ([models]) => ({ rows: models?.length ?? 0 }),
  },
  model: {
    category: 'access',
    shape: 'answer',
    changes: false,
    resource: () => 'models',
    asked: (recorder, name) => ({ name_hash: recorder.hidden(name) }),
    outcome: ([model]) => modelTold(model),
  },
  manageModel: {
    category: 'administration',
    shape: 'answer',
    changes: true,
    resource: () => 'models',
    asked: (recorder, request) => ({
      action: coded(request.action),
      ...('name' in request ? { name_hash: recorder.hidden(String(request.name)) } : {}),
      ...('folder' in request ? { paths: [recorder.hidden(String(request.folder))] } : {}),
    }),
    outcome: ([model]) => modelTold(model),
  },
  pullModel: {
    category: 'administration',
    shape: 'events',
    changes: true,
    resource: () => 'models',
    asked: (recorder, { name, from, allow_network }) => ({
      name_hash: recorder.hidden(name),
      ...(from === undefined ? {} : { source: recorder.hidden(from) }),
      ...given({ allow_network }),
    }),
    ends: ({ type }) => type === 'model',
    // Of all events the last one is kept: the model.
    outcome: (events) => {
      const last = events.at(-1);
      return last?.type === 'model' ? modelTold(last.model) : {};
    },
  },
  servedModels: { unaudited: 'names of models; asked before each message of other protocols' },
  sql: {
    category: 'access',
    shape: 'batches',
    changes: false,
    resource: () => 'sql',
    asked: (recorder, request) => ({
      ...recorder.statement(request.sql),
      ...given({ read_only: request.read_only }),
      ...(request.params === undefined
        ? {}
        : { params: request.params.length, params_hash: recorder.hidden(JSON.stringify(request.params)) }),
    }),
  },
  explain: {
    category: 'access',
    shape: 'answer',
    changes: false,
    resource: () => 'sql',
    asked: (recorder, request) => recorder.statement(request.sql),
  },
  check: {
    category: 'access',
    shape: 'answer',
    changes: false,
    resource: () => 'compliance',
    asked: (recorder, { site, at }) => ({ site: recorder.hidden(site), ...given({ at }) }),
    outcome: ([found]) =>
      found === undefined ? {} : { site_id: found.site_id, status: found.status, gaps: found.gaps.length },
  },
  checkAll: {
    category: 'access',
    shape: 'answer',
    changes: false,
    resource: () => 'compliance',
    asked: (_recorder, { at }) => given({ at }),
    outcome: ([found]) => ({ rows: found?.length ?? 0 }),
  },
  lawDiff: {
    category: 'access',
    shape: 'answer',
    changes: false,
    resource: () => 'law.versions',
    asked: (recorder, { document, section, from, to, known_at, all }) => ({
      document_hash: recorder.hidden(document),
      ...(section === undefined ? {} : { section_hash: recorder.hidden(section) }),
      ...given({ from, to, known_at, all }),
    }),
    outcome: ([diff]) =>
      diff === undefined
        ? {}
        : {
            document: diff.document.document_id,
            from_version: diff.from.version_id,
            to_version: diff.to.version_id,
            changes: diff.changes.length,
          },
  },
  lawVersions: {
    category: 'access',
    shape: 'answer',
    changes: false,
    resource: () => 'law.versions',
    asked: (recorder, document) => ({ document_hash: recorder.hidden(document) }),
    outcome: ([found]) => ({
      document: found?.document.document_id ?? null,
      rows: found?.versions.length ?? 0,
    }),
  },
  lawDocuments: {
    category: 'access',
    shape: 'answer',
    changes: false,
    resource: () => 'law.documents',
    outcome: ([found]) => ({ rows: found?.length ?? 0 }),
  },
  lawShow: {
    category: 'access',
    shape: 'answer',
    changes: false,
    resource: () => 'law.sections',
    asked: (recorder, { citation, at }) => ({ citation_hash: recorder.hidden(citation), ...given({ at }) }),
    outcome: ([text]) =>
      text === undefined ? {} : { version: text.version.version_id, rows: text.provisions.length },
  },
  lawObligations: {
    category: 'access',
    shape: 'answer',
    changes: false,
    resource: () => 'law.obligations',
    asked: (recorder, { of, at, addressee, topic, modality }) => ({
      of_hash: recorder.hidden(of),
      ...(addressee === undefined ? {} : { addressee_hash: recorder.hidden(addressee) }),
      ...(topic === undefined ? {} : { topic_hash: recorder.hidden(topic) }),
      ...given({ at, modality }),
    }),
    outcome: ([register]) =>
      register === undefined
        ? {}
        : { version: register.version.version_id, rows: register.obligations.length },
  },
  import: {
    category: 'modification',
    shape: 'events',
    changes: true,
    resource: () => 'import',
    asked: importAsked,
    counted: imported,
  },
  submitImport: {
    category: 'modification',
    shape: 'answer',
    changes: true,
    resource: () => 'import',
    asked: importAsked,
    outcome: jobState,
  },
  followJob: { category: 'access', shape: 'events', changes: false, resource: jobDoor, counted: imported },
  jobs: {
    category: 'access',
    shape: 'answer',
    changes: false,
    resource: () => 'jobs',
    outcome: ([jobs]) => ({ rows: jobs?.length ?? 0 }),
  },
  job: { category: 'access', shape: 'answer', changes: false, resource: jobDoor },
  pauseJob: {
    category: 'administration',
    shape: 'answer',
    changes: true,
    resource: jobDoor,
    outcome: jobState,
  },
  resumeJob: {
    category: 'administration',
    shape: 'answer',
    changes: true,
    resource: jobDoor,
    outcome: jobState,
  },
  cancelJob: {
    category: 'administration',
    shape: 'answer',
    changes: true,
    resource: jobDoor,
    outcome: jobState,
  },
  retryJob: {
    category: 'administration',
    shape: 'answer',
    changes: true,
    resource: jobDoor,
    asked: (_recorder, _id, items) => (items === undefined ? {} : { items: items.slice(0, NAMED) }),
    outcome: jobState,
  },
  watch: {
    category: 'administration',
    shape: 'answer',
    changes: true,
    resource: () => 'watch',
    asked: (recorder, request) => ({ ...importAsked(recorder, request), kept: request.kept }),
  },
  watches: {
    category: 'access',
    shape: 'answer',
    changes: false,
    resource: () => 'watch',
    outcome: ([watches]) => ({ rows: watches?.length ?? 0 }),
  },
  unwatch: {
    category: 'administration',
    shape: 'answer',
    changes: true,
    resource: () => 'watch',
    asked: (recorder, path) => ({ paths: [recorder.hidden(path)] }),
  },
  reindex: {
    category: 'administration',
    shape: 'events',
    changes: true,
    resource: () => 'law.sections',
    outcome: (events: readonly ReindexEvent[]) => ({ versions: events.at(-1)?.done ?? 0 }),
  },
  sources: {
    category: 'access',
    shape: 'answer',
    changes: false,
    resource: () => 'sources',
    outcome: ([sources]) => ({ rows: sources?.length ?? 0 }),
  },
  addSource: {
    category: 'administration',
    shape: 'answer',
    changes: true,
    resource: () => 'sources',
    asked: (recorder, { name, source, every_s, kind, jurisdiction, since }) => ({
      name: recorder.hidden(name),
      source: recorder.hidden(source),
      ...given({ every_s, kind, jurisdiction, since }),
    }),
  },
  removeSource: {
    category: 'administration',
    shape: 'answer',
    changes: true,
    resource: () => 'sources',
    asked: (recorder, name) => ({ name: recorder.hidden(name) }),
  },
  runSources: {
    category: 'modification',
    shape: 'events',
    changes: true,
    resource: () => 'sources',
    asked: (recorder, { names, allow_network }) => ({
      names: names.slice(0, NAMED).map((name) => recorder.hidden(name)),
      ...given({ allow_network }),
    }),
    counted: imported,
  },
  sourceVersions: {
    category: 'access',
    shape: 'answer',
    changes: false,
    resource: () => 'sources',
    asked: (recorder, { source, allow_network }) => ({
      source: recorder.hidden(source),
      ...given({ allow_network }),
    }),
    outcome: ([versions]) => ({ rows: versions?.length ?? 0 }),
  },
  queries: {
    category: 'access',
    shape: 'answer',
    changes: false,
    resource: () => 'queries',
    outcome: ([queries]) => ({ rows: queries?.length ?? 0 }),
  },
  slowQueries: {
    category: 'access',
    shape: 'answer',
    changes: false,
    resource: () => 'queries',
    outcome: ([queries]) => ({ rows: queries?.length ?? 0 }),
  },
  cancelQuery: {
    category: 'administration',
    shape: 'answer',
    changes: true,
    resource: (id) => `query/${id}`,
  },
  externalTables: {
    category: 'administration',
    shape: 'answer',
    changes: true,
    resource: (request) => ('name' in request ? 'external-table' : 'external-tables'),
    asked: (recorder, request) => ({
      action: coded(request.action),
      ...('name' in request ? { name: recorder.hidden(String(request.name)) } : {}),
      ...('source' in request ? { source: recorder.hidden(String(request.source)) } : {}),
    }),
    outcome: ([answer]) => ({ tables: answer?.tables.length ?? 0 }),
  },
  audit: {
    category: 'access',
    shape: 'answer',
    changes: false,
    resource: () => 'audit',
    asked: (recorder, { since, until, actor, category, resource, limit }) => ({
      ...(actor === undefined ? {} : { actor_hash: recorder.hidden(actor) }),
      ...(resource === undefined ? {} : { resource_hash: recorder.hidden(resource) }),
      // Checked only afterwards: until then they are free texts.
      ...(category === undefined ? {} : { category_hash: recorder.hidden(category) }),
      ...(since === undefined ? {} : { since_hash: recorder.hidden(since) }),
      ...(until === undefined ? {} : { until_hash: recorder.hidden(until) }),
      ...given({ limit }),
    }),
    outcome: ([found]) => ({
      rows: found?.entries.length ?? 0,
      first: found?.entries[0]?.entry_id ?? null,
      last: found?.entries.at(-1)?.entry_id ?? null,
    }),
  },
  verifyAudit: {
    category: 'access',
    shape: 'answer',
    changes: false,
    resource: () => 'audit',
    outcome: ([verdict]) => ({
      ok: verdict?.ok ?? false,
      entries: verdict?.entries ?? 0,
      first_bad: verdict?.faults[0]?.entry ?? null,
    }),
  },
  checkpointAudit: {
    category: 'administration',
    shape: 'answer',
    changes: true,
    resource: () => 'audit',
    outcome: ([checkpoint]) => ({ size: checkpoint?.size ?? 0, root: checkpoint?.root ?? '' }),
  },
  exportAudit: {
    category: 'access',
    shape: 'answer',
    changes: false,
    resource: () => 'audit',
    asked: (_recorder, { from, end, limit }) => given({ from, end, limit }),
    outcome: ([answer]) => ({ rows: answer?.lines.length ?? 0 }),
  },
  cosignedAudit: {
    category: 'sync',
    shape: 'answer',
    changes: true,
    resource: () => 'audit',
    asked: (recorder, { note, key }) => ({
      note_hash: recorder.hidden(note),
      key_hash: recorder.hidden(key),
    }),
    outcome: ([answer]) => ({ kept: answer?.kept ?? false }),
  },
  auditRetention: {
    category: 'administration',
    shape: 'answer',
    changes: true,
    resource: () => 'audit-retention',
    asked: (recorder, request) => ({
      action: coded(request.action),
      ...('id' in request ? { hold: coded(request.id) } : {}),
      ...('reason' in request ? { reason_hash: recorder.hidden(request.reason) } : {}),
      ...('since' in request || 'until' in request
        ? given({ since: request.since, until: request.until })
        : {}),
      ...('dry' in request ? given({ dry: request.dry }) : {}),
    }),
    outcome: ([answer]) => ({
      holds: (answer?.holds ?? []).map(({ id }) => id),
      files: answer?.ranges?.length ?? 0,
    }),
  },
  auditReplicas: {
    category: 'sync',
    shape: 'answer',
    changes: true,
    resource: () => 'audit-replica',
    asked: (recorder, request) => ({
      action: coded(request.action),
      ...('key' in request ? { key_hash: recorder.hidden(request.key) } : {}),
      ...('origin' in request ? { origin_hash: recorder.hidden(request.origin) } : {}),
      ...('lines' in request ? { from: request.from, rows: request.lines.length } : {}),
    }),
    // Names of logs that are held here are known: what was asked for may be anything.
    outcome: ([answer]) =>
      answer?.replicas.length === 1
        ? { origin: answer.replicas[0]?.origin ?? '', size: answer.replicas[0]?.size ?? 0 }
        : { rows: answer?.replicas.length ?? 0 },
  },
  replayAudit: {
    category: 'inference',
    shape: 'answer',
    // Its beginning stands after the end of what is replayed, which may have been a moment ago.
    changes: true,
    resource: ({ id }) => (/^\d{1,15}$/.test(id) ? `audit/${id}` : 'ai.inferences'),
    asked: (recorder, { id, input }) => ({
      id_hash: recorder.hidden(id),
      ...(input === undefined ? {} : { input_hash: recorder.hidden(JSON.stringify(input)) }),
    }),
    outcome: ([answer]) =>
      answer === undefined
        ? {}
        : {
            replayed: answer.entry,
            replayed_as: answer.replayed_as,
            verdict: answer.verdict,
            reasons: answer.reasons.map(({ code }) => code),
          },
  },
  proveReport: {
    category: 'access',
    shape: 'answer',
    // Its beginning is durable before anything is opened.
    changes: true,
    resource: ({ id }) => (/^\d{1,15}$/.test(id) ? `audit/${id}` : 'ai.inferences'),
    asked: (recorder, { id, evidence }) => ({ id_hash: recorder.hidden(id), files: evidence?.length ?? 0 }),
    outcome: () => ({ opened: true }),
  },
  proveAudit: {
    category: 'access',
    shape: 'answer',
    changes: false,
    resource: (entry) => `audit/${entry}`,
  },
  proveGrowth: {
    category: 'access',
    shape: 'answer',
    changes: false,
    resource: () => 'audit',
    asked: (_recorder, { from, to }) => given({ from, to }),
  },
  sessions: {
    category: 'authentication',
    shape: 'answer',
    changes: true,
    resource: () => 'sessions',
    asked: (recorder, request) => ({
      action: coded(request.action),
      ...('id' in request ? { session: recorder.hidden(String(request.id)) } : {}),
      ...('user' in request && request.user !== undefined
        ? { user: recorder.hidden(String(request.user)) }
        : {}),
    }),
    outcome: ([answer]) => ({ ended: answer?.ended ?? 0 }),
  },
  users: {
    category: 'administration',
    shape: 'answer',
    changes: true,
    resource: (request) => ('id' in request && typeof request.id === 'string' ? 'user' : 'users'),
    asked: (recorder, request) => ({
      action: coded(request.action),
      ...('id' in request ? { user: recorder.hidden(String(request.id)) } : {}),
      ...('roles' in request && request.roles !== undefined ? { roles: request.roles.map(coded) } : {}),
      ...('attributes' in request
        ? { attributes_hash: recorder.hidden(JSON.stringify(request.attributes)) }
        : {}),
      ...('password' in request ? { password: 'set' } : {}),
      ...('days' in request && request.days !== undefined ? { days: request.days } : {}),
      ...('credential' in request ? { credential: recorder.hidden(String(request.credential)) } : {}),
    }),
    outcome: ([answer]) => ({ users: answer?.users.length ?? 0 }),
  },
  policy: {
    category: 'administration',
    shape: 'answer',
    changes: false,
    resource: () => 'policy',
    asked: (recorder, request) => ({
      action: coded(request.action),
      ...('sql' in request && typeof request.sql === 'string' ? recorder.statement(request.sql) : {}),
      ...('principal' in request ? { of: recorder.hidden(String(request.principal)) } : {}),
    }),
    outcome: ([answer]) => given({ policy_version: answer?.policy?.version }),
  },
  close: { unaudited: 'the stop of the node is an entry of its own' },
};
