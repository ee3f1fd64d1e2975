/** Which keys a file has used, as 64-bit hashes in a flat table: a Set of a few million strings is too large. */

const START = 1 << 14;

export class KeySet {
  /** Two words a slot; a first word of 0 is a free one. */
  #slots = new Uint32Array(START * 2);
  #mask = START - 1;
  #used = 0;

  get size(): number {
    return this.#used;
  }

  /** Adds a key; false when it was there. */
  add(key: string): boolean {
    if (this.#used * 2 > this.#mask) this.#grow();
    // MurmurHash3's mixing over UTF-16 units, twice with different seeds, in one pass.
    let a = 0x9e3779b9 | 0;
    let b = 0x85ebca6b | 0;
    for (let i = 0; i < key.length; i++) {
      let k = Math.imul(key.charCodeAt(i), 0xcc9e2d51);
      k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
      a ^= k;
      a = (Math.imul((a << 13) | (a >>> 19), 5) + 0xe6546b64) | 0;
      b ^= k;
      b = (Math.imul((b << 13) | (b >>> 19), 5) + 0xe6546b64) | 0;
    }
    a = mixed(a ^ key.length) || 1;
    b = mixed(b ^ key.length);
    const slots = this.#slots;
    for (let i = a & this.#mask; ; i = (i + 1) & this.#mask) {
      const at = i * 2;
      if (slots[at] === 0) {
        slots[at] = a;
        slots[at + 1] = b;
        this.#used++;
        return true;
      }
      if (slots[at] === a && slots[at + 1] === b) return false;
    }
  }

  #grow(): void {
    const old = this.#slots;
    const size = (this.#mask + 1) * 2;
    this.#slots = new Uint32Array(size * 2);
    this.#mask = size - 1;
    for (let at = 0; at < old.length; at += 2) {
      const a = old[at] ?? 0;
      if (a === 0) continue;
      let i = a & this.#mask;
      while (this.#slots[i * 2] !== 0) i = (i + 1) & this.#mask;
      this.#slots[i * 2] = a;
      this.#slots[i * 2 + 1] = old[at + 1] ?? 0;
    }
  }
}

/** Spreads the last bits over all. */
function mixed(hash: number): number {
  let h = hash;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  return h >>> 0;
}
