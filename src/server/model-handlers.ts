/** Models of the node. What names files of this machine, or makes it ask others, is taken from its local socket only. */
import { deniedError, usageError } from '../base/index.ts';
import type { ModelRequest, PullRequest } from '../node/index.ts';
import { jsonBody } from './body.ts';
import type { Handler, RequestContext } from './context.ts';
import { eventResponse } from './import-handler.ts';
import { MODEL_REQUEST, PULL_REQUEST } from './model-routes.ts';
import { followClient } from './stream.ts';

export const models: Handler = async (_context, _options, node) =>
  Response.json({ models: await node.models() });

export const model: Handler = async (context, _options, node) =>
  Response.json(await node.model(context.req.param('name') ?? ''));

export const manageModel: Handler = async (context, options, node) => {
  const { http_json_bytes: limit } = options.limits;
  const request = await jsonBody<ModelRequest>(context, MODEL_REQUEST, limit);
  if (request.action === 'add') onlyBySocket(context);
  const target: unknown = request.action === 'add' ? request.folder : request.name;
  if (typeof target !== 'string')
    throw usageError(
      'model.request',
      `${request.action === 'add' ? 'the folder' : 'the name'} of the model is missing`,
      'Say which one.',
    );
  return Response.json(await node.manageModel(request, followClient(context).signal));
};

export const pullModel: Handler = async (context, options, node) => {
  onlyBySocket(context);
  const request = await jsonBody<PullRequest>(context, PULL_REQUEST, options.limits.http_json_bytes);
  const abort = followClient(context);
  return eventResponse(context, options, abort, node.pullModel(request, abort.signal));
};

function onlyBySocket(context: RequestContext): void {
  if (context.env.transport !== 'socket')
    throw deniedError(
      'model.local_only',
      "models are added and pulled only through the node's local socket",
      'Use `fractal models`.',
    );
}
