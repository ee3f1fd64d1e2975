/** `/v1/jobs` and `/v1/watches`: the ingest queue. */
import type { ImportRequest, Job, NodeApi, WatchRequest } from '../node/index.ts';
import { jsonBody } from './body.ts';
import type { AppOptions, Handler, RequestContext } from './context.ts';
import { eventResponse, onlyBySocket, untilStopping } from './import-handler.ts';
import type { ObjectSchema } from './json-schema.ts';
import { IMPORT_REQUEST, NOTHING, RETRY_REQUEST, UNWATCH_REQUEST, WATCH_REQUEST } from './schemas.ts';
import { followClient } from './stream.ts';

/** The router lets digits only through. */
const idOf = (context: RequestContext): number => Number(context.req.param('id'));

const body = <T>(context: RequestContext, options: AppOptions, schema: ObjectSchema): Promise<T> =>
  jsonBody<T>(context, schema, options.limits.http_json_bytes);

export const jobs: Handler = async (_context, _options, node) => Response.json({ jobs: await node.jobs() });

export const job: Handler = async (context, _options, node) => Response.json(await node.job(idOf(context)));

export const submitJob: Handler = async (context, options, node) => {
  onlyBySocket(context);
  return Response.json(await node.submitImport(await body<ImportRequest>(context, options, IMPORT_REQUEST)));
};

export const jobEvents: Handler = async (context, options, node) => {
  const id = idOf(context);
  // Before the head is sent: a job that is not there is a 404.
  await node.job(id);
  const abort = followClient(context);
  return eventResponse(context, options, abort, node.followJob(id, untilStopping(abort, options)));
};

const change =
  (run: (node: NodeApi, id: number) => Promise<Job>): Handler =>
  async (context, options, node) => {
    await body(context, options, NOTHING);
    return Response.json(await run(node, idOf(context)));
  };

export const pauseJob = change((node, id) => node.pauseJob(id));
export const resumeJob = change((node, id) => node.resumeJob(id));
export const cancelJob = change((node, id) => node.cancelJob(id));

export const retryJob: Handler = async (context, options, node) => {
  const { items } = await body<{ items?: number[] }>(context, options, RETRY_REQUEST);
  return Response.json(await node.retryJob(idOf(context), items));
};

export const watches: Handler = async (_context, _options, node) =>
  Response.json({ watches: await node.watches() });

export const watch: Handler = async (context, options, node) => {
  onlyBySocket(context);
  return Response.json(await node.watch(await body<WatchRequest>(context, options, WATCH_REQUEST)));
};

export const unwatch: Handler = async (context, options, node) => {
  const { path } = await body<{ path: string }>(context, options, UNWATCH_REQUEST);
  await node.unwatch(path);
  return Response.json({});
};
