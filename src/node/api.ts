/**
 * What a node can be asked to do. `FractalNode` does it; `RemoteNode` asks a running node over its local socket; the
 * command line and HTTP see only this.
 */
import type { AiDocumentation } from './ai-documentation.ts';
import type { DecideRequest, Decision } from './decisions.ts';
import type {
  EmbedAnswer,
  EmbedRequest,
  GenerateEvent,
  GenerateTextRequest,
  ServedModel,
} from './generate.ts';
import type { Problem } from '../base/index.ts';
import type {
  ComplianceStatus,
  DiffAnswer,
  GapDetail,
  LawDocument,
  LawVersion,
  ListedDocument,
  Register,
  ShowAnswer,
  SiteCompliance,
} from '../query/index.ts';
import type { AskEvent, AskRequest } from '../ai/index.ts';
import type { Job, JobDetail, Watch } from '../ingest/index.ts';
import type { AuditApi } from './audit-api.ts';
import type { ModelsApi } from './models-api.ts';
import type { QueryApi, QueryFigures } from './query-api.ts';
import type { SessionApi } from './session-api.ts';
import type { ClassifyAnswer, ClassifyRequest } from './classify-api.ts';
import type { CaseResult, PolicyDocument, RuleInWords, UserChange, UserRecord } from '../security/index.ts';

export type { AskAnswer, AskEvent, AskPassage, AskRequest, Claim, Quote } from '../ai/index.ts';
export type { Classification, ClassifyAnswer, ClassifyRequest } from './classify-api.ts';
export type { Job, JobDetail, JobFault, JobState, Watch } from '../ingest/index.ts';

export interface NodeStatus {
  readonly node: {
    readonly id: string;
    readonly name: string;
    readonly role: string;
    readonly region: string;
  };
  readonly version: string;
  /** `users`: every call shows credentials. */
  readonly mode: 'single-user' | 'users';
  readonly data_dir: string;
  readonly running: boolean;
  readonly uptime_s: number;
  readonly commit_version: number;
  readonly tables: readonly { readonly name: string; readonly class: string; readonly rows: number }[];
  readonly search: {
    readonly sections: number;
    readonly model: string;
    readonly text_index: boolean;
    readonly vector_index: 'flat' | 'ivf-rq';
    readonly unindexed_rows: number;
  };
  readonly storage: { readonly duckdb_bytes: number; readonly lance_bytes: number };
  readonly memory: { readonly rss_bytes: number };
  /** The ingest queue. Unfinished jobs that no process works on are `interrupted`. */
  readonly queue: {
    readonly queued: number;
    readonly running: number;
    readonly paused: number;
    readonly interrupted: number;
    readonly files_left: number;
    /** Rejected and failed files of the jobs that are remembered. */
    readonly files_at_fault: number;
    readonly watches: number;
    readonly files_missing: number;
  };
  /** For those who may administer. */
  readonly queries?: QueryFigures;
  readonly warnings: readonly string[];
}

export interface DoctorCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do; empty when all is well. */
  readonly cure: string;
}

export type SearchMode = 'hybrid' | 'vector' | 'text';

export interface SearchRequest {
  readonly query: string;
  readonly k?: number;
  readonly mode?: SearchMode;
  /** Takes more time to order more candidates better; for `hybrid`. */
  readonly rerank?: boolean;
  /** `YYYY-MM-DD`; today when absent. */
  readonly at?: string;
  readonly jurisdiction?: string;
  readonly document?: string;
}

export interface SearchHit {
  readonly rank: number;
  readonly section_id: string;
  readonly document_id: string;
  readonly citation: string;
  readonly heading: string;
  readonly text: string;
  readonly score: number;
  readonly scores: {
    readonly vector: number | null;
    readonly text: number | null;
    readonly fused: number | null;
  };
  readonly in_force_from: string | null;
  readonly in_force_to: string | null;
}

export interface SearchAnswer {
  readonly query: string;
  /** How it was found; `text` also when the embedding model could not be used, and `badges` then say so. */
  readonly mode: SearchMode;
  readonly at: string;
  readonly model: string | null;
  /** Says that a weaker mode answered, and why; empty when all is as asked for. */
  readonly badges: readonly string[];
  readonly hits: readonly SearchHit[];
}

export interface SqlRequest {
  readonly sql: string;
  /** Values for `$1`, `$2`, … */
  readonly params?: readonly (string | number | boolean | null)[];
  readonly timeout_s?: number;
  /** Whether a statement that writes is refused, whatever the caller may. */
  readonly read_only?: boolean;
}

