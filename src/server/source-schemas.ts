/** JSON Schemas of standing sources. */
import type { JsonSchema, ObjectSchema } from './json-schema.ts';

const text = (description: string): JsonSchema => ({ type: 'string', description });
const whole = (description: string): JsonSchema => ({ type: 'integer', description });
const maybe = (description: string): JsonSchema => ({ type: ['string', 'null'], description });
const allowNetwork: JsonSchema = {
  type: 'boolean',
  description: 'lets this one request use the network when the configuration does not',
};

const SOURCE: ObjectSchema = {
  type: 'object',
  properties: {
    name: text('its name'),
    source: text('short name or address'),
    every_s: whole('seconds between two runs'),
    since: maybe('nothing before this day is fetched'),
    cursor: maybe('everything listed up to there is in, or was given up'),
    due_at: text('when it runs next'),
    run_at: maybe('when it ran last'),
    documents: whole('documents that came from it'),
    refused: whole('documents that were refused'),
    error: { type: ['object', 'null'], description: 'code and message of the last run, when it failed' },
  },
  required: [
    'name',
    'source',
    'every_s',
    'since',
    'cursor',
    'due_at',
    'run_at',
    'documents',
    'refused',
    'error',
  ],
};

export const SOURCES: ObjectSchema = {
  type: 'object',
  properties: { sources: { type: 'array', items: SOURCE } },
  required: ['sources'],
};

export const SOURCE_ANSWER: ObjectSchema = SOURCE;

export const SOURCE_REQUEST: ObjectSchema = {
  type: 'object',
  properties: {
    name: text('small letters, digits and dashes'),
    source: text('short name or address'),
    every_s: whole('seconds between two runs'),
    kind: text('reader to use; found from the content when absent'),
    jurisdiction: text('for documents that do not say'),
    since: { type: 'string', format: 'date', description: 'nothing before this day is fetched' },
  },
  required: ['name', 'source', 'every_s'],
  additionalProperties: false,
};

export const SOURCE_NAME: ObjectSchema = {
  type: 'object',
  properties: { name: text('its name') },
  required: ['name'],
  additionalProperties: false,
};

export const RUN_REQUEST: ObjectSchema = {
  type: 'object',
  properties: {
    names: { type: 'array', items: { type: 'string' }, description: 'those that are due when empty' },
    allow_network: allowNetwork,
  },
  required: ['names'],
  additionalProperties: false,
};

export const VERSIONS_REQUEST: ObjectSchema = {
  type: 'object',
  properties: { source: text('short name or address'), allow_network: allowNetwork },
  required: ['source'],
  additionalProperties: false,
};

export const VERSIONS_ANSWER: ObjectSchema = {
  type: 'object',
  properties: {
    versions: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          key: text('as the publisher names it'),
          date: maybe('first day'),
          here: { type: 'boolean', description: 'whether this node has it' },
        },
        required: ['key', 'date', 'here'],
      },
    },
  },
  required: ['versions'],
};
