/**
 * Text from an OpenAI-compatible endpoint on this machine: llama-server, Ollama, MLC LLM. A dead or broken endpoint is
 * an error; nothing answers in its place.
 */
import { FractalError, badInputError, unavailableError, type Limits } from '../base/index.ts';
import type { GenerateChunk, GenerateEnd, GenerateRequest, Generator, GeneratorModel } from './generator.ts';

export interface EndpointOptions {
  /** The address below which `chat/completions` lies: `http://127.0.0.1:8080/v1`. */
  readonly endpoint: string;
  /** Name of the model there. */
  readonly model: string;
  readonly context_tokens: number;
  /** Hosts besides loopback that may be asked. */
  readonly hosts: readonly string[];
  readonly limits: Limits;
}

const LOOPBACK = ['127.0.0.1', '[::1]', 'localhost'];

/** The address, when it is one that may be asked. Throws `endpoint.address`. */
export function checkEndpoint(endpoint: string, hosts: readonly string[]): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.username !== '')
    throw badInputError(
      'endpoint.address',
      'the endpoint is not a plain http address',
      'Write http://127.0.0.1:PORT/v1.',
    );
  if (!LOOPBACK.includes(url.hostname) && !hosts.includes(url.hostname))
    throw badInputError(
      'endpoint.address',
      'the endpoint is not on this machine, and its host is not allowed',
      'Name its host in generator.hosts of fractal.json if what is asked may leave this machine.',
    );
  return url;
}

interface Event {
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string | null };
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: { readonly prompt_tokens?: number; readonly completion_tokens?: number } | null;
}

export class EndpointGenerator implements Generator {
  readonly model: GeneratorModel;
  readonly #url: string;
  readonly #limits: Limits;

  constructor({ endpoint, model, context_tokens, hosts, limits }: EndpointOptions) {
    this.model = { id: model, version: 'endpoint', sha256: null, runtime: 'endpoint', context_tokens };
    this.#url = `${checkEndpoint(endpoint, hosts).href.replace(/\/$/, '')}/chat/completions`;
    this.#limits = limits;
  }

  async *generate(request: GenerateRequest, signal?: AbortSignal): AsyncGenerator<GenerateChunk> {
    if (request.grammar !== undefined)
      throw badInputError(
        'generate.unsupported',
        'an endpoint takes no grammar',
        'Give a JSON schema, or use a model that the node runs itself.',
      );
    const silence = new AbortController();
    const whole = AbortSignal.timeout(this.#limits.generate_time_ms);
    const stop = AbortSignal.any([silence.signal, whole, ...(signal === undefined ? [] : [signal])]);
    let timer: NodeJS.Timeout | undefined;
    const waiting = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), this.#limits.generate_wait_ms);
    };
    try {
      waiting();
      const response = await this.#send(request, stop);
      yield* this.#read(response, request, waiting);
    } catch (error) {
      if (signal?.aborted === true) throw cancelled();
      if (silence.signal.aborted || whole.aborted)
        throw unavailableError(
          'endpoint.timeout',
          `the endpoint of the model ${this.model.id} did not finish in time`,
          'See whether it is overloaded; generate_wait_ms and generate_time_ms in fractal.json bound the time.',
        );
      if (error instanceof FractalError) throw error;
      throw unavailableError(
        'endpoint.dead',
        `the endpoint of the model ${this.model.id} does not answer, or cut the connection`,
        'Start it, or correct generator.endpoint in fractal.json.',
        { cause: error },
      );
    } finally {
      clearTimeout(timer);
      // Whoever leaves early ends the work there, too.
      silence.abort();
    }
  }

  async #send(request: GenerateRequest, signal: AbortSignal): Promise<Response> {
    const { messages, max_tokens, temperature = 0, seed, stop, json_schema: schema } = request;
    const response = await fetch(this.#url, {
      method: 'POST',
      redirect: 'error',
      signal,
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({
        model: this.model.id,
        messages,
        max_tokens,
        temperature,
        stream: true,
        stream_options: { include_usage: true },
        ...(seed === undefined ? {} : { seed }),
        ...(stop === undefined ? {} : { stop }),
        ...(schema === undefined
          ? {}
          : {
              response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } },
            }),
      }),
    });
    if (response.ok && response.body !== null) return response;
    await response.body?.cancel();
    throw unavailableError(
      'endpoint.refused',
      `the endpoint of the model ${this.model.id} answered with status ${response.status}`,
      'See its log: the name of the model, the length of the prompt and the settings are what it may refuse.',
    );
  }

  async *#read(
    response: Response,
    request: GenerateRequest,
    waiting: () => void,
  ): AsyncGenerator<GenerateChunk> {
    let text = '';
    let finish: string | undefined;
    let usage: Event['usage'];
    for await (const data of this.#events(response, waiting)) {
      if (data === '[DONE]') break;
      const event = this.#parse(data);
      usage = event.usage ?? usage;
      const [choice] = event.choices ?? [];
      finish = choice?.finish_reason ?? finish;
      const piece = choice?.delta?.content ?? '';
      if (piece === '') continue;
      text += piece;
      if (Buffer.byteLength(text) > this.#limits.inference_output_bytes) throw this.#broken('does not end');
      yield { text: piece };
    }
    if (finish === undefined) throw this.#broken('stopped before it was done');
    // One that does not know schemas answers with any text.
    if (request.json_schema !== undefined && finish === 'stop' && !isJson(text))
      throw this.#broken('does not keep to a JSON schema');
    const end: GenerateEnd = {
      finish_reason: finish === 'length' ? 'length' : 'stop',
      prompt_tokens: usage?.prompt_tokens ?? null,
      completion_tokens: usage?.completion_tokens ?? null,
    };
    yield { text: '', end };
  }

  /** The data of server-sent events. */
  async *#events(response: Response, waiting: () => void): AsyncGenerator<string> {
    const decoder = new TextDecoder();
    let held = '';
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      waiting();
      const lines = (held + decoder.decode(chunk, { stream: true })).split(/\r?\n/);
      held = lines.pop() ?? '';
      if (held.length > this.#limits.inference_output_bytes) throw this.#broken('answers in another form');
      for (const line of lines) {
        if (line.startsWith('data:')) yield line.slice(5).trim();
        else if (line !== '' && !/^(:|event:|id:|retry:)/.test(line))
          throw this.#broken('answers in another form');
      }
    }
  }

  #parse(data: string): Event {
    try {
      const value: unknown = JSON.parse(data);
      if (typeof value === 'object' && value !== null && !('error' in value)) return value;
    } catch {
      // Told below: the engine's message quotes the text.
    }
    throw this.#broken('answers in another form');
  }

  #broken(what: string): FractalError {
    return unavailableError(
      'endpoint.protocol',
      `the endpoint of the model ${this.model.id} ${what}`,
      'Use an endpoint that speaks the chat completions of OpenAI with streaming: llama-server, Ollama, MLC LLM.',
    );
  }
}

export const cancelled = (): FractalError =>
  unavailableError('generate.cancelled', 'the request was cancelled', 'Ask again when it suits you.');

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
