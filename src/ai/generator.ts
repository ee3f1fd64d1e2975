/** Port: text from a model, whoever runs it. Each driver passes `test/contract/generator-contract.ts`. */
import { unavailableError } from '../base/index.ts';

export interface GeneratorModel {
  readonly id: string;
  readonly version: string;
  /** SHA-256 over the hashes of its files; null for a model behind an endpoint, whose bytes nobody here sees. */
  readonly sha256: string | null;
  readonly runtime: 'llama.cpp' | 'endpoint';
  /** Prompt and answer together fit into so many tokens. */
  readonly context_tokens: number;
}

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface GenerateRequest {
  readonly messages: readonly ChatMessage[];
  readonly max_tokens: number;
  /** Who asks. A driver that keeps prompts goes on only from those of the same one: how much was kept tells what was asked. */
  readonly kept_for?: string;
  /** 0 takes the likeliest token each time; the same request then gives the same text. */
  readonly temperature?: number;
  readonly seed?: number;
  /** The text ends before the first of these. */
  readonly stop?: readonly string[];
  /** The text is JSON of this schema. */
  readonly json_schema?: object;
  /** The text is of this grammar (GBNF). Not together with `json_schema`. */
  readonly grammar?: string;
}

export interface GenerateEnd {
  /** `length`: cut at `max_tokens` or at the end of the context. */
  readonly finish_reason: 'stop' | 'length';
  /** Null when an endpoint does not count. */
  readonly prompt_tokens: number | null;
  readonly completion_tokens: number | null;
  /** Tokens of the prompt that were kept from a request that began alike, and not read again; where that is known. */
  readonly cached_tokens?: number;
}

/** A piece of the text. The last one has `end`, and may be empty. */
export interface GenerateChunk {
  readonly text: string;
  readonly end?: GenerateEnd;
}

export interface Generator {
  readonly model: GeneratorModel;
  /**
   * Throws `unavailable` when the model or its endpoint cannot be had, `generate.context` when the prompt is longer than
   * the context, `generate.unsupported` for what the driver cannot do, and `generate.cancelled` at the signal: there is no
   * fallback. Leaving the loop ends the work.
   */
  generate(request: GenerateRequest, signal?: AbortSignal): AsyncIterable<GenerateChunk>;
}

/** Port: the generators of a node. */
export interface Generators {
  /** The generator in use, or the named one. Undefined when none is in use; throws `model.unknown` for a name. */
  find(name?: string): Promise<Generator | undefined>;
  /** Frees their memory. */
  close(): Promise<void>;
}

export interface Generated extends GenerateEnd {
  readonly text: string;
}

/** The whole text at once. */
export async function generateWhole(
  generator: Generator,
  request: GenerateRequest,
  signal?: AbortSignal,
): Promise<Generated> {
  let text = '';
  for await (const chunk of generator.generate(request, signal)) {
    text += chunk.text;
    if (chunk.end !== undefined) return { text, ...chunk.end };
  }
  throw unavailableError(
    'generate.incomplete',
    `the model ${generator.model.id} stopped without saying that it was done`,
    'Ask again; see the log of the runtime.',
  );
}
