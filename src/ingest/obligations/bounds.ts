/**
 * Bounds of obligation detection. Law stays far below them; they keep a hostile text from costing more than its length.
 */

/** Structure is read from this many UTF-16 units of a sentence with its lead-ins; the rest is evidence only. */
export const SENTENCE_CHARS = 8_000;
/** Main clauses read in one sentence; the longest real one has nine. */
export const CLAUSES_PER_SENTENCE = 16;
/** Ancestors that may open the sentence of an item. */
export const LEAD_INS = 12;
/** Units of one lead-in, from its end: the modal verb and its subject are there. */
export const LEAD_IN_CHARS = 1_500;
/** A bracket longer than this does not keep full stops inside it from ending a sentence. */
export const BRACKET_CHARS = 600;

/** Tokens looked back over for a subject. */
export const SUBJECT_TOKENS = 90;
