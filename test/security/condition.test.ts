/** One condition, three readers: DuckDB, Lance and our own evaluator say the same of every row. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import * as lancedb from '@lancedb/lancedb';
import { Bool, DateDay, Field, Int32, Schema, Table, Utf8, vectorFromArray } from 'apache-arrow';
import fc from 'fast-check';
import { SeededRandom } from '../../src/base/index.ts';
import {
  evaluate,
  isFalse,
  toSql,
  type Resolved,
  type RowValues,
} from '../../src/security/policy/condition.ts';
import type { Condition } from '../../src/security/policy/document.ts';
import type { ModelTable } from '../../src/security/policy/model.ts';
import { resolve, type Context } from '../../src/security/policy/resolve.ts';
import { isWithin } from '../../src/security/policy/hours.ts';
import { parseDate } from '../../src/store/index.ts';
import { NOON } from './kit.ts';

const column = (name: string, type: string) => ({ name, type, doc: '', personal: undefined });
const TABLE: ModelTable = {
  schema: 'esh',
  name: 'rows',
  doc: '',
  region: undefined,
  columns: [
    column('id', 'INTEGER'),
    column('a', 'VARCHAR'),
    column('b', 'VARCHAR'),
    column('n', 'INTEGER'),
    column('d', 'DATE'),
    column('f', 'BOOLEAN'),
    column('x', 'DOUBLE'),
    column('l', 'VARCHAR[]'),
  ],
};

const TEXTS = [
  '',
  'a',
  'A',
  'b',
  `o'x`,
  `''`,
  'ä',
  'a\u0308',
  '😀',
  '\uffff',
  '%_',
  'a\\b',
  '"q"',
  '--',
  'NULL',
];
const NUMBERS = [0, 1, -5, 2 ** 31 - 1, 7];
const FLOATS = [0.5, -0, 1e-9, 1e21, 7];
const DAYS = ['2020-01-01', '1999-12-31', '0400-02-29', '2026-03-04'];
const LISTS = [[], ['a'], [`o'x`, '😀'], ['']];

const random = new SeededRandom(20260304);
const some = <T>(values: readonly T[]): T | null =>
  random.below(5) === 0 ? null : (values[random.below(values.length)] ?? null);
const ROWS: (RowValues & { id: number })[] = Array.from({ length: 80 }, (_, id) => ({
  id,
  a: some(TEXTS),
  b: some(TEXTS),
  n: some(NUMBERS),
  d: some(DAYS),
  f: some([true, false]),
  x: some(FLOATS),
  l: some(LISTS),
}));

const ATTRIBUTES = {
  words: TEXTS.slice(0, 5),
  none: [],
  word: `o'x`,
  level: 7,
  half: 0.5,
  flag: true,
  since: '2020-01-01',
  wrong: 'not a number',
};
const CONTEXT: Context = {
  table: TABLE,
  declared: {
    words: 'text[]',
    none: 'text[]',
    absent: 'text[]',
    word: 'text',
    level: 'number',
    half: 'number',
    wrong: 'number',
    flag: 'flag',
    since: 'date',
  },
  asker: { attributes: ATTRIBUTES, now: NOON },
  fail: (why) => new Error(why),
};

const text = fc.oneof(
  fc.constantFrom(...TEXTS),
  fc.constantFrom({ column: 'a' }, { column: 'b' }, { principal: 'word' }),
);
const whole = fc.oneof(
  fc.constantFrom(...NUMBERS, 0.5),
  fc.constantFrom({ column: 'n' }, { principal: 'level' }, { principal: 'half' }, { principal: 'wrong' }),
);
const float = fc.oneof(
  fc.constantFrom(...FLOATS, 3),
  fc.constantFrom({ column: 'x' }, { principal: 'half' }),
);
const day = fc.oneof(
  fc.constantFrom(...DAYS.map((date) => ({ date }))),
  fc.constantFrom({ column: 'd' }, { principal: 'since' }, { environment: 'today' }),
);
const flag = fc.constantFrom(true, false, { column: 'f' }, { principal: 'flag' });
const word = fc.constantFrom('eq', 'ne', 'lt', 'le', 'gt', 'ge');
const pairOf = (one: fc.Arbitrary<unknown>): fc.Arbitrary<Condition> =>
  fc.tuple(word, one, one).map(([how, left, right]) => ({ [how]: [left, right] }));

/** `everything`: also what Lance's filters do not have. */
function conditions(everything: boolean): fc.Arbitrary<Condition> {
  const lists = fc.constantFrom(
    TEXTS.slice(3, 9),
    [],
    { principal: 'words' },
    { principal: 'none' },
    { principal: 'absent' },
  );
  const leaves = [
    pairOf(text),
    pairOf(whole),
    pairOf(day),
    pairOf(flag),
    fc.tuple(text, lists).map((pair) => ({ in: pair })),
    fc.tuple(text, text).map((pair) => ({ starts: pair })),
    fc.constantFrom('a', 'n', 'd', 'f').map((name) => ({ missing: { column: name } })),
    ...(everything
      ? [pairOf(float), text.map((one) => ({ has: [{ column: 'l' }, one] }) as unknown as Condition)]
      : []),
  ];
  return fc.letrec<{ node: Condition }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      ...leaves,
      fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
      fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
      tie('node').map((not) => ({ not })),
    ),
  })).node;
}

