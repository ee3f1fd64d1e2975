import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { DuckDBConnection } from '@duckdb/node-api';
import { toRecordBatches, toTable } from '../../../src/store/arrow/index.ts';
import { FractalError } from '../../../src/base/index.ts';
import { arrowOf, arrowRows, connect, engineRows, settled } from './support.ts';

/** Type, then values as SQL. Each is read once plain, and inside lists, arrays, structs and maps. */
const TYPES: readonly (readonly [string, readonly string[]])[] = [
  ['BOOLEAN', ['true', 'false']],
  ['TINYINT', ['-128', '127', '0']],
  ['SMALLINT', ['-32768', '32767']],
  ['INTEGER', ['-2147483648', '2147483647']],
  ['BIGINT', ['-9223372036854775808', '9223372036854775807', '9007199254740993']],
  ['UTINYINT', ['0', '255']],
  ['USMALLINT', ['65535']],
  ['UINTEGER', ['4294967295']],
  ['UBIGINT', ['18446744073709551615']],
  [
    'HUGEINT',
    ['-99999999999999999999999999999999999999', '99999999999999999999999999999999999999', '-1', '0'],
  ],
  ['UHUGEINT', ['99999999999999999999999999999999999999', '0', '18446744073709551616']],
  ['FLOAT', ["'nan'", "'inf'", '1.5', "'-0.0'"]],
  ['DOUBLE', ["'nan'", "'-inf'", '0.1', "'-0.0'", '1e308']],
  ['DECIMAL(4,1)', ['-999.9', '999.9', '0.1']],
  ['DECIMAL(9,2)', ['-9999999.99', '9999999.99']],
  ['DECIMAL(18,2)', ['-9999999999999999.99', '9999999999999999.99', '-0.01']],
  ['DECIMAL(38,10)', ['-9999999999999999999999999999.9999999999', '0.0000000001']],
  ['VARCHAR', ["''", "'a'", "'twelve bytes'", "'thirteen byte'", "'ünïcödé ✓ 𝄞 long enough for the heap'"]],
  ['BLOB', ["''::blob", "'\\x00\\xFF'::blob", "'\\x00twelve+one\\xAA\\xBB'::blob"]],
  ['BIT', ["'0'", "'101'", "'10101010'", `'${'01'.repeat(70)}1'`]],
  [
    'UUID',
    [
      "'00000000-0000-0000-0000-000000000000'",
      "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
      "'8f14e45f-ceea-467f-a1c2-0242ac120002'",
    ],
  ],
  ["ENUM('low', 'high', '')", ["'low'", "'high'", "''"]],
  ['DATE', ["'1970-01-01'", "'0001-01-01'", "'9999-12-31'", "'infinity'", "'-infinity'"]],
  ['TIME', ["'00:00:00'", "'23:59:59.999999'", "'24:00:00'"]],
  ['TIME_NS', ["'23:59:59.999999999'", "'00:00:00'"]],
  ['TIMETZ', ["'12:00:00+15:59:59'", "'12:00:00-15:59:59'", "'00:00:00+00'"]],
  ['TIMESTAMP', ["'1970-01-01'", "'2024-02-29 23:59:59.999999'", "'infinity'", "'-infinity'"]],
  ['TIMESTAMP_S', ["'2024-02-29 23:59:59'", "'1900-01-01'"]],
  ['TIMESTAMP_MS', ["'2024-02-29 23:59:59.999'"]],
  ['TIMESTAMP_NS', ["'2024-02-29 23:59:59.999999999'"]],
  ['TIMESTAMPTZ', ["'2024-02-29 23:59:59.999999+00'", "'infinity'"]],
  ['INTERVAL', ["'-14 months 3 days 00:00:00.000001'", "'291 years'", "'-1 microsecond'"]],
];

const UNTOLD: readonly (readonly [string, string])[] = [
  ['BIGNUM', "'123'::BIGNUM"],
  ['VARIANT', '1::VARIANT'],
  ['GEOMETRY', "'POINT(1 2)'::GEOMETRY"],
];

