/** The audit log, as `NodeApi` tells it. For those with the right `audit`. */
import type { AuditBundle, FoundEntries, Verdict } from '../audit/index.ts';

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
export type { AuditBundle } from '../audit/index.ts';

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

export interface AuditApi {
  /** The newest entries that fit, in the order of the log. */
  audit(request: AuditRequest): Promise<AuditAnswer>;
  /** Reads every entry. A damaged log is an answer, not an error. */
  verifyAudit(): Promise<AuditVerdict>;
  /** Signs the tree as it is now. */
  checkpointAudit(): Promise<AuditCheckpoint>;
  /** One entry with all that is needed to check it elsewhere. */
  proveAudit(entry: number): Promise<AuditBundle>;
}
