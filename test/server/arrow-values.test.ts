import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DataType } from 'apache-arrow';
import {
  Binary,
  Bool,
  DateDay,
  Decimal,
  Dictionary,
  Field,
  FixedSizeList,
  Float64,
  Int32,
  Int64,
  List,
  Struct,
  TimeMicrosecond,
  TimestampMicrosecond,
  TimestampNanosecond,
  TimestampSecond,
  Utf8,
  makeData,
  makeVector,
  vectorFromArray,
  type Vector,
} from 'apache-arrow';
import { readRows } from '../../src/server/index.ts';
import { decimal } from '../../src/server/arrow-values.ts';
import { collect } from '../contract/node-api-contract.ts';
import { tableBytes } from './memory-node.ts';

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Type name and values of a column after a trip through an IPC stream. */
async function trip(vector: Vector): Promise<{ type: string; values: unknown[] }> {
  const { columns, rows } = await readRows(once(tableBytes({ v: vector })));
  const values: unknown[] = [];
  for await (const [value] of rows) values.push(value);
  return { type: columns[0]?.type ?? '', values };
}

const raw = (type: DataType, data: BigInt64Array | Int32Array | Uint32Array): Vector =>
  makeVector(makeData({ type, data } as never));

const CASES: readonly (readonly [string, Vector, string, unknown[]])[] = [
  ['booleans', vectorFromArray([true, false, null], new Bool()), 'BOOLEAN', [true, false, null]],
  ['integers', vectorFromArray([1, null, -2], new Int32()), 'INTEGER', [1, null, -2]],
  [
    'large integers',
    vectorFromArray([9007199254740991n, 9007199254740992n, -9223372036854775808n], new Int64()),
    'BIGINT',
    [9007199254740991, '9007199254740992', '-9223372036854775808'],
  ],
  [
    'floats',
    vectorFromArray([1.5, NaN, -Infinity, null], new Float64()),
    'DOUBLE',
    [1.5, 'NaN', '-Infinity', null],
  ],
  [
    'text',
    vectorFromArray(['a', '', null, '漢字\u0000'], new Utf8()),
    'VARCHAR',
    ['a', '', null, '漢字\u0000'],
  ],
  ['bytes', vectorFromArray([Uint8Array.of(0, 255)], new Binary()), 'BLOB', ['AP8=']],
  [
    'dates',
    raw(new DateDay(), Int32Array.of(0, -1, 19_782, 2_147_483_647, 2_932_897, -719_529, 5_000_000)),
    'DATE',
    ['1970-01-01', '1969-12-31', '2024-02-29', 'infinity', '+010000-01-01', '-000001-12-31', '+015659-07-15'],
  ],
  [
    'microseconds',
    raw(new TimestampMicrosecond(), BigInt64Array.of(0n, -1n, 1_709_210_096_000_001n, 2n ** 63n - 1n)),
    'TIMESTAMP',
    ['1970-01-01T00:00:00Z', '1969-12-31T23:59:59.999999Z', '2024-02-29T12:34:56.000001Z', 'infinity'],
  ],
  ['seconds', raw(new TimestampSecond(), BigInt64Array.of(86_399n)), 'TIMESTAMP', ['1970-01-01T23:59:59Z']],
  [
    'nanoseconds with zone',
    raw(new TimestampNanosecond('UTC'), BigInt64Array.of(1n)),
    'TIMESTAMP WITH TIME ZONE',
    ['1970-01-01T00:00:00.000000001Z'],
  ],
  ['times', raw(new TimeMicrosecond(), BigInt64Array.of(3_661_000_500n)), 'TIME', ['01:01:01.000500']],
  [
    'decimals',
    raw(
      new Decimal(2, 18, 128),
      Uint32Array.of(12345, 0, 0, 0, 0xfffffffb, 0xffffffff, 0xffffffff, 0xffffffff),
    ),
    'DECIMAL(18,2)',
    ['123.45', '-0.05'],
  ],
  [
    'lists',
    vectorFromArray([['a', null], [], null], new List(new Field('item', new Utf8(), true))),
    'VARCHAR[]',
    [['a', null], [], null],
  ],
  [
    'fixed lists',
    vectorFromArray(
      [
        [1, 2],
        [3, 4],
      ],
      new FixedSizeList(2, new Field('item', new Int32(), true)),
    ),
    'INTEGER[2]',
    [
      [1, 2],
      [3, 4],
    ],
  ],
  [
    'structs',
    vectorFromArray(
      [{ a: 1, b: 'x' }],
      new Struct([new Field('a', new Int32()), new Field('b', new Utf8())]),
    ),
    'STRUCT(a INTEGER, b VARCHAR)',
    [{ a: 1, b: 'x' }],
  ],
  [
    'dictionaries',
    vectorFromArray(['a', 'b', null, 'a'], new Dictionary(new Utf8(), new Int32())),
    'VARCHAR',
    ['a', 'b', null, 'a'],
  ],
];

describe('Arrow cells as JSON', () => {
  for (const [name, vector, type, values] of CASES)
    it(name, async () => assert.deepEqual(await trip(vector), { type, values }));

  it('dates agree with Date over eight centuries', async () => {
    const days = Int32Array.from({ length: 3000 }, (_, i) => -150_000 + i * 100);
    const { values } = await trip(raw(new DateDay(), days));
    assert.deepEqual(
      values,
      [...days].map((day) => new Date(day * 86_400_000).toISOString().slice(0, 10)),
    );
  });

  it('decimals keep every digit', () => {
    assert.equal(decimal(0n, 0), '0');
    assert.equal(decimal(0n, 3), '0.000');
    assert.equal(decimal(-1n, 2), '-0.01');
    assert.equal(decimal(10n ** 37n, 10), '1000000000000000000000000000.0000000000');
  });

  it('a source that fails, fails the rows; a reader that stops, ends the source', async () => {
    const bytes = tableBytes({ v: vectorFromArray([1]) });
    let ended = 0;
    const source = async function* (fail: boolean) {
      try {
        yield bytes.subarray(0, 200);
        if (fail) throw new RangeError('boom');
        yield bytes.subarray(200);
      } finally {
        ended++;
      }
    };
    await assert.rejects(async () => {
      await collect((await readRows(source(true))).rows);
    }, RangeError);
    const { rows } = await readRows(source(false));
    await rows.next();
    await rows.return();
    assert.equal(ended, 2);
    await assert.rejects(readRows((async function* () {})()), { code: 'sql.empty_stream' });
  });
});
