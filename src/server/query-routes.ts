/** Routes of the statements that run and of those that were slow. */
import { NO_BODY, type JsonSchema, type ObjectSchema } from './json-schema.ts';

const JSON_TYPE = 'application/json';
const text = (description: string): JsonSchema => ({ type: 'string', description });
const whole = (description: string): JsonSchema => ({ type: 'integer', description });
const maybe = (description: string): JsonSchema => ({ type: ['string', 'null'], description });

const rows = (properties: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
  type: 'array',
  items: { type: 'object', properties, required: Object.keys(properties) },
});

const COMMON = {
  principal: text('whose it is'),
  purpose: maybe('what the caller said it is for'),
  sql: text('the statement, with `?` in place of literals'),
  started_at: text('ISO 8601'),
  rows: whole('rows read'),
};

const RUNNING: ObjectSchema = {
  type: 'object',
  properties: {
    queries: rows({
      id: whole('to cancel it by'),
      ...COMMON,
      state: { type: 'string', enum: ['waiting', 'running'] },
      elapsed_ms: whole('since it came'),
    }),
  },
  required: ['queries'],
};

const SLOW: ObjectSchema = {
  type: 'object',
  properties: {
    queries: rows({
      ...COMMON,
      waited_ms: whole('before there was a place for it'),
      duration_ms: whole('from then to the last row read'),
      cached: { type: 'boolean', description: 'whether the result cache answered' },
      error_code: maybe('what ended it before its time'),
    }),
  },
  required: ['queries'],
};

export const QUERY_ROUTES = [
  {
    method: 'GET',
    path: '/v1/queries',
    handler: 'queries',
    summary: "Statements that run or wait: one's own, or everybody's for those who may administer.",
    response: { [JSON_TYPE]: RUNNING },
  },
  {
    method: 'GET',
    path: '/v1/queries/slow',
    handler: 'slowQueries',
    summary: 'Statements that took longer than sql_slow_ms, newest first. For those who may administer.',
    response: { [JSON_TYPE]: SLOW },
  },
  {
    method: 'POST',
    path: '/v1/queries/{id}/cancel',
    handler: 'cancelQuery',
    summary: 'Stops a statement.',
    request: { [JSON_TYPE]: NO_BODY },
    response: { [JSON_TYPE]: NO_BODY },
  },
] as const;
