/** What a node is asked to classify, and what it answers. */

export interface ClassifyRequest {
  readonly texts?: readonly string[];
  /** Ids of stored incidents; their narratives are read with the caller's rights. */
  readonly incidents?: readonly string[];
  /** Name of a taxonomy, `severity`, or `all`; `event` when absent. */
  readonly taxonomy?: string;
  /** Labels of the caller's own instead of a taxonomy. */
  readonly labels?: readonly string[];
  /** With the provisions of law on this node that come nearest to the narrative. */
  readonly regulations?: boolean;
  /** `YYYY-MM-DD`: the law in force then; today when absent. For `regulations`. */
  readonly at?: string;
}

/** A section or article that may apply: a lead to follow, not a recommendation. */
export interface NearProvision {
  readonly section_id: string;
  readonly citation: string;
  readonly heading: string;
  /** Cosine of narrative and provision; no chance. */
  readonly score: number;
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
  /** Of `severity`: the words that say so, in UTF-16 units of the narrative. */
  readonly evidence?: { readonly start: number; readonly end: number; readonly text: string };
  /** With `regulations`: nearest first. Never a verdict. */
  readonly regulations?: readonly NearProvision[];
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
