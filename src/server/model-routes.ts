/** Routes of the models of a node. `/v1/models` itself has the form of OpenAI. */
import type { JsonSchema, ObjectSchema } from './json-schema.ts';

const JSON_TYPE = 'application/json';
const NDJSON_TYPE = 'application/x-ndjson';
const text = (description: string): JsonSchema => ({ type: 'string', description });
const maybe = (description: string): JsonSchema => ({ type: ['string', 'null'], description });
const whole = (description: string): JsonSchema => ({ type: 'integer', description });
const flag = (description: string): JsonSchema => ({ type: 'boolean', description });

const INFO = {
  name: text('id-version: what requests take'),
  id: text('its id'),
  version: text('its version'),
  kind: maybe('embedding, classifier, reranker or generator'),
  format: maybe('onnx, onnx-int8, gguf or endpoint'),
  runtime: maybe('onnx, llama.cpp or endpoint'),
  licence: maybe('SPDX name'),
  bytes: whole('bytes of its files'),
  ram_bytes_needed: whole('bytes of memory that loading it takes'),
  sha256: maybe('over the hashes of its files; null for an endpoint'),
  dimension: { type: ['integer', 'null'], description: 'length of the vectors of an embedding model' },
  context_tokens: { type: ['integer', 'null'], description: 'of a generator: prompt and answer together' },
  in_use: flag('whether the node uses it from its next start on'),
  pinned: flag('whether only these bytes of it are used'),
  shipped: flag('whether it came with Fractal'),
  measured: { type: ['object', 'null'], description: 'its speed on this machine, once it was measured' },
  fault: { type: ['object', 'null'], description: 'why it cannot be used' },
} as const satisfies Readonly<Record<string, JsonSchema>>;

const MODELS: ObjectSchema = {
  type: 'object',
  properties: {
    models: { type: 'array', items: { type: 'object', properties: INFO, required: Object.keys(INFO) } },
  },
  required: ['models'],
};

const DETAIL: ObjectSchema = {
  type: 'object',
  properties: {
    ...INFO,
    card: { type: ['object', 'null'], description: 'purpose, data, figures, limits' },
    card_text: maybe('the long card in Markdown'),
    files: { type: 'array', items: { type: 'object' }, description: 'path, bytes and sha256 of each file' },
  },
  required: [...Object.keys(INFO), 'card', 'card_text', 'files'],
};

export const MODEL_REQUEST: ObjectSchema = {
  type: 'object',
  properties: {
    action: { type: 'string', enum: ['add', 'use', 'pin', 'unpin', 'remove', 'verify', 'measure'] },
    name: text('id-version, or the id alone: the pinned version, else the newest; for every action but add'),
    folder: text("for add: whole path of a folder of the node's machine; local socket only"),
  },
  required: ['action'],
  additionalProperties: false,
};

export const PULL_REQUEST: ObjectSchema = {
  type: 'object',
  properties: {
    name: text('id-version, or the id alone: the pinned version, else the newest on offer'),
    from: text('file or https address of a catalogue; the one of fractal.json when absent'),
    allow_network: flag('lets this one request use the network when the configuration does not'),
  },
  required: ['name'],
  additionalProperties: false,
};

const PULL_EVENT: ObjectSchema = {
  type: 'object',
  properties: {
    type: { type: 'string', enum: ['file', 'model', 'error'] },
    file: text('for file: which one comes now'),
    bytes: whole('for file: its size'),
    done: whole('for file: files that are here'),
    total: whole('for file: files of the model'),
    model: DETAIL,
    problem: { type: 'object', description: 'for error: what went wrong' },
  },
  required: ['type'],
};

export const MODEL_ROUTES = [
  {
    method: 'GET',
    path: '/v1/registry/models',
    handler: 'models',
    summary: 'Models of this node: what is here, what is in use.',
    response: { [JSON_TYPE]: MODELS },
  },
  {
    method: 'GET',
    path: '/v1/registry/models/{name}',
    handler: 'model',
    summary: 'One model with its card and the hashes of its files.',
    response: { [JSON_TYPE]: DETAIL },
  },
  {
    method: 'POST',
    path: '/v1/registry/models',
    handler: 'manageModel',
    summary:
      "Adds, chooses, pins, removes, verifies or measures a model. Folders only on the node's local socket.",
    request: { [JSON_TYPE]: MODEL_REQUEST },
    response: { [JSON_TYPE]: DETAIL },
  },
  {
    method: 'POST',
    path: '/v1/registry/pull',
    handler: 'pullModel',
    summary: "Fetches a model of a catalogue. On the node's local socket only.",
    request: { [JSON_TYPE]: PULL_REQUEST },
    response: { [NDJSON_TYPE]: PULL_EVENT },
  },
] as const;