export interface ImportRequest {
  /** Files and folders of this machine, short names of sources (`ecfr:40/262`) and https addresses. */
  readonly paths: readonly string[];
  readonly kind?: string;
  readonly jurisdiction?: string;
  /** What to call the source, when the path is that of a temporary copy. For one file only. */
  readonly name?: string;
  /** `YYYY-MM-DD`: first day the text applies, for sources that do not say. */
  readonly in_force_from?: string;
  /** Lets this one import use the network when the configuration does not. */
  readonly allow_network?: boolean;
  /** All versions that a publisher lists and this node does not have. */
  readonly versions?: boolean;
  /** What the one document fetched must hash to, in hexadecimal. */
  readonly sha256?: string;
  /** Name of a mapping to read record files by; with `mapping_text`, what to call that one in errors. */
  readonly mapping?: string;
  /** A mapping as JSON. */
  readonly mapping_text?: string;
  /** Higher goes first; 0 when absent. */
  readonly priority?: number;
}

export interface WatchRequest extends Omit<ImportRequest, 'paths' | 'name' | 'priority'> {
  /** A folder. */
  readonly path: string;
  /** Whether the watch goes on when the node is started again; otherwise it ends with the process. */
  readonly kept: boolean;
}

export interface ImportResult {
  readonly source: string;
  readonly kind: string | null;
  readonly status: 'added' | 'updated' | 'unchanged' | 'rejected';
  readonly documents: number;
  readonly sections: number;
  readonly obligations: number;
  /** Found by this import; absent when nothing was read anew. */
  readonly citations?: number;
  readonly definitions?: number;
  readonly records: number;
  readonly warnings: readonly string[];
  readonly error?: Problem;
}

/** Versions indexed again, of all there are. */
export interface ReindexEvent {
  readonly done: number;
  readonly total: number;
}

export type ImportEvent =
  | {
      readonly type: 'progress';
      /** Null for what is fetched by name or address: that is no job of the queue. */
      readonly job: number | null;
      readonly done: number;
      readonly total: number;
      readonly bytes_done: number;
      readonly bytes_total: number;
      readonly sections: number;
      /** Over a sliding window; null while unknown. */
      readonly bytes_per_s: number | null;
      readonly seconds_left: number | null;
    }
  | { readonly type: 'result'; readonly result: ImportResult };

/** A standing source. Times as ISO 8601. */
export interface SourceInfo {
  readonly name: string;
  readonly source: string;
  readonly every_s: number;
  readonly since: string | null;
  /** Everything listed up to there is in, or was given up. */
  readonly cursor: string | null;
  readonly due_at: string;
  readonly run_at: string | null;
  readonly documents: number;
  readonly refused: number;
  readonly error: { readonly code: string; readonly message: string } | null;
}

export interface SourceRequest {
  readonly name: string;
  /** Short name or address. */
  readonly source: string;
  /** Seconds between two runs. */
  readonly every_s: number;
  readonly kind?: string;
  readonly jurisdiction?: string;
  /** `YYYY-MM-DD`: nothing before it is fetched. */
  readonly since?: string;
}

export interface SourceVersion {
  readonly key: string;
  readonly date: string | null;
  /** Whether this node has it. */
  readonly here: boolean;
}

/** Which sources to run; the ones that are due when none are named. */
export interface RunRequest {
  readonly names: readonly string[];
  readonly allow_network?: boolean;
}

export interface VersionsRequest {
  readonly source: string;
  readonly allow_network?: boolean;
}

export interface CheckRequest {
  readonly site: string;
  /** `YYYY-MM-DD`: what today's records say about this day; today when absent. */
  readonly at?: string;
}

/** What a site's records say. See docs/compliance.md. */
interface CheckHead {
  readonly site_id: string;
  readonly region: string;
  readonly name: string;
  readonly status: ComplianceStatus;
  /** 100 without gaps, 0 at worst, null when unknown. */
  readonly score: number | null;
  readonly as_of: string;
}

export interface SiteCheck extends CheckHead {
  /** Permits in force, inspections of the last year, …: what is counted and is no gap. */
  readonly counts: SiteCompliance['counts'];
  /** Worst first. */
  readonly gaps: readonly GapDetail[];
}

export interface ListedCheck extends CheckHead {
  readonly gaps: number;
}

export interface LawDiffRequest {
  /** Document id, citation or CELEX number. */
  readonly document: string;
  /** `YYYY-MM-DD`: the version in force then. Default: the version before `to`. */
  readonly from?: string;
  /** `YYYY-MM-DD`. Default: the version in force today. */
  readonly to?: string;
  /** Only this provision and those below it: citation, number or id. */
  readonly section?: string;
  /** `YYYY-MM-DD`: as the node knew the versions at the end of this day. Default: as it knows them now. */
  readonly known_at?: string;
  /** With what only moved or is printed otherwise. */
  readonly all?: boolean;
}

