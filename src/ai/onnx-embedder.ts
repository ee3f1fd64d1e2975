/** Text to vectors by ONNX Runtime, on this machine's processor. */
import { availableParallelism, freemem } from 'node:os';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { integrityError, unavailableError, type FileSystem, type Limits } from '../base/index.ts';
import type { Embedder, ModelIdentity } from '../query/index.ts';
import { readModelFile, type ModelFolder } from './model-folder.ts';

/** What is used of the tokenizer. Its own declarations do not resolve under `nodenext`. */
interface TextTokenizer {
  encode(text: string): { readonly ids: readonly number[] };
}
interface TokenizerModule {
  readonly Tokenizer: new (tokenizer: object, config: object) => TextTokenizer;
}

interface Loaded {
  readonly session: InferenceSession;
  readonly tokenizer: TextTokenizer;
  readonly tensor: new (type: 'int64', data: BigInt64Array, dims: readonly number[]) => Tensor;
}

export interface OnnxEmbedderOptions {
  readonly model: ModelFolder;
  readonly fs: FileSystem;
  readonly limits: Limits;
  /** Threads for one model call; the processor's cores when absent. */
  readonly threads?: number;
}

export class OnnxEmbedder implements Embedder {
  readonly model: ModelIdentity;
  readonly #options: OnnxEmbedderOptions;
  #loaded: Promise<Loaded> | undefined;

  /** Cheap: files are read and checked when the first text comes. */
  constructor(options: OnnxEmbedderOptions) {
    const { manifest, sha256 } = options.model;
    this.model = { id: manifest.id, version: manifest.version, sha256, dimension: manifest.dimension };
    this.#options = options;
  }

  async embed(
    texts: readonly string[],
    purpose: 'query' | 'passage',
    signal?: AbortSignal,
  ): Promise<Float32Array> {
    const loaded = await this.#load();
    const { limits, model } = this.#options;
    const prefix = purpose === 'query' ? model.manifest.query_prefix : model.manifest.passage_prefix;
    const tokens = texts.map((text) => this.#tokenize(loaded.tokenizer, prefix + text));
    // Texts of like length share a call, so that little is computed on padding.
    const order = tokens.map((_, i) => i).sort((a, b) => (tokens[a]?.length ?? 0) - (tokens[b]?.length ?? 0));
    const out = new Float32Array(texts.length * this.model.dimension);
    for (let start = 0; start < order.length; start += limits.embed_batch_texts) {
      signal?.throwIfAborted();
      const rows = order.slice(start, start + limits.embed_batch_texts);
      const vectors = await this.#run(
        loaded,
        rows.map((i) => tokens[i] ?? []),
      );
      rows.forEach((row, i) => {
        out.set(
          vectors.subarray(i * this.model.dimension, (i + 1) * this.model.dimension),
          row * this.model.dimension,
        );
      });
    }
    return out;
  }

  /** Frees the model's memory; the next text loads it again. */
  async unload(): Promise<void> {
    const loaded = await this.#loaded;
    this.#loaded = undefined;
    await loaded?.session.release();
  }

  #tokenize(tokenizer: TextTokenizer, text: string): readonly number[] {
    const cut = text.slice(0, this.#options.limits.embed_text_chars);
    return tokenizer.encode(cut).ids.slice(0, this.#options.model.manifest.max_tokens);
  }

  async #run(loaded: Loaded, tokens: readonly (readonly number[])[]): Promise<Float32Array> {
    const width = Math.max(1, ...tokens.map((ids) => ids.length));
    const ids = new BigInt64Array(tokens.length * width);
    const mask = new BigInt64Array(tokens.length * width);
    tokens.forEach((row, r) => {
      row.forEach((id, i) => {
        ids[r * width + i] = BigInt(id);
        mask[r * width + i] = 1n;
      });
    });
    const dims = [tokens.length, width];
    const { embedding } = await loaded.session.run({
      input_ids: new loaded.tensor('int64', ids, dims),
      attention_mask: new loaded.tensor('int64', mask, dims),
    });
    if (
      embedding?.data instanceof Float32Array &&
      embedding.data.length === tokens.length * this.model.dimension
    )
      return embedding.data;
    throw integrityError(
      'model.output',
      `the model ${this.model.id} does not answer with one vector of ${this.model.dimension} per text`,
      'Its manifest and its file do not belong together; take the folder from the release again.',
    );
  }

  async #load(): Promise<Loaded> {
    this.#loaded ??= this.#start();
    try {
      return await this.#loaded;
    } catch (error) {
      this.#loaded = undefined;
      throw error;
    }
  }

  async #start(): Promise<Loaded> {
    const { model, fs, limits, threads } = this.#options;
    if (freemem() < model.manifest.ram_bytes_needed)
      throw unavailableError(
        'model.memory',
        `the model ${this.model.id} needs ${model.manifest.ram_bytes_needed} bytes of memory and ${freemem()} are free`,
        'Close other programs, or use a smaller model.',
      );
    const weights = await readModelFile(fs, model, 'model.onnx', limits);
    const vocabulary = await readModelFile(fs, model, 'tokenizer.json', limits);
    // Loaded on first use: the runtime's library is large, and most commands need no vectors.
    const [ort, { Tokenizer }] = await Promise.all([
      import('onnxruntime-node'),
      import('@huggingface/tokenizers') as Promise<unknown> as Promise<TokenizerModule>,
    ]);
    const session = await ort.InferenceSession.create(weights, {
      intraOpNumThreads: threads ?? Math.max(1, Math.min(4, availableParallelism())),
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
      executionProviders: ['cpu'],
    });
    const tokenizer = new Tokenizer(JSON.parse(new TextDecoder().decode(vocabulary)) as object, {});
    return { session, tokenizer, tensor: ort.Tensor };
  }
}
