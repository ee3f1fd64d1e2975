/** `/v1/ask`: server-sent events as they come, or the answer alone for clients that take no events. */
import { internalError, type FractalError } from '../base/index.ts';
import type { AskEvent, AskRequest } from '../node/index.ts';
import { ASK_REQUEST } from './ask-schemas.ts';
import { jsonBody } from './body.ts';
import type { Handler, RequestContext } from './context.ts';
import { toProblem } from './problem.ts';
import { EVENTS_TYPE, JSON_TYPE } from './routes.ts';
import { followClient, streamResponse } from './stream.ts';

export const ask: Handler = async (context, options, node) => {
  const request = await jsonBody<AskRequest>(context, ASK_REQUEST, options.limits.http_json_bytes);
  const abort = followClient(context);
  const events = node.ask(request, abort.signal)[Symbol.asyncIterator]();
  if (!wantsEvents(context)) return Response.json(await answerOf(events));
  // Before the first event an error still has a status of its own.
  const first = await events.next();
  return streamResponse(serverSent(first, events), {
    context,
    type: EVENTS_TYPE,
    log: options.log,
    abort,
    onError: (error: FractalError) => event('error', { type: 'error', problem: toProblem(error) }),
  });
};

/** Events unless the client asks for JSON and takes no events. */
function wantsEvents(context: RequestContext): boolean {
  const accept = context.req.header('accept') ?? '*/*';
  return accept.includes(EVENTS_TYPE) || !accept.includes(JSON_TYPE);
}

async function answerOf(events: AsyncIterator<AskEvent>): Promise<unknown> {
  for (let next = await events.next(); next.done !== true; next = await events.next())
    if (next.value.type === 'answer') return next.value.answer;
  throw internalError('ask.no_answer', 'a question ended without an answer');
}

async function* serverSent(
  first: IteratorResult<AskEvent>,
  events: AsyncIterator<AskEvent>,
): AsyncGenerator<Uint8Array> {
  try {
    for (let next = first; next.done !== true; next = await events.next())
      yield event(next.value.type, next.value);
  } finally {
    await events.return?.();
  }
}

/** JSON has no line ends, so one `data:` line holds it. */
const event = (name: string, value: object): Uint8Array =>
  Buffer.from(`event: ${name}\ndata: ${JSON.stringify(value)}\n\n`);
