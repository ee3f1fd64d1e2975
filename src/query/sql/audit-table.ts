/** `audit.log` as a table: its columns, and who sees it. Its rows come by federation/audit-log.ts. */
import {
  BIGINT,
  DuckDBTimestampValue,
  TIMESTAMP,
  VARCHAR,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { AccessPolicy, Principal, ReadableTable } from '../ports.ts';

/** An entry as it lies in the log. */
export interface AuditLine {
  readonly id: number;
  readonly hash: string;
  /** Undefined once its text was retired. */
  readonly entry:
    | {
        readonly prev_hash: string;
        /** UTC with nanoseconds. */
        readonly timestamp: string;
        readonly node_id: string;
        readonly actor_id: string;
        readonly actor_role: string;
        /** Category, a dot, action. */
        readonly event_type: string;
        readonly resource: string;
        readonly detail: { readonly [name: string]: unknown };
        readonly signature?: string;
      }
    | undefined;
}

export const AUDIT_TABLE = { schema: 'audit', name: 'log' } as const;

export const isAuditLog = ({ schema, name }: { readonly schema: string; readonly name: string }): boolean =>
  schema === AUDIT_TABLE.schema && name === AUDIT_TABLE.name;

export interface AuditColumn {
  readonly name: string;
  readonly type: DuckDBType;
  readonly doc: string;
  readonly of: (line: AuditLine) => DuckDBValue;
}

const text = (
  name: string,
  doc: string,
  of: (entry: NonNullable<AuditLine['entry']>) => string | undefined,
): AuditColumn => ({
  name,
  type: VARCHAR,
  doc,
  of: ({ entry }) => (entry === undefined ? null : (of(entry) ?? null)),
});

export const AUDIT_COLUMNS: readonly AuditColumn[] = [
  { name: 'id', type: BIGINT, doc: 'number of the entry, from 0', of: ({ id }) => BigInt(id) },
  {
    name: 'time',
    type: TIMESTAMP,
    doc: 'when, in UTC, to the microsecond',
    of: ({ entry }) => (entry === undefined ? null : new DuckDBTimestampValue(microseconds(entry.timestamp))),
  },
  text('node_id', 'the node', (entry) => entry.node_id),
  text('category', 'of the event', (entry) => entry.event_type.split('.', 1)[0]),
  text('event', 'category and action: `access.sql`', (entry) => entry.event_type),
  text('principal', 'who; `system` for the node itself', (entry) => entry.actor_id),
  text('roles', 'their roles, joined by commas', (entry) => entry.actor_role),
  text('action', 'what was done, within the category', (entry) =>
    entry.event_type.slice(entry.event_type.indexOf('.') + 1),
  ),
  text('resource', 'tables, job, credential, …, joined by commas', (entry) => entry.resource),
  text('result', '`denied`, or the stage: `begun`, `done`, `failed`; empty for what has none', (entry) => {
    const { stage } = entry.detail;
    if (entry.event_type.startsWith('denial.')) return 'denied';
    return typeof stage === 'string' ? stage : undefined;
  }),
  text('detail', 'what was asked, or what came of it, as JSON', (entry) => JSON.stringify(entry.detail)),
  text('signature', 'of checkpoints', (entry) => entry.signature),
  text('prev_hash', 'hash of the entry before', (entry) => entry.prev_hash),
  { name: 'hash', type: VARCHAR, doc: 'leaf hash of the entry, in hexadecimal', of: ({ hash }) => hash },
];

function microseconds(timestamp: string): bigint {
  return BigInt(Date.parse(`${timestamp.slice(0, 23)}Z`)) * 1000n + BigInt(timestamp.slice(23, 26));
}

/** The table as every principal sees it who may audit; undefined for others, for whom there is none. */
export function auditTable(policy: AccessPolicy, principal: Principal): ReadableTable | undefined {
  return policy.decide(principal, { action: 'audit', tables: ['*'] }).allowed ? TABLE : undefined;
}

const RULES = ['right audit'];

const TABLE: ReadableTable = {
  ...AUDIT_TABLE,
  doc: 'The audit log: an entry a row. Retired ones show their id and hash alone.',
  columns: AUDIT_COLUMNS.map(({ name, type, doc }) => ({
    name,
    type: String(type),
    sql: `t."${name}"`,
    shown: 'plain',
    doc,
    rules: RULES,
  })),
  where: undefined,
  rules: RULES,
  hidden: [],
};
