export { DuckDb, duckError, execute, readRows, streamOn, withoutSecretNames } from './duckdb.ts';
export type { OpenStream, Parameters } from './duckdb.ts';
export { FILE_FORMATS, FileReader } from './file-reader.ts';
export type { FileFormat } from './file-reader.ts';
export { changes } from './feed.ts';
export type { ChangeBatch, ChangeRequest } from './feed.ts';
export { Maintenance } from './maintenance.ts';
export type { MaintenanceOptions } from './maintenance.ts';
export { LanceTable } from './lance.ts';
export type { LanceDefinition, LanceUpdate } from './lance.ts';
export { migrate, schemaVersion } from './migrate.ts';
export { checkArrow } from './put-arrow.ts';
export type { Change, ChangeCounts, ViewQuery } from './change.ts';
export type { WriteRights, WriteRule } from './rights.ts';
export type { ChangedTable, CommitGuard, ContentHash, PendingCommit } from './pending-commit.ts';
export type { PutCounts, Stamp } from './put.ts';
export { dropStage, stageArrow, stagedValues, type Staged } from './staging.ts';
export type { Stage } from './stage.ts';
export { Store } from './store.ts';
export type { Books, Committed, LanceReader, Snapshot, StoreOptions } from './store.ts';
export { Transaction } from './transaction.ts';
export {
  arrowShape,
  checkHeader as ipcBodyLength,
  ipcPrefix,
  joinSmall,
  recordBatchMessage,
  schemaMessage,
  toArrowMessages,
  toIpcStream,
  wholeResult,
} from './arrow/index.ts';
export type { ArrowMessage, ArrowMessages, ArrowOptions, ArrowSource, SourceColumn } from './arrow/index.ts';
export type { ViewLease } from './view-catalogues.ts';
export { TypedValue, parseDate, parseDecimal, parseTimestamp } from './values.ts';
export type { Row, RowValue } from './values.ts';
export type { Salvage } from './wal-salvage.ts';
