/**
 * The doors that programs written for OpenAI know: models, embeddings, chat completions. Errors have OpenAI's form, so
 * that its clients show them. Without a temperature the likeliest token is taken, not a drawn one.
 */
import { systemClock, notFoundError, usageError, type FractalError } from '../base/index.ts';
import type { GenerateEvent, GenerateTextRequest, NodeApi } from '../node/index.ts';
import { CHAT_REQUEST, EMBEDDINGS_REQUEST } from './ai-schemas.ts';
import { jsonBody } from './body.ts';
import type { AppOptions, Handler, RequestContext } from './context.ts';
import { shownError, toProblem } from './problem.ts';
import { followClient, streamResponse } from './stream.ts';

const SSE_TYPE = 'text/event-stream';

function errorBody(error: FractalError): object {
  const { status, detail, cure, code } = toProblem(error);
  const type =
    status === 401 ? 'authentication_error' : status < 500 ? 'invalid_request_error' : 'server_error';
  return { error: { message: `${detail}. ${cure}`, type, param: null, code } };
}

const inOpenAiForm =
  (handler: Handler): Handler =>
  async (context, options, node) => {
    try {
      return await handler(context, options, node);
    } catch (thrown) {
      const error = shownError(thrown, options.log);
      return Response.json(errorBody(error), { status: toProblem(error).status });
    }
  };

export const openAiModels = inOpenAiForm(async (_context, _options, node) =>
  Response.json({
    object: 'list',
    data: (await node.servedModels()).map(({ id, version, kind }) => ({
      id,
      object: 'model',
      created: 0,
      owned_by: 'local',
      version,
      kind,
    })),
  }),
);

interface EmbeddingsRequest {
  readonly model: string;
  readonly input: string | readonly string[];
  readonly encoding_format?: 'float' | 'base64';
}

export const openAiEmbeddings = inOpenAiForm(async (context, options, node) => {
  const { http_json_bytes: limit } = options.limits;
  const request = await jsonBody<EmbeddingsRequest>(context, EMBEDDINGS_REQUEST, limit);
  await demandModel(node, request.model, 'embedding');
  const input = typeof request.input === 'string' ? [request.input] : request.input;
  const { vectors } = await node.embed({ input }, followClient(context).signal);
  const shown = (vector: readonly number[]): unknown =>
    request.encoding_format === 'base64'
      ? Buffer.from(Float32Array.from(vector).buffer).toString('base64')
      : vector;
  return Response.json({
    object: 'list',
    model: request.model,
    data: vectors.map((vector, index) => ({ object: 'embedding', index, embedding: shown(vector) })),
    // Tokens are not charged here, and not counted.
    usage: { prompt_tokens: 0, total_tokens: 0 },
  });
});

/** A program that names another model must not be answered by this one. */
async function demandModel(node: NodeApi, name: string, kind: 'embedding' | 'generator'): Promise<void> {
  const models = (await node.servedModels()).filter((one) => one.kind === kind);
  if (models.length === 0 || models.some(({ id }) => id === name)) return;
  throw notFoundError(
    'model.unknown',
    'there is no model of that name for this',
    `Models are ${models.map(({ id }) => id).join(', ')}.`,
  );
}

interface ChatRequest {
  readonly model: string;
  readonly messages: readonly {
    readonly role: 'system' | 'developer' | 'user' | 'assistant';
    readonly content: string | readonly { readonly type: string; readonly text?: string }[];
  }[];
  readonly max_tokens?: number;
  readonly max_completion_tokens?: number;
  readonly temperature?: number;
  readonly seed?: number;
  readonly stop?: string | readonly string[] | null;
  readonly stream?: boolean | null;
  readonly stream_options?: { readonly include_usage?: boolean } | null;
  readonly response_format?: { readonly type?: string; readonly json_schema?: { readonly schema?: object } };
  readonly n?: number;
  readonly tools?: readonly unknown[];
  readonly logprobs?: boolean | null;
}

