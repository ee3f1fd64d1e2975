/**
 * The last acknowledged commit, in a file of its own (rule R3).
 *
 * DuckDB takes a log whose framing is damaged for one that ends early, and opens without a word: measured, a whole
 * table was gone. The mark makes that visible. Two slots are written in turn, so that a torn write leaves the other.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { sha256 } from '../base/index.ts';

const SLOT_BYTES = 64;
const SLOTS = 2;

function encode(version: bigint, hlc: bigint): Buffer {
  const body = `${version} ${hlc}`;
  return Buffer.from(`${body} ${sha256(body).slice(0, 16)}\n`.padEnd(SLOT_BYTES, ' '));
}

function decode(slot: string): { version: bigint; hlc: bigint } | undefined {
  const match = /^(\d+) (\d+) ([0-9a-f]{16})\n/.exec(slot);
  if (match === null) return undefined;
  const [, version = '', hlc = '', sum] = match;
  return sha256(`${version} ${hlc}`).slice(0, 16) === sum
    ? { version: BigInt(version), hlc: BigInt(hlc) }
    : undefined;
}

export class HeadMark {
  readonly #handle: FileHandle;
  #last: { version: bigint; hlc: bigint };

  private constructor(handle: FileHandle, last: { version: bigint; hlc: bigint }) {
    this.#handle = handle;
    this.#last = last;
  }

  static async open(file: string): Promise<HeadMark> {
    const handle = await open(file, 'a+', 0o600).then(async (created) => {
      await created.close();
      return await open(file, 'r+');
    });
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(SLOT_BYTES * SLOTS),
      0,
      SLOT_BYTES * SLOTS,
      0,
    );
    const text = buffer.toString('latin1', 0, bytesRead);
    let last = { version: 0n, hlc: 0n };
    for (let i = 0; i < SLOTS; i++) {
      const slot = decode(text.slice(i * SLOT_BYTES, (i + 1) * SLOT_BYTES));
      if (slot !== undefined && slot.version > last.version) last = slot;
    }
    return new HeadMark(handle, last);
  }

  get last(): { readonly version: bigint; readonly hlc: bigint } {
    return this.#last;
  }

  /** Resolves when the mark is on disk. */
  async write(version: bigint, hlc: bigint): Promise<void> {
    await this.#handle.write(
      encode(version, hlc),
      0,
      SLOT_BYTES,
      Number(version % BigInt(SLOTS)) * SLOT_BYTES,
    );
    await this.#handle.datasync();
    this.#last = { version, hlc };
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
