/** One handler per route; the compiler asks for each. */
import type { SearchRequest } from '../node/index.ts';
import { jsonBody } from './body.ts';
import type { Handler } from './context.ts';
import { importFiles, reindex } from './import-handler.ts';
import { fromQuery } from './json-schema.ts';
import { openMetrics } from './metrics.ts';
import { openApi } from './openapi.ts';
import { METRICS_TYPE, type HandlerName } from './routes.ts';
import { SEARCH_REQUEST } from './schemas.ts';
import { addSource, listSources, removeSource, runSources, sourceVersions } from './source-handlers.ts';
import { explain, sql } from './sql-handlers.ts';
import { followClient } from './stream.ts';

export const HANDLERS: Readonly<Record<HandlerName, Handler>> = {
  health: () => Response.json({ status: 'ok' }),
  ready: async (_context, _options, node) => {
    await node.status();
    return Response.json({ status: 'ok' });
  },
  metrics: async (_context, _options, node) =>
    new Response(openMetrics(await node.status()), { headers: { 'content-type': METRICS_TYPE } }),
  openapi: (_context, options) => Response.json(openApi(options.version)),
  // The node itself cannot know that it is served.
  status: async (_context, _options, node) => Response.json({ ...(await node.status()), running: true }),
  doctor: async (_context, _options, node) => Response.json({ checks: await node.doctor() }),
  searchByQuery: async (context, _options, node) => {
    const request = fromQuery(
      SEARCH_REQUEST,
      new URL(context.req.url).searchParams,
    ) as unknown as SearchRequest;
    return Response.json(await node.search(request, followClient(context).signal));
  },
  searchByBody: async (context, options, node) => {
    const request = await jsonBody<SearchRequest>(context, SEARCH_REQUEST, options.limits.http_json_bytes);
    return Response.json(await node.search(request, followClient(context).signal));
  },
  sql,
  explain,
  import: importFiles,
  reindex,
  listSources,
  addSource,
  removeSource,
  runSources,
  sourceVersions,
};
