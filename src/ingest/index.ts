/** Readers of law and records: bytes of one file to documents and their sections. */
export { cfrAnnualReader } from './cfr-annual.ts';
export { clmlReader } from './clml.ts';
export { detectReader, READERS } from './detect.ts';
export { ecfrReader } from './ecfr.ts';
export { SECTION_LEVELS } from './reader.ts';
export type {
  DocumentHead,
  ReadEvent,
  Reader,
  ReaderInput,
  SectionLevel,
  SectionNode,
  Sniff,
} from './reader.ts';
export { Importer } from './importer.ts';
export type { ImportOptions } from './importer.ts';
export { shownResult } from './file-result.ts';
export type { FileResult } from './file-result.ts';
export { ImportQueue, Watcher } from './queue/index.ts';
export type { Job, JobDetail, JobEvent, JobFault, JobState, QueuePorts, Watch } from './queue/index.ts';
export { findObligations, splitSentences } from './obligations/index.ts';
export type { Obligation } from './obligations/index.ts';
export {
  MAPPINGS,
  MAPPING_SCHEMA,
  PeopleMarker,
  dryRun,
  findMapping,
  mappingNamed,
  parseMapping,
  readMapping,
  readMappings,
  readRecords,
} from './records/index.ts';
export type { DryRun, Mapping, MappingSchema } from './records/index.ts';
export { findNames } from './records/personal.ts';
export { remark, unmarkedRows } from './apply/remark.ts';
export { reindex } from './apply/reindex.ts';
export {
  Downloads,
  NETWORK_OFF,
  NetworkPolicy,
  NodeHttpClient,
  SOURCE_FORMS,
  SourceTimer,
  Sources,
  Web,
  isSourceName,
  sourceNamed,
} from './sources/index.ts';
export type {
  Feed,
  HttpAnswer,
  HttpClient,
  HttpRequest,
  ListedVersion,
  NetworkSettings,
  WebRequest,
} from './sources/index.ts';
