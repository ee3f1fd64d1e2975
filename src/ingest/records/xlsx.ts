/** Rows of the sheets of an XLSX workbook: texts, numbers as written, dates as day numbers, formulas as last computed. */
import { FIXED_LIMITS, badInputError, type Limits } from '../../base/index.ts';
import { parseXml, type XmlAttributes, type XmlSink } from '../xml/xml.ts';
import { overLimit } from './bounds.ts';
import type { RawRows } from './csv.ts';
import { Zip } from './zip.ts';

export interface XlsxOptions {
  readonly source: string;
  readonly limits: Limits;
}

/** The whole file, within bounds: a workbook's directory stands at its end. */
export async function wholeFile(chunks: AsyncIterable<Uint8Array>, source: string): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    bytes += chunk.length;
    if (bytes > FIXED_LIMITS.workbook_bytes.value) throw overLimit(source, 'workbook_bytes', 'the workbook');
  }
  return Buffer.concat(parts);
}

export interface Sheet {
  readonly name: string;
  rows(): AsyncIterable<RawRows>;
}

export async function sheetsOf(file: Buffer, options: XlsxOptions): Promise<readonly Sheet[]> {
  const zip = new Zip(file, options.source);
  const book = zip.read('xl/workbook.xml');
  const relations = zip.read('xl/_rels/workbook.xml.rels');
  if (book === undefined || relations === undefined)
    throw badInputError('xlsx.malformed', 'the archive is no XLSX workbook', 'Save it as .xlsx or .csv.', {
      place: { source: options.source, line: 1 },
    });
  const targets = new Map<string, string>();
  await parse(relations, options, {
    open: (name, { Id, Target }) => {
      if (name === 'Relationship' && Id !== undefined && Target !== undefined) targets.set(Id, Target);
    },
  });
  const sheets: { name: string; path: string }[] = [];
  await parse(book, options, {
    open: (name, attributes) => {
      if (name !== 'sheet') return;
      const target = targets.get(attributes['r:id'] ?? '') ?? '';
      sheets.push({
        name: attributes['name'] ?? '',
        path: target.startsWith('/') ? target.slice(1) : `xl/${target}`,
      });
    },
  });
  const strings = await sharedStrings(zip, options);
  return sheets.map(({ name, path }) => ({ name, rows: () => sheetRows(zip.read(path), strings, options) }));
}

async function sharedStrings(zip: Zip, options: XlsxOptions): Promise<readonly string[]> {
  const strings: string[] = [];
  const file = zip.read('xl/sharedStrings.xml');
  if (file === undefined) return strings;
  let text = '';
  let bytes = 0;
  let isText = false;
  const open: string[] = [];
  await parse(file, options, {
    open: (name) => {
      open.push(name);
      if (name === 'si') text = '';
      // Readings aids of Japanese stand beside the text.
      isText = name === 't' && !open.includes('rPh');
    },
    text: (more) => {
      if (!isText) return;
      text += more;
      bytes += more.length;
      if (bytes > FIXED_LIMITS.workbook_string_bytes.value)
        throw overLimit(options.source, 'workbook_string_bytes', 'the text of the workbook');
    },
    close: () => {
      if (open.pop() === 'si') strings.push(text);
      isText = false;
    },
  });
  return strings;
}

async function* sheetRows(
  file: Buffer | undefined,
  strings: readonly string[],
  { source, limits }: XlsxOptions,
): AsyncIterable<RawRows> {
  if (file === undefined) return;
  let rows: string[][] = [];
  let lines: number[] = [];
  let row: string[] = [];
  let line = 0;
  let type = '';
  let column = 0;
  let value = '';
  let isValue = false;
  let cells = 0;
  const sink: XmlSink = {
    open: (name, attributes) => {
      if (name === 'row') {
        row = [];
        column = 0;
        line = Number(attributes['r'] ?? line + 1);
      } else if (name === 'c') {
        type = attributes['t'] ?? '';
        const named = columnOf(attributes['r'] ?? '');
        if (named !== undefined) column = named;
        value = '';
        if (++cells > FIXED_LIMITS.workbook_cells.value)
          throw overLimit(source, 'workbook_cells', 'a sheet', line);
        if (column >= limits.record_fields) throw overLimit(source, 'record_fields', 'a row', line);
      } else isValue = name === 'v' || name === 't';
    },
    text: (more) => {
      if (isValue) value += more;
    },
    close: () => undefined,
  };
  const open: string[] = [];
  const full: XmlSink = {
    open: (name, attributes, at) => {
      open.push(name);
      sink.open(name, attributes, at);
    },
    text: (text, at) => sink.text(text, at),
    close: () => {
      const name = open.pop();
      isValue = false;
      if (name === 'c') {
        const cell = type === 's' ? (strings[Number(value)] ?? '') : type === 'e' ? '' : value;
        if (cell !== '') {
          while (row.length < column) row.push('');
          row[column] = cell;
        }
        column++;
      } else if (name === 'row') {
        rows.push(row);
        lines.push(line);
      }
    },
  };
  const parsing = parseXml({ name: source, chunks: pieces(file), limits }, full)[Symbol.asyncIterator]();
  while ((await parsing.next()).done !== true) {
    if (rows.length < 1024) continue;
    yield { rows, lines };
    rows = [];
    lines = [];
  }
  if (rows.length > 0) yield { rows, lines };
}

/** `AB12` is column 27; undefined when the cell does not say. */
function columnOf(reference: string): number | undefined {
  let column = 0;
  for (let i = 0; i < reference.length; i++) {
    const letter = reference.charCodeAt(i) - 64;
    if (letter < 1 || letter > 26) break;
    column = column * 26 + letter;
    if (column > 16_384) return 16_384;
  }
  return column === 0 ? undefined : column - 1;
}

async function* pieces(file: Buffer): AsyncIterable<Uint8Array> {
  for (let at = 0; at < file.length; at += 65_536) yield file.subarray(at, at + 65_536);
}

async function parse(
  file: Buffer,
  { source, limits }: XlsxOptions,
  sink: {
    readonly open?: (name: string, attributes: XmlAttributes) => void;
    readonly text?: (text: string) => void;
    readonly close?: () => void;
  },
): Promise<void> {
  const whole: XmlSink = {
    open: (name, attributes) => sink.open?.(name, attributes),
    text: (text) => sink.text?.(text),
    close: () => sink.close?.(),
  };
  const parsing = parseXml({ name: source, chunks: pieces(file), limits }, whole)[Symbol.asyncIterator]();
  while ((await parsing.next()).done !== true);
}
