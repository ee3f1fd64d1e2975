/** Routes of login sessions. */
import { NO_BODY, type JsonSchema, type ObjectSchema } from './json-schema.ts';

const JSON_TYPE = 'application/json';
const text = (description: string): JsonSchema => ({ type: 'string', description });

export const LOGIN_REQUEST: ObjectSchema = {
  type: 'object',
  properties: {
    user: text('name of the user, with a password'),
    password: text('their password'),
    token: text('in place of both'),
  },
  additionalProperties: false,
};

const SESSION: ObjectSchema = {
  type: 'object',
  properties: {
    id: text('to end it by; it lets nobody in'),
    user: text('whose it is'),
    address: {
      type: ['string', 'null'],
      description: "where it was opened from; null on the node's own machine",
    },
    opened_at: text('ISO 8601'),
    used_at: text('ISO 8601'),
    expires_at: text('it ends then; earlier when nobody uses it'),
    current: { type: 'boolean', description: 'whether this call comes by it' },
  },
  required: ['id', 'user', 'address', 'opened_at', 'used_at', 'expires_at', 'current'],
};

export const SESSION_REQUEST: ObjectSchema = {
  type: 'object',
  properties: {
    action: { type: 'string', enum: ['list', 'revoke', 'revoke-all'] },
    id: text('for revoke: the session'),
    user: text("for revoke-all: whose; one's own when absent"),
  },
  required: ['action'],
  additionalProperties: false,
};

const SESSIONS: ObjectSchema = {
  type: 'object',
  properties: {
    sessions: { type: 'array', items: SESSION },
    ended: { type: 'integer', description: 'how many were ended' },
  },
  required: ['sessions', 'ended'],
};

export const SESSION_ROUTES = [
  {
    method: 'POST',
    path: '/v1/login',
    handler: 'login',
    summary: 'Opens a session for a name and password, or a token; the answer sets its cookie.',
    request: { [JSON_TYPE]: LOGIN_REQUEST },
    response: { [JSON_TYPE]: SESSION },
  },
  {
    method: 'POST',
    path: '/v1/logout',
    handler: 'logout',
    summary: 'Ends the session of the cookie.',
    request: { [JSON_TYPE]: NO_BODY },
    response: { [JSON_TYPE]: NO_BODY },
  },
  {
    method: 'POST',
    path: '/v1/sessions',
    handler: 'sessions',
    summary: "Login sessions: one's own, or everybody's for those who may administer. Lists them, ends them.",
    request: { [JSON_TYPE]: SESSION_REQUEST },
    response: { [JSON_TYPE]: SESSIONS },
  },
] as const;
