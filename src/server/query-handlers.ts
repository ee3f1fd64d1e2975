/** Statements that run and that were slow. */
import { jsonBody } from './body.ts';
import type { Handler } from './context.ts';

export const queries: Handler = async (_context, _options, node) =>
  Response.json({ queries: await node.queries() });

export const slowQueries: Handler = async (_context, _options, node) =>
  Response.json({ queries: await node.slowQueries() });

export const cancelQuery: Handler = async (context, options, node) => {
  await jsonBody(context, { type: 'object', properties: {} }, options.limits.http_json_bytes);
  await node.cancelQuery(Number(context.req.param('id')));
  return Response.json({});
};