export const openAiChat = inOpenAiForm(async (context, options, node) => {
  const { http_json_bytes: limit } = options.limits;
  const request = await jsonBody<ChatRequest>(context, CHAT_REQUEST, limit);
  await demandModel(node, request.model, 'generator');
  const abort = followClient(context);
  const events = node.generate(toGenerate(request), abort.signal);
  if (request.stream === true) return await streamed(context, options, request, events, abort);
  let text = '';
  for await (const event of events) {
    if (event.type === 'text') text += event.text;
    else
      return Response.json({
        ...head(request, event.inference_id, 'chat.completion'),
        choices: [
          {
            index: 0,
            message: { role: 'assistant', content: text, refusal: null },
            logprobs: null,
            finish_reason: event.finish_reason,
          },
        ],
        usage: usageOf(event),
        fractal: { inference_id: event.inference_id, label: event.label },
      });
  }
  throw usageError('generate.incomplete', 'the model stopped before it was done', 'Ask again.');
});

function toGenerate(request: ChatRequest): GenerateTextRequest {
  const asks = (what: string): Error =>
    usageError('generate.unsupported', `${what} is not supported`, 'Leave it away.');
  if (request.n !== undefined && request.n !== 1) throw asks('n other than 1');
  if (request.tools !== undefined && request.tools.length > 0) throw asks('tools');
  if (request.logprobs === true) throw asks('logprobs');
  const { response_format: format, stop, temperature, seed } = request;
  const maxTokens = request.max_completion_tokens ?? request.max_tokens;
  const schema =
    format?.type === 'json_schema'
      ? format.json_schema?.schema
      : format?.type === 'json_object'
        ? { type: 'object' }
        : undefined;
  return {
    messages: request.messages.map(({ role, content }) => ({
      role: role === 'developer' ? 'system' : role,
      content:
        typeof content === 'string'
          ? content
          : content
              .map((part) => {
                if (part.type !== 'text' || part.text === undefined) throw asks('content other than text');
                return part.text;
              })
              .join(''),
    })),
    model: request.model,
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(seed === undefined ? {} : { seed }),
    ...(stop === undefined || stop === null ? {} : { stop: typeof stop === 'string' ? [stop] : stop }),
    ...(schema === undefined ? {} : { json_schema: schema }),
  };
}

type End = Extract<GenerateEvent, { type: 'end' }>;

const head = ({ model }: ChatRequest, id: string, object: string): object => ({
  id: `chatcmpl-${id}`,
  object,
  created: Math.floor(systemClock.now() / 1000),
  model,
});

const usageOf = ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  cached_tokens: kept,
}: End): object => ({
  prompt_tokens: prompt ?? 0,
  completion_tokens: completion ?? 0,
  total_tokens: (prompt ?? 0) + (completion ?? 0),
  ...(kept === undefined ? {} : { prompt_tokens_details: { cached_tokens: kept } }),
});

async function streamed(
  context: RequestContext,
  options: AppOptions,
  request: ChatRequest,
  events: AsyncIterable<GenerateEvent>,
  abort: AbortController,
): Promise<Response> {
  const iterator = events[Symbol.asyncIterator]();
  // Read before the head leaves: an error that comes at once has a status.
  const first = await iterator.next();
  const chunks = (async function* (): AsyncGenerator<Uint8Array> {
    try {
      const id = 'stream';
      const line = (delta: object, finish: string | null, more: object = {}): Uint8Array =>
        data({
          ...head(request, id, 'chat.completion.chunk'),
          choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
          ...more,
        });
      yield line({ role: 'assistant', content: '' }, null);
      for (let next = first; next.done !== true; next = await iterator.next()) {
        const event = next.value;
        if (event.type === 'text') {
          yield line({ content: event.text }, null);
          continue;
        }
        const { inference_id, label } = event;
        yield line({}, event.finish_reason, { fractal: { inference_id, label } });
        if (request.stream_options?.include_usage === true)
          yield data({ ...head(request, id, 'chat.completion.chunk'), choices: [], usage: usageOf(event) });
      }
      yield Buffer.from('data: [DONE]\n\n');
    } finally {
      await iterator.return?.();
    }
  })();
  return streamResponse(chunks, {
    context,
    type: SSE_TYPE,
    log: options.log,
    abort,
    onError: (error) => data(errorBody(error)),
  });
}

const data = (value: object): Uint8Array => Buffer.from(`data: ${JSON.stringify(value)}\n\n`);
