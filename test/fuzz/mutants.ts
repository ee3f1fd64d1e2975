/** Which mutant number N of a seed number is: the same bytes on every machine. */
import { SeededRandom } from '../../src/base/index.ts';
import { BYTE_MUTATIONS, MUTANT_BYTES_MAX, pick, TEXT_MUTATIONS, type Mutate } from './bytes.ts';
import { CSV_MUTATIONS, JSON_MUTATIONS } from './data.ts';
import { MARKUP_MUTATIONS } from './markup.ts';
import { PDF_MUTATIONS, ZIP_MUTATIONS } from './packed.ts';
import type { Kind, Seed } from './seeds.ts';

/** Those that know the format come first and are drawn most. */
const BY_KIND: Readonly<Record<Kind, readonly Mutate[]>> = {
  markup: MARKUP_MUTATIONS,
  json: JSON_MUTATIONS,
  csv: CSV_MUTATIONS,
  text: TEXT_MUTATIONS,
  zip: ZIP_MUTATIONS,
  pdf: PDF_MUTATIONS,
};

export interface Mutant {
  readonly seed: Seed;
  readonly bytes: Buffer;
}

/** A PDF file takes a thread and a hundred times as long, so it is one mutant in this many. */
const PDF_SHARE = 18;

export class Mutants {
  readonly #run: number;
  readonly #seeds: readonly Seed[];
  readonly #formats: readonly string[];

  constructor(run: number, seeds: readonly Seed[]) {
    this.#run = run;
    this.#seeds = seeds;
    this.#formats = [...new Set(seeds.map(({ format }) => format))]
      .filter((format) => format !== 'pdf')
      .sort();
  }

  at(index: number): Mutant {
    const random = new SeededRandom(Math.imul(this.#run, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b));
    const format = index % PDF_SHARE === PDF_SHARE - 1 ? 'pdf' : pick(random, this.#formats);
    const seed = pick(
      random,
      this.#seeds.filter((one) => one.format === format),
    );
    const other = pick(random, this.#seeds);
    let bytes = seed.bytes;
    // Mostly one fault: what several break together is seldom new.
    for (let n = pick(random, [1, 1, 1, 2, 4]); n > 0; n--) {
      const draw = random.below(10);
      const kinds = draw < 6 ? BY_KIND[seed.kind] : draw < 8 ? TEXT_MUTATIONS : BYTE_MUTATIONS;
      // Text changes would re-encode what is packed.
      const safe =
        kinds === TEXT_MUTATIONS && (seed.kind === 'pdf' || seed.kind === 'zip') ? BYTE_MUTATIONS : kinds;
      bytes = pick(random, safe)(bytes, random, other.bytes);
      if (bytes.length > MUTANT_BYTES_MAX) bytes = bytes.subarray(0, MUTANT_BYTES_MAX);
    }
    return { seed, bytes };
  }
}
