/** DuckDB to Arrow and back, on the engine's raw vectors. */
export { wholeResult } from './chunks.ts';
export { BATCH_BYTES } from './batches.ts';
export type { ArrowOptions, ArrowSource } from './batches.ts';
export { toArrowMessages, toIpcStream, ipcBytes, ipcPrefix, joinSmall } from './stream.ts';
export type { ArrowMessages } from './stream.ts';
export { recordBatchMessage, schemaMessage } from './message.ts';
export type { ArrowMessage } from './message.ts';
export { checkHeader } from './append/flatbuffer-check.ts';
export { toRecordBatches, toTable } from './in-process.ts';
export type { RecordBatches } from './in-process.ts';
export { arrowShape } from './schema.ts';
export type { ArrowShape, EnumDictionary, SourceColumn } from './schema.ts';
export { ArrowAppender, appendIpcStream, openIpcStream } from './append/appender.ts';
export type { AppendOptions, OpenIpc } from './append/appender.ts';
export { quoted as quotedName, sqlTypeOf } from './append/sql-type.ts';
export { putTexts } from './append/strings.ts';
