/** Text to vectors by ONNX Runtime, on this machine's processor. */
import { availableParallelism } from 'node:os';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { integrityError, type FileSystem, type FractalError, type Limits } from '../base/index.ts';
import type { Embedder, ModelIdentity, TermVectors } from '../query/index.ts';
import { LazyModel, demandMemory, freeMemory } from './lazy-model.ts';
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
  /** Multiplies term vectors; only for models with terms. */
  readonly likeness: InferenceSession | undefined;
  readonly tensor: typeof Tensor;
}

/** Terms are stored in 16 bits. */
const TERM_ID_MAX = 0xffff;

export interface OnnxEmbedderOptions {
  readonly model: ModelFolder;
  readonly fs: FileSystem;
  readonly limits: Limits;
  /** Threads for one model call; the processor's cores when absent. */
  readonly threads?: number;
  /** Bytes that may be taken; what the system says when absent. */
  readonly freeMemory?: () => number;
}

export class OnnxEmbedder implements Embedder {
  readonly model: ModelIdentity;
  readonly terms: TermVectors | undefined;
  readonly #options: OnnxEmbedderOptions;
  readonly #lazy: LazyModel<Loaded>;
  /** At most one entry per word of the vocabulary. */
  readonly #termCache = new Map<number, { readonly vector: Float32Array; readonly weight: number }>();

