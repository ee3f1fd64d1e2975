/** JSON Schemas of what has to do with models. */
import type { JsonSchema, ObjectSchema } from './json-schema.ts';

const text = (description: string): JsonSchema => ({ type: 'string', description });
const DECISIONS: JsonSchema = { type: 'string', enum: ['accept', 'reject', 'amend'] };

export const DECIDE_REQUEST: ObjectSchema = {
  type: 'object',
  properties: {
    inference_id: text('the answer that is decided upon'),
    decision: DECISIONS,
    reason: text('why'),
    amendment: text('with `amend`: what stands in its place'),
  },
  required: ['inference_id', 'decision', 'reason'],
  additionalProperties: false,
};

export const DECISION: ObjectSchema = {
  type: 'object',
  properties: {
    decision_id: text('identity'),
    inference_id: text('the answer'),
    decision: DECISIONS,
    amendment: { type: ['string', 'null'] },
    reason: text('why'),
    decided_by: text('principal'),
    decided_at: text('when, ISO 8601'),
  },
  required: ['decision_id', 'inference_id', 'decision', 'amendment', 'reason', 'decided_by', 'decided_at'],
};

const whole: JsonSchema = { type: 'integer' };
const texts: JsonSchema = { type: 'array', items: { type: 'string' } };

export const EMBED_REQUEST: ObjectSchema = {
  type: 'object',
  properties: { input: texts, purpose: { type: 'string', enum: ['query', 'passage'] } },
  required: ['input'],
  additionalProperties: false,
};

export const EMBED_ANSWER: ObjectSchema = {
  type: 'object',
  properties: {
    model: text('id and version'),
    dimension: whole,
    vectors: { type: 'array', items: { type: 'array', items: { type: 'number' } } },
    inference_id: text('of the record'),
  },
  required: ['model', 'dimension', 'vectors', 'inference_id'],
};

const message = (roles: readonly string[], content: JsonSchema): JsonSchema => ({
  type: 'object',
  properties: { role: { type: 'string', enum: roles }, content },
  required: ['role', 'content'],
});

export const GENERATE_REQUEST: ObjectSchema = {
  type: 'object',
  properties: {
    messages: { type: 'array', items: message(['system', 'user', 'assistant'], { type: 'string' }) },
    model: text('the generator in use when absent'),
    max_tokens: whole,
    temperature: { type: 'number' },
    seed: whole,
    stop: texts,
    json_schema: { type: 'object', description: 'the text is JSON of this schema' },
    grammar: text('the text is of this grammar (GBNF)'),
  },
  required: ['messages'],
  additionalProperties: false,
};

export const GENERATE_EVENT: ObjectSchema = {
  type: 'object',
  properties: { type: { type: 'string', enum: ['text', 'end', 'error'] } },
  required: ['type'],
};

export const SERVED_MODELS: ObjectSchema = {
  type: 'object',
  properties: { object: text('`list`'), data: { type: 'array', items: { type: 'object' } } },
  required: ['object', 'data'],
};

/** What OpenAI's clients send beside these is let in, as long as it changes nothing in the answer. */
export const EMBEDDINGS_REQUEST: ObjectSchema = {
  type: 'object',
  properties: {
    model: text('name of the embedding model'),
    input: { oneOf: [{ type: 'string' }, texts], type: ['string', 'array'], items: { type: 'string' } },
    encoding_format: { type: 'string', enum: ['float', 'base64'] },
  },
  required: ['model', 'input'],
};

export const CHAT_REQUEST: ObjectSchema = {
  type: 'object',
  properties: {
    model: text('name of the generator'),
    messages: {
      type: 'array',
      items: message(['system', 'developer', 'user', 'assistant'], { type: ['string', 'array'] }),
    },
    max_tokens: whole,
    max_completion_tokens: whole,
    temperature: { type: 'number' },
    seed: whole,
    stop: { type: ['string', 'array', 'null'], items: { type: 'string' } },
    stream: { type: ['boolean', 'null'] },
    response_format: { type: 'object' },
    n: whole,
    tools: { type: 'array' },
    logprobs: { type: ['boolean', 'null'] },
  },
  required: ['model', 'messages'],
};

export const AI_DOCUMENTATION: ObjectSchema = {
  type: 'object',
  properties: {
    use_cases: { type: 'object', description: 'the file of use cases' },
    models: { type: 'array', items: { type: 'object' }, description: 'with manifest and card' },
  },
  required: ['use_cases', 'models'],
};
