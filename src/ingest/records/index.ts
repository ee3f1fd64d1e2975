/** Records of a source into rows of `esh.*`, by a mapping that is data. */
export { plainValue, toRecordBatch } from './batch.ts';
export type { ColumnBatch } from './batch.ts';
export { overLimit } from './bounds.ts';
export { csvRows } from './csv.ts';
export { dryRun } from './dry-run.ts';
export type { ColumnOutcome, DryRun } from './dry-run.ts';
export { LineDecoder } from './decode.ts';
export { mappingNamed, parseMapping, readMapping, readMappings } from './mapping-files.ts';
export { MAPPING_SCHEMA } from './mapping-schema.ts';
export type { MappingSchema } from './mapping-schema.ts';
export { asMapping } from './mapping.ts';
export type { Mapping } from './mapping.ts';
export { MAPPINGS, findMapping } from './mappings.ts';
export { PeopleMarker } from './people.ts';
export { readRecords } from './read.ts';
export type { FlaggedRecord, RecordGroup, RecordOptions, RejectedRecord } from './read.ts';
export type { CellValue } from './rules.ts';
