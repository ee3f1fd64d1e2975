/** Records of a source into rows of `esh.*`, by a mapping that is data. */
export { toRecordBatch, toRows } from './batch.ts';
export type { ColumnBatch, RowStamp } from './batch.ts';
export { asMapping } from './mapping.ts';
export type { Mapping } from './mapping.ts';
export { MAPPINGS, findMapping } from './mappings.ts';
export { readRecords } from './read.ts';
export type { FlaggedRecord, RecordGroup, RecordOptions, RejectedRecord } from './read.ts';
