/** What a node is made of. */
import {
  nodeFileSystem,
  systemClock,
  systemPause,
  systemRandom,
  type Clock,
  type FileSystem,
  type Limits,
  type Pause,
  type Random,
} from '../base/index.ts';
import type { Generators, InferenceLog, UseCases } from '../ai/index.ts';
import type { AuditKeys, AuditLog, Replicas, Retirement } from '../audit/index.ts';
import type { HttpClient, ImportQueue, Importer, Sources, Watcher } from '../ingest/index.ts';
import type { ComplianceCache, Embedder, Federation, SectionSearch } from '../query/index.ts';
import type { Maintenance, Store } from '../store/index.ts';
import type { Recorder } from './audited/recorder.ts';
import type { NodeClassifier } from './build-classifier.ts';
import type { NodeConfig } from './config.ts';
import type { Fetching, ModelManager } from './model-manager.ts';
import type { NodeQueries } from './queries.ts';

/** What the process hands in: the outside world. Tests replace it. */
export interface Outside {
  readonly clock: Clock;
  readonly random: Random;
  readonly fs: FileSystem;
  readonly pause: Pause;
}

export const SYSTEM: Outside = {
  clock: systemClock,
  random: systemRandom,
  fs: nodeFileSystem,
  pause: systemPause,
};

export interface NodeAudit {
  readonly log: AuditLog;
  readonly keys: AuditKeys;
  readonly recorder: Recorder;
  /** Logs of other nodes. */
  readonly replicas: Replicas;
  readonly retirement: Retirement;
}

/** Everything a node is made of, for the parts that look across it (`status`, `doctor`). */
export interface NodeParts {
  readonly dataDir: string;
  readonly config: NodeConfig;
  readonly limits: Limits;
  readonly outside: Outside;
  readonly store: Store;
  readonly embedder: Embedder;
  readonly generators: Generators;
  readonly useCases: UseCases;
  readonly inferences: InferenceLog;
  readonly classifier: NodeClassifier;
  readonly search: SectionSearch;
  /** What SQL asks beside the database. */
  readonly federation: Federation;
  readonly maintenance: Maintenance;
  readonly importer: Importer;
  readonly sources: Sources;
  readonly fetching: Fetching;
  readonly models: ModelManager;
  /** Connections to the outside, closed with the node. */
  readonly http: HttpClient;
  readonly queue: ImportQueue;
  readonly watcher: Watcher;
  readonly compliance: ComplianceCache;
  readonly queries: NodeQueries;
  readonly audit: NodeAudit;
  readonly startedAt: number;
}
