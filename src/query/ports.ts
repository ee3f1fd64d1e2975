/** What query needs from above. Declared where it is called; `ai` and `security` implement, `node` hands in. */

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
  /**
   * One unit-length vector per text, row-major: `texts.length × dimension` floats.
   * Throws `unavailable` when the model cannot be loaded; there is no fallback.
   */
  embed(texts: readonly string[], purpose: 'query' | 'passage', signal?: AbortSignal): Promise<Float32Array>;
  readonly terms: TermVectors | undefined;
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

/** Who asks. */
export interface Principal {
  readonly id: string;
  readonly roles: readonly string[];
}

/** What a principal wants to do. `tables` are `schema.name`. */
export interface AccessRequest {
  readonly action: 'read' | 'import' | 'administer';
  readonly tables: readonly string[];
}

/** Allowed, with the predicate every row must meet (SQL over the table's columns); or denied, with the rule's name. */
export type AccessDecision =
  | { readonly allowed: true; readonly predicate: string | undefined }
  | { readonly allowed: false; readonly rule: string };

export interface AccessPolicy {
  decide(principal: Principal, request: AccessRequest): AccessDecision;
}
