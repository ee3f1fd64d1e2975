/** Every route once, as data: the app serves this list and `/v1/openapi.json` is written from it. */
import { CLASSIFY_ANSWER, CLASSIFY_REQUEST } from './classify-schemas.ts';
import {
  AI_DOCUMENTATION,
  CHAT_REQUEST,
  DECIDE_REQUEST,
  DECISION,
  EMBEDDINGS_REQUEST,
  EMBED_ANSWER,
  EMBED_REQUEST,
  GENERATE_EVENT,
  GENERATE_REQUEST,
  SERVED_MODELS,
} from './ai-schemas.ts';
import type { JsonSchema, ObjectSchema } from './json-schema.ts';
import { LAW_OBLIGATIONS, LAW_OBLIGATIONS_QUERY } from './obligation-schemas.ts';
import { AUDIT_ROUTES } from './audit-routes.ts';
import { MODEL_ROUTES } from './model-routes.ts';
import { QUERY_ROUTES } from './query-routes.ts';
import { SESSION_ROUTES } from './session-routes.ts';
import {
  DOCTOR,
  EXPLAIN_ANSWER,
  HEALTH,
  IMPORT_EVENT,
  IMPORT_REQUEST,
  JOB,
  JOBS,
  JOB_DETAIL,
  NOTHING,
  CHECKS,
  CHECK_QUERY,
  LAW_DIFF,
  LAW_DIFF_QUERY,
  LAW_DOCUMENTS,
  LAW_SHOW_QUERY,
  LAW_TEXT,
  LAW_VERSIONS,
  LAW_VERSIONS_QUERY,
  POLICY_ANSWER,
  POLICY_REQUEST,
  REINDEX_EVENT,
  REINDEX_REQUEST,
  RETRY_REQUEST,
  SEARCH_ANSWER,
  SEARCH_REQUEST,
  SITE_CHECK,
  SQL_REQUEST,
  SQL_ROWS,
  STATUS,
  UNWATCH_REQUEST,
  UPLOAD_QUERY,
  USER_ANSWER,
  USER_REQUEST,
  WATCH,
  WATCHES,
  WATCH_REQUEST,
} from './schemas.ts';
import { ASK_ANSWER, ASK_EVENT, ASK_REQUEST } from './ask-schemas.ts';
import {
  RUN_REQUEST,
  SOURCES,
  SOURCE_ANSWER,
  SOURCE_NAME,
  SOURCE_REQUEST,
  VERSIONS_ANSWER,
  VERSIONS_REQUEST,
} from './source-schemas.ts';
import { EXTERNAL_ANSWER, EXTERNAL_REQUEST } from './table-schemas.ts';

export const JSON_TYPE = 'application/json';
export const ARROW_TYPE = 'application/vnd.apache.arrow.stream';
/** Arrow bytes in frames that can carry an error after the first batch. See `frames.ts`. */
export const FRAMES_TYPE = 'application/vnd.fractal.frames';
export const NDJSON_TYPE = 'application/x-ndjson';
/** Server-sent events. */
export const EVENTS_TYPE = 'text/event-stream';
export const BYTES_TYPE = 'application/octet-stream';
export const PROBLEM_TYPE = 'application/problem+json';
export const METRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

type Content = Readonly<Record<string, JsonSchema>>;

export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly handler: string;
  readonly summary: string;
  readonly query?: ObjectSchema;
  readonly request?: Content;
  readonly response: Content;
}

