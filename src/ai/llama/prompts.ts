/**
 * Prompts that a model has read. A sequence of its context holds the last one with its answer; a request that begins alike
 * goes on from there, and what both begin with is not read again.
 */
import type { ChatMessage } from '../generator.ts';

export interface Place<T> {
  readonly value: T;
  /** What it holds, as text. */
  held: string;
  /** Whose prompt it is. */
  owner: string;
  /** Counts up with each use. */
  used: number;
}

/** Less than this share of a prompt is not worth another one's place. */
const WORTH = 0.1;

export class Prompts<T> {
  readonly #places: readonly Place<T>[];
  #uses = 0;

  constructor(values: readonly T[]) {
    this.#places = values.map((value) => ({ value, held: '', owner: '', used: 0 }));
  }

  get places(): readonly Place<T>[] {
    return this.#places;
  }

  /**
   * The place whose prompt begins most like this one, else the one that was longest not used. It holds this one from now on.
   * What another owner left there must be forgotten first: how much of it fits tells what they asked.
   */
  take(messages: readonly ChatMessage[], owner: string): { readonly value: T; readonly isForeign: boolean } {
    const asked = messages.map(({ role, content }) => `${role}\n${content}\n`).join('');
    const shared = (place: Place<T>): number => {
      if (place.owner !== owner) return 0;
      const length = commonLength(place.held, asked);
      return length < asked.length * WORTH ? 0 : length;
    };
    const [best] = [...this.#places].sort((a, b) => shared(b) - shared(a) || a.used - b.used);
    if (best === undefined) throw new RangeError('there is no place for a prompt');
    const isForeign = best.owner !== owner;
    Object.assign(best, { held: asked, owner, used: ++this.#uses });
    return { value: best.value, isForeign };
  }
}

function commonLength(a: string, b: string): number {
  let i = 0;
  while (i < a.length && i < b.length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  return i;
}
