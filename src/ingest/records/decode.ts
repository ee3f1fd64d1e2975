/**
 * Bytes of a record file to text, whole lines at a time. Each line is decoded by itself, so the result does not depend on
 * how the bytes arrive, and one line in an old encoding does not spoil the rest.
 */
import { isUtf8 } from 'node:buffer';
import { badInputError } from '../../base/index.ts';
import { overLimit } from './bounds.ts';

export type TextEncoding = 'utf-8' | 'latin-1' | 'detect';

export interface Lines {
  /** Ends with a line end, unless it is the last. */
  readonly text: string;
  readonly last: boolean;
}

const LF = 10;
/** Windows-1252 above 0x7F where it differs from Latin 1. */
const CP1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

function decode1252(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replace(/[\u0080-\u009f]/g, (char) => CP1252.charAt(char.charCodeAt(0) - 0x80));
}

export class LineDecoder {
  readonly #source: string;
  readonly #encoding: TextEncoding;
  /** Lines that were not UTF-8 and were read as Windows-1252. */
  oldLines = 0;
  #line = 1;

  constructor(source: string, encoding: TextEncoding) {
    this.#source = source;
    this.#encoding = encoding;
  }

  async *read(chunks: AsyncIterable<Uint8Array>, lineBytes: number): AsyncIterable<Lines> {
    let carry: Buffer[] = [];
    let carried = 0;
    let isFirst = true;
    for await (const chunk of chunks) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
      const end = bytes.lastIndexOf(LF) + 1;
      if (end === 0) {
        carry.push(Buffer.from(bytes));
        carried += bytes.length;
        if (carried > lineBytes) throw overLimit(this.#source, 'record_bytes', 'a line', this.#line);
        continue;
      }
      const block =
        carried === 0 ? bytes.subarray(0, end) : Buffer.concat([...carry, bytes.subarray(0, end)]);
      carry = end < bytes.length ? [Buffer.from(bytes.subarray(end))] : [];
      carried = bytes.length - end;
      yield { text: this.#decode(block, isFirst), last: false };
      isFirst = false;
    }
    yield { text: this.#decode(Buffer.concat(carry), isFirst), last: true };
  }

  #decode(block: Buffer, isFirst: boolean): string {
    if (isFirst && ((block[0] === 0xff && block[1] === 0xfe) || (block[0] === 0xfe && block[1] === 0xff)))
      throw badInputError('records.encoding', 'the file is UTF-16', 'Save it as UTF-8.', {
        place: { source: this.#source, line: 1 },
      });
    const bytes =
      isFirst && block[0] === 0xef && block[1] === 0xbb && block[2] === 0xbf ? block.subarray(3) : block;
    if (this.#encoding === 'latin-1') return decode1252(bytes);
    if (isUtf8(bytes)) {
      for (let i = bytes.indexOf(LF); i >= 0; i = bytes.indexOf(LF, i + 1)) this.#line++;
      return bytes.toString('utf8');
    }
    let text = '';
    for (let from = 0; from < bytes.length;) {
      const at = bytes.indexOf(LF, from);
      const to = at < 0 ? bytes.length : at + 1;
      const line = bytes.subarray(from, to);
      if (isUtf8(line)) text += line.toString('utf8');
      else if (this.#encoding === 'utf-8')
        throw badInputError('records.encoding', 'a line is not UTF-8', 'Save the file as UTF-8.', {
          place: { source: this.#source, line: this.#line },
        });
      else {
        this.oldLines++;
        text += decode1252(line);
      }
      if (at >= 0) this.#line++;
      from = to;
    }
    return text;
  }
}
