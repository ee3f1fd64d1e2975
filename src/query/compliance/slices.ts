/** Facts of many sites side by side: one slice per site in flat arrays, so that a check touches one run of memory. */

/** Facts of one site, worst first, column by column, all of one length. */
export interface SiteFacts {
  readonly kinds: readonly number[];
  readonly severities: readonly number[];
  /** Days from 1970-01-01; a fact holds on `from <= day < to`. */
  readonly from: readonly number[];
  readonly to: readonly number[];
  /** Key of the record behind each fact. */
  readonly keys: readonly string[];
}

const FIRST_CAPACITY = 1024;

export class FactSlices {
  #starts: number[] = [];
  #lengths: number[] = [];
  #kinds = new Uint8Array(FIRST_CAPACITY);
  #severities = new Uint8Array(FIRST_CAPACITY);
  #from = new Int32Array(FIRST_CAPACITY);
  #to = new Int32Array(FIRST_CAPACITY);
  #keys: string[] = [];
  #used = 0;
  /** Facts, without the room that shrunken or moved slices left. */
  #live = 0;

  get facts(): number {
    return this.#live;
  }

  /** Replaces the facts of site number `site`; new sites are numbered on from the last. */
  set(site: number, facts: SiteFacts): void {
    const length = facts.kinds.length;
    const before = this.#lengths[site] ?? 0;
    if (length > before || site >= this.#starts.length) this.#starts[site] = this.#reserve(length);
    const start = this.#starts[site] ?? 0;
    this.#kinds.set(facts.kinds, start);
    this.#severities.set(facts.severities, start);
    this.#from.set(facts.from, start);
    this.#to.set(facts.to, start);
    for (let i = 0; i < length; i++) this.#keys[start + i] = facts.keys[i] ?? '';
    this.#lengths[site] = length;
    this.#live += length - before;
    if (this.#used > FIRST_CAPACITY && this.#used > 2 * this.#live) this.#compact();
  }

  /** How many facts of the site there are, on whatever day. */
  count(site: number): number {
    return this.#lengths[site] ?? 0;
  }

  /** The greatest severity on that day, 0 for none. */
  worst(site: number, day: number): number {
    const start = this.#starts[site] ?? 0;
    const end = start + (this.#lengths[site] ?? 0);
    for (let i = start; i < end; i++) {
      const severity = this.#severities[i] ?? 0;
      if (severity === 0) break;
      if ((this.#from[i] ?? 0) <= day && day < (this.#to[i] ?? 0)) return severity;
    }
    return 0;
  }

  /** Visits the facts that hold on that day, in their order. */
  each(site: number, day: number, visit: (kind: number, severity: number, key: string) => void): void {
    const start = this.#starts[site] ?? 0;
    const end = start + (this.#lengths[site] ?? 0);
    for (let i = start; i < end; i++)
      if ((this.#from[i] ?? 0) <= day && day < (this.#to[i] ?? 0))
        visit(this.#kinds[i] ?? 0, this.#severities[i] ?? 0, this.#keys[i] ?? '');
  }

  #reserve(length: number): number {
    const start = this.#used;
    this.#used += length;
    let capacity = this.#kinds.length;
    while (capacity < this.#used) capacity *= 2;
    if (capacity > this.#kinds.length) this.#resize(capacity);
    return start;
  }

  #resize(capacity: number): void {
    const grown = <T extends Uint8Array | Int32Array>(to: T, from: T): T => {
      to.set(from.subarray(0, Math.min(from.length, to.length)));
      return to;
    };
    this.#kinds = grown(new Uint8Array(capacity), this.#kinds);
    this.#severities = grown(new Uint8Array(capacity), this.#severities);
    this.#from = grown(new Int32Array(capacity), this.#from);
    this.#to = grown(new Int32Array(capacity), this.#to);
  }

  /** Moves the slices together, in the order of the sites. */
  #compact(): void {
    const [kinds, severities, from, to, keys] = [
      this.#kinds,
      this.#severities,
      this.#from,
      this.#to,
      this.#keys,
    ];
    const capacity = Math.max(FIRST_CAPACITY, this.#live);
    this.#kinds = new Uint8Array(capacity);
    this.#severities = new Uint8Array(capacity);
    this.#from = new Int32Array(capacity);
    this.#to = new Int32Array(capacity);
    this.#keys = [];
    this.#used = 0;
    this.#starts = this.#starts.map((start, site) => {
      const end = start + (this.#lengths[site] ?? 0);
      const moved = this.#used;
      this.#kinds.set(kinds.subarray(start, end), moved);
      this.#severities.set(severities.subarray(start, end), moved);
      this.#from.set(from.subarray(start, end), moved);
      this.#to.set(to.subarray(start, end), moved);
      for (let i = start; i < end; i++) this.#keys.push(keys[i] ?? '');
      this.#used += end - start;
      return moved;
    });
  }
}
