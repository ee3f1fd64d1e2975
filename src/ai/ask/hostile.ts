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
  /<\|?\/?(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id|end_header_id|s)\|?>|\[\/?INST\]|<<\/?SYS>>/i,
];

export const speaksToModel = (text: string): boolean => ADDRESSED.some((pattern) => pattern.test(text));

/** Takes out what chat templates would read as their own marks. */
export const withoutMarks = (text: string): string =>
  text.replace(/<\|[^|<>]{0,40}\|>|<\/?s>|\[\/?INST\]|<<\/?SYS>>/gi, ' ');
