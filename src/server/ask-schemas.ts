/** JSON Schemas of `/v1/ask`. */
import type { JsonSchema, ObjectSchema } from './json-schema.ts';
import { PROBLEM } from './schemas.ts';

const text = (description: string): JsonSchema => ({ type: 'string', description });
const number = (description: string): JsonSchema => ({ type: 'number', description });
const whole = (description: string): JsonSchema => ({ type: 'integer', description });
const maybeDate: JsonSchema = { type: ['string', 'null'], format: 'date' };
const list = (items: JsonSchema): JsonSchema => ({ type: 'array', items });

/** Every property is required. */
const record = (properties: Readonly<Record<string, JsonSchema>>): ObjectSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
});

export const ASK_REQUEST: ObjectSchema = {
  type: 'object',
  properties: {
    question: text('what to answer'),
    k: whole('provisions that are read; default 8'),
    model: text('name of a generator; `extractive` for sentences of the law alone; default the one in use'),
    at: { type: 'string', format: 'date', description: 'the law as it stood on this day; today when absent' },
    jurisdiction: text('only this jurisdiction'),
    document: text('only this document'),
  },
  required: ['question'],
  additionalProperties: false,
};

const QUOTE = record({
  section_id: text('provision'),
  version_id: text('version it is quoted from'),
  document_id: text('document'),
  citation: text('official citation'),
  quote: text('words of the provision, exactly'),
  start: whole("offset in the provision's text, in UTF-16 units"),
  end: whole('end of the quote'),
  in_force_from: maybeDate,
  in_force_to: maybeDate,
});

const CLAIM = record({
  text: text('one statement'),
  citations: list(QUOTE),
  support: number('how much of the claim its quotes carry, 0 to 1'),
});

const PASSAGE = record({
  rank: whole('from 1'),
  section_id: text('provision'),
  document_id: text('document'),
  citation: text('official citation'),
  heading: text('its heading'),
  text: text('its text, or the beginning of a long one'),
  score: number('of the search'),
  role: { type: 'string', enum: ['found', 'parent', 'definition', 'cited'] },
  in_force_from: maybeDate,
  in_force_to: maybeDate,
});

export const ASK_ANSWER: ObjectSchema = record({
  question: text('as asked'),
  at: text('day of the law'),
  answer: text('the claims as one text, or that there is no answer'),
  claims: list(CLAIM),
  confidence: number('how likely the passages answer the question, 0 to 1'),
  abstained: { type: 'boolean', description: 'the evidence is weak: there is no answer' },
  mode: { type: 'string', enum: ['extractive', 'generated'] },
  model: text('what answered'),
  label: { type: 'string', enum: ['AI-generated', 'extracted'] },
  badges: list(text('a weaker mode answered, and which')),
  dropped: list(text('why a statement of the model was left out')),
  passages: list(PASSAGE),
  inference_id: text('of the record of this answer'),
});

export const ASK_EVENT: JsonSchema = {
  description:
    'Server-sent events. `passages`: what was read. `claim`: one statement, once it was checked. `answer`: the whole, last. ' +
    '`error`: a problem, last.',
  oneOf: [
    record({ type: { type: 'string', enum: ['passages'] }, passages: list(PASSAGE) }),
    record({ type: { type: 'string', enum: ['claim'] }, claim: CLAIM }),
    record({ type: { type: 'string', enum: ['answer'] }, answer: ASK_ANSWER }),
    record({ type: { type: 'string', enum: ['error'] }, problem: PROBLEM }),
  ],
};