  /** Cheap: files are read and checked when the first text comes. */
  constructor(options: OnnxEmbedderOptions) {
    const { manifest, sha256 } = options.model;
    this.model = { id: manifest.id, version: manifest.version, sha256, dimension: manifest.dimension };
    this.#options = options;
    this.#lazy = new LazyModel({
      load: () => this.#start(),
      free: (loaded) => this.#free(loaded),
      idleMs: options.limits.model_idle_ms,
    });
    this.terms =
      manifest.terms === true
        ? {
            termsOf: (texts) => this.#lazy.use((loaded) => this.#termsOf(loaded, texts)),
            weightsOf: (ids) =>
              this.#lazy.use(async (loaded) => (await this.#vectorsOf(loaded, ids)).weights),
            likeness: (asked, found) => this.#lazy.use((loaded) => this.#likeness(loaded, asked, found)),
          }
        : undefined;
  }

  async embed(
    texts: readonly string[],
    purpose: 'query' | 'passage',
    signal?: AbortSignal,
  ): Promise<Float32Array> {
    return await this.#lazy.use((loaded) => this.#embed(loaded, texts, purpose, signal));
  }

  async #embed(
    loaded: Loaded,
    texts: readonly string[],
    purpose: 'query' | 'passage',
    signal?: AbortSignal,
  ): Promise<Float32Array> {
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
    await this.#lazy.unload();
  }

  async #free({ session, likeness }: Loaded): Promise<void> {
    this.#termCache.clear();
    await session.release();
    await likeness?.release();
  }

  #tokenize(tokenizer: TextTokenizer, text: string): readonly number[] {
    const cut = text.slice(0, this.#options.limits.embed_text_chars);
    return tokenizer.encode(cut).ids.slice(0, this.#options.model.manifest.max_tokens);
  }

  async #termsOf({ tokenizer }: Loaded, texts: readonly string[]): Promise<Uint16Array[]> {
    return texts.map((text) => {
      const ids = new Set(this.#tokenize(tokenizer, text));
      for (const id of ids)
        if (id > TERM_ID_MAX)
          throw integrityError(
            'model.vocabulary',
            `the vocabulary of ${this.model.id} is larger than ${TERM_ID_MAX + 1} words`,
            'Its manifest must not claim `terms`.',
          );
      return Uint16Array.from(ids).sort();
    });
  }

  /** The model answers a text of one token with that token's vector; the length before normalising is its weight. */
  async #vectorsOf(
    loaded: Loaded,
    ids: Uint16Array,
  ): Promise<{ vectors: Float32Array; weights: Float32Array }> {
    const { dimension } = this.model;
    const missing = ids.filter((id) => !this.#termCache.has(id));
    if (missing.length > 0) {
      const answer = await this.#ask(
        loaded,
        Array.from(missing, (id) => [id]),
      );
      missing.forEach((id, i) => {
        const vector = answer.vectors.slice(i * dimension, (i + 1) * dimension);
        this.#termCache.set(id, { vector, weight: answer.lengths[i] ?? 0 });
      });
    }
    const vectors = new Float32Array(ids.length * dimension);
    const weights = new Float32Array(ids.length);
    ids.forEach((id, i) => {
      const term = this.#termCache.get(id);
      if (term === undefined) return;
      vectors.set(term.vector, i * dimension);
      weights[i] = term.weight;
    });
    return { vectors, weights };
  }

  /** The runtime multiplies the matrices; in JavaScript this was most of a search's time. */
  async #likeness(loaded: Loaded, asked: Uint16Array, found: Uint16Array): Promise<Float32Array> {
    const [a, b] = [await this.#vectorsOf(loaded, asked), await this.#vectorsOf(loaded, found)];
    const matrix = (vectors: Float32Array, rows: number): Tensor =>
      new loaded.tensor('float32', vectors, [rows, this.model.dimension]);
    const { likeness } =
      (await loaded.likeness?.run({
        asked: matrix(a.vectors, asked.length),
        found: matrix(b.vectors, found.length),
      })) ?? {};
    if (likeness?.data instanceof Float32Array && likeness.data.length === asked.length * found.length)
      return likeness.data;
    throw this.#wrongOutput();
  }

  async #run(loaded: Loaded, tokens: readonly (readonly number[])[]): Promise<Float32Array> {
    return (await this.#ask(loaded, tokens)).vectors;
  }

  /** One model call. `lengths` is empty for models without terms. */
  async #ask(
    loaded: Loaded,
    tokens: readonly (readonly number[])[],
  ): Promise<{ vectors: Float32Array; lengths: Float32Array }> {
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
    const { embedding, length } = await loaded.session
      .run({
        input_ids: new loaded.tensor('int64', ids, dims),
        attention_mask: new loaded.tensor('int64', mask, dims),
      })
      .catch((cause: unknown) => {
        // Tokens that the weights do not know, above all.
        throw this.#wrongOutput(cause);
      });
    const lengths = length?.data instanceof Float32Array ? length.data : new Float32Array(0);
    const fits = this.terms === undefined || lengths.length === tokens.length;
    if (
      fits &&
      embedding?.data instanceof Float32Array &&
      embedding.data.length === tokens.length * this.model.dimension
    )
      return { vectors: embedding.data, lengths };
    throw this.#wrongOutput();
  }

  #wrongOutput(cause?: unknown): FractalError {
    return integrityError(
      'model.output',
      `the model ${this.model.id} does not answer with vectors of the length its manifest says`,
      'Its manifest and its files do not belong together; take the folder from the release again.',
      { cause },
    );
  }

  async #start(): Promise<Loaded> {
    const { model, fs, limits, threads } = this.#options;
    demandMemory(this.model.id, model.manifest.ram_bytes_needed, (this.#options.freeMemory ?? freeMemory)());
    const weights = await readModelFile(fs, model, 'model.onnx', limits);
    const vocabulary = await readModelFile(fs, model, 'tokenizer.json', limits);
    // Loaded on first use: the runtime's library is large, and most commands need no vectors.
    const [ort, { Tokenizer }] = await Promise.all([
      import('onnxruntime-node'),
      import('@huggingface/tokenizers') as Promise<unknown> as Promise<TokenizerModule>,
    ]);
    const start = async (bytes: Uint8Array): Promise<InferenceSession> => {
      try {
        return await ort.InferenceSession.create(bytes, {
          intraOpNumThreads: threads ?? Math.max(1, Math.min(4, availableParallelism())),
          interOpNumThreads: 1,
          graphOptimizationLevel: 'all',
          executionProviders: ['cpu'],
        });
      } catch (cause) {
        throw this.#unreadable('ONNX Runtime cannot read its weights', cause);
      }
    };
    const tokenizer = this.#tokenizer(Tokenizer, vocabulary);
    const session = await start(weights);
    const likeness =
      this.terms === undefined
        ? undefined
        : await start(await readModelFile(fs, model, 'likeness.onnx', limits));
    return { session, likeness, tokenizer, tensor: ort.Tensor };
  }

  /** Hashes say that a file is the one that was packed; the probe says that it is the one that belongs to the weights. */
  #tokenizer(Tokenizer: TokenizerModule['Tokenizer'], vocabulary: Uint8Array): TextTokenizer {
    const { probe } = this.#options.model.manifest;
    let tokenizer: TextTokenizer;
    let found: readonly number[] | undefined;
    try {
      tokenizer = new Tokenizer(JSON.parse(new TextDecoder().decode(vocabulary)) as object, {});
      found = probe === undefined ? undefined : this.#tokenize(tokenizer, probe.text);
    } catch (cause) {
      throw this.#unreadable('its tokenizer.json cannot be read', cause);
    }
    if (probe === undefined || found?.join() === probe.tokens.join()) return tokenizer;
    throw integrityError(
      'model.tokenizer',
      `the tokenizer of the model ${this.model.id} ${this.model.version} is not the one it was trained with`,
      'Take the folder from its source again: with another tokenizer its vectors mean nothing.',
    );
  }

  #unreadable(why: string, cause: unknown): FractalError {
    return integrityError(
      'model.format',
      `the model ${this.model.id} ${this.model.version} cannot be loaded: ${why}`,
      'Take the folder from its source again, or use another model.',
      { cause },
    );
  }
}
