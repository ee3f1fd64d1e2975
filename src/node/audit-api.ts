/** The audit log, as `NodeApi` tells it. For those with the right `audit`. */
import type {
  AuditBundle,
  AuditGrowth,
  EntryRange,
  FoundEntries,
  Hold,
  ReceivedPart,
  ReportBundle,
  ReplicaState,
  Retention,
  Verdict,
} from '../audit/index.ts';

export interface AuditRequest {
  /** `YYYY-MM-DD`, or ISO 8601 with a time zone: from then on. */
  readonly since?: string;
  /** The same: before then; a day counts whole. */
  readonly until?: string;
  /** Id of a principal, or `system`. */
  readonly actor?: string;
  readonly category?: string;
  readonly resource?: string;
  /** The newest so many; 100 when absent. */
  readonly limit?: number;
}

export type AuditAnswer = FoundEntries;
export type AuditVerdict = Verdict;
export type { AuditBundle, AuditGrowth } from '../audit/index.ts';

export interface GrowthRequest {
  /** Entries of the older tree: the number in the checkpoint that somebody holds. */
  readonly from: number;
  /** Entries of the newer one; those of the last checkpoint when absent. */
  readonly to?: number;
}

export interface AuditCheckpoint {
  readonly origin: string;
  /** Entries that it covers. */
  readonly size: number;
  /** In base64. */
  readonly root: string;
  /** C2SP signed note. */
  readonly note: string;
  /** To check it with, in the note format. */
  readonly key: string;
}

export interface AuditExportRequest {
  /** Number of the first entry. */
  readonly from: number;
  /** Before this one; the checkpoint that was exported covers it. */
  readonly end: number;
  /** At most so many. */
  readonly limit: number;
}

export interface AuditExport {
  /** Lines of segments, without line ends; fewer than asked for where they are long. */
  readonly lines: readonly string[];
}

export interface CosignatureRequest {
  /** C2SP signed note, as the hub gave it back. */
  readonly note: string;
  /** Key of the hub that cosigned, in the note format. */
  readonly key: string;
}

export type ReplicaRequest =
  | { readonly action: 'list' }
  /** From now on the log of this key is taken. */
  | { readonly action: 'accept'; readonly key: string }
  | { readonly action: 'verify'; readonly origin: string }
  | ({ readonly action: 'receive' } & ReceivedPart);

export interface ReplicaAnswer {
  /** All that are held, or the one that was asked about. */
  readonly replicas: readonly ReplicaState[];
  readonly verdict?: AuditVerdict;
}

export type { ReplicaState } from '../audit/index.ts';

export type RetentionRequest =
  | { readonly action: 'show' }
  /** `since` and `until` are days, counted whole; absent: all there is and will be. */
  | {
      readonly action: 'hold';
      /** A code that it is called by. */
      readonly id: string;
      readonly reason: string;
      readonly since?: string;
      readonly until?: string;
    }
  | { readonly action: 'release'; readonly id: string; readonly reason: string }
  /** Takes away what is over; `dry` only tells. */
  | { readonly action: 'retire'; readonly dry?: boolean };

export interface RetentionAnswer {
  /** Months by category; empty: for ever. */
  readonly retention: Retention;
  readonly holds: readonly Hold[];
  /** What went, or would go. */
  readonly ranges?: readonly EntryRange[];
}

export interface ReplayRequest {
  /** Number of an entry, or id of a record in `ai.inferences`. */
  readonly id: string;
  /** The request that was answered then, as HTTP takes it. The log holds its hash only. */
  readonly input?: Readonly<Record<string, unknown>>;
}

export interface ReplayReason {
  /** Of `different`: data to unknown. Of `not_replayable`: expired to failed. */
  readonly code:
    | ('data' | 'policy' | 'model' | 'node' | 'principal' | 'rights' | 'unknown')
    | ('expired' | 'kind' | 'record' | 'input' | 'input_differs' | 'failed');
  readonly text: string;
}

export interface ReplayAnswer {
  readonly verdict: 'identical' | 'different' | 'not_replayable';
  /** The entry that holds what the answer was made from. */
  readonly entry: number;
  /** `ask`, `classify` or `check`; null for what cannot be made again. */
  readonly kind: string | null;
  readonly asked_by: string | null;
  /** Whoever asked then, when the caller may act as others; else the caller. */
  readonly replayed_as: string;
  readonly reasons: readonly ReplayReason[];
}

export interface ReportProofRequest {
  /** Number of an entry, or id of a record in `ai.inferences`. */
  readonly id: string;
  /** The answer, as it was given: the log holds a commitment to it only. */
  readonly report: object;
  /** Files that are put to it. */
  readonly evidence?: readonly {
    readonly name: string;
    /** Of its bytes, in hexadecimal; may be left out where these are given. */
    readonly sha256?: string;
    /** Its bytes in base64. */
    readonly content?: string;
  }[];
}

export type { ReportBundle } from '../audit/index.ts';

export interface AuditApi {
  /** Makes an answer again and compares it. Needs the right to the call itself, too. */
  replayAudit(request: ReplayRequest, signal?: AbortSignal): Promise<ReplayAnswer>;
  /** How long texts are kept, and holds. To hold and release needs the right `hold`, to retire `administer`. */
  auditRetention(request: RetentionRequest): Promise<RetentionAnswer>;
  /** A part of the log as it stands in its files, for a copy. */
  exportAudit(request: AuditExportRequest): Promise<AuditExport>;
  /** Keeps a cosigned checkpoint of this node's log; answers whether it is the newest one. */
  cosignedAudit(request: CosignatureRequest): Promise<{ readonly kept: boolean }>;
  /** Logs of other nodes that are held here. To receive needs the right `replicate`, to accept `administer`. */
  auditReplicas(request: ReplicaRequest): Promise<ReplicaAnswer>;
  /** The newest entries that fit, in the order of the log. */
  audit(request: AuditRequest): Promise<AuditAnswer>;
  /** Reads every entry. A damaged log is an answer, not an error. */
  verifyAudit(): Promise<AuditVerdict>;
  /** Signs the tree as it is now. */
  checkpointAudit(): Promise<AuditCheckpoint>;
  /** One entry with all that is needed to check it elsewhere. */
  proveAudit(entry: number): Promise<AuditBundle>;
  /** A report that the caller has, with its evidence and all that shows that it is the recorded one. */
  proveReport(request: ReportProofRequest): Promise<ReportBundle>;
  /** That the log only grew between two sizes. */
  proveGrowth(request: GrowthRequest): Promise<AuditGrowth>;
}
