/**
 * Logistic regression on hashed features: does the sentence ask something of someone (regulatory), or make law
 * (constitutive)? Weights are whole numbers of a small scale, so the same text gives the same bits on every machine.
 */

/** What training writes and `weights.ts` holds. */
export interface Weights {
  /** Name and version of the model, as `law.obligations.method` names it. */
  readonly name: string;
  /** One signed byte for each place, base64, in lines. */
  readonly int8: readonly string[];
  /** What one step of a byte is worth. */
  readonly scale: number;
  readonly bias: number;
  /** Platt's calibration. */
  readonly slope: number;
  readonly shift: number;
}

/** Room for the features; a power of two. */
export const DIMENSIONS = 1 << 13;

/** FNV-1a over UTF-16 units, folded to the room. */
export function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) {
    hash ^= name.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return ((hash ^ (hash >>> 15)) >>> 0) & (DIMENSIONS - 1);
}

/** How much a feature counts before training: single words and pairs are many and weak. */
export function scaleOf(name: string): number {
  return name.startsWith('b=') || name.startsWith('w=') ? NGRAM_SCALE : 1;
}
const NGRAM_SCALE = 0.35;

/** A sentence as sparse vector, in the order of its names. Two names that share a place add up. */
export function vectorOf(names: readonly string[]): ReadonlyMap<number, number> {
  const vector = new Map<number, number>();
  for (const name of names) {
    const place = hashOf(name);
    vector.set(place, (vector.get(place) ?? 0) + scaleOf(name));
  }
  return vector;
}

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

export class Classifier {
  readonly #weights: Int8Array;
  readonly #scale: number;
  readonly #bias: number;
  readonly #slope: number;
  readonly #shift: number;
  /** Of the sentence at hand; zeros between two. */
  readonly #values = new Float64Array(DIMENSIONS);

  constructor(weights: Weights) {
    this.#weights = new Int8Array(Buffer.from(weights.int8.join(''), 'base64'));
    this.#scale = weights.scale;
    this.#bias = weights.bias;
    this.#slope = weights.slope;
    this.#shift = weights.shift;
  }

  /** Calibrated probability that the sentence is regulatory, in steps of a ten-thousandth. */
  probability(names: readonly string[]): number {
    const values = this.#values;
    const places: number[] = [];
    for (const name of names) {
      const place = hashOf(name);
      const value = values[place] ?? 0;
      if (value === 0) places.push(place);
      values[place] = value + scaleOf(name);
    }
    // In the order of `vectorOf`, so that the sum has the same bits.
    let sum = this.#bias;
    for (const place of places) {
      sum += (values[place] ?? 0) * (this.#weights[place] ?? 0) * this.#scale;
      values[place] = 0;
    }
    return Math.round(sigmoid(this.#slope * sum + this.#shift) * 10_000) / 10_000;
  }
}
