/** Mutations of JSON trees and of CSV rows. */
import type { SeededRandom } from '../../src/base/index.ts';
import { PIECES, pick, type Mutate } from './bytes.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const VALUES: readonly Json[] = [
  null,
  true,
  0,
  -1,
  1e300,
  '',
  ' ',
  '9'.repeat(300),
  [],
  {},
  [[[[]]]],
  [null],
  { '': 1 },
];

/** Every place in a tree where a value can be put. */
function placesOf(
  root: Json,
): readonly { readonly holder: Json[] | Record<string, Json>; readonly key: string | number }[] {
  const places: { holder: Json[] | Record<string, Json>; key: string | number }[] = [];
  const visit = (value: Json): void => {
    if (Array.isArray(value))
      value.forEach((item, key) => {
        places.push({ holder: value, key });
        visit(item);
      });
    else if (typeof value === 'object' && value !== null)
      for (const [key, item] of Object.entries(value)) {
        places.push({ holder: value, key });
        visit(item);
      }
  };
  visit(root);
  return places;
}

function nested(depth: number): Json {
  let value: Json = 'x';
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

const tree =
  (
    change: (holder: Json[] | Record<string, Json>, key: string | number, random: SeededRandom) => void,
  ): Mutate =>
  (seed, random) => {
    let root: Json;
    try {
      root = JSON.parse(seed.toString('utf8')) as Json;
    } catch {
      return seed;
    }
    const places = placesOf(root);
    for (let n = 1 + random.below(3); n > 0 && places.length > 0; n--) {
      const { holder, key } = pick(random, places);
      change(holder, key, random);
    }
    return Buffer.from(JSON.stringify(root));
  };

const put = (holder: Json[] | Record<string, Json>, key: string | number, value: Json): void => {
  if (Array.isArray(holder)) holder[Number(key)] = value;
  else Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
};

export const JSON_MUTATIONS: readonly Mutate[] = [
  tree(function replace(holder, key, random) {
    put(holder, key, pick(random, [...VALUES, pick(random, PIECES)]));
  }),
  tree(function drop(holder, key) {
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else Reflect.deleteProperty(holder, key);
  }),
  tree(function deepen(holder, key, random) {
    put(holder, key, nested(pick(random, [3, 62, 66, 400])));
  }),
  tree(function rename(holder, key, random) {
    if (Array.isArray(holder)) return;
    put(
      holder,
      pick(random, ['__proto__', 'constructor', '', 'length', '0', `${key}.${key}`]),
      holder[key] ?? null,
    );
  }),
  tree(function repeat(holder, key, random) {
    if (!Array.isArray(holder)) return;
    const value = holder[Number(key)] ?? null;
    // A value that holds much already would make a tree that no memory holds.
    const times = JSON.stringify(value).length > 2000 ? 1 : pick(random, [1, 10, 200]);
    for (let n = times; n > 0; n--) holder.push(value);
  }),
  tree(function asText(holder, key) {
    const value = Array.isArray(holder) ? holder[Number(key)] : holder[key];
    put(holder, key, typeof value === 'string' ? Number(value) || [value] : JSON.stringify(value));
  }),
  (seed, random) => {
    // What no serialiser writes: the same key twice, a comma too many, a bare word.
    const text = seed.toString('utf8');
    const marks = [...text.matchAll(/[{}[\],:]/g)];
    if (marks.length === 0) return seed;
    const { index } = pick(random, marks);
    const piece = pick(random, [
      ',',
      '{',
      '[',
      '}',
      ']',
      '"a":1,',
      'NaN',
      '01',
      '"\\u',
      '\\',
      '/*',
      '"\ud800"',
      '"\\ud800"',
    ]);
    return Buffer.from(text.slice(0, index) + piece + text.slice(index + random.below(2)));
  },
];

const rows =
  (change: (cells: string[][], random: SeededRandom) => void): Mutate =>
  (seed, random) => {
    const text = seed.toString('utf8');
    const mark = text.split('\n', 1)[0]?.includes('\t') === true ? '\t' : ',';
    const cells = text.split('\n').map((line) => line.split(mark));
    change(cells, random);
    return Buffer.from(cells.map((row) => row.join(mark)).join(pick(random, ['\n', '\n', '\r\n'])));
  };

const CELLS = [
  '"',
  '""',
  '"a',
  'a"b',
  '"a""b"',
  '"\n"',
  "'",
  '\\',
  '\0',
  '-',
  'NULL',
  '#N/A',
  '1e999',
  '=cmd()',
  '99/99/9999',
];

export const CSV_MUTATIONS: readonly Mutate[] = [
  rows(function changeCell(cells, random) {
    for (let n = 1 + random.below(6); n > 0; n--) {
      const row = pick(random, cells);
      row[random.below(row.length)] = pick(random, [...CELLS, pick(random, PIECES)]);
    }
  }),
  rows(function dropColumn(cells, random) {
    const at = random.below(cells[0]?.length ?? 1);
    for (const row of random.below(2) === 0 ? cells : [pick(random, cells)]) row.splice(at, 1);
  }),
  rows(function addColumn(cells, random) {
    const count = pick(random, [1, 600]);
    for (const row of random.below(2) === 0 ? cells : [pick(random, cells)])
      for (let n = 0; n < count; n++) row.push('x');
  }),
  rows(function swapColumns(cells, random) {
    const length = cells[0]?.length ?? 1;
    const [a, b] = [random.below(length), random.below(length)];
    for (const row of cells) [row[a], row[b]] = [row[b] ?? '', row[a] ?? ''];
  }),
  rows(function repeatRow(cells, random) {
    const row = pick(random, cells);
    for (let n = 1 + random.below(300); n > 0; n--) cells.push([...row]);
  }),
  rows(function renameColumn(cells, random) {
    const header = cells[0];
    if (header !== undefined)
      header[random.below(header.length)] = pick(random, [...header, '', '__proto__', '"']);
  }),
  rows(function moveHeader(cells, random) {
    const [header] = cells.splice(0, 1);
    if (header !== undefined) cells.splice(random.below(cells.length + 1), 0, header);
  }),
  (seed, random) => Buffer.from(seed.toString('utf8').replaceAll(',', pick(random, [';', '\t', '|', ',,']))),
];
