/**
 * How many entries are acknowledged and what the last one hashes to, in a file beside them (rule A4): whoever cuts the
 * log at its end must know of it too. Two slots are written in turn, so that a torn write leaves the other.
 */
import path from 'node:path';
import { sha256, type FileSystem, type OpenFile } from '../base/index.ts';
import { NO_HASH } from './entry.ts';

export interface Head {
  /** Entries. */
  readonly size: number;
  /** Leaf hash of the last one, in hexadecimal. */
  readonly hash: string;
}

const SLOT_BYTES = 128;

const encode = ({ size, hash }: Head): Buffer => {
  const body = `${size} ${hash}`;
  return Buffer.from(`${body} ${sha256(body).slice(0, 16)}\n`.padEnd(SLOT_BYTES));
};

function decode(slot: string): Head | undefined {
  const [, size = '', hash = '', sum] = /^(\d+) ([0-9a-f]{64}) ([0-9a-f]{16})\n/.exec(slot) ?? [];
  return sum !== undefined && sha256(`${size} ${hash}`).startsWith(sum)
    ? { size: Number(size), hash }
    : undefined;
}

/** What the file says; nothing when there is none, or both slots are damaged. */
export async function readHead(fs: FileSystem, file: string): Promise<Head | undefined> {
  if ((await fs.stat(file)) === undefined) return undefined;
  const text = Buffer.from(await fs.readFile(file)).toString('latin1');
  const slots = [text.slice(0, SLOT_BYTES), text.slice(SLOT_BYTES)].flatMap((slot) => decode(slot) ?? []);
  return slots.reduce<Head | undefined>(
    (last, slot) => (last === undefined || slot.size > last.size ? slot : last),
    undefined,
  );
}

export class HeadFile {
  readonly #file: OpenFile;
  #slot = 0;

  private constructor(file: OpenFile) {
    this.#file = file;
  }

  /** Writes both slots anew. */
  static async open(
    fs: FileSystem,
    name: string,
    head: Head = { size: 0, hash: NO_HASH },
  ): Promise<HeadFile> {
    const file = new HeadFile(await fs.openFile(name));
    try {
      await file.write(head);
      await file.write(head);
      await file.sync();
      await fs.sync(path.dirname(name));
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async write(head: Head): Promise<void> {
    await this.#file.write(this.#slot * SLOT_BYTES, encode(head));
    this.#slot = 1 - this.#slot;
  }

  sync(): Promise<void> {
    return this.#file.sync();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
