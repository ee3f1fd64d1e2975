/**
 * Port: who did what. Declared here so that every layer can call it and none needs the log itself; `audit` implements
 * it, `node` hands it in.
 */
export const AUDIT_CATEGORIES = [
  'access',
  'modification',
  'sync',
  'conflict',
  'inference',
  'app',
  'authentication',
  'denial',
  'administration',
  'key',
  'decision',
  /** Start, stop, migrations, recovery. */
  'lifecycle',
  /** What the log says about itself: checkpoints, expiry, erasure, holds. */
  'log',
] as const;

export type AuditCategory = (typeof AUDIT_CATEGORIES)[number];

export type AuditValue =
  string | number | boolean | null | readonly AuditValue[] | { readonly [name: string]: AuditValue };

/** Holds references and hashes, never personal values. */
export interface AuditEvent {
  readonly category: AuditCategory;
  /** Lower case, words joined by `-` or `.`. With the category before it, the `event_type` of the entry. */
  readonly action: string;
  /** Who acts: the id of a principal, or `system`. */
  readonly principal: string;
  /** Their roles at that moment. */
  readonly roles?: readonly string[];
  /** Table, column, partition, document, file: what it was done to. */
  readonly resource: string;
  readonly detail: Readonly<Record<string, AuditValue>>;
}

export interface AuditSink {
  /**
   * Resolves with the number of the entry when the event is durable. Throws `audit.unavailable` when it cannot be
   * written: what it tells of must then not be done.
   */
  record(event: AuditEvent): Promise<number>;
}
