/** What is asked, and what is answered with its evidence. */

export interface AskRequest {
  readonly question: string;
  /** Provisions that are read for the answer. */
  readonly k?: number;
  /** Name of a generator; `extractive` for none. The one in use when absent. */
  readonly model?: string;
  /** `YYYY-MM-DD`: law in force on that day; today when absent. */
  readonly at?: string;
  readonly jurisdiction?: string;
  readonly document?: string;
}

/** Words of a provision as they stand there: `text.slice(start, end) === quote`. */
export interface Quote {
  readonly section_id: string;
  readonly version_id: string;
  readonly document_id: string;
  readonly citation: string;
  readonly quote: string;
  /** Offsets in the provision's text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  readonly in_force_from: string | null;
  readonly in_force_to: string | null;
}

/** One statement of an answer. Each has at least one citation. */
export interface Claim {
  readonly text: string;
  readonly citations: readonly Quote[];
  /** How much of the claim its quotes carry, 0 to 1; 1 for a claim that is its quotes. */
  readonly support: number;
}

/** A statement of the model that is not in the answer, and why. Its words are not repeated. */
export type DroppedReason =
  'no-citation' | 'unknown-source' | 'quote-not-found' | 'unsupported' | 'numbers' | 'negation' | 'modality';

/** A provision that was read, best first. */
export interface AskPassage {
  readonly rank: number;
  readonly section_id: string;
  readonly document_id: string;
  readonly citation: string;
  readonly heading: string;
  readonly text: string;
  readonly score: number;
  /** How it came in. */
  readonly role: 'found' | 'parent' | 'definition' | 'cited';
  readonly in_force_from: string | null;
  readonly in_force_to: string | null;
}

export interface AskAnswer {
  readonly question: string;
  readonly at: string;
  /** The claims as one text; what to say instead when the node abstains. */
  readonly answer: string;
  readonly claims: readonly Claim[];
  /** How likely the passages found answer the question, 0 to 1: see docs/ask.md. */
  readonly confidence: number;
  readonly abstained: boolean;
  readonly mode: 'extractive' | 'generated';
  readonly model: string;
  readonly label: 'AI-generated' | 'extracted';
  /** Says that a weaker mode answered, and which; empty when all is as asked for. */
  readonly badges: readonly string[];
  readonly dropped: readonly DroppedReason[];
  readonly passages: readonly AskPassage[];
  readonly inference_id: string;
}

/** Claims come only after they were checked; the last event is the answer. */
export type AskEvent =
  | { readonly type: 'passages'; readonly passages: readonly AskPassage[] }
  | { readonly type: 'claim'; readonly claim: Claim }
  | { readonly type: 'answer'; readonly answer: AskAnswer };
