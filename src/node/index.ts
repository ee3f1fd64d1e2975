import path from 'node:path';
import { badInputError, type Log } from '../base/index.ts';
import { CONFIG_FILE, writeConfig } from './config.ts';
import { FractalNode, newNodeName, type NodeOptions } from './node.ts';
import { SYSTEM, type Outside } from './parts.ts';

export { LOCAL_OPERATOR } from './access.ts';
export { readKey } from './purpose.ts';
export type { Caller } from './access.ts';
export type { ShownCertificate } from '../security/index.ts';
export { FractalNode } from './node.ts';
export type { NodeOptions } from './node.ts';
export type { FlightDoor, FlightGate, FlightIdentity } from './flight/door.ts';
export { isStopping, stoppingError } from './import-jobs.ts';
export { SYSTEM } from './parts.ts';
export type { Outside } from './parts.ts';
export type {
  ModelDetail,
  ModelInfo,
  ModelRequest,
  ModelSpeed,
  ModelsApi,
  PullEvent,
  PullRequest,
} from './models-api.ts';
export type { AiDocumentation, DocumentedModel } from './ai-documentation.ts';
export type { DecideRequest, Decision } from './decisions.ts';
export type {
  EmbedAnswer,
  EmbedRequest,
  GenerateEvent,
  GenerateTextRequest,
  ServedModel,
} from './generate.ts';
export { SOURCE_FORMS, isSourceName } from '../ingest/index.ts';
export { checkMappingOn, listMappings, showMapping } from './mappings.ts';
export type { MappingInfo } from './mappings.ts';
export type { DryRun as MappingCheck } from '../ingest/index.ts';
export { shippedClassifierFolder, shippedModelFolder, shippedVerifier } from './paths.ts';
export { VERSION } from './status.ts';
export type {
  AskAnswer,
  AskEvent,
  AskPassage,
  AskRequest,
  Claim,
  DoctorCheck,
  ExternalTableInfo,
  ExternalTableRequest,
  ExternalTablesAnswer,
  ImportEvent,
  ImportRequest,
  ImportResult,
  Job,
  JobDetail,
  JobFault,
  JobState,
  CheckRequest,
  Classification,
  ClassifyAnswer,
  ClassifyRequest,
  LawDiff,
  ListedCheck,
  SiteCheck,
  LawDiffRequest,
  LawObligations,
  LawObligationsRequest,
  LawShowRequest,
  LawText,
  LawVersions,
  NodeApi,
  NodeStatus,
  PolicyAnswer,
  PolicyExplanation,
  PolicyRequest,
  Quote,
  ReindexEvent,
  RunRequest,
  SearchAnswer,
  SearchHit,
  SearchMode,
  SearchRequest,
  SourceInfo,
  SourceRequest,
  SourceVersion,
  SqlRequest,
  UserAnswer,
  UserRequest,
  Watch,
  WatchRequest,
  VersionsRequest,
} from './api.ts';

export type {
  AuditAnswer,
  AuditApi,
  AuditBundle,
  AuditGrowth,
  GrowthRequest,
  AuditCheckpoint,
  AuditRequest,
  AuditVerdict,
  AuditExport,
  AuditExportRequest,
  CosignatureRequest,
  ReplayAnswer,
  ReplayRequest,
  ReportBundle,
  ReportProofRequest,
  ReplicaAnswer,
  ReplicaRequest,
  ReplicaState,
  RetentionAnswer,
  RetentionRequest,
} from './audit-api.ts';
export { AUDIT_CATEGORIES } from '../schema/index.ts';
export {
  hubAddress,
  FILES_MOST,
  mainRows,
  printBundle,
  pushLog,
  spaced,
  verifyFiles,
} from '../audit/index.ts';
export type { GivenFile, HubDoor } from '../audit/index.ts';
export type { LogSource } from '../audit/index.ts';
export { verifyAuditFiles } from './audit-log.ts';
export type { ListedQuery, QueryFigures, SlowQuery } from './query-api.ts';
export type { From, ListedSession, LoginDoor, SessionAnswer, SessionRequest } from './session-api.ts';
export { ROWS_CHANGED } from '../query/index.ts';
export type { Edit, LawVersion, ListedDocument, ProvisionChange } from '../query/index.ts';

export interface InitOptions {
  readonly dataDir: string;
  readonly log: Log;
  readonly role?: 'hub' | 'edge';
  readonly name?: string;
  readonly region?: string;
  readonly sites?: readonly string[];
  readonly outside?: Outside;
}

/** Makes a node: its folder, its configuration, its empty store. Refuses a folder that already holds one. */
export async function initNode(
  options: InitOptions,
): Promise<{ readonly nodeId: string; readonly name: string }> {
  const outside = options.outside ?? SYSTEM;
  const { fs } = outside;
  if ((await fs.stat(path.join(options.dataDir, CONFIG_FILE))) !== undefined)
    throw badInputError(
      'node.exists',
      'there is already a node in this data directory',
      'Use it, or name another directory with --data.',
    );
  const name = options.name ?? newNodeName(outside);
  await fs.makeFolder(options.dataDir);
  await writeConfig(fs, options.dataDir, {
    name,
    role: options.role ?? 'hub',
    region: options.region ?? '',
    sites: options.sites ?? [],
  });
  const node = await openNode({ dataDir: options.dataDir, log: options.log, outside });
  const { nodeId } = node.parts.store;
  await node.close();
  return { nodeId, name };
}

export async function openNode(options: NodeOptions): Promise<FractalNode> {
  return await FractalNode.open(options);
}

/** The socket that a running node listens on, if there is one; it may be stale. */
export async function findRunningNode(dataDir: string): Promise<{ readonly socketPath: string } | undefined> {
  const socketPath = path.join(dataDir, 'node.sock');
  return (await SYSTEM.fs.stat(socketPath)) === undefined ? undefined : { socketPath };
}
