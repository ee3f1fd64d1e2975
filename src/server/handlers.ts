/** One handler per route; the compiler asks for each. */
import { FractalError } from '../base/index.ts';
import type {
  CheckRequest,
  LawDiffRequest,
  LawObligationsRequest,
  LawShowRequest,
  PolicyRequest,
  SearchRequest,
  UserRequest,
} from '../node/index.ts';
import * as audit from './audit-handlers.ts';
import { ask } from './ask-handler.ts';
import * as ai from './ai-handlers.ts';
import { jsonBody } from './body.ts';
import { classify } from './classify-handler.ts';
import { LAW_OBLIGATIONS_QUERY } from './obligation-schemas.ts';
import type { Handler, RequestContext } from './context.ts';
import { importFiles, reindex } from './import-handler.ts';
import * as jobs from './job-handlers.ts';
import { fromQuery, type ObjectSchema } from './json-schema.ts';
import { openMetrics } from './metrics.ts';
import { manageModel, model, models, pullModel } from './model-handlers.ts';
import { mcp } from './mcp.ts';
import * as openAi from './openai-handlers.ts';
import { openApi } from './openapi.ts';
import { METRICS_TYPE, type HandlerName } from './routes.ts';
import {
  CHECK_QUERY,
  LAW_DIFF_QUERY,
  LAW_SHOW_QUERY,
  LAW_VERSIONS_QUERY,
  POLICY_REQUEST,
  SEARCH_REQUEST,
  USER_REQUEST,
} from './schemas.ts';
import * as queries from './query-handlers.ts';
import * as sessions from './session-handlers.ts';
import { addSource, listSources, removeSource, runSources, sourceVersions } from './source-handlers.ts';
import { explain, sql } from './sql-handlers.ts';
import { followClient } from './stream.ts';
import { externalTables } from './table-handlers.ts';

const asked = <T>(context: RequestContext, schema: ObjectSchema): T =>
  fromQuery(schema, new URL(context.req.url).searchParams) as T;

export const HANDLERS: Readonly<Record<HandlerName, Handler>> = {
  health: () => Response.json({ status: 'ok' }),
  ready: async (_context, _options, node) => {
    try {
      await node.status();
    } catch (error) {
      // Users were read to refuse a probe without credentials: the data can be read.
      if (!(error instanceof FractalError) || error.code !== 'auth.required') throw error;
    }
    return Response.json({ status: 'ok' });
  },
  metrics: async (_context, _options, node) =>
    new Response(openMetrics(await node.status()), { headers: { 'content-type': METRICS_TYPE } }),
  openapi: (_context, options) => Response.json(openApi(options.version)),
  // The node itself cannot know that it is served.
  status: async (_context, _options, node) => Response.json({ ...(await node.status()), running: true }),
  doctor: async (_context, _options, node) => Response.json({ checks: await node.doctor() }),
  searchByQuery: async (context, _options, node) => {
    const request = asked<SearchRequest>(context, SEARCH_REQUEST);
    return Response.json(await node.search(request, followClient(context).signal));
  },
  searchByBody: async (context, options, node) => {
    const request = await jsonBody<SearchRequest>(context, SEARCH_REQUEST, options.limits.http_json_bytes);
    return Response.json(await node.search(request, followClient(context).signal));
  },
  lawDocuments: async (_context, _options, node) => Response.json({ documents: await node.lawDocuments() }),
  lawVersions: async (context, _options, node) => {
    const { document } = asked<{ document: string }>(context, LAW_VERSIONS_QUERY);
    return Response.json(await node.lawVersions(document));
  },
  lawDiff: async (context, _options, node) => {
    const request = asked<LawDiffRequest>(context, LAW_DIFF_QUERY);
    return Response.json(await node.lawDiff(request, followClient(context).signal));
  },
  check: async (context, _options, node) => {
    const site = context.req.param('site') ?? '';
    return Response.json(
      await node.check({ ...asked<Omit<CheckRequest, 'site'>>(context, CHECK_QUERY), site }),
    );
  },
  checkAll: async (context, _options, node) =>
    Response.json({ sites: await node.checkAll(asked<Omit<CheckRequest, 'site'>>(context, CHECK_QUERY)) }),
  lawShow: async (context, _options, node) =>
    Response.json(await node.lawShow(asked<LawShowRequest>(context, LAW_SHOW_QUERY))),
  lawObligations: async (context, _options, node) =>
    Response.json(await node.lawObligations(asked<LawObligationsRequest>(context, LAW_OBLIGATIONS_QUERY))),
  users: async (context, options, node) => {
    const { http_json_bytes: limit } = options.limits;
    return Response.json(await node.users(await jsonBody<UserRequest>(context, USER_REQUEST, limit)));
  },
  policies: async (context, options, node) => {
    const { http_json_bytes: limit } = options.limits;
    return Response.json(await node.policy(await jsonBody<PolicyRequest>(context, POLICY_REQUEST, limit)));
  },
  ask,
  classify,
  sql,
  explain,
  import: importFiles,
  ...jobs,
  ...ai,
  ...openAi,
  mcp,
  ...queries,
  ...audit,
  reindex,
  listSources,
  addSource,
  removeSource,
  runSources,
  sourceVersions,
  externalTables,
  login: sessions.login,
  logout: sessions.logout,
  sessions: sessions.sessions,
  manageModel,
  model,
  models,
  pullModel,
};
