/** Incident narratives to labels: linear heads over hashed n-grams, by ONNX Runtime on this machine's processor. */
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { integrityError, type FileSystem, type Limits } from '../../base/index.ts';
import { LazyModel, demandMemory, freeMemory } from '../lazy-model.ts';
import { readModelFile } from '../model-folder.ts';
import { featuresOf } from './features.ts';
import type { ClassifierFolder, Taxonomy } from './manifest.ts';

interface Loaded {
  readonly session: InferenceSession;
  readonly tensor: typeof Tensor;
}

export interface IncidentClassifierOptions {
  readonly model: ClassifierFolder;
  readonly fs: FileSystem;
  readonly limits: Limits;
  /** Bytes that may be taken; what the system says when absent. */
  readonly freeMemory?: () => number;
}

/** Of each taxonomy the chance of each of its labels, in the order of the manifest; they sum to 1. */
export type Chances = ReadonlyMap<string, readonly number[]>;

export class IncidentClassifier {
  readonly model: ClassifierFolder;
  readonly #options: IncidentClassifierOptions;
  readonly #lazy: LazyModel<Loaded>;

  /** Cheap: the file is read and checked when the first text comes. */
  constructor(options: IncidentClassifierOptions) {
    this.model = options.model;
    this.#options = options;
    this.#lazy = new LazyModel({
      load: () => this.#start(),
      free: ({ session }) => session.release(),
      idleMs: options.limits.model_idle_ms,
    });
  }

  get taxonomies(): readonly Taxonomy[] {
    return this.model.manifest.taxonomies;
  }

  /** A text without one known word gets chances too; ask `hasWords` first. One model call for a batch of texts. */
  async classify(texts: readonly string[], signal?: AbortSignal): Promise<Chances[]> {
    const size = this.#options.limits.classify_batch_texts;
    return await this.#lazy.use(async (loaded) => {
      const out: Chances[] = [];
      for (let start = 0; start < texts.length; start += size) {
        signal?.throwIfAborted();
        out.push(...(await this.#batch(loaded, texts.slice(start, start + size))));
      }
      return out;
    });
  }

  /** Frees the model's memory; the next text loads it again. */
  async unload(): Promise<void> {
    await this.#lazy.unload();
  }

  async #batch({ session, tensor }: Loaded, texts: readonly string[]): Promise<Chances[]> {
    const cut = this.#options.limits.classify_text_chars;
    const rows = texts.map((text) => featuresOf(text.slice(0, cut)));
    const width = Math.max(1, ...rows.map(({ grams }) => grams.length));
    const grams = new BigInt64Array(rows.length * width);
    const values = new Float32Array(rows.length * width);
    rows.forEach((row, r) => {
      row.grams.forEach((gram, i) => (grams[r * width + i] = BigInt(gram)));
      values.set(row.values, r * width);
    });
    const dims = [rows.length, width];
    const { scores } = await session.run({
      grams: new tensor('int64', grams, dims),
      values: new tensor('float32', values, dims),
    });
    const labels = this.taxonomies.reduce((sum, taxonomy) => sum + taxonomy.labels.length, 0);
    const data = scores?.data;
    if (!(data instanceof Float32Array) || data.length !== rows.length * labels)
      throw integrityError(
        'model.output',
        `the model ${this.model.manifest.id} does not answer with the scores its manifest says`,
        'Its manifest and its files do not belong together; take the folder from the release again.',
      );
    return rows.map((_, r) => this.#chances(data.subarray(r * labels, (r + 1) * labels)));
  }

  #chances(scores: Float32Array): Chances {
    const found = new Map<string, readonly number[]>();
    let at = 0;
    for (const { name, labels, factor } of this.taxonomies) {
      found.set(name, softmax([...scores.subarray(at, at + labels.length)].map((score) => score * factor)));
      at += labels.length;
    }
    return found;
  }

  async #start(): Promise<Loaded> {
    const { model, fs, limits } = this.#options;
    const { id, ram_bytes_needed: needed } = model.manifest;
    demandMemory(id, needed, (this.#options.freeMemory ?? freeMemory)());
    const weights = await readModelFile(fs, model, 'model.onnx', limits);
    const ort = await import('onnxruntime-node');
    const session = await ort.InferenceSession.create(weights, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
      executionProviders: ['cpu'],
    });
    return { session, tensor: ort.Tensor };
  }
}

export function softmax(scores: readonly number[]): number[] {
  const top = Math.max(...scores);
  const shifted = scores.map((score) => Math.exp(score - top));
  const sum = shifted.reduce((a, b) => a + b, 0);
  return shifted.map((value) => value / sum);
}
