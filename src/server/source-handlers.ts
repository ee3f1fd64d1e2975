/** Standing sources. What makes the node ask others is taken from its local socket only. */
import { deniedError } from '../base/index.ts';
import type { RunRequest, SourceRequest, VersionsRequest } from '../node/index.ts';
import { jsonBody } from './body.ts';
import type { AppOptions, Handler, RequestContext } from './context.ts';
import { eventResponse } from './import-handler.ts';
import type { ObjectSchema } from './json-schema.ts';
import { RUN_REQUEST, SOURCE_NAME, SOURCE_REQUEST, VERSIONS_REQUEST } from './source-schemas.ts';
import { followClient } from './stream.ts';

export const listSources: Handler = async (_context, _options, node) =>
  Response.json({ sources: await node.sources() });

export const addSource: Handler = async (context, options, node) =>
  Response.json(await node.addSource(await localBody<SourceRequest>(context, options, SOURCE_REQUEST)));

export const removeSource: Handler = async (context, options, node) => {
  const { name } = await localBody<{ name: string }>(context, options, SOURCE_NAME);
  await node.removeSource(name);
  return Response.json({ name });
};

export const runSources: Handler = async (context, options, node) => {
  const request = await localBody<RunRequest>(context, options, RUN_REQUEST);
  const abort = followClient(context);
  return eventResponse(context, options, abort, node.runSources(request, abort.signal));
};

export const sourceVersions: Handler = async (context, options, node) => {
  const request = await localBody<VersionsRequest>(context, options, VERSIONS_REQUEST);
  return Response.json({ versions: await node.sourceVersions(request, followClient(context).signal) });
};

async function localBody<T>(context: RequestContext, options: AppOptions, schema: ObjectSchema): Promise<T> {
  if (context.env.transport !== 'socket')
    throw deniedError(
      'source.local_only',
      "sources are changed and run only through the node's local socket",
      'Use `fractal source`.',
    );
  return await jsonBody<T>(context, schema, options.limits.http_json_bytes);
}
