import { createHash, hash } from 'node:crypto';

/** SHA-256 as 64 lower-case hexadecimal digits. */
export function sha256(data: Uint8Array | string): string {
  return hash('sha256', data);
}

/** SHA-256 over chunks, for what does not fit in memory. */
export class Sha256 {
  readonly #hash = createHash('sha256');
  update(data: Uint8Array): this {
    this.#hash.update(data);
    return this;
  }
  digest(): string {
    return this.#hash.digest('hex');
  }
}