describe('every type, plain and nested, beside what node-api reads', () => {
  let connection: DuckDBConnection;
  before(async () => {
    connection = await connect();
  });
  after(() => connection.closeSync());

  async function same(sql: string): Promise<void> {
    const expected = (await engineRows(connection, sql)).map((row) => row.map(settled));
    assert.ok(expected.length > 0);
    assert.deepEqual(arrowRows(await arrowOf(connection, sql)), expected, sql);
    // The in-process batches stand on the same buffers, without the bytes in between.
    assert.deepEqual(arrowRows(await toTable(await connection.stream(sql))), expected, sql);
  }

  for (const [type, literals] of TYPES) {
    const values = [...literals.map((literal) => `(${literal})::${type}`), `NULL::${type}`];
    // Constant folding would hide the vector paths: the value depends on the row.
    const pick = `(case i % ${values.length} ${values.map((value, at) => `when ${at} then ${value}`).join(' ')} end)`;
    const rows = 67;
    it(type, () => same(`select ${pick} as v from range(${rows}) t(i)`));
    it(`${type} without NULL`, () => same(`select ${values[0]} as v from range(9) t(i)`));
    it(`${type} all NULL`, () => same(`select NULL::${type} as v from range(9) t(i)`));
    it(`${type}[]`, () =>
      same(
        `select case when i % 5 = 4 then null when i % 5 = 3 then []::${type}[] else [${pick}, ${values[0]}, null] end as v from range(${rows}) t(i)`,
      ));
    it(`${type}[2]`, () => {
      // The engine has no CASE over arrays: rows one by one.
      const arrays = [...values.map((value) => `[${value}, ${values[0]}]`), 'NULL', `[NULL, ${values[0]}]`];
      const repeated = [...arrays, ...arrays, ...arrays].map((array) => `(${array}::${type}[2])`);
      return same(`select v, [v] as l, {'a': v} as s from (values ${repeated.join(', ')}) t(v)`);
    });
    it(`STRUCT of ${type}`, () =>
      same(
        `select case when i % 5 = 4 then null else {'a': ${pick}, 'b': [${pick}]} end as v from range(${rows}) t(i)`,
      ));
    it(`MAP to ${type}`, () =>
      same(
        `select case when i % 5 = 4 then null else map(['k' || i, 'second key of ' || i], [${pick}, null]) end as v from range(${rows}) t(i)`,
      ));
    it(`UNION with ${type}`, () =>
      same(
        `select case when i % 5 = 4 then null when i % 5 = 3 then union_value(n := i)::UNION(n BIGINT, v ${type}) else union_value(v := ${pick})::UNION(n BIGINT, v ${type}) end as v from range(${rows}) t(i)`,
      ));
    it(`lists of structs of lists of ${type}`, () =>
      same(`select [{'l': [[${pick}], [], null]}, null] as v from range(${rows}) t(i)`));
  }

  it('an enum with more than 256 members', async () => {
    const members = Array.from({ length: 300 }, (_, i) => `'m${i}'`).join(',');
    await connection.run(`create type wide as enum (${members})`);
    await same(
      `select ('m' || (i % 300))::wide as v, ['m0'::wide, ('m' || (i % 300))::wide] as l from range(700) t(i)`,
    );
  });

  it('two enums keep their own dictionaries', () =>
    same(`select 'a'::ENUM('a','b') as x, {'y': 'c'::ENUM('c')} as s, ['b'::ENUM('b','c')] as l`));

  it('a NULL of no type', async () => {
    const sql = 'select null as v, [null] as l from range(3)';
    await same(sql);
  });

  it('many columns of one name', () => same('select 1 as a, 2 as a, null as a'));

  for (const [name, sql] of UNTOLD)
    for (const [where, wrap] of [
      ['v', sql],
      ['v[]', `[${sql}]`],
      ['v.a', `{'a': ${sql}}`],
    ] as const)
      it(`${name} at ${where} is refused by name`, async () => {
        const result = await connection.stream(`select ${wrap} as v`);
        assert.throws(
          () => toRecordBatches(result),
          (error) =>
            error instanceof FractalError &&
            error.code === 'arrow.type' &&
            error.kind === 'bad_input' &&
            error.message.includes(JSON.stringify(where)) &&
            error.message.includes(name) &&
            error.cure.includes('Cast'),
        );
      });

  for (const [what, sql] of [
    ['HUGEINT', "('1' || repeat('0', 38))::HUGEINT"],
    ['negative HUGEINT', "('-1' || repeat('0', 38))::HUGEINT"],
    ['smallest HUGEINT', "'-170141183460469231731687303715884105728'::HUGEINT"],
    ['UHUGEINT', "'340282366920938463463374607431768211455'::UHUGEINT"],
    ['INTERVAL', 'to_microseconds(9223372036854776)'],
  ] as const)
    it(`${what} that does not fit is refused, never changed`, async () => {
      await assert.rejects(
        arrowOf(connection, `select ${sql} as big from range(3)`),
        (error) =>
          error instanceof FractalError && error.code === 'arrow.range' && error.message.includes('"big"'),
      );
    });

  it('a value under a NULL neither leaks nor fails', async () => {
    // TRY leaves whatever was computed under the NULL; the bytes that leave must not hold it.
    await connection.run(
      `create or replace table secret as select 1234567890123456789::bigint + i as s from range(3000) t(i)`,
    );
    const table = await arrowOf(
      connection,
      'select case when s % 2 = 0 then s end as s, nullif(s, s) as n from secret',
    );
    for (const batch of table.batches)
      for (const child of batch.data.children) {
        const values = child.values as BigInt64Array;
        for (let row = 0; row < batch.numRows; row++) {
          const at = row >> 3;
          if (((child.nullBitmap[at]! >> (row & 7)) & 1) === 0) assert.equal(values[row], 0n);
        }
      }
  });
});
