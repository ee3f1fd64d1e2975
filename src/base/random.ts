import { randomFillSync } from 'node:crypto';

/** Randomness comes in as an argument, so that a seed replays a failure. */
export interface Random {
  bytes(length: number): Uint8Array;
}

export const systemRandom: Random = {
  bytes: (length) => randomFillSync(new Uint8Array(length)),
};

/** xorshift128 from a seed: repeatable, not for secrets. */
export class SeededRandom implements Random {
  #state: [number, number, number, number];
  constructor(seed: number) {
    // Splitmix spreads small seeds over the state; an all-zero state would stay zero.
    let s = seed >>> 0;
    const next = (): number => {
      s = (s + 0x9e3779b9) >>> 0;
      let z = s;
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      return (z ^ (z >>> 15)) >>> 0;
    };
    this.#state = [next(), next(), next(), next() | 1];
  }
  /** 32 bits, unsigned. */
  uint32(): number {
    const [a, b, c, d] = this.#state;
    let t = d ^ (d << 11);
    t ^= t >>> 8;
    const x = (t ^ a ^ (a >>> 19)) >>> 0;
    this.#state = [x, a, b, c];
    return x;
  }
  /** A number in [0, 1). */
  float(): number {
    return this.uint32() / 4294967296;
  }
  /** A whole number in [0, end). */
  below(end: number): number {
    return Math.floor(this.float() * end);
  }
  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i++) out[i] = this.uint32() & 255;
    return out;
  }
}