export type LawDiff = DiffAnswer;
export type LawText = ShowAnswer;

export interface LawVersions {
  readonly document: LawDocument;
  readonly versions: readonly LawVersion[];
}

export interface LawShowRequest {
  /** `40 CFR 262.34(a)`, `Directive 2003/87/EC Art. 10a(1)`, or the id of a provision. */
  readonly citation: string;
  /** `YYYY-MM-DD`; today when absent. */
  readonly at?: string;
}

export interface LawObligationsRequest {
  /** A document (id, citation, CELEX number), or a provision of one (citation, id): that and all below it. */
  readonly of: string;
  /** Only duties of someone whose name holds these words, in any case. */
  readonly addressee?: string;
  readonly topic?: string;
  readonly modality?: 'must' | 'must-not' | 'may';
  /** `YYYY-MM-DD`; today when absent. */
  readonly at?: string;
}

/** Obligations of one version, in reading order. */
export type LawObligations = Register;

export type UserRequest =
  | { readonly action: 'list' }
  | ({ readonly action: 'add'; readonly id: string } & UserChange)
  | ({ readonly action: 'set'; readonly id: string } & UserChange)
  | { readonly action: 'remove'; readonly id: string }
  | { readonly action: 'token'; readonly id: string; readonly label?: string; readonly days?: number }
  | { readonly action: 'revoke'; readonly id: string; readonly credential: string };

export interface UserAnswer {
  readonly users: readonly UserRecord[];
  /** A new token. It is not told again. */
  readonly token?: string;
}

export type PolicyRequest =
  | { readonly action: 'show' }
  /** What policy makes of a statement of somebody; of the caller when no principal is named. */
  | {
      readonly action: 'explain';
      readonly principal?: string;
      readonly purpose?: string;
      readonly sql: string;
    }
  /** Checks a policy, the one in use when none is given, against what is expected of it. */
  | { readonly action: 'test'; readonly document?: unknown; readonly cases: unknown };

export interface PolicyAnswer {
  readonly policy?: PolicyDocument;
  readonly explanation?: PolicyExplanation;
  readonly results?: readonly CaseResult[];
}

export interface PolicyExplanation {
  readonly principal: string;
  readonly roles: readonly string[];
  /** What the policy says each role is for. */
  readonly role_docs: readonly { readonly name: string; readonly doc: string }[];
  readonly purpose: string | null;
  readonly policy_version: string;
  readonly sql: string;
  /** The statement with every table replaced by what it shows; of one that writes, the query that finds what it writes. */
  readonly rewritten: string;
  /** What is asked of the rows that the statement writes; null when it only reads. */
  readonly write: {
    readonly kind: 'insert' | 'update' | 'delete';
    readonly table: string;
    readonly rules: readonly string[];
    readonly why: readonly RuleInWords[];
    /** SQL over the table `t` that each row must meet, one that is changed before and after; null for nothing. */
    readonly where: string | null;
    /** Columns that may be given a value. */
    readonly columns: readonly string[];
  } | null;
  readonly tables: readonly {
    readonly name: string;
    readonly rules: readonly string[];
    /** All rules of this principal about the table, in words; those that do not count now too. */
    readonly why: readonly RuleInWords[];
    /** SQL over the table `t`; null for all rows. */
    readonly where: string | null;
    readonly masked: readonly {
      readonly name: string;
      /** In words, by rule. */
      readonly how: string;
      readonly sql: string;
      readonly rules: readonly string[];
    }[];
    readonly hidden: readonly { readonly name: string; readonly rule: string }[];
  }[];
}

export type ExternalTableRequest =
  | { readonly action: 'list' }
  /** `source`: the whole path of a file of the node's machine, or a pattern. */
  | { readonly action: 'add'; readonly name: string; readonly source: string }
  /** Takes the files as they are now. */
  | { readonly action: 'refresh'; readonly name: string }
  | { readonly action: 'remove'; readonly name: string };

export interface ExternalTableInfo {
  readonly name: string;
  readonly source: string;
  readonly format: 'parquet' | 'csv' | 'json';
  readonly files: number;
  readonly bytes: number;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Whether the files are what they were when the table was registered. */
  readonly state: 'ok' | 'changed' | 'missing';
}

export interface ExternalTablesAnswer {
  readonly tables: readonly ExternalTableInfo[];
}

