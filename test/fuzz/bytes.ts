/** Mutations of bytes and of text that know nothing of the format. */
import type { SeededRandom } from '../../src/base/index.ts';

/** No mutant is larger: what is slow shows well below it. */
export const MUTANT_BYTES_MAX = 192 * 1024;

export type Mutate = (seed: Buffer, random: SeededRandom, other: Buffer) => Buffer;

export function pick<T>(random: SeededRandom, list: readonly T[]): T {
  const one = list[random.below(list.length)];
  if (one === undefined) throw new RangeError('nothing to pick from');
  return one;
}

/** Replaces a range by other bytes. */
export function splice(bytes: Buffer, from: number, to: number, between: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, from), between, bytes.subarray(to)]);
}

/** Two offsets in order. */
export function range(random: SeededRandom, length: number, most = length): readonly [number, number] {
  const from = random.below(length + 1);
  return [from, Math.min(length, from + random.below(Math.min(most, length) + 1))];
}

/** Bytes that mean something to some parser. */
const BYTES = [
  0, 1, 9, 10, 13, 0x1a, 0x20, 0x22, 0x26, 0x27, 0x28, 0x2c, 0x3b, 0x3c, 0x3e, 0x5c, 0x7b, 0x7f, 0x80,
];
const MORE_BYTES = [0xc0, 0xe2, 0xed, 0xef, 0xf4, 0xfe, 0xff];

/** Pieces of text that have hurt readers of text before. */
export const PIECES: readonly string[] = [
  '\u0000',
  '\u2028',
  '\u202e',
  '\ufeff',
  '\ufffe',
  '\ud800',
  '\udc00\ud800',
  '\u{10ffff}',
  'e\u0301'.repeat(300),
  '\u0300'.repeat(2000),
  '\u00a0\u2003\u3000',
  'İıſẞ',
  '__proto__',
  'constructor',
  'toString',
  '%s%n%x',
  '../../../etc/passwd',
  '=1+1',
  '(a)(1)(i)(A)(1)(i)',
  '§§ 1.1-1.999999999999',
  'a'.repeat(3000),
  '9'.repeat(400),
  '('.repeat(2000),
  '[]()'.repeat(500),
  '**_~`'.repeat(400),
  'shall not, unless '.repeat(200),
  ';:—'.repeat(500),
  '\n'.repeat(2000),
  '\t,\t'.repeat(500),
  ' '.repeat(5000),
];

const NUMBERS = [
  '0',
  '-0',
  '-1',
  '1e999',
  '-1e-999',
  'NaN',
  '0x7f',
  '2147483648',
  '9223372036854775808',
  '٣',
  '½',
];
const DATES = [
  '0000-00-00',
  '2024-02-30',
  '9999-12-31',
  '10000-01-01',
  '-271821-04-20',
  '2023-13-01',
  '31/02/2020',
];

const MARKS: readonly Uint8Array[] = [
  [0xef, 0xbb, 0xbf],
  [0xff, 0xfe],
  [0xfe, 0xff],
  [0xff, 0xfe, 0, 0],
  [0x1f, 0x8b],
  [0x50, 0x4b, 3, 4],
].map((bytes) => Uint8Array.from(bytes));

const asText =
  (change: (text: string, random: SeededRandom, other: string) => string): Mutate =>
  (seed, random, other) =>
    Buffer.from(change(seed.toString('utf8'), random, other.toString('utf8')));

