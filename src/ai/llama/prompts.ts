/**
 * Prompts that a model has read. A sequence of its context holds the last one with its answer; a request that begins alike
 * goes on from there, and what both begin with is not read again.
 */
import type { ChatMessage } from '../generator.ts';

export interface Place<T> {
  readonly value: T;
  /** What it holds, as text. */
  held: string;
  /** Counts up with each use. */
  used: number;
}

/** Less than this share of a prompt is not worth another one's place. */
const WORTH = 0.1;

export class Prompts<T> {
  readonly #places: readonly Place<T>[];
  #uses = 0;

  constructor(values: readonly T[]) {
    this.#places = values.map((value) => ({ value, held: '', used: 0 }));
  }

  get places(): readonly Place<T>[] {
    return this.#places;
  }

  /** The place whose prompt begins most like this one, else the one that was longest not used. It holds this one from now on. */
  take(messages: readonly ChatMessage[]): T {
    const asked = messages.map(({ role, content }) => `${role}\n${content}\n`).join('');
    const shared = (place: Place<T>): number => {
      const length = commonLength(place.held, asked);
      return length < asked.length * WORTH ? 0 : length;
    };
    const [best] = [...this.#places].sort((a, b) => shared(b) - shared(a) || a.used - b.used);
    if (best === undefined) throw new RangeError('there is no place for a prompt');
    best.held = asked;
    best.used = ++this.#uses;
    return best.value;
  }
}

function commonLength(a: string, b: string): number {
  let i = 0;
  while (i < a.length && i < b.length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  return i;
}
