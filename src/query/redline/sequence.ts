/**
 * What two sequences have in common, in order: Myers' greedy algorithm while the edits are few, else a split at elements
 * that occur once on each side (patience). All work is charged to one budget, so that no input takes longer: what is
 * left when it is spent counts as replaced.
 */
import { FIXED_LIMITS } from '../../base/index.ts';

/** `length` elements from `a` on in the old sequence are those from `b` on in the new one. */
export interface Run {
  readonly a: number;
  readonly b: number;
  readonly length: number;
}

interface Range {
  readonly aFrom: number;
  readonly aTo: number;
  readonly bFrom: number;
  readonly bTo: number;
}

/** Runs in order; between two of them at least one element was taken out or put in. */
export function commonRuns(old: readonly string[], now: readonly string[]): Run[] {
  return new Comparison(old, now).runs();
}

class Comparison {
  readonly #a: Int32Array;
  readonly #b: Int32Array;
  readonly #found: Run[] = [];
  #steps: number = FIXED_LIMITS.redline_steps.value;

  constructor(old: readonly string[], now: readonly string[]) {
    const ids = new Map<string, number>();
    const intern = (key: string): number => {
      const known = ids.get(key);
      if (known !== undefined) return known;
      ids.set(key, ids.size);
      return ids.size - 1;
    };
    this.#a = Int32Array.from(old, intern);
    this.#b = Int32Array.from(now, intern);
  }

  runs(): Run[] {
    const open: Range[] = [{ aFrom: 0, aTo: this.#a.length, bFrom: 0, bTo: this.#b.length }];
    for (let range = open.pop(); range !== undefined; range = open.pop()) {
      const inner = this.#trim(range);
      if (inner.aFrom === inner.aTo || inner.bFrom === inner.bTo) continue;
      const edits = this.#myers(inner);
      if (edits === undefined) for (const gap of this.#split(inner)) open.push(gap);
      else for (const run of edits) this.#found.push(run);
    }
    return joined(this.#found);
  }

  /** Notes what both begin and end with. */
  #trim({ aFrom, aTo, bFrom, bTo }: Range): Range {
    const most = Math.min(aTo - aFrom, bTo - bFrom);
    let head = 0;
    while (head < most && this.#a[aFrom + head] === this.#b[bFrom + head]) head++;
    let tail = 0;
    while (tail < most - head && this.#a[aTo - tail - 1] === this.#b[bTo - tail - 1]) tail++;
    if (head > 0) this.#found.push({ a: aFrom, b: bFrom, length: head });
    if (tail > 0) this.#found.push({ a: aTo - tail, b: bTo - tail, length: tail });
    this.#steps -= head + tail;
    return { aFrom: aFrom + head, aTo: aTo - tail, bFrom: bFrom + head, bTo: bTo - tail };
  }

  /** The longest common subsequence; undefined when there are too many edits. */
  #myers({ aFrom, aTo, bFrom, bTo }: Range): Run[] | undefined {
    const n = aTo - aFrom;
    const m = bTo - bFrom;
    const most = Math.min(n + m, FIXED_LIMITS.redline_edits.value);
    // Furthest place in `a` on each diagonal, and a copy of them for each number of edits.
    const furthest = new Int32Array(2 * most + 3);
    const trace: Int32Array[] = [];
    const at = (k: number): number => furthest[k + most + 1] ?? 0;
    for (let d = 0; d <= most; d++) {
      trace.push(furthest.slice(most + 1 - d, most + 2 + d));
      for (let k = -d; k <= d; k += 2) {
        let x = k === -d || (k !== d && at(k - 1) < at(k + 1)) ? at(k + 1) : at(k - 1) + 1;
        const start = x;
        while (x < n && x - k < m && this.#a[aFrom + x] === this.#b[bFrom + x - k]) x++;
        this.#steps -= x - start + 1;
        furthest[k + most + 1] = x;
        if (x >= n && x - k >= m) return backtrack(trace, n, m, aFrom, bFrom);
      }
      if (this.#steps < 0) return undefined;
    }
    return undefined;
  }

  /** The gaps between elements that occur once on each side and stand in the same order. */
  #split({ aFrom, aTo, bFrom, bTo }: Range): Range[] {
    this.#steps -= aTo - aFrom + bTo - bFrom;
    if (this.#steps < 0) return [];
    const inA = once(this.#a, aFrom, aTo);
    const inB = once(this.#b, bFrom, bTo);
    const pairs: [number, number][] = [];
    for (const [id, a] of inA) {
      const b = inB.get(id);
      if (a >= 0 && b !== undefined && b >= 0) pairs.push([a, b]);
    }
    const gaps: Range[] = [];
    let a = aFrom;
    let b = bFrom;
    for (const [nextA, nextB] of rising(pairs)) {
      this.#found.push({ a: nextA, b: nextB, length: 1 });
      gaps.push({ aFrom: a, aTo: nextA, bFrom: b, bTo: nextB });
      a = nextA + 1;
      b = nextB + 1;
    }
    if (gaps.length > 0) gaps.push({ aFrom: a, aTo, bFrom: b, bTo });
    return gaps;
  }
}

function backtrack(trace: readonly Int32Array[], n: number, m: number, aFrom: number, bFrom: number): Run[] {
  const runs: Run[] = [];
  let x = n;
  let y = m;
  for (let d = trace.length - 1; d >= 0; d--) {
    const before = trace[d];
    const at = (k: number): number => before?.[k + d] ?? 0;
    const k = x - y;
    const down = k === -d || (k !== d && at(k - 1) < at(k + 1));
    const from = d === 0 ? 0 : down ? at(k + 1) : at(k - 1);
    const fromY = d === 0 ? 0 : from - (down ? k + 1 : k - 1);
    const startX = d === 0 ? 0 : down ? from : from + 1;
    if (x > startX) runs.push({ a: aFrom + startX, b: bFrom + startX - k, length: x - startX });
    x = from;
    y = fromY;
  }
  return runs;
}

/** Place of each element that occurs once; -1 for the others. */
function once(list: Int32Array, from: number, to: number): Map<number, number> {
  const places = new Map<number, number>();
  for (let i = from; i < to; i++) {
    const id = list[i] ?? 0;
    places.set(id, places.has(id) ? -1 : i);
  }
  return places;
}

/** The longest selection of pairs, sorted by the first, that rises in the second too. */
function rising(pairs: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const tails: number[] = [];
  const before = new Int32Array(pairs.length);
  pairs.forEach(([, b], i) => {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pairs[tails[middle] ?? 0]?.[1] ?? 0) < b) low = middle + 1;
      else high = middle;
    }
    before[i] = low === 0 ? -1 : (tails[low - 1] ?? -1);
    tails[low] = i;
  });
  const out: (readonly [number, number])[] = [];
  for (let i = tails.at(-1) ?? -1; i >= 0; i = before[i] ?? -1) {
    const pair = pairs[i];
    if (pair !== undefined) out.push(pair);
  }
  return out.reverse();
}

/** Runs in order, touching ones as one. */
function joined(runs: readonly Run[]): Run[] {
  const out: Run[] = [];
  for (const run of runs.toSorted((p, q) => p.a - q.a)) {
    const last = out.at(-1);
    if (last !== undefined && last.a + last.length === run.a && last.b + last.length === run.b)
      out[out.length - 1] = { ...last, length: last.length + run.length };
    else out.push(run);
  }
  return out;
}
