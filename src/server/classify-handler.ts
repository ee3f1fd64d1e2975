/** `/v1/classify`. */
import type { Classification, ClassifyRequest } from '../node/index.ts';
import { jsonBody } from './body.ts';
import { CLASSIFY_REQUEST } from './classify-schemas.ts';
import type { Handler } from './context.ts';
import { followClient } from './stream.ts';

type Body = ClassifyRequest & { readonly text?: string; readonly incident?: string };

export const classify: Handler = async (context, options, node) => {
  const body = await jsonBody<Body>(context, CLASSIFY_REQUEST, options.limits.http_json_bytes);
  const { text, incident, texts = [], incidents = [], ...rest } = body;
  const request: ClassifyRequest = {
    ...rest,
    texts: text === undefined ? texts : [text, ...texts],
    incidents: incident === undefined ? incidents : [incident, ...incidents],
  };
  const answer = await node.classify(request, followClient(context).signal);
  return Response.json(onlyOne(body, answer.results) ?? answer);
};

/** Asked for one, it is answered without a list. */
function onlyOne({ texts, incidents }: Body, results: readonly Classification[]): Classification | undefined {
  const listed = texts !== undefined || incidents !== undefined;
  return listed || results.length !== 1 ? undefined : results[0];
}
