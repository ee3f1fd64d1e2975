/** What a node is asked to classify, and what it answers. */

export interface ClassifyRequest {
  readonly texts?: readonly string[];
  /** Ids of stored incidents; their narratives are read with the caller's rights. */
  readonly incidents?: readonly string[];
  /** Name of a taxonomy, or `all`; `event` when absent. */
  readonly taxonomy?: string;
  /** Labels of the caller's own instead of a taxonomy. */
  readonly labels?: readonly string[];
}

/** What a model said of one text in one taxonomy. A recommendation: people decide. */
export interface Classification {
  /** Place of the text in the request: texts first, then incidents. */
  readonly index: number;
  readonly incident: string | null;
  /** Null for labels of the caller's own. */
  readonly taxonomy: string | null;
  /** The best label, or `unsure` when its score is below the threshold. */
  readonly verdict: string;
  /** Best first. Scores of a taxonomy are chances, fitted on held-out texts, that sum to 1; those of own labels are cosines. */
  readonly labels: readonly { readonly category: string; readonly score: number }[];
  /** Null where scores are no chances: nothing is recommended then. */
  readonly threshold: number | null;
  /** What the answer is marked with. */
  readonly label: string;
  /** What weakens the answer; null when nothing does. */
  readonly badge: string | null;
  readonly model: string;
  /** Of the record in `ai.inferences`. */
  readonly inference_id: string;
}

export interface ClassifyAnswer {
  readonly results: readonly Classification[];
}