export interface NodeApi extends QueryApi, AuditApi, SessionApi, ModelsApi {
  status(): Promise<NodeStatus>;
  doctor(): Promise<readonly DoctorCheck[]>;
  search(request: SearchRequest, signal?: AbortSignal): Promise<SearchAnswer>;
  /** An answer with its evidence: what was read, each claim once it was checked, and last the whole. */
  ask(request: AskRequest, signal?: AbortSignal): AsyncIterable<AskEvent>;
  /**
   * An Arrow IPC stream. Errors before the first batch reject; later ones end the stream by throwing. A statement that
   * writes has written when the call is answered, with one row: `rows_changed`.
   */
  sql(request: SqlRequest, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** DuckDB's plan as text; of a statement that writes, what would be done. Writes nothing. */
  explain(request: SqlRequest, signal?: AbortSignal): Promise<string>;
  /** Labels of narratives, each with its score. Recommendations: every answer is recorded, and people decide. */
  classify(request: ClassifyRequest, signal?: AbortSignal): Promise<ClassifyAnswer>;
  check(request: CheckRequest): Promise<SiteCheck>;
  /** Every site that the caller sees, worst first. */
  checkAll(request: Omit<CheckRequest, 'site'>): Promise<readonly ListedCheck[]>;
  /** What differs between two versions of a document, word by word. */
  lawDiff(request: LawDiffRequest, signal?: AbortSignal): Promise<LawDiff>;
  lawVersions(document: string): Promise<LawVersions>;
  lawDocuments(): Promise<readonly ListedDocument[]>;
  /** One provision with all below it, as in force on a day. */
  lawShow(request: LawShowRequest): Promise<LawText>;
  /** Who must, must not or may do what, with evidence; definitions and references resolved. */
  lawObligations(request: LawObligationsRequest): Promise<LawObligations>;
  /**
   * A job of the queue and what happens to it. Leaving early, or the signal, cancels the job; a signal that says the
   * node is stopping (`isStopping`) leaves it to the next start.
   */
  import(request: ImportRequest, signal?: AbortSignal): AsyncIterable<ImportEvent>;
  /** Puts a job into the queue and returns: the job goes on by itself. */
  submitImport(request: ImportRequest): Promise<Job>;
  /** What happens to a job from now on, until it ends. Leaving changes nothing. Throws why it failed. */
  followJob(id: number, signal?: AbortSignal): AsyncIterable<ImportEvent>;
  /** Newest first. */
  jobs(): Promise<readonly Job[]>;
  job(id: number): Promise<JobDetail>;
  pauseJob(id: number): Promise<Job>;
  resumeJob(id: number): Promise<Job>;
  cancelJob(id: number): Promise<Job>;
  /** Rejected and failed files again: all, or those with the given numbers. */
  retryJob(id: number, items?: readonly number[]): Promise<Job>;
  watch(request: WatchRequest): Promise<Watch>;
  watches(): Promise<readonly Watch[]>;
  unwatch(path: string): Promise<void>;
  /** Makes the search table again from the database. */
  reindex(signal?: AbortSignal): AsyncIterable<ReindexEvent>;
  /** Standing sources, by name. */
  sources(): Promise<readonly SourceInfo[]>;
  addSource(request: SourceRequest): Promise<SourceInfo>;
  removeSource(name: string): Promise<void>;
  /** Fetches what is new. A source whose list cannot be read is a rejected result. */
  runSources(request: RunRequest, signal?: AbortSignal): AsyncIterable<ImportEvent>;
  /** What a publisher lists of one act. */
  sourceVersions(request: VersionsRequest, signal?: AbortSignal): Promise<readonly SourceVersion[]>;
  /** Uses and models, for a conformity file. */
  aiDocumentation(): Promise<AiDocumentation>;
  /** Models that answer now. */
  servedModels(): Promise<readonly ServedModel[]>;
  embed(request: EmbedRequest, signal?: AbortSignal): Promise<EmbedAnswer>;
  /** The last event is `end`. Throws `model.none` when nothing on this node writes text. */
  generate(request: GenerateTextRequest, signal?: AbortSignal): AsyncIterable<GenerateEvent>;
  /** What a person makes of an answer of a model, with the reason. */
  decide(request: DecideRequest): Promise<Decision>;
  users(request: UserRequest): Promise<UserAnswer>;
  policy(request: PolicyRequest): Promise<PolicyAnswer>;
  /** Files that SQL reads as tables `ext.NAME`. For administrators. */
  externalTables(request: ExternalTableRequest): Promise<ExternalTablesAnswer>;
  close(): Promise<void>;
}
