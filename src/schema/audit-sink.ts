/**
 * Port: who did what. Declared here so that every layer can call it and none needs the log itself; `audit` implements
 * it, `node` hands it in.
 */
export type AuditCategory =
  | 'access'
  | 'modification'
  | 'sync'
  | 'conflict'
  | 'inference'
  | 'app'
  | 'authentication'
  | 'denial'
  | 'administration'
  | 'key'
  | 'decision';

/** Holds references and hashes, never personal values. */
export interface AuditEvent {
  readonly category: AuditCategory;
  readonly action: string;
  readonly principal: string;
  readonly resource: string;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
}

export interface AuditSink {
  /** Resolves when the event is durable. */
  record(event: AuditEvent): Promise<void>;
}
