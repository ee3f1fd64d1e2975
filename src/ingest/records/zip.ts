/**
 * ZIP archives, as far as workbooks need them, within bounds: the directory is believed about nothing. What an entry
 * unpacks to is bounded while it is unpacked, by its own ratio and by what is left for the whole archive.
 */
import { inflateRawSync } from 'node:zlib';
import { FIXED_LIMITS, badInputError } from '../../base/index.ts';
import { overLimit } from './bounds.ts';

interface Entry {
  readonly method: number;
  readonly packed: number;
  readonly offset: number;
}

const END = 0x06054b50;
const DIRECTORY = 0x02014b50;
const LOCAL = 0x04034b50;
/** Small files pack well beyond any ratio. */
const RATIO_FREE_BYTES = 1024 * 1024;

export class Zip {
  readonly #bytes: Buffer;
  readonly #source: string;
  readonly #entries = new Map<string, Entry>();
  #left: number = FIXED_LIMITS.zip_bytes.value;

  constructor(bytes: Buffer, source: string) {
    this.#bytes = bytes;
    this.#source = source;
    this.#readDirectory();
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** The bytes of an entry; undefined when there is none of that name. */
  read(name: string): Buffer | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    const at = entry.offset;
    if (at + 30 > this.#bytes.length || this.#bytes.readUInt32LE(at) !== LOCAL)
      throw this.#malformed('an entry is not where the directory says');
    const begin = at + 30 + this.#bytes.readUInt16LE(at + 26) + this.#bytes.readUInt16LE(at + 28);
    const packed = this.#bytes.subarray(begin, begin + entry.packed);
    if (packed.length !== entry.packed) throw this.#malformed('an entry is cut off');
    const bytes = entry.method === 0 ? packed : this.#inflate(packed);
    this.#left -= bytes.length;
    if (this.#left < 0) throw overLimit(this.#source, 'zip_bytes', 'what the archive unpacks to');
    return bytes;
  }

  #inflate(packed: Buffer): Buffer {
    const ratio = Math.max(RATIO_FREE_BYTES, packed.length * FIXED_LIMITS.zip_ratio.value);
    const most = Math.max(1, Math.min(ratio, this.#left));
    try {
      return inflateRawSync(packed, { maxOutputLength: most });
    } catch (cause) {
      if (cause instanceof RangeError)
        throw overLimit(
          this.#source,
          ratio <= this.#left ? 'zip_ratio' : 'zip_bytes',
          'what an entry of the archive unpacks to',
        );
      throw this.#malformed('an entry does not unpack', cause);
    }
  }

  #readDirectory(): void {
    const bytes = this.#bytes;
    const least = Math.max(0, bytes.length - 22 - 65_535);
    let at = bytes.length - 22;
    while (at >= least && bytes.readUInt32LE(at) !== END) at--;
    if (at < least || at < 0) throw this.#malformed('it has no directory');
    const count = bytes.readUInt16LE(at + 10);
    let from = bytes.readUInt32LE(at + 16);
    if (count === 0xffff || from === 0xffffffff) throw this.#malformed('it is a ZIP64 archive');
    if (count > FIXED_LIMITS.zip_entries.value) throw overLimit(this.#source, 'zip_entries', 'the archive');
    for (let i = 0; i < count; i++) {
      if (from + 46 > bytes.length || bytes.readUInt32LE(from) !== DIRECTORY)
        throw this.#malformed('its directory is cut off');
      const flags = bytes.readUInt16LE(from + 8);
      if ((flags & 1) !== 0)
        throw badInputError('zip.encrypted', 'the archive is encrypted', 'Save it without a password.', {
          place: { source: this.#source, line: 1 },
        });
      const method = bytes.readUInt16LE(from + 10);
      const nameLength = bytes.readUInt16LE(from + 28);
      const name = bytes.toString('utf8', from + 46, from + 46 + nameLength);
      if (method !== 0 && method !== 8) throw this.#malformed('an entry is packed in an unusual way');
      this.#entries.set(name, {
        method,
        packed: bytes.readUInt32LE(from + 20),
        offset: bytes.readUInt32LE(from + 42),
      });
      from += 46 + nameLength + bytes.readUInt16LE(from + 30) + bytes.readUInt16LE(from + 32);
    }
  }

  #malformed(what: string, cause?: unknown): Error {
    return badInputError('zip.malformed', `the archive is damaged: ${what}`, 'Fetch the file again.', {
      place: { source: this.#source, line: 1 },
      cause,
    });
  }
}
