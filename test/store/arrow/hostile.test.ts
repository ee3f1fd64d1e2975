/** Arrow bytes from someone who wants the process to crash or to read what is not theirs. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { DuckDBConnection } from '@duckdb/node-api';
import {
  Binary,
  Bool,
  Dictionary,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Int32,
  Int8,
  List,
  Map_,
  RecordBatch,
  Schema,
  Struct,
  TimeMicrosecond,
  Utf8,
  makeData,
  vectorFromArray,
  type Data,
} from 'apache-arrow';
import fc from 'fast-check';
import { FractalError } from '../../../src/base/index.ts';
import { ArrowAppender, appendIpcStream } from '../../../src/store/arrow/index.ts';
import { connect, engineRows, ipcOf } from './support.ts';

const utf8 = (text: Uint8Array, offsets: number[], length = offsets.length - 1): Data =>
  makeData({ type: new Utf8(), length, nullCount: 0, valueOffsets: Int32Array.from(offsets), data: text });
const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const ints = (length: number, real = length): Data =>
  makeData({ type: new Int32(), length, nullCount: 0, data: new Int32Array(real) });
const list = (offsets: number[], child: Data): Data =>
  makeData({
    type: new List(new Field('item', child.type, true)),
    length: offsets.length - 1,
    nullCount: 0,
    valueOffsets: Int32Array.from(offsets),
    child,
  } as never);

/** Built by hand: apache-arrow checks nothing of this. */
const LIES: readonly (readonly [string, string, () => Data])[] = [
  ['fewer values than rows', 'INTEGER', () => ints(100, 3)],
  ['a length of billions', 'INTEGER', () => ints(2 ** 40, 3)],
  [
    'fewer bits than rows',
    'BOOLEAN',
    () => makeData({ type: new Bool(), length: 100, nullCount: 0, data: new Uint8Array(2) }),
  ],
  [
    'a bitmap that is too short',
    'INTEGER',
    () =>
      makeData({
        type: new Int32(),
        length: 100,
        nullCount: 1,
        nullBitmap: new Uint8Array(2),
        data: new Int32Array(100),
      }),
  ],
  ['offsets that run backwards', 'VARCHAR', () => utf8(bytes('a long enough text'), [0, 10, 5, 18])],
  ['negative offsets', 'VARCHAR', () => utf8(bytes('a long enough text'), [-5, 10, 18])],
  ['offsets behind the text', 'VARCHAR', () => utf8(bytes('text'), [0, 4, 1_000_000])],
  ['too few offsets', 'VARCHAR', () => utf8(bytes('text'), [0, 4], 5)],
  ['text that is not UTF-8', 'VARCHAR', () => utf8(Uint8Array.of(0x41, 0xff, 0x42), [0, 1, 3])],
  ['offsets inside a character', 'VARCHAR', () => utf8(bytes('a long enough täxt'), [0, 16, 19])],
  ['a last offset inside a character', 'VARCHAR', () => utf8(bytes('täxt'), [0, 2])],
  ['list offsets behind the child', 'INTEGER[]', () => list([0, 2, 2_000_000_000], ints(5))],
  [
    'a child that lies about its length',
    'INTEGER[]',
    () => list([0, 2, 2_000_000_000], ints(2 ** 31 - 1, 5)),
  ],
  ['the same, deeper', 'INTEGER[][]', () => list([0, 1], list([0, 2_000_000_000], ints(2 ** 31 - 1, 5)))],
  ['list offsets that run backwards', 'INTEGER[]', () => list([0, 4, 2, 5], ints(5))],
  [
    'an array with too short a child',
    'INTEGER[3]',
    () =>
      makeData({
        type: new FixedSizeList(3, new Field('item', new Int32(), true)),
        length: 10,
        nullCount: 0,
        child: ints(4),
      } as never),
  ],
  [
    'a struct with too short a child',
    'STRUCT(a INTEGER)',
    () =>
      makeData({
        type: new Struct([new Field('a', new Int32(), true)]),
        length: 10,
        nullCount: 0,
        children: [ints(4)],
      }),
  ],
  [
    'an index outside the dictionary',
    'VARCHAR',
    () =>
      makeData({
        type: new Dictionary(new Utf8(), new Int8()),
        length: 2,
        nullCount: 0,
        data: Int8Array.of(0, 7),
        dictionary: vectorFromArray(['a'], new Utf8()),
      }),
  ],
  [
    'a negative index',
    'VARCHAR',
    () =>
      makeData({
        type: new Dictionary(new Utf8(), new Int8()),
        length: 2,
        nullCount: 0,
        data: Int8Array.of(0, -1),
        dictionary: vectorFromArray(['a'], new Utf8()),
      }),
  ],
  [
    'a time of day of a thousand hours',
    'TIME',
    () =>
      makeData({
        type: new TimeMicrosecond(),
        length: 1,
        nullCount: 0,
        data: BigInt64Array.of(3_600_000_000_000n),
      }),
  ],
  [
    'values of UUIDs that are too short',
    'UUID',
    () => makeData({ type: new FixedSizeBinary(16), length: 2, nullCount: 0, data: new Uint8Array(20) }),
  ],
  [
    'bytes behind the end',
    'BLOB',
    () =>
      makeData({
        type: new Binary(),
        length: 1,
        nullCount: 0,
        valueOffsets: Int32Array.of(0, 99),
        data: new Uint8Array(20),
      }),
  ],
];

