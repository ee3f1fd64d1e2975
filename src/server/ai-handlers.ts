/** What models say, and what people decide about it. */
import type { DecideRequest, EmbedRequest, GenerateTextRequest } from '../node/index.ts';
import { DECIDE_REQUEST, EMBED_REQUEST, GENERATE_REQUEST } from './ai-schemas.ts';
import { jsonBody } from './body.ts';
import type { Handler } from './context.ts';
import { eventResponse } from './import-handler.ts';
import { followClient } from './stream.ts';

export const decide: Handler = async (context, options, node) =>
  Response.json(
    await node.decide(await jsonBody<DecideRequest>(context, DECIDE_REQUEST, options.limits.http_json_bytes)),
  );

export const embed: Handler = async (context, options, node) => {
  const request = await jsonBody<EmbedRequest>(context, EMBED_REQUEST, options.limits.http_json_bytes);
  return Response.json(await node.embed(request, followClient(context).signal));
};

export const generate: Handler = async (context, options, node) => {
  const { http_json_bytes: limit } = options.limits;
  const request = await jsonBody<GenerateTextRequest>(context, GENERATE_REQUEST, limit);
  const abort = followClient(context);
  return eventResponse(context, options, abort, node.generate(request, abort.signal));
};

export const aiDocumentation: Handler = async (_context, _options, node) =>
  Response.json(await node.aiDocumentation());