export const ROUTES = [
  {
    method: 'GET',
    path: '/healthz',
    handler: 'health',
    summary: 'Whether the process answers.',
    response: { [JSON_TYPE]: HEALTH },
  },
  {
    method: 'GET',
    path: '/readyz',
    handler: 'ready',
    summary: 'Whether the node can read its data.',
    response: { [JSON_TYPE]: HEALTH },
  },
  {
    method: 'GET',
    path: '/metrics',
    handler: 'metrics',
    summary: 'Figures of the node as OpenMetrics.',
    response: { [METRICS_TYPE]: { type: 'string' } },
  },
  {
    method: 'GET',
    path: '/v1/openapi.json',
    handler: 'openapi',
    summary: 'This description.',
    response: { [JSON_TYPE]: { type: 'object' } },
  },
  {
    method: 'GET',
    path: '/v1/status',
    handler: 'status',
    summary: 'What runs, sizes, versions and warnings.',
    response: { [JSON_TYPE]: STATUS },
  },
  {
    method: 'GET',
    path: '/v1/doctor',
    handler: 'doctor',
    summary: 'Tests each part and says the cure.',
    response: { [JSON_TYPE]: DOCTOR },
  },
  {
    method: 'POST',
    path: '/v1/sql',
    handler: 'sql',
    summary:
      'Runs one statement. The answer streams, as the Accept header asks. INSERT, UPDATE and DELETE answer one row with ' +
      'the column rows_changed.',
    request: { [JSON_TYPE]: SQL_REQUEST },
    response: {
      [JSON_TYPE]: SQL_ROWS,
      [ARROW_TYPE]: {
        type: 'string',
        format: 'binary',
        description:
          'An Arrow IPC stream. If the statement fails after the first batch the connection is cut.',
      },
      [FRAMES_TYPE]: {
        type: 'string',
        format: 'binary',
        description:
          'Frames of one byte kind, four bytes length (big-endian) and content: kind 0 is a part of the Arrow IPC ' +
          'stream, kind 1 a problem, always last.',
      },
    },
  },
  {
    method: 'POST',
    path: '/v1/classify',
    handler: 'classify',
    summary: 'Labels of incident narratives, each with its score; recommendations, never decisions.',
    request: { [JSON_TYPE]: CLASSIFY_REQUEST },
    response: { [JSON_TYPE]: CLASSIFY_ANSWER },
  },
  {
    method: 'POST',
    path: '/v1/explain',
    handler: 'explain',
    summary: 'The plan of a statement; of one that writes, what would be done. Nothing is written.',
    request: { [JSON_TYPE]: SQL_REQUEST },
    response: { [JSON_TYPE]: EXPLAIN_ANSWER },
  },
  {
    method: 'GET',
    path: '/v1/search',
    handler: 'searchByQuery',
    summary: 'Finds provisions of law.',
    query: SEARCH_REQUEST,
    response: { [JSON_TYPE]: SEARCH_ANSWER },
  },
  {
    method: 'POST',
    path: '/v1/search',
    handler: 'searchByBody',
    summary: 'Finds provisions of law.',
    request: { [JSON_TYPE]: SEARCH_REQUEST },
    response: { [JSON_TYPE]: SEARCH_ANSWER },
  },
  {
    method: 'POST',
    path: '/v1/ask',
    handler: 'ask',
    summary: 'Answers a question about the law, with the exact words that say so; or says that it cannot.',
    request: { [JSON_TYPE]: ASK_REQUEST },
    response: { [EVENTS_TYPE]: ASK_EVENT, [JSON_TYPE]: ASK_ANSWER },
  },
  {
    method: 'GET',
    path: '/v1/law/documents',
    handler: 'lawDocuments',
    summary: 'Lists the documents of law.',
    response: { [JSON_TYPE]: LAW_DOCUMENTS },
  },
  {
    method: 'GET',
    path: '/v1/law/versions',
    handler: 'lawVersions',
    summary: 'Lists the versions of a document.',
    query: LAW_VERSIONS_QUERY,
    response: { [JSON_TYPE]: LAW_VERSIONS },
  },
  {
    method: 'GET',
    path: '/v1/law/diff',
    handler: 'lawDiff',
    summary: 'What differs between two versions of a document, word by word.',
    query: LAW_DIFF_QUERY,
    response: { [JSON_TYPE]: LAW_DIFF },
  },
  {
    method: 'GET',
    path: '/v1/sites/{site}/compliance',
    handler: 'check',
    summary: 'Compliance of a site by its own records.',
    query: CHECK_QUERY,
    response: { [JSON_TYPE]: SITE_CHECK },
  },
  {
    method: 'GET',
    path: '/v1/compliance',
    handler: 'checkAll',
    summary: 'Compliance of every site, worst first.',
    query: CHECK_QUERY,
    response: { [JSON_TYPE]: CHECKS },
  },
  {
    method: 'GET',
    path: '/v1/law/text',
    handler: 'lawShow',
    summary: 'One provision with all below it, as in force on a day.',
    query: LAW_SHOW_QUERY,
    response: { [JSON_TYPE]: LAW_TEXT },
  },
  {
    method: 'GET',
    path: '/v1/law/obligations',
    handler: 'lawObligations',
    summary: 'Who must, must not or may do what: obligations of a document or provision, with evidence.',
    query: LAW_OBLIGATIONS_QUERY,
    response: { [JSON_TYPE]: LAW_OBLIGATIONS },
  },
  {
    method: 'POST',
    path: '/v1/import',
    handler: 'import',
    summary:
      "Imports files. JSON with paths is accepted on the node's local socket only; one file's bytes on every door.",
    query: UPLOAD_QUERY,
    request: { [JSON_TYPE]: IMPORT_REQUEST, [BYTES_TYPE]: { type: 'string', format: 'binary' } },
    response: { [NDJSON_TYPE]: IMPORT_EVENT },
  },
  {
    method: 'GET',
    path: '/v1/jobs',
    handler: 'jobs',
    summary: 'Jobs of the ingest queue, newest first.',
    response: { [JSON_TYPE]: JOBS },
  },
  {
    method: 'POST',
    path: '/v1/jobs',
    handler: 'submitJob',
    summary: "Puts an import into the queue and answers at once. On the node's local socket only.",
    request: { [JSON_TYPE]: IMPORT_REQUEST },
    response: { [JSON_TYPE]: JOB },
  },
  {
    method: 'GET',
    path: '/v1/jobs/{id}',
    handler: 'job',
    summary: 'One job, with its rejected and failed files.',
    response: { [JSON_TYPE]: JOB_DETAIL },
  },
  {
    method: 'GET',
    path: '/v1/jobs/{id}/events',
    handler: 'jobEvents',
    summary: 'What happens to a job from now on, until it ends. Leaving changes nothing.',
    response: { [NDJSON_TYPE]: IMPORT_EVENT },
  },
  {
    method: 'POST',
    path: '/v1/jobs/{id}/pause',
    handler: 'pauseJob',
    summary: 'Stops after the file at hand, until resumed.',
    request: { [JSON_TYPE]: NOTHING },
    response: { [JSON_TYPE]: JOB },
  },
  {
    method: 'POST',
    path: '/v1/jobs/{id}/resume',
    handler: 'resumeJob',
    summary: 'Goes on with a job that was paused, interrupted or failed.',
    request: { [JSON_TYPE]: NOTHING },
    response: { [JSON_TYPE]: JOB },
  },
  {
    method: 'POST',
    path: '/v1/jobs/{id}/cancel',
    handler: 'cancelJob',
    summary: 'Ends a job: what is in stays, the file at hand leaves no trace, what is left is not read.',
    request: { [JSON_TYPE]: NOTHING },
    response: { [JSON_TYPE]: JOB },
  },
  {
    method: 'POST',
    path: '/v1/jobs/{id}/retry',
    handler: 'retryJob',
    summary: 'Rejected and failed files again, all or some.',
    request: { [JSON_TYPE]: RETRY_REQUEST },
    response: { [JSON_TYPE]: JOB },
  },
  {
    method: 'GET',
    path: '/v1/watches',
    handler: 'watches',
    summary: 'Watched folders.',
    response: { [JSON_TYPE]: WATCHES },
  },
  {
    method: 'POST',
    path: '/v1/watches',
    handler: 'watch',
    summary: "Imports what is new or changed below a folder, from now on. On the node's local socket only.",
    request: { [JSON_TYPE]: WATCH_REQUEST },
    response: { [JSON_TYPE]: WATCH },
  },
  {
    method: 'POST',
    path: '/v1/unwatch',
    handler: 'unwatch',
    summary: 'Ends a watch. What was imported stays.',
    request: { [JSON_TYPE]: UNWATCH_REQUEST },
    response: { [JSON_TYPE]: NOTHING },
  },
  {
    method: 'POST',
    path: '/v1/reindex',
    handler: 'reindex',
    summary: 'Makes the search table again from the database.',
    request: { [JSON_TYPE]: REINDEX_REQUEST },
    response: { [NDJSON_TYPE]: REINDEX_EVENT },
  },
  {
    method: 'GET',
    path: '/v1/sources',
    handler: 'listSources',
    summary: 'Standing sources.',
    response: { [JSON_TYPE]: SOURCES },
  },
  {
    method: 'POST',
    path: '/v1/sources',
    handler: 'addSource',
    summary: "Adds a standing source. On the node's local socket only.",
    request: { [JSON_TYPE]: SOURCE_REQUEST },
    response: { [JSON_TYPE]: SOURCE_ANSWER },
  },
  {
    method: 'POST',
    path: '/v1/sources/remove',
    handler: 'removeSource',
    summary: "Removes a standing source; what it brought stays. On the node's local socket only.",
    request: { [JSON_TYPE]: SOURCE_NAME },
    response: { [JSON_TYPE]: SOURCE_NAME },
  },
  {
    method: 'POST',
    path: '/v1/sources/run',
    handler: 'runSources',
    summary: "Fetches what is new. On the node's local socket only.",
    request: { [JSON_TYPE]: RUN_REQUEST },
    response: { [NDJSON_TYPE]: IMPORT_EVENT },
  },
  {
    method: 'POST',
    path: '/v1/sources/versions',
    handler: 'sourceVersions',
    summary: "What a publisher lists of one act. On the node's local socket only.",
    request: { [JSON_TYPE]: VERSIONS_REQUEST },
    response: { [JSON_TYPE]: VERSIONS_ANSWER },
  },
  {
    method: 'POST',
    path: '/v1/decisions',
    handler: 'decide',
    summary: 'What a person makes of an answer of a model, with the reason.',
    request: { [JSON_TYPE]: DECIDE_REQUEST },
    response: { [JSON_TYPE]: DECISION },
  },
  {
    method: 'GET',
    path: '/v1/ai/documentation',
    handler: 'aiDocumentation',
    summary: 'What models are used for, and their cards.',
    response: { [JSON_TYPE]: AI_DOCUMENTATION },
  },
  {
    method: 'POST',
    path: '/v1/embed',
    handler: 'embed',
    summary: 'Vectors of texts.',
    request: { [JSON_TYPE]: EMBED_REQUEST },
    response: { [JSON_TYPE]: EMBED_ANSWER },
  },
  {
    method: 'POST',
    path: '/v1/generate',
    handler: 'generate',
    summary: 'Text of the generator in use, as events.',
    request: { [JSON_TYPE]: GENERATE_REQUEST },
    response: { [NDJSON_TYPE]: GENERATE_EVENT },
  },
  {
    method: 'GET',
    path: '/v1/models',
    handler: 'openAiModels',
    summary: 'Models that answer now, in the form of OpenAI.',
    response: { [JSON_TYPE]: SERVED_MODELS },
  },
  {
    method: 'POST',
    path: '/v1/embeddings',
    handler: 'openAiEmbeddings',
    summary: 'Vectors of texts, in the form of OpenAI.',
    request: { [JSON_TYPE]: EMBEDDINGS_REQUEST },
    response: { [JSON_TYPE]: { type: 'object' } },
  },
  {
    method: 'POST',
    path: '/v1/chat/completions',
    handler: 'openAiChat',
    summary: 'Text of the generator in use, in the form of OpenAI.',
    request: { [JSON_TYPE]: CHAT_REQUEST },
    response: { [JSON_TYPE]: { type: 'object' }, 'text/event-stream': { type: 'string' } },
  },
  {
    method: 'POST',
    path: '/mcp',
    handler: 'mcp',
    summary: 'Model Context Protocol: search, ask, sql, check and law_show as tools.',
    request: { [JSON_TYPE]: { type: 'object' } },
    response: { [JSON_TYPE]: { type: 'object' } },
  },
  {
    method: 'POST',
    path: '/v1/users',
    handler: 'users',
    summary: 'Users and their credentials: lists, adds, changes, removes.',
    request: { [JSON_TYPE]: USER_REQUEST },
    response: { [JSON_TYPE]: USER_ANSWER },
  },
  {
    method: 'POST',
    path: '/v1/policies',
    handler: 'policies',
    summary: 'The access policy, and what it makes of a statement.',
    request: { [JSON_TYPE]: POLICY_REQUEST },
    response: { [JSON_TYPE]: POLICY_ANSWER },
  },
  ...QUERY_ROUTES,
  ...SESSION_ROUTES,
  {
    method: 'POST',
    path: '/v1/tables',
    handler: 'externalTables',
    summary: 'Files that SQL reads as tables: lists, registers, reads anew, removes.',
    request: { [JSON_TYPE]: EXTERNAL_REQUEST },
    response: { [JSON_TYPE]: EXTERNAL_ANSWER },
  },
  ...MODEL_ROUTES,
  ...AUDIT_ROUTES,
] as const satisfies readonly Route[];

export type HandlerName = (typeof ROUTES)[number]['handler'];
