/** Mutations inside packed files: the entries of a ZIP archive, the objects and streams of a PDF file. */
import { deflateRawSync, deflateSync, inflateSync } from 'node:zlib';
import type { SeededRandom } from '../../src/base/index.ts';
import { Zip } from '../../src/ingest/records/zip.ts';
import { BYTE_MUTATIONS, pick, splice, type Mutate } from './bytes.ts';
import { MARKUP_MUTATIONS } from './markup.ts';

export interface PackedFile {
  readonly name: string;
  readonly data: Buffer;
}

/** A ZIP archive of files. `lie` changes the directory entry of one of them. */
export function zip(files: readonly PackedFile[], lie?: (entry: Buffer) => void): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, data } of files) {
    const packed = deflateRawSync(data);
    const nameBytes = Buffer.from(name);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(8, 8);
    local.writeUInt16LE(nameBytes.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(data.length, 24);
    entry.writeUInt16LE(nameBytes.length, 28);
    entry.writeUInt32LE(at, 42);
    directory.push(entry, nameBytes);
    parts.push(local, nameBytes, packed);
    at += local.length + nameBytes.length + packed.length;
  }
  const entry = directory[0];
  if (entry !== undefined) lie?.(entry);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

export function unzip(bytes: Buffer): PackedFile[] {
  const archive = new Zip(bytes, 'seed.xlsx');
  return archive.names.map((name) => ({ name, data: archive.read(name) ?? Buffer.alloc(0) }));
}

/** Works on the entries of an archive; what is none stays as it is. */
const entries =
  (change: (files: PackedFile[], random: SeededRandom) => Buffer): Mutate =>
  (seed, random) => {
    let files: PackedFile[];
    try {
      files = unzip(seed);
    } catch {
      return seed;
    }
    return files.length === 0 ? seed : change(files, random);
  };

export const ZIP_MUTATIONS: readonly Mutate[] = [
  entries(function changeEntry(files, random) {
    const at = random.below(files.length);
    const file = files[at];
    if (file === undefined) return zip(files);
    files[at] = { ...file, data: pick(random, MARKUP_MUTATIONS)(file.data, random, file.data) };
    return zip(files);
  }),
  entries(function changeSheet(files, random) {
    const sheets = files.filter(({ name }) => /sheet|sharedStrings|workbook/.test(name));
    const file = pick(random, sheets.length > 0 ? sheets : files);
    const kinds = [...MARKUP_MUTATIONS, ...MARKUP_MUTATIONS, ...BYTE_MUTATIONS];
    const data = pick(random, kinds)(file.data, random, file.data);
    return zip(files.map((one) => (one === file ? { ...file, data } : one)));
  }),
  entries(function dropEntry(files, random) {
    files.splice(random.below(files.length), 1);
    return zip(files);
  }),
  entries(function renameEntry(files, random) {
    const at = random.below(files.length);
    const file = files[at];
    const name = pick(random, ['', '../x', 'XL/WORKBOOK.XML', '__proto__', pick(random, files).name]);
    if (file !== undefined) files[at] = { ...file, name };
    return zip(files);
  }),
  entries(function bomb(files, random) {
    const at = random.below(files.length);
    const file = files[at];
    if (file !== undefined)
      files[at] = { ...file, data: Buffer.concat([file.data, Buffer.alloc(8 << 20, 32)]) };
    return zip(files);
  }),
  entries(function lie(files, random) {
    return zip(files, (entry) => {
      const at = pick(random, [8, 10, 20, 24, 28, 30, 32, 42]);
      entry[at + random.below(2)] = pick(random, [0, 1, 8, 0x7f, 0xff]);
    });
  }),
];

const OBJECT = /\d+ \d+ obj\b[^]*?\bendobj/g;

/** A PDF file is latin 1 here: every byte is a character and stays one. */
const objects =
  (change: (text: string, found: readonly RegExpExecArray[], random: SeededRandom) => string): Mutate =>
  (seed, random) => {
    const text = seed.toString('latin1');
    const found = [...text.matchAll(OBJECT)];
    return found.length === 0 ? seed : Buffer.from(change(text, found, random), 'latin1');
  };

const put = (text: string, { index, 0: old }: RegExpExecArray, piece: string): string =>
  text.slice(0, index) + piece + text.slice(index + old.length);

const PDF_VALUES = [
  'null',
  '[]',
  '<<>>',
  '-1',
  '4294967296',
  '1 0 R',
  '999 0 R',
  '/X',
  '(x',
  '<zz>',
  '[1 0 R 1 0 R]',
];

export const PDF_MUTATIONS: readonly Mutate[] = [
  objects(function drop(text, found, random) {
    return put(text, pick(random, found), '');
  }),
  objects(function duplicate(text, found, random) {
    const one = pick(random, found);
    return put(text, one, one[0].repeat(2 + random.below(20)));
  }),
  objects(function swap(text, found, random) {
    const [a, b] = [pick(random, found), pick(random, found)];
    const body = (one: RegExpExecArray): string => one[0].replace(/^\d+ \d+ obj/, '');
    const head = /^\d+ \d+ obj/.exec(a[0])?.[0] ?? '1 0 obj';
    return put(text, a, head + body(b));
  }),
  objects(function changeValue(text, found, random) {
    const one = pick(random, found);
    const values = [
      ...one[0].matchAll(/(?<=\/[A-Za-z]{1,20} ?)(?:\d+ \d+ R|-?[\d.]+|\/\w+|\([^)]*\)|\[[^\]]*\])/g),
    ];
    if (values.length === 0) return put(text, one, one[0].replace('<<', '<< /Kids 1 0 R'));
    return put(text, one, put(one[0], pick(random, values), pick(random, PDF_VALUES)));
  }),
  objects(function renameKey(text, found, random) {
    const one = pick(random, found);
    const keys = [...one[0].matchAll(/\/[A-Za-z0-9]+/g)];
    return keys.length === 0 ? text : put(text, one, put(one[0], pick(random, keys), pick(random, keys)[0]));
  }),
  objects(function ring(text, found, random) {
    // References that lead back to themselves.
    const self = /^\d+ \d+/.exec(pick(random, found)[0])?.[0] ?? '1 0';
    return text.replace(/\d+ \d+ R/g, (reference) => (random.below(4) === 0 ? `${self} R` : reference));
  }),
  objects(function offsets(text, _found, random) {
    return text.replace(/(?<=startxref\s+)\d+|\b\d{10}\b/g, (digits) =>
      random.below(3) === 0 ? String(random.below(10 ** digits.length)).padStart(digits.length, '0') : digits,
    );
  }),
  function changeStream(seed, random) {
    const begin = [...seed.toString('latin1').matchAll(/\bstream\r?\n/g)];
    if (begin.length === 0) return seed;
    const one = pick(random, begin);
    const from = one.index + one[0].length;
    const to = seed.indexOf('endstream', from);
    if (to < 0) return seed;
    const data = seed.subarray(from, to);
    let plain: Buffer | undefined;
    try {
      plain = inflateSync(data);
    } catch {
      // It is not deflated.
    }
    const change = pick(random, BYTE_MUTATIONS);
    const changed = change(plain ?? data, random, data).subarray(0, 64 * 1024);
    return splice(seed, from, to, plain === undefined ? changed : deflateSync(changed));
  },
];
