export { arrowSchema, arrowType } from './arrow.ts';
export { AUDIT_CATEGORIES } from './audit-sink.ts';
export type { AuditCategory, AuditEvent, AuditSink, AuditValue } from './audit-sink.ts';
export { HLC_DRIFT_MAX_MS, HybridLogicalClock, hlcMilliseconds } from './hlc.ts';
export type { HlcStamp } from './hlc.ts';
export { MIGRATIONS } from './migrations/index.ts';
export type { Migration } from './migrations/index.ts';
export { AI, ESH, LAW, TABLES, tableNamed } from './model.ts';
export { NODE_TABLES } from './node-tables.ts';
export { partitionSql } from './partition.ts';
export type { PartitionKey } from './partition.ts';
export {
  SPAN_KINDS,
  SPANS_COLUMN,
  checkSpans,
  freeTexts,
  parseSpan,
  printSpan,
  spanEntries,
} from './personal-spans.ts';
export type { CellSpan, SpanKind, TextSpan } from './personal-spans.ts';
export { parseEvidence, printEvidence } from './obligation-evidence.ts';
export type { EvidencePlace } from './obligation-evidence.ts';
export { SYSTEM_COLUMNS, allColumns, createStatement, qualifiedName } from './table.ts';
export type { Column, ColumnType, PersonalData, StateMachine, Table, TableClass } from './table.ts';
