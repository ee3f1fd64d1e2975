/** Models of a node, as `NodeApi` tells them. Who may `infer` sees them; the right `manage-models` changes them. */
import type { ModelCard, ModelFile, ModelKind, ModelRuntime } from '../ai/index.ts';
import type { Problem } from '../base/index.ts';

export interface ModelInfo {
  /** `id-version`: what commands take. */
  readonly name: string;
  readonly id: string;
  readonly version: string;
  readonly kind: ModelKind | null;
  readonly format: string | null;
  readonly runtime: ModelRuntime | null;
  readonly licence: string | null;
  readonly bytes: number;
  /** What loading it takes. */
  readonly ram_bytes_needed: number;
  /** SHA-256 over the hashes of its files; null for an endpoint, whose files nobody here sees. */
  readonly sha256: string | null;
  /** Length of the vectors of an embedding model. */
  readonly dimension: number | null;
  /** Of a generator: prompt and answer together. */
  readonly context_tokens: number | null;
  /** Whether the node uses it from its next start on. */
  readonly in_use: boolean;
  readonly pinned: boolean;
  readonly shipped: boolean;
  /** Its speed on this machine, once `measure` was asked for. */
  readonly measured: ModelSpeed | null;
  /** Why it cannot be used. */
  readonly fault: Problem | null;
}

/** Figures of one run on this machine. */
export interface ModelSpeed {
  /** ISO 8601. */
  readonly at: string;
  /** Processor as the system names it, and how many cores. */
  readonly processor: string;
  readonly cores: number;
  /** From the first request to the model being there. */
  readonly load_ms: number;
  /** What the process holds more of when it is loaded. */
  readonly ram_bytes: number;
  readonly figures: readonly { readonly name: string; readonly value: number; readonly unit: string }[];
}

export interface ModelDetail extends ModelInfo {
  readonly card: ModelCard | null;
  /** The long card in Markdown. */
  readonly card_text: string | null;
  readonly files: readonly ModelFile[];
}

export type ModelRequest =
  /** `folder`: whole path of a folder of the node's machine. */
  | { readonly action: 'add'; readonly folder: string }
  /**
   * `use`: from the next start on. `pin`: only these bytes of this version are used, and none of another version. `verify`:
   * reads every file and loads the model. `measure`: loads it and takes its speed.
   */
  | {
      readonly action: 'use' | 'pin' | 'unpin' | 'remove' | 'verify' | 'measure';
      /** `id-version`, or the id alone: the pinned version, else the newest. */
      readonly name: string;
    };

export interface PullRequest {
  /** `id-version`, or the id alone: the pinned version, else the newest on offer. */
  readonly name: string;
  /** File or https address of a catalogue; `model_catalogue` of fractal.json when absent. */
  readonly from?: string;
  readonly allow_network?: boolean;
}

export type PullEvent =
  | {
      readonly type: 'file';
      readonly file: string;
      readonly bytes: number;
      readonly done: number;
      readonly total: number;
    }
  | { readonly type: 'model'; readonly model: ModelDetail };

export interface ModelsApi {
  /** Those that ship first, then by name. */
  models(): Promise<readonly ModelInfo[]>;
  model(name: string): Promise<ModelDetail>;
  /** The model after it; of `remove`, as it was. */
  manageModel(request: ModelRequest, signal?: AbortSignal): Promise<ModelDetail>;
  /** Fetches a model of a catalogue. Given up or cut, the next call goes on where it was. */
  pullModel(request: PullRequest, signal?: AbortSignal): AsyncIterable<PullEvent>;
}
