/** A small text file, whole: UTF-8, or UTF-16 by its mark, or the encoding that a web page names. Strict. */
import { FIXED_LIMITS, badInputError, type FixedLimitName } from '../../base/index.ts';
import type { ReaderInput, ReadEvent } from '../reader.ts';
import { overDocumentLimit } from './bounds.ts';

export async function bytesOf(
  { name, chunks }: ReaderInput,
  limit: Extract<FixedLimitName, 'plain_bytes' | 'pdf_bytes'>,
): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > FIXED_LIMITS[limit].value) throw overDocumentLimit(name, limit, 'the file');
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

const LABELS: Readonly<Record<string, string>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  'iso-8859-1': 'windows-1252',
  latin1: 'windows-1252',
  'windows-1252': 'windows-1252',
};

/** Throws `text.encoding` for bytes that are not what they should be, `text.binary` for what is no text. */
export function textOf(bytes: Buffer, source: string): string {
  const isLittle = bytes[0] === 0xff && bytes[1] === 0xfe;
  const isBig = bytes[0] === 0xfe && bytes[1] === 0xff;
  const named = /<meta[^>]{0,200}charset\s*=\s*["']?([\w-]{1,40})/i.exec(
    bytes.toString('latin1', 0, 4096),
  )?.[1];
  const encoding = isLittle
    ? 'utf-16le'
    : isBig
      ? 'utf-16be'
      : (LABELS[(named ?? 'utf-8').toLowerCase()] ?? 'utf-8');
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    const before = new TextDecoder(encoding).decode(bytes);
    const at = Math.max(0, before.indexOf('\ufffd'));
    throw badInputError(
      'text.encoding',
      `the bytes are not valid ${encoding.toUpperCase()}`,
      'Save the file as UTF-8.',
      {
        place: { source, line: lineAt(before, at) },
        cause,
      },
    );
  }
  const binary = text.search(CONTROL);
  if (binary >= 0)
    throw badInputError('text.binary', 'the file holds characters that no text has', 'Import a text file.', {
      place: { source, line: lineAt(text, binary) },
    });
  return text.replace(/\r\n?/g, '\n');
}

const CONTROL = new RegExp('[\\u0000-\\u0008\\u000e-\\u001a\\u001c-\\u001f]');

export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let i = text.indexOf('\n'); i >= 0 && i < offset; i = text.indexOf('\n', i + 1)) line++;
  return line;
}

export function emptyFault(source: string): Error {
  return badInputError('document.no_text', 'the file is empty', 'Fetch it again.', {
    place: { source, line: 1 },
  });
}

/** Collects events and hands them on in groups. */
export function* inGroups(events: readonly ReadEvent[], size = 512): Generator<readonly ReadEvent[]> {
  for (let from = 0; from < events.length; from += size) yield events.slice(from, from + size);
}