describe('hostile Arrow data', () => {
  let connection: DuckDBConnection;
  before(async () => {
    connection = await connect();
  });
  after(() => connection.closeSync());

  for (const [what, target, make] of LIES)
    it(`${what} (${target})`, async () => {
      await connection.run(`create or replace table lies (v ${target})`);
      const appender = await connection.createAppender('lies');
      const data = make();
      const field = new Field('v', data.type, true);
      const batch = new RecordBatch(
        new Schema([field]),
        makeData({ type: new Struct([field]), length: data.length, nullCount: 0, children: [data] }),
      );
      assert.throws(
        () => new ArrowAppender(appender).append(batch),
        (e) =>
          e instanceof FractalError &&
          e.kind === 'bad_input' &&
          /^arrow\.(malformed|range)$/.test(e.code) &&
          /"v(\[\]|\.a)?"/.test(e.message),
      );
      appender.clear();
      appender.closeSync();
      assert.deepEqual(await engineRows(connection, 'select count(*) from lies'), [['0']]);
    });

  it('a NULL row may span what is not text', async () => {
    await connection.run('create or replace table nulls (v varchar)');
    const appender = await connection.createAppender('nulls');
    const data = makeData({
      type: new Utf8(),
      length: 3,
      nullCount: 1,
      nullBitmap: Uint8Array.of(0b101),
      valueOffsets: Int32Array.of(0, 2, 16, 18),
      data: Uint8Array.from([65, 66, ...Array<number>(14).fill(255), 67, 68]),
    });
    const field = new Field('v', new Utf8(), true);
    new ArrowAppender(appender).append(
      new RecordBatch(
        new Schema([field]),
        makeData({ type: new Struct([field]), length: 3, nullCount: 0, children: [data] }),
      ),
    );
    appender.closeSync();
    assert.deepEqual(await engineRows(connection, 'from nulls'), [['AB'], [null], ['CD']]);
  });

  it('a map with a NULL key is refused', async () => {
    await connection.run('create or replace table maps (v map(varchar, integer))');
    const appender = await connection.createAppender('maps');
    const keys = vectorFromArray(['a', null], new Utf8()).data[0]!;
    const entries = new Struct<{ key: Utf8; value: Int32 }>([
      new Field('key', new Utf8(), true),
      new Field('value', new Int32(), true),
    ]);
    const type = new Map_(new Field('entries', entries, false));
    const child = makeData({ type: entries, length: 2, nullCount: 0, children: [keys, ints(2)] });
    const data = makeData({ type, length: 1, nullCount: 0, valueOffsets: Int32Array.of(0, 2), child });
    const field = new Field('v', type, true);
    const batch = new RecordBatch(
      new Schema([field]),
      makeData({ type: new Struct([field]), length: 1, nullCount: 0, children: [data] }),
    );
    assert.throws(() => new ArrowAppender(appender).append(batch), { code: 'arrow.malformed' });
    appender.clear();
    appender.closeSync();
  });

  it('a stream with bytes changed anywhere is refused or read, and the process lives', async () => {
    await connection.run(
      `create or replace table good as select i, 'text of row ' || i as t, [i, null] as l, {'a': 'x' || i, 'b': i::decimal(9,2)} as s, case when i % 2 = 0 then 'low' else 'high' end::enum('low','high') as e, uuid() as u, i % 3 = 0 as b, map(['k' || i], [i]) as m, time '10:00:00' as at from range(50) t(i)`,
    );
    const bytesOfGood = await ipcOf(connection, 'from good');
    const outcomes = { read: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(
            fc.nat(bytesOfGood.length - 1),
            fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)),
          ),
          { minLength: 1, maxLength: 6 },
        ),
        async (changes) => {
          const copy = Uint8Array.from(bytesOfGood);
          for (const [at, value] of changes) copy[at] = value;
          await connection.run('create or replace table victim as from good limit 0');
          const appender = await connection.createAppender('victim');
          try {
            await appendIpcStream(appender, copy);
            appender.flushSync();
            await engineRows(connection, 'select hash(victim), victim::varchar from victim');
            outcomes.read++;
          } catch (error) {
            assert.ok(error instanceof FractalError && error.kind === 'bad_input', String(error));
            outcomes.refused++;
            appender.clear();
          } finally {
            appender.closeSync();
          }
        },
      ),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 250) },
    );
    assert.ok(outcomes.read > 10 && outcomes.refused > 10, JSON.stringify(outcomes));
  });

  it('a stream that is cut, empty, or something else', async () => {
    await connection.run('create or replace table cut (i bigint, t varchar)');
    const appender = await connection.createAppender('cut');
    const good = await ipcOf(connection, "select i, 'text ' || i as t from range(5) t(i)");
    for (const bad of [
      Buffer.alloc(0),
      Buffer.from('<html>not arrow</html>'),
      good.subarray(0, 100),
      good.subarray(0, good.length - 60),
    ])
      await assert.rejects(
        appendIpcStream(appender, bad),
        { code: 'arrow.malformed' },
        `${bad.length} bytes`,
      );
    appender.clear();
    appender.closeSync();
  });
});
