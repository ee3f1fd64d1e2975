/**
 * What a node can be asked to do. `FractalNode` does it; `RemoteNode` asks a running node over its local socket; the
 * command line and HTTP see only this.
 */
import type { Problem } from '../base/index.ts';

export interface NodeStatus {
  readonly node: {
    readonly id: string;
    readonly name: string;
    readonly role: string;
    readonly region: string;
  };
  readonly version: string;
  readonly mode: 'single-user';
  readonly data_dir: string;
  readonly running: boolean;
  readonly uptime_s: number;
  readonly commit_version: number;
  readonly tables: readonly { readonly name: string; readonly class: string; readonly rows: number }[];
  readonly search: {
    readonly sections: number;
    readonly model: string;
    readonly text_index: boolean;
    readonly vector_index: 'flat' | 'ivf-rq';
    readonly unindexed_rows: number;
  };
  readonly storage: { readonly duckdb_bytes: number; readonly lance_bytes: number };
  readonly memory: { readonly rss_bytes: number };
  readonly warnings: readonly string[];
}

export interface DoctorCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do; empty when all is well. */
  readonly cure: string;
}

export type SearchMode = 'hybrid' | 'vector' | 'text';

export interface SearchRequest {
  readonly query: string;
  readonly k?: number;
  readonly mode?: SearchMode;
  /** `YYYY-MM-DD`; today when absent. */
  readonly at?: string;
  readonly jurisdiction?: string;
  readonly document?: string;
}

export interface SearchHit {
  readonly rank: number;
  readonly section_id: string;
  readonly document_id: string;
  readonly citation: string;
  readonly heading: string;
  readonly text: string;
  readonly score: number;
  readonly scores: {
    readonly vector: number | null;
    readonly text: number | null;
    readonly fused: number | null;
  };
  readonly in_force_from: string | null;
  readonly in_force_to: string | null;
}

export interface SearchAnswer {
  readonly query: string;
  readonly mode: SearchMode;
  readonly at: string;
  readonly model: string | null;
  readonly hits: readonly SearchHit[];
}

export interface SqlRequest {
  readonly sql: string;
  /** Values for `$1`, `$2`, … */
  readonly params?: readonly (string | number | boolean | null)[];
  readonly timeout_s?: number;
}

export interface ImportRequest {
  readonly paths: readonly string[];
  readonly kind?: string;
  readonly jurisdiction?: string;
  /** What to call the source, when the path is that of a temporary copy. For one file only. */
  readonly name?: string;
  /** `YYYY-MM-DD`: first day the text applies, for sources that do not say. */
  readonly in_force_from?: string;
}

export interface ImportResult {
  readonly source: string;
  readonly kind: string | null;
  readonly status: 'added' | 'updated' | 'unchanged' | 'rejected';
  readonly documents: number;
  readonly sections: number;
  readonly obligations: number;
  readonly records: number;
  readonly warnings: readonly string[];
  readonly error?: Problem;
}

/** Versions indexed again, of all there are. */
export interface ReindexEvent {
  readonly done: number;
  readonly total: number;
}

export type ImportEvent =
  | {
      readonly type: 'progress';
      readonly done: number;
      readonly total: number;
      readonly bytes_done: number;
      readonly bytes_total: number;
      readonly sections: number;
    }
  | { readonly type: 'result'; readonly result: ImportResult };

export interface NodeApi {
  status(): Promise<NodeStatus>;
  doctor(): Promise<readonly DoctorCheck[]>;
  search(request: SearchRequest, signal?: AbortSignal): Promise<SearchAnswer>;
  /** An Arrow IPC stream. Errors before the first batch reject; later ones end the stream by throwing. */
  sql(request: SqlRequest, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** DuckDB's plan as text. */
  explain(request: SqlRequest, signal?: AbortSignal): Promise<string>;
  import(request: ImportRequest, signal?: AbortSignal): AsyncIterable<ImportEvent>;
  /** Makes the search table again from the database. */
  reindex(signal?: AbortSignal): AsyncIterable<ReindexEvent>;
  close(): Promise<void>;
}
