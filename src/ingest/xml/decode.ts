/**
 * Bytes of an XML file to text: encoding by byte order mark or XML declaration, strict, in blocks of a fixed size.
 *
 * Blocks start at fixed offsets, however the bytes arrive. Everything behind this step, its events and its errors, is
 * therefore a function of the bytes alone.
 */
import { badInputError } from '../../base/index.ts';
import type { ErrorPlace } from '../../base/index.ts';

const BLOCK_BYTES = 16 * 1024;
/** Longest beginning searched for `encoding="…"`. */
const DECLARATION_BYTES = 1024;

export type XmlEncoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

/** Names in XML declarations. Latin 1 is read as Windows-1252, as browsers do: files that say the one mean the other. */
const ENCODING_NAMES: Readonly<Record<string, XmlEncoding>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  ascii: 'utf-8',
  'utf-16': 'utf-16le',
  'utf-16le': 'utf-16le',
  'utf-16be': 'utf-16be',
  'iso-8859-1': 'windows-1252',
  latin1: 'windows-1252',
  'windows-1252': 'windows-1252',
  cp1252: 'windows-1252',
};

/** Windows-1252 above 0x7F where it differs from Latin 1. */
const CP1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/** The same bytes in blocks of {@link BLOCK_BYTES}, the last one shorter. */
export async function* blocks(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let block = new Uint8Array(BLOCK_BYTES);
  let length = 0;
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length;) {
      const part = chunk.subarray(from, from + BLOCK_BYTES - length);
      block.set(part, length);
      length += part.length;
      from += part.length;
      if (length < BLOCK_BYTES) continue;
      yield block;
      block = new Uint8Array(BLOCK_BYTES);
      length = 0;
    }
  }
  if (length > 0) yield block.subarray(0, length);
}

/** The encoding of a file that begins with these bytes, and the length of its byte order mark. */
export function detectEncoding(
  head: Uint8Array,
  source: string,
): { readonly encoding: XmlEncoding; readonly skip: number } {
  const starts = (...bytes: readonly number[]): boolean => bytes.every((byte, i) => head[i] === byte);
  if (starts(0xef, 0xbb, 0xbf)) return { encoding: 'utf-8', skip: 3 };
  if (starts(0xff, 0xfe, 0, 0) || starts(0, 0, 0xfe, 0xff)) throw unknownEncoding(source, 'UTF-32');
  if (starts(0xff, 0xfe)) return { encoding: 'utf-16le', skip: 2 };
  if (starts(0xfe, 0xff)) return { encoding: 'utf-16be', skip: 2 };
  // `<` and another ASCII character.
  if (starts(0x3c, 0) && head[3] === 0) return { encoding: 'utf-16le', skip: 0 };
  if (starts(0, 0x3c, 0)) return { encoding: 'utf-16be', skip: 0 };

  const text = Buffer.from(head.subarray(0, DECLARATION_BYTES)).toString('latin1');
  const declared = /^<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']/.exec(text)?.[1];
  if (declared === undefined) return { encoding: 'utf-8', skip: 0 };
  const encoding = ENCODING_NAMES[declared.toLowerCase()];
  if (encoding === undefined) throw unknownEncoding(source, declared);
  if (encoding.startsWith('utf-16'))
    throw badInputError(
      'xml.encoding',
      'the XML declaration says UTF-16, the bytes are not',
      'Save the file in the encoding it declares, or correct the declaration.',
      { place: { source, line: 1, column: 1 } },
    );
  return { encoding, skip: 0 };
}

function unknownEncoding(source: string, name: string): Error {
  return badInputError(
    'xml.unknown_encoding',
    `the character encoding ${name} is not known`,
    'Save the file as UTF-8.',
    { place: { source, line: 1, column: 1 } },
  );
}

/** Strict decoder of one file. `at` tells where the text decoded so far ends. */
export class BlockDecoder {
  readonly #source: string;
  readonly #encoding: XmlEncoding;
  readonly #decoder: InstanceType<typeof TextDecoder> | undefined;
  /** First bytes of a character that the next block completes. */
  #carry: Uint8Array = new Uint8Array(0);

  constructor(encoding: XmlEncoding, source: string) {
    this.#source = source;
    this.#encoding = encoding;
    this.#decoder =
      encoding === 'windows-1252' ? undefined : new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  }

  decode(block: Uint8Array, last: boolean, at: ErrorPlace): string {
    if (this.#decoder === undefined) return decode1252(block);
    let bytes = block;
    if (this.#carry.length > 0) {
      bytes = new Uint8Array(this.#carry.length + block.length);
      bytes.set(this.#carry);
      bytes.set(block, this.#carry.length);
    }
    const whole = last ? bytes.length : wholeCharacters(bytes, this.#encoding);
    this.#carry = bytes.slice(whole);
    try {
      return this.#decoder.decode(bytes.subarray(0, whole));
    } catch (cause) {
      throw badInputError(
        'xml.encoding',
        `the bytes are not valid ${this.#encoding.toUpperCase()}`,
        'Save the file in the encoding it declares (UTF-8 when it declares none).',
        { place: { source: this.#source, ...this.#placeOfFault(bytes.subarray(0, whole), at) }, cause },
      );
    }
  }

  /** Line and column of the first character that could not be decoded. */
  #placeOfFault(bytes: Uint8Array, at: ErrorPlace): ErrorPlace {
    const text = new TextDecoder(this.#encoding).decode(bytes);
    const before = text.slice(0, Math.max(0, text.indexOf('\ufffd'))).split(/\r\n|\r|\n/);
    const lastLine = before.at(-1) ?? '';
    const line = (at.line ?? 1) + before.length - 1;
    return { line, column: (before.length === 1 ? (at.column ?? 1) : 1) + lastLine.length };
  }
}

/** Length of the longest beginning of `bytes` that does not cut a character in two. */
function wholeCharacters(bytes: Uint8Array, encoding: XmlEncoding): number {
  if (encoding !== 'utf-8') {
    const even = bytes.length - (bytes.length % 2);
    const lastUnit = even < 2 ? 0 : (bytes[encoding === 'utf-16le' ? even - 1 : even - 2] ?? 0);
    return lastUnit >= 0xd8 && lastUnit <= 0xdb ? even - 2 : even;
  }
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return size > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

function decode1252(block: Uint8Array): string {
  const text = Buffer.from(block.buffer, block.byteOffset, block.length).toString('latin1');
  return text.replace(/[\u0080-\u009f]/g, (char) => CP1252.charAt(char.charCodeAt(0) - 0x80));
}