const here = (condition: Resolved): number[] =>
  ROWS.filter((row) => evaluate(condition, row) === true).map((row) => row.id);

describe('a condition', () => {
  let connection: DuckDBConnection;
  let instance: DuckDBInstance;
  let folder: string;
  let lance: lancedb.Table;

  before(async () => {
    instance = await DuckDBInstance.create(':memory:');
    connection = await instance.connect();
    await connection.run(
      'create table rows (id integer, a varchar, b varchar, n integer, d date, f boolean, x double, l varchar[])',
    );
    const quote = (value: unknown): string => {
      if (Array.isArray(value)) return `[${value.map(quote).join(', ')}]`;
      if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
      return Object.is(value, -0) ? '-0.0::double' : JSON.stringify(value);
    };
    for (const row of ROWS)
      await connection.run(
        `insert into rows values (${[row.id, row['a'], row['b'], row['n'], row['d'], row['f'], row['x'], row['l']].map(quote).join(', ')})`,
      );
    folder = await mkdtemp(path.join(tmpdir(), 'fractal-test-'));
    const values = <T>(name: string): (T | null)[] => ROWS.map((row) => row[name] as T | null);
    const table = new Table(
      new Schema([
        new Field('id', new Int32(), false),
        new Field('a', new Utf8(), true),
        new Field('b', new Utf8(), true),
        new Field('n', new Int32(), true),
        new Field('d', new DateDay(), true),
        new Field('f', new Bool(), true),
      ]),
      {
        id: vectorFromArray(values('id'), new Int32()),
        a: vectorFromArray(values('a'), new Utf8()),
        b: vectorFromArray(values('b'), new Utf8()),
        n: vectorFromArray(values('n'), new Int32()),
        d: vectorFromArray(
          values<string>('d').map((value) => (value === null ? null : (parseDate(value) ?? 0) * 86_400_000)),
          new DateDay(),
        ),
        f: vectorFromArray(values('f'), new Bool()),
      },
    );
    lance = await (await lancedb.connect(folder)).createTable('rows', table);
  });
  after(async () => {
    lance.close();
    connection.closeSync();
    instance.closeSync();
    await rm(folder, { recursive: true, force: true });
  });

  const inDuckDb = async (condition: Resolved): Promise<number[]> => {
    const reader = await connection.runAndReadAll(
      `select id from rows t where ${toSql(condition, 'duckdb')} order by id`,
    );
    return (reader.getRowsJS() as [number][]).map(([id]) => id);
  };
  const inLance = async (condition: Resolved): Promise<number[]> => {
    const rows = (await lance.query().where(toSql(condition, 'lance')).select(['id']).toArray()) as {
      id: number;
    }[];
    return rows.map((row) => row.id).sort((a, b) => a - b);
  };

  it('says the same in DuckDB as here, of every row, and so does its denial', async () => {
    await fc.assert(
      fc.asyncProperty(conditions(true), async (condition) => {
        const resolved = resolve(condition, CONTEXT);
        assert.deepEqual(await inDuckDb(resolved), here(resolved));
        assert.deepEqual(await inDuckDb(isFalse(resolved)), here(isFalse(resolved)));
      }),
      { numRuns: 400, seed: 1 },
    );
  });

  it('says the same in Lance as here, of every row', async () => {
    await fc.assert(
      fc.asyncProperty(conditions(false), async (condition) => {
        const resolved = resolve(condition, CONTEXT);
        assert.deepEqual(await inLance(resolved), here(resolved));
        assert.deepEqual(await inLance(isFalse(resolved)), here(isFalse(resolved)));
      }),
      { numRuns: 150, seed: 2 },
    );
  });

  it('that cannot be known shows no row, and denies all', () => {
    for (const condition of [
      { eq: [{ principal: 'wrong' }, 1] },
      { in: [{ column: 'a' }, { principal: 'absent' }] },
      { not: { in: [{ column: 'a' }, { principal: 'absent' }] } },
      { eq: [{ column: 'n' }, 0.5] },
    ] as unknown as Condition[]) {
      const resolved = resolve(condition, CONTEXT);
      assert.deepEqual(here(resolved), []);
      assert.deepEqual(here(isFalse(resolved)), []);
    }
  });

  it('on hours is about the moment in UTC', () => {
    const at = (day: string): number => Date.parse(`2026-03-${day}Z`);
    for (const [hours, moment, expected] of [
      ['Mon-Fri 08:00-18:00', '04T12:00', true],
      ['Mon-Fri 08:00-18:00', '04T18:00', false],
      ['Mon-Fri 08:00-18:00', '07T12:00', false],
      ['Fri-Mon 00:00-24:00', '08T23:59', true],
      ['Fri-Mon 00:00-24:00', '04T12:00', false],
      ['sat 10:00-12:00, wed 11:00-13:00', '04T12:00', true],
      ['Mon-Fri 18:00-08:00', '04T12:00', undefined],
      ['always', '04T12:00', undefined],
      ['', '04T12:00', undefined],
    ] as const)
      assert.equal(isWithin(hours, at(moment)), expected, `${hours} at ${moment}`);
  });
});
