/** What query needs from above. Declared where it is called; `ai` and `security` implement, `node` hands in. */
import type { FractalError } from '../base/index.ts';
import type { WriteRule } from '../store/index.ts';

/** Which model made a vector. Two vectors compare only if this is equal. */
export interface ModelIdentity {
  readonly id: string;
  readonly version: string;
  /** SHA-256 over the hashes of the model's files. */
  readonly sha256: string;
  /** Length of its vectors. */
  readonly dimension: number;
}

export interface Embedder {
  readonly model: ModelIdentity;
  /** Why it cannot be used, when that is known beforehand; `embed` then throws it. */
  readonly fault?: FractalError;
  /**
   * One unit-length vector per text, row-major: `texts.length × dimension` floats.
   * Throws `unavailable` when the model cannot be loaded; there is no fallback.
   */
  embed(texts: readonly string[], purpose: 'query' | 'passage', signal?: AbortSignal): Promise<Float32Array>;
  readonly terms: TermVectors | undefined;
  /** Gives its memory back; the next text loads it again. */
  unload?(): Promise<void>;
}

/**
 * Vectors of single terms (the model's tokens), for late interaction: how well each word of a question is met by the
 * best word of a passage. Only order-free models have them.
 */
export interface TermVectors {
  /** The different terms of each text, as sorted ids below 65,536. */
  termsOf(texts: readonly string[]): Promise<Uint16Array[]>;
  /** How much the model makes of each term, at least 0. */
  weightsOf(ids: Uint16Array): Promise<Float32Array>;
  /** Cosine of every asked term with every found one: row-major, `asked.length × found.length`. */
  likeness(asked: Uint16Array, found: Uint16Array): Promise<Float32Array>;
}

/** What a principal is known by besides its roles: text, a number, a flag, or a list of texts. */
export type Attribute = string | number | boolean | readonly string[];

/** Who asks. */
export interface Principal {
  readonly id: string;
  readonly roles: readonly string[];
  /** A person when absent. An app acts with the rights of whoever runs it, but decides nothing in their place. */
  readonly kind?: 'person' | 'app';
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** What this call is for, as the caller said and is allowed to say. */
  readonly purpose?: string;
}

export type Action =
  | 'read'
  | 'insert'
  | 'update'
  | 'delete'
  | 'import'
  | 'export'
  | 'sync'
  | 'infer'
  | 'manage-models'
  | 'administer'
  | 'audit'
  /** Sets and releases legal holds on the audit log. */
  | 'hold'
  /** Sends the audit log of another node, to be held and cosigned. */
  | 'replicate'
  | 'impersonate';

/** What a principal wants to do. `tables` are `schema.name`, or `*` for the action as such. */
export interface AccessRequest {
  readonly action: Action;
  readonly tables: readonly string[];
  /** Columns that will be shown, `*` for all. One that policy hides or masks anywhere makes the answer a denial. */
  readonly shown?: readonly string[];
  /** Columns that a predicate can be over; all of the table when absent. */
  readonly available?: readonly string[];
}

/**
 * Allowed, with the predicate every row must meet (SQL that DuckDB and Lance read alike, over the table's columns); or
 * denied, with the rule's name.
 */
export type AccessDecision =
  | { readonly allowed: true; readonly predicate: string | undefined }
  | { readonly allowed: false; readonly rule: string };

/** A column as a principal sees it. */
export interface ReadableColumn {
  readonly name: string;
  /** DuckDB type. */
  readonly type: string;
  /** SQL over the table's own columns. */
  readonly sql: string;
  /** `plain`: the stored value in every row that is shown. */
  readonly shown: 'plain' | 'masked' | 'in-some-rows';
  readonly doc: string;
  /** The rules behind it. */
  readonly rules: readonly string[];
}

/** A table as a principal sees it. What is left out does not exist for them. */
export interface ReadableTable {
  readonly schema: string;
  readonly name: string;
  readonly doc: string;
  readonly columns: readonly ReadableColumn[];
  /** SQL that every row shown meets; undefined for all rows. */
  readonly where: string | undefined;
  /** The rules that show its rows. */
  readonly rules: readonly string[];
  /** Names of columns that are not shown, with the rule behind each; only for explaining, never for the reader. */
  readonly hidden: readonly { readonly name: string; readonly rule: string }[];
}

/** All that a principal may read, at this moment. */
export interface ReadScope {
  /** Scopes of one key are the same. */
  readonly key: string;
  readonly tables: readonly ReadableTable[];
}

/** What a principal may write of a table, at this moment. */
export type WriteDecision =
  { readonly allowed: true; readonly may: WriteRule } | { readonly allowed: false; readonly rule: string };

export interface AccessPolicy {
  decide(principal: Principal, request: AccessRequest): AccessDecision;
  scope(principal: Principal): ReadScope;
  /** `table` is `schema.name`. */
  writing(principal: Principal, action: 'insert' | 'update' | 'delete', table: string): WriteDecision;
}