export const BYTE_MUTATIONS: readonly Mutate[] = [
  function flipBits(seed, random) {
    const bytes = Buffer.from(seed);
    for (let n = 1 + random.below(8); n > 0 && bytes.length > 0; n--) {
      const at = random.below(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    }
    return bytes;
  },
  function setBytes(seed, random) {
    const bytes = Buffer.from(seed);
    for (let n = 1 + random.below(4); n > 0 && bytes.length > 0; n--)
      bytes[random.below(bytes.length)] = pick(random, random.below(2) === 0 ? BYTES : MORE_BYTES);
    return bytes;
  },
  function cutOut(seed, random) {
    const [from, to] = range(random, seed.length, pick(random, [4, 64, 2000, seed.length]));
    return splice(seed, from, to, new Uint8Array(0));
  },
  function cutEnd(seed, random) {
    return seed.subarray(0, random.below(seed.length + 1));
  },
  function cutBegin(seed, random) {
    return seed.subarray(random.below(seed.length + 1));
  },
  function repeatRange(seed, random) {
    const [from, to] = range(random, seed.length, pick(random, [2, 30, 400, 4000]));
    const piece = seed.subarray(from, to);
    const times = 1 + random.below(Math.floor(120_000 / Math.max(1, piece.length)) + 1);
    return splice(seed, from, from, Buffer.concat(Array.from({ length: times }, () => piece)));
  },
  function swapRanges(seed, random) {
    const [a, b] = range(random, seed.length, 500);
    const [c, d] = range(random, seed.length, 500);
    const [first, second] = a < c ? [[a, b] as const, [c, d] as const] : [[c, d] as const, [a, b] as const];
    if (first[1] > second[0]) return splice(seed, a, b, seed.subarray(c, d));
    return Buffer.concat([
      seed.subarray(0, first[0]),
      seed.subarray(...second),
      seed.subarray(first[1], second[0]),
      seed.subarray(...first),
      seed.subarray(second[1]),
    ]);
  },
  function spliceFiles(seed, random, other) {
    return Buffer.concat([
      seed.subarray(0, random.below(seed.length + 1)),
      other.subarray(random.below(other.length + 1)),
    ]);
  },
  function insertOther(seed, random, other) {
    const at = random.below(seed.length + 1);
    return splice(seed, at, at, other.subarray(...range(random, other.length, 4000)));
  },
  function addMark(seed, random) {
    return Buffer.concat([pick(random, MARKS), seed]);
  },
  function asUtf16(seed, random) {
    const little = Buffer.from(seed.toString('utf8'), 'utf16le');
    const bytes = random.below(2) === 0 ? little : little.swap16();
    return random.below(3) === 0 ? bytes.subarray(0, bytes.length - 1) : bytes;
  },
  function asLatin1(seed) {
    return Buffer.from(seed.toString('utf8'), 'latin1');
  },
  function crossRead(seed) {
    return Buffer.from(seed.toString('latin1'), 'utf8');
  },
];

export const TEXT_MUTATIONS: readonly Mutate[] = [
  asText(function insertPiece(text, random) {
    const at = random.below(text.length + 1);
    return text.slice(0, at) + pick(random, PIECES) + text.slice(at);
  }),
  asText(function changeNumber(text, random) {
    const found = [...text.matchAll(/\d+/g)];
    if (found.length === 0) return text;
    const { index, 0: digits } = pick(random, found);
    return text.slice(0, index) + pick(random, NUMBERS) + text.slice(index + digits.length);
  }),
  asText(function blowUpNumbers(text, random) {
    const times = pick(random, [2, 10, 60]);
    return text.replace(/\d+/g, (digits) => (random.below(8) === 0 ? digits.repeat(times) : digits));
  }),
  asText(function changeDate(text, random) {
    const found = [
      ...text.matchAll(/\d{4}-\d\d-\d\d|\d{1,2}\/\d{1,2}\/\d{4}|[A-Z][a-z]{2,8}\.? \d{1,2}, \d{4}/g),
    ];
    if (found.length === 0) return text;
    const { index, 0: date } = pick(random, found);
    return text.slice(0, index) + pick(random, DATES) + text.slice(index + date.length);
  }),
  asText(function swapLines(text, random) {
    const lines = text.split('\n');
    const [a, b] = [random.below(lines.length), random.below(lines.length)];
    [lines[a], lines[b]] = [lines[b] ?? '', lines[a] ?? ''];
    return lines.join(pick(random, ['\n', '\r\n', '\r']));
  }),
  asText(function repeatLine(text, random) {
    const lines = text.split('\n');
    const at = random.below(lines.length);
    const line = lines[at] ?? '';
    const times = 1 + random.below(Math.floor(40_000 / (line.length + 1)) + 1);
    lines.splice(at, 0, ...Array.from({ length: times }, () => line));
    return lines.join('\n');
  }),
  asText(function joinLines(text) {
    return text.replace(/\n+/g, ' ');
  }),
  asText(function changeCase(text, random) {
    return random.below(2) === 0 ? text.toUpperCase() : text.toLowerCase();
  }),
];
