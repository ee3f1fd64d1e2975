/** Port: the record of what models said. Every answer of a model that reaches a caller goes through it first. */

export interface Inference {
  /** One of the file of use cases: `ask`, `classify`, `generate`, … */
  readonly use_case: string;
  readonly model: {
    readonly id: string;
    readonly version: string;
    /** Null for a model behind an endpoint. */
    readonly sha256: string | null;
    readonly runtime: string;
  };
  /** SHA-256 of what the model was given. The input itself is not kept. */
  readonly input_sha256: string;
  /** What it said: text, or JSON as text. People named in it are marked, and policy masks them. */
  readonly output: string;
  /** 0 to 1, calibrated as far as the use case says; null when the model gives none. */
  readonly confidence: number | null;
  /** What it rests on, as `table:key`: `law.sections:us/cfr/29/1910/147/d/6`. No texts. */
  readonly evidence: readonly string[];
  /** Who asked. */
  readonly principal: string;
  /** What the answer is marked with: `AI-generated`, `AI-classified`, `extracted`. */
  readonly label: string;
  /** Badges the answer carries: a weaker model or mode answered, and which. */
  readonly warnings?: readonly string[];
  /** The site it is about, when it is about one: who may read and decide then hangs on it. */
  readonly site?: { readonly site_id: string; readonly region: string };
}

export interface InferenceLog {
  /** Resolves with its id once it is durable. Throws `use_case.unknown`. */
  record(inference: Inference): Promise<string>;
  /** The same for many, in one transaction; ids in the same order. */
  recordAll(inferences: readonly Inference[]): Promise<readonly string[]>;
}
