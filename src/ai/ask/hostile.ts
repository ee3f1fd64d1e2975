/**
 * Words in documents that speak to a model instead of a reader. A document is data: such a sentence is neither quoted
 * as an answer nor put before a generator. This is the second line; the first is that no statement without a checked quote
 * is shown, whatever the generator was talked into.
 */
const ADDRESSED = [
  /\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instructions?|prompts?|rules|guidelines|guardrails|context|previous|above|prior)\b/is,
  /\b(?:you are|act as|pretend to be|as)\s+(?:now\s+)?(?:an?\s+)?(?:ai|a\.i\.|language model|llm|chatbot|assistant|gpt)\b/i,
  /\b(?:system|developer)\s+(?:prompt|message|instruction)s?\b/i,
  /\b(?:the\s+)?(?:ai|assistant|chatbot|language model|llm)\s+(?:must|should|shall|will|has to|is to)\s+(?:now\s+)?(?:answer|reply|respond|say|state|output|ignore|tell|print|reveal)\b/i,
  /\b(?:answer|reply|respond|say|output|print)\s+(?:only\s+)?(?:with\s+)?["'“‘][^"'”’\n]{1,80}["'”’]\s*(?:to|for|when|if|regardless|no matter|whatever)\b/i,
  /\bdo not (?:cite|quote|mention|reveal)\b.{0,40}\b(?:source|passage|document|instruction)/is,
  // A comment is not for readers.
  /<!--/,
  // The form that answers of a model have here (generate.ts).
  /["“]claims["”]\s*:/i,
  /<\|?\/?(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id|end_header_id|s)\|?>|\[\/?INST\]|<<\/?SYS>>/i,
];

/** What no reader sees: format and control characters, fillers, variation selectors, tags. */
const UNSEEN =
  /[\p{Cf}\u115f\u1160\u3164\uffa0\u180b-\u180f\ufe00-\ufe0f\u{e0000}-\u{e0fff}]|(?![\t\n\r])\p{Cc}/gu;
const TAGS = /[\u{e0020}-\u{e007e}]/gu;

/** The text as a reader sees it: no unseen characters, wide and styled letters as plain ones. */
export const asRead = (text: string): string => text.normalize('NFKC').replace(UNSEEN, '');

/** What unseen tags spell out for a model. */
const spelled = (text: string): string =>
  text.replace(TAGS, (tag) => String.fromCodePoint((tag.codePointAt(0) ?? 0) - 0xe0000));

export const speaksToModel = (text: string): boolean =>
  [asRead(text), asRead(spelled(text))].some((read) => ADDRESSED.some((pattern) => pattern.test(read)));

/** Takes out what no reader sees, and what chat templates would read as their own marks. */
export const withoutMarks = (text: string): string =>
  text.replace(UNSEEN, '').replace(/<\|[^|<>]{0,40}\|>|<\/?s>|\[\/?INST\]|<<\/?SYS>>/gi, ' ');
