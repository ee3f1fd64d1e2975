/**
 * The last acknowledged commit, in a file of its own (rule R3).
 *
 * DuckDB takes a log whose framing is damaged for one that ends early, and opens without a word: measured, a whole
 * table was gone. The mark makes that visible. Two slots are written in turn, so that a torn write leaves the other.
 */
import path from 'node:path';
import { sha256, type FileSystem, type OpenFile } from '../base/index.ts';

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
  readonly #file: OpenFile;
  #last: { version: bigint; hlc: bigint };

  private constructor(file: OpenFile, last: { version: bigint; hlc: bigint }) {
    this.#file = file;
    this.#last = last;
  }

  static async open(fs: FileSystem, name: string): Promise<HeadMark> {
    const isNew = (await fs.stat(name)) === undefined;
    const file = await fs.openFile(name);
    try {
      // The name must survive a power cut too, or the mark is lost with its first writes.
      if (isNew) await fs.sync(path.dirname(name));
      const text = Buffer.from(await file.read(0, SLOT_BYTES * SLOTS)).toString('latin1');
      let last = { version: 0n, hlc: 0n };
      for (let i = 0; i < SLOTS; i++) {
        const slot = decode(text.slice(i * SLOT_BYTES, (i + 1) * SLOT_BYTES));
        if (slot !== undefined && slot.version > last.version) last = slot;
      }
      return new HeadMark(file, last);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get last(): { readonly version: bigint; readonly hlc: bigint } {
    return this.#last;
  }

  /** Resolves when the mark is on disk. */
  async write(version: bigint, hlc: bigint): Promise<void> {
    await this.#file.write(Number(version % BigInt(SLOTS)) * SLOT_BYTES, encode(version, hlc));
    await this.#file.sync();
    this.#last = { version, hlc };
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
