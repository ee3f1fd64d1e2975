/** Makes a failing mutant smaller while it still breaks the same promise: ever smaller pieces are left out. */
import type { Mutant } from './mutants.ts';
import type { Verdicts } from './verdict.ts';

const TRIES_MAX = 400;
/** The watcher takes a thread for hung that reads one mutant for longer than this and some. */
const TIME_MS = 10_000;

export async function minimise(
  mutant: Mutant,
  broken: string,
  index: number,
  verdicts: Verdicts,
): Promise<Buffer> {
  let { bytes } = mutant;
  // A slow file is slow at every try.
  const until = performance.now() + TIME_MS;
  let tries = broken.startsWith('slow') || mutant.seed.kind === 'pdf' ? 20 : TRIES_MAX;
  for (let size = Math.ceil(bytes.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let from = 0; from < bytes.length && tries > 0 && performance.now() < until;) {
      const smaller = Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + size)]);
      tries--;
      const verdict = await verdicts.of({ ...mutant, bytes: smaller }, index);
      if (verdict.broken === broken) bytes = smaller;
      else from += size;
    }
  return bytes;
}
