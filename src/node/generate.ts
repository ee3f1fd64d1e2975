/** Vectors and texts that a program asks the node's models for. Whoever may infer may ask; each answer is recorded. */
import { sha256, unavailableError, usageError } from '../base/index.ts';
import type { ChatMessage, GenerateEnd, GenerateRequest, Generator } from '../ai/index.ts';
import type { Principal } from '../query/index.ts';
import type { NodeParts } from './parts.ts';

export interface EmbedRequest {
  readonly input: readonly string[];
  /** What the texts are; `passage` when absent. */
  readonly purpose?: 'query' | 'passage';
}

export interface EmbedAnswer {
  /** `id version`. */
  readonly model: string;
  readonly dimension: number;
  /** Unit length, in the order of the texts. */
  readonly vectors: readonly (readonly number[])[];
  readonly inference_id: string;
}

export interface GenerateTextRequest extends Omit<GenerateRequest, 'max_tokens' | 'kept_for'> {
  readonly messages: readonly ChatMessage[];
  /** `generate_tokens` of the limits when absent. */
  readonly max_tokens?: number;
  /** The generator in use when absent. */
  readonly model?: string;
}

export type GenerateEvent =
  | { readonly type: 'text'; readonly text: string }
  | ({
      readonly type: 'end';
      readonly inference_id: string;
      readonly model: string;
      readonly label: 'AI-generated';
    } & GenerateEnd);

/** A model that answers now. */
export interface ServedModel {
  readonly id: string;
  readonly version: string;
  readonly kind: 'embedding' | 'generator';
}

export async function servedModels({ embedder, generators }: NodeParts): Promise<readonly ServedModel[]> {
  const generator = await generators.find();
  const { id, version } = embedder.model;
  return [
    { id, version, kind: 'embedding' },
    ...(generator === undefined
      ? []
      : [{ id: generator.model.id, version: generator.model.version, kind: 'generator' } as const]),
  ];
}

export async function embedTexts(
  { embedder, inferences, limits }: NodeParts,
  principal: Principal,
  { input, purpose = 'passage' }: EmbedRequest,
  signal: AbortSignal | undefined,
): Promise<EmbedAnswer> {
  if (input.length === 0 || input.length > limits.embed_request_texts)
    throw usageError(
      'embed.texts',
      `between 1 and ${limits.embed_request_texts} texts can be embedded at a time`,
      'Send them in parts.',
    );
  const flat = await embedder.embed(input, purpose, signal);
  const { model } = embedder;
  const { dimension } = model;
  const vectors = input.map((_, i) => Array.from(flat.subarray(i * dimension, (i + 1) * dimension)));
  const inference_id = await inferences.record({
    use_case: 'embed',
    model: { ...model, runtime: 'onnx' },
    input_sha256: sha256(JSON.stringify(input)),
    output: JSON.stringify({ vectors: vectors.length, dimension }),
    confidence: null,
    evidence: [],
    principal: principal.id,
    label: 'embedding',
  });
  return { model: `${model.id} ${model.version}`, dimension, vectors, inference_id };
}

/** What reached the caller is recorded, also when they leave or the model fails in the middle. */
export async function* generateText(
  { generators, inferences, limits }: NodeParts,
  principal: Principal,
  { model: name, max_tokens = limits.generate_tokens, ...request }: GenerateTextRequest,
  signal: AbortSignal | undefined,
): AsyncGenerator<GenerateEvent> {
  const generator = await generators.find(name);
  if (generator === undefined)
    throw unavailableError(
      'model.none',
      'no model that writes text is configured on this node',
      'Name one as generator in fractal.json: docs/models.md.',
    );
  checkRequest(request.messages, max_tokens, limits);
  let text = '';
  let end: GenerateEnd | undefined;
  let recorded = false;
  const record = async (): Promise<string> => {
    recorded = true;
    return await inferences.record(inferenceOf(generator, request.messages, text, principal));
  };
  try {
    for await (const chunk of generator.generate(
      { ...request, max_tokens, kept_for: principal.id },
      signal,
    )) {
      text += chunk.text;
      end = chunk.end ?? end;
      if (chunk.text !== '') yield { type: 'text', text: chunk.text };
    }
    if (end === undefined)
      throw unavailableError('generate.incomplete', 'the model stopped before it was done', 'Ask again.');
    const { id, version } = generator.model;
    yield {
      type: 'end',
      inference_id: await record(),
      model: `${id} ${version}`,
      label: 'AI-generated',
      ...end,
    };
  } finally {
    if (!recorded && text !== '') await record();
  }
}

function checkRequest(
  messages: readonly ChatMessage[],
  maxTokens: number,
  limits: NodeParts['limits'],
): void {
  if (messages.length === 0 || messages.length > limits.generate_messages)
    throw usageError(
      'generate.messages',
      `a request holds between 1 and ${limits.generate_messages} messages`,
      'Send fewer.',
    );
  if (!(maxTokens >= 1) || maxTokens > limits.generate_tokens)
    throw usageError(
      'generate.tokens',
      `max_tokens must be between 1 and ${limits.generate_tokens}`,
      'Ask for fewer tokens, or raise generate_tokens in fractal.json.',
    );
}

const inferenceOf = (
  { model }: Generator,
  messages: readonly ChatMessage[],
  output: string,
  principal: Principal,
): Parameters<NodeParts['inferences']['record']>[0] => ({
  use_case: 'generate',
  model,
  input_sha256: sha256(JSON.stringify(messages)),
  output,
  confidence: null,
  evidence: [],
  principal: principal.id,
  label: 'AI-generated',
});
