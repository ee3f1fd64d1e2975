/**
 * What must be known of a PDF file before a parser sees it: that it is one, and that its streams unpack within bounds.
 * Deflate ends by itself, so each stream is unpacked from where it begins, whatever length the file claims.
 */
import { inflateSync, constants } from 'node:zlib';
import { FIXED_LIMITS, badInputError } from '../../base/index.ts';
import { overDocumentLimit } from '../plain/bounds.ts';

/** Filters on top of one another: real files have one or two, each more multiplies what comes out. */
const CHAIN_MAX = 3;

export function preflight(file: Buffer, source: string): void {
  if (file.length === 0) throw malformed('it is empty', source);
  if (!file.subarray(0, 1024).includes('%PDF-')) throw malformed('it does not begin as one', source);
  if (!file.subarray(-2048).includes('%%EOF') && !file.includes('startxref'))
    throw malformed('it ends too early', source);
  if (file.includes('/Encrypt')) throw encrypted(source);
  countObjects(file, source);
  checkStreams(file, source);
}

export function malformed(what: string, source: string, cause?: unknown): Error {
  return badInputError(
    'pdf.malformed',
    `the file is no PDF that can be read: ${what}`,
    'Fetch the file again.',
    {
      place: { source, line: 1 },
      cause,
    },
  );
}

export function encrypted(source: string): Error {
  return badInputError(
    'pdf.encrypted',
    'the PDF file is encrypted',
    'Save it without protection, if you may.',
    {
      place: { source, line: 1 },
    },
  );
}

function countObjects(file: Buffer, source: string): void {
  let count = 0;
  for (let at = file.indexOf(' obj'); at >= 0; at = file.indexOf(' obj', at + 4))
    if (++count > FIXED_LIMITS.pdf_objects.value) throw overDocumentLimit(source, 'pdf_objects', 'the file');
}

function checkStreams(file: Buffer, source: string): void {
  let left: number = FIXED_LIMITS.pdf_stream_bytes.value;
  for (let at = file.indexOf('stream'); at >= 0; at = file.indexOf('stream', at + 6)) {
    if (file.subarray(Math.max(0, at - 3), at).toString('latin1') === 'end') continue;
    let begin = at + 6;
    if (file[begin] === 13) begin++;
    if (file[begin] === 10) begin++;
    const dictionary =
      file
        .toString('latin1', Math.max(0, at - 1024), at)
        .split('endobj')
        .at(-1) ?? '';
    const filters = dictionary.match(/Decode\b|\/Fl\b/g)?.length ?? 0;
    if (filters > CHAIN_MAX)
      throw overDocumentLimit(source, 'pdf_stream_bytes', 'what a stream may unpack to');
    // The header of zlib: what says it is deflated, and what does not say so but is.
    let packed: Buffer | undefined = isDeflated(file, begin) ? file.subarray(begin) : undefined;
    for (let depth = 0; packed !== undefined && depth < CHAIN_MAX; depth++) {
      const bytes: Buffer = unpack(packed, left, source);
      left -= bytes.length;
      packed = isDeflated(bytes, 0) ? bytes : undefined;
    }
  }
}

function isDeflated(bytes: Buffer, at: number): boolean {
  const first = bytes[at] ?? 0;
  const second = bytes[at + 1] ?? 0;
  return (first & 0x0f) === 8 && first >> 4 <= 7 && ((first << 8) | second) % 31 === 0;
}

function unpack(packed: Buffer, left: number, source: string): Buffer {
  try {
    return inflateSync(packed, { maxOutputLength: Math.max(1, left), finishFlush: constants.Z_SYNC_FLUSH });
  } catch (cause) {
    if (cause instanceof RangeError)
      throw overDocumentLimit(source, 'pdf_stream_bytes', 'what the streams unpack to');
    // Damage is the parser's to judge.
    return Buffer.alloc(0);
  }
}
