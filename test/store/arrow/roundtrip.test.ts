import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { DuckDBConnection } from '@duckdb/node-api';
import {
  Decimal,
  Dictionary,
  Field,
  FixedSizeList,
  Float32,
  Int32,
  LargeUtf8,
  List,
  Schema,
  Struct,
  Table,
  TimestampMillisecond,
  TimestampSecond,
  Utf8,
  makeData,
  RecordBatch,
  tableFromArrays,
  tableToIPC,
  vectorFromArray,
  type Data,
  type Vector,
} from 'apache-arrow';
import fc from 'fast-check';
import { FractalError } from '../../../src/base/index.ts';
import { arrowSchema } from '../../../src/schema/arrow.ts';
import { createStatement, defineTable, c } from '../../../src/schema/table.ts';
import {
  ArrowAppender,
  appendIpcStream,
  toIpcStream,
  toRecordBatches,
} from '../../../src/store/arrow/index.ts';
import { anyTable, createAny } from './anything.ts';
import { arrowOf, arrowRows, connect, engineRows, ipcOf, settled } from './support.ts';

/** One column as a table. */
function column(name: string, data: Data | Vector): Table {
  const parts = 'data' in data && Array.isArray(data.data) ? data.data : [data as Data];
  const field = new Field(name, (parts[0] as Data).type, true);
  const schema = new Schema([field]);
  return new Table(
    schema,
    parts.map((part) => {
      const child = part as Data;
      return new RecordBatch(
        schema,
        makeData({ type: new Struct([field]), length: child.length, nullCount: 0, children: [child] }),
      );
    }),
  );
}

describe('Arrow into tables', () => {
  let connection: DuckDBConnection;
  before(async () => {
    connection = await connect();
  });
  after(() => connection.closeSync());

  /** Rows of `from` go through Arrow into a table like it; nothing may be lost, added or changed. */
  async function roundTrip(from: string, how: 'ipc' | 'batches'): Promise<void> {
    await connection.run(`create or replace table copy_of as select * from ${from} limit 0`);
    const appender = await connection.createAppender('copy_of');
    try {
      const other = await connect();
      other.closeSync();
      if (how === 'ipc')
        await appendIpcStream(
          appender,
          await ipcOf(connection, `select * from ${from}`, { batchRows: 3000 }),
        );
      else {
        const arrow = new ArrowAppender(appender);
        const { batches } = toRecordBatches(await connection.run(`select * from ${from}`), {
          batchRows: 2500,
        });
        for await (const batch of batches) arrow.append(batch);
      }
      appender.flushSync();
    } finally {
      appender.closeSync();
    }
    for (const [a, b] of [
      [from, 'copy_of'],
      ['copy_of', from],
    ])
      assert.deepEqual(
        await engineRows(
          connection,
          `select count(*) from (select * from ${a} except all select * from ${b})`,
        ),
        [['0']],
      );
    assert.deepEqual(
      await engineRows(connection, 'select count(*) from copy_of'),
      await engineRows(connection, `select count(*) from ${from}`),
    );
    // A second time through Arrow: the very bytes.
    const again = await ipcOf(connection, 'select * from copy_of');
    assert.ok(again.equals(await ipcOf(connection, `select * from ${from}`)));
  }

  const kinds = defineTable({
    schema: 'esh',
    name: 'kinds',
    class: 'mutable',
    doc: 'every column type',
    key: ['k'],
    partition: { category: 'test' },
    columns: {
      k: c.text('key'),
      t: c.text('text', { null: true }),
      l: c.list('list', { null: true }),
      b: c.flag('flag', { null: true }),
      i: c.int('int', { null: true }),
      g: c.bigint('bigint', { null: true }),
      d: c.number('double', { null: true }),
      m: c.money('money', { null: true }),
      day: c.date('date', { null: true }),
      seen_at: c.time('time', { null: true }),
    },
  });

  const KINDS_ROWS = `select 'key ' || i as k, case when i % 3 > 0 then repeat('täxt ', (i % 40)::int) end as t,
    case when i % 4 > 0 then case when i % 5 = 0 then [] else ['a', null, 'a longer element of the list ' || i] end end as l,
    case when i % 5 > 0 then i % 2 = 0 end as b, case when i % 6 > 0 then (i - 5)::int end as i,
    case when i % 7 > 0 then i * 1234567890123 end as g, case when i % 8 > 0 then i / 7 end as d,
    case when i % 9 > 0 then (i - 4000.25)::decimal(18,2) end as m, case when i % 10 > 0 then date '2020-01-01' + i::int end as day,
    case when i % 11 > 0 then timestamp '2020-01-01' + to_microseconds(i * 12345678) end as seen_at,
    'node' as node_id, i as hlc, i as commit_version, i % 100 = 0 as deleted`;

  it('a table of the schema layer, every column type with NULLs', async () => {
    await connection.run('create schema if not exists esh');
    await connection.run(`create or replace ${createStatement(kinds).slice('CREATE '.length)}`);
    await connection.run(`insert into esh.kinds ${KINDS_ROWS} from range(10007) t(i)`);
    await roundTrip('esh.kinds', 'ipc');
    await roundTrip('esh.kinds', 'batches');
    // What we send has the types that the schema layer announces.
    const { schema } = toRecordBatches(await connection.run('select * from esh.kinds limit 0'));
    assert.deepEqual(
      schema.fields.map((f) => `${f.name} ${String(f.type)}`),
      arrowSchema(kinds).fields.map((f) => `${f.name} ${String(f.type)}`),
    );
  });

  it('columns are matched by name when the names are given', async () => {
    await connection.run('create or replace table named (a integer, b varchar)');
    const appender = await connection.createAppender('named');
    const names = { columns: ['a', 'b'] };
    assert.equal(
      await appendIpcStream(appender, await ipcOf(connection, "select 'x' as b, 1 as a"), names),
      1,
    );
    await assert.rejects(
      appendIpcStream(appender, await ipcOf(connection, "select 'x' as c, 1 as a"), names),
      (e) => e instanceof FractalError && e.code === 'arrow.columns' && e.message.includes('"b"'),
    );
    await assert.rejects(appendIpcStream(appender, await ipcOf(connection, 'select 1 as a')), {
      code: 'arrow.columns',
    });
    appender.closeSync();
    assert.deepEqual(await engineRows(connection, 'from named'), [[1, 'x']]);
  });

  it('any table, there and back', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyTable(2, false),
        fc.constantFrom('ipc' as const, 'batches' as const),
        async (table, how) => {
          await connection.run(createAny('anything', table));
          await roundTrip('anything', how);
        },
      ),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 30) },
    );
  });

  it('any table, read as the engine reads it', async () => {
    await fc.assert(
      fc.asyncProperty(anyTable(3, true), fc.integer({ min: 1, max: 3000 }), async (table, batchRows) => {
        await connection.run(createAny('anything', table));
        const sql = 'select * from anything where n < 1500';
        const expected = (await engineRows(connection, sql)).map((row) => row.map(settled));
        assert.deepEqual(arrowRows(await arrowOf(connection, sql, { batchRows })), expected);
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 30) },
    );
  });

  it('lists with more elements than a chunk has rows, NULLs among them', async () => {
    await connection.run(
      "create or replace table long_lists as select i, list_transform(range(7000 + i), x -> case when x % 3 > 0 then 'element ' || x end) as l, list_transform(range(5000), x -> case when x % 5 > 0 then {'a': x, 'b': [x, null]} end) as s, list_transform(range(3000), x -> [x, null, i]::bigint[3]) as v from range(5) t(i)",
    );
    await roundTrip('long_lists', 'batches');
  });

  async function put(type: string, table: Table): Promise<unknown> {
    await connection.run(`create or replace table target (v ${type})`);
    const appender = await connection.createAppender('target');
    try {
      const arrow = new ArrowAppender(appender);
      for (const batch of table.batches) arrow.append(batch);
    } finally {
      appender.closeSync();
    }
    return (await engineRows(connection, 'select v from target')).flat();
  }

  it('dictionary-encoded text, large text, vectors and other units, as other writers make them', async () => {
    const words = ['a', 'b', null, 'a', 'something longer than twelve bytes', 'b'];
    assert.deepEqual(
      await put('VARCHAR', column('v', vectorFromArray(words, new Dictionary(new Utf8(), new Int32())))),
      words,
    );
    assert.deepEqual(
      await put(
        "ENUM('b', 'a', 'something longer than twelve bytes')",
        column('v', vectorFromArray(words, new Dictionary(new Utf8(), new Int32()))),
      ),
      words,
    );
    assert.deepEqual(await put('VARCHAR', column('v', vectorFromArray(words, new LargeUtf8()))), words);
    const vectors = [[1, 2, 3], null, [4.5, 0, -1]];
    const type = new FixedSizeList(3, new Field('item', new Float32(), true));
    assert.deepEqual(await put('FLOAT[3]', column('v', vectorFromArray(vectors, type))), vectors);
    const moments = [0, 1_700_000_000_000, null, -5000];
    const micros = moments.map((m) => (m === null ? null : String(m * 1000)));
    assert.deepEqual(
      await put('TIMESTAMP', column('v', vectorFromArray(moments, new TimestampMillisecond()))),
      micros,
    );
    assert.deepEqual(
      await put('TIMESTAMP', column('v', vectorFromArray(moments, new TimestampSecond()))),
      micros,
    );
    assert.deepEqual(
      await put(
        'TIMESTAMPTZ',
        column('v', vectorFromArray(moments, new TimestampMillisecond('Europe/Paris'))),
      ),
      micros,
    );
  });

  it('slices of a batch, at any bit', async () => {
    await connection.run(
      `create or replace table sliced as ${KINDS_ROWS}, [i::float, null]::float[2] as v, {'x': i, 'y': ['s' || i]} as s from range(300) t(i)`,
    );
    const { batches } = toRecordBatches(await connection.run('select * from sliced'));
    const batch = (await batches.next()).value!;
    await connection.run('create or replace table target as select * from sliced limit 0');
    const appender = await connection.createAppender('target');
    const arrow = new ArrowAppender(appender);
    let at = 0;
    for (const size of [1, 7, 8, 9, 64, 65, 100, 46]) {
      arrow.append(batch.slice(at, at + size));
      at += size;
    }
    appender.closeSync();
    assert.equal(at, 300);
    assert.deepEqual(
      await engineRows(connection, 'from target'),
      await engineRows(connection, 'from sliced'),
    );
  });

  it('a NULL struct over fields that have values: the fields are NULL too', async () => {
    const inner = vectorFromArray([1, 2, 3], new Int32()).data[0]!;
    const list = vectorFromArray([['a'], ['b'], ['c']], new List(new Field('item', new Utf8(), true)))
      .data[0]!;
    const type = new Struct([new Field('x', inner.type, true), new Field('l', list.type, true)]);
    const data = makeData({
      type,
      length: 3,
      nullCount: 1,
      nullBitmap: Uint8Array.of(0b101),
      children: [inner, list],
    });
    assert.deepEqual(await put('STRUCT(x INTEGER, l VARCHAR[])', column('v', data)), [
      [1, ['a']],
      null,
      [3, ['c']],
    ]);
    assert.deepEqual(await engineRows(connection, 'select v.x, v.l from target'), [
      [1, ['a']],
      [null, null],
      [3, ['c']],
    ]);
  });

  for (const [target, arrow] of [
    ['INTEGER', vectorFromArray([1n])],
    ['BIGINT', vectorFromArray([1], new Int32())],
    ['VARCHAR', vectorFromArray([1], new Int32())],
    ['DECIMAL(18,2)', vectorFromArray([new Uint32Array([1, 0, 0, 0])], new Decimal(3, 18, 128))],
    ['TIMESTAMP_S', vectorFromArray([5], new TimestampMillisecond())],
    ['TIMESTAMP', vectorFromArray([5], new TimestampMillisecond('Europe/Paris'))],
    ['TIMESTAMPTZ', vectorFromArray([5], new TimestampMillisecond())],
    ['FLOAT[2]', vectorFromArray([[1, 2, 3]], new FixedSizeList(3, new Field('item', new Float32(), true)))],
    ['STRUCT(a INTEGER)', vectorFromArray([{ b: 1 }], new Struct([new Field('b', new Int32(), true)]))],
    ['BIT', vectorFromArray(['1'], new Utf8())],
  ] as const)
    it(`${String(arrow.type)} into ${target} is refused by name`, async () => {
      await assert.rejects(
        put(target, column('depth', arrow as Vector)),
        (e) =>
          e instanceof FractalError &&
          e.code === 'arrow.type' &&
          e.message.includes('"depth"') &&
          e.message.includes('in the table'),
      );
    });

  it('values that the column cannot hold are refused', async () => {
    const money = (value: bigint): Table => {
      const words = new Uint32Array(
        BigUint64Array.of(BigInt.asUintN(64, value), BigInt.asUintN(64, value >> 64n)).buffer,
      );
      return column('v', makeData({ type: new Decimal(2, 38, 128), length: 1, nullCount: 0, data: words }));
    };
    assert.deepEqual(await put('DECIMAL(18,2)', money(10n ** 18n - 1n)), [String(10n ** 18n - 1n)]);
    assert.deepEqual(await put('DECIMAL(18,2)', money(1n - 10n ** 18n)), [String(1n - 10n ** 18n)]);
    for (const value of [10n ** 18n, -(10n ** 18n), 1n << 64n, (1n << 64n) + 5n, -(1n << 90n)])
      await assert.rejects(put('DECIMAL(18,2)', money(value)), { code: 'arrow.range' });
    await assert.rejects(
      put(
        'TIMESTAMP',
        column(
          'v',
          makeData({
            type: new TimestampSecond(),
            length: 1,
            nullCount: 0,
            data: BigInt64Array.of(2n ** 60n),
          }),
        ),
      ),
      { code: 'arrow.range' },
    );
    await assert.rejects(put("ENUM('x')", column('v', vectorFromArray(['y'], new Utf8()))), {
      code: 'arrow.malformed',
    });
  });

  it('an aborted signal stops it, an engine error passes', async () => {
    await connection.run('create or replace table strict (v integer not null)');
    const appender = await connection.createAppender('strict');
    await assert.rejects(
      appendIpcStream(appender, await ipcOf(connection, 'select 1 as v'), { signal: AbortSignal.abort() }),
      { name: 'AbortError' },
    );
    await assert.rejects(async () => {
      await appendIpcStream(appender, await ipcOf(connection, 'select null::int as v from range(1000000)'));
      appender.flushSync();
    }, /NOT NULL/);
  });

  it('an IPC stream without rows still must fit', async () => {
    await connection.run('create or replace table fits (v integer)');
    const appender = await connection.createAppender('fits');
    assert.equal(
      await appendIpcStream(appender, toIpcStream(await connection.run('select 1::int as v where false'))),
      0,
    );
    await assert.rejects(
      appendIpcStream(appender, toIpcStream(await connection.run("select 'x' as v where false"))),
      { code: 'arrow.type' },
    );
    appender.closeSync();
  });

  it('streams of another writer', async () => {
    await connection.run('create or replace table fits (v integer, t varchar)');
    const appender = await connection.createAppender('fits');
    const table = tableFromArrays({ v: Int32Array.from([1, 2, 3]) }).assign(
      new Table({ t: vectorFromArray(['a', null, 'longer than twelve bytes'], new Utf8()) }),
    );
    assert.equal(await appendIpcStream(appender, tableToIPC(table, 'stream')), 3);
    await assert.rejects(appendIpcStream(appender, tableToIPC(table, 'file')), { code: 'arrow.malformed' });
    appender.closeSync();
    assert.equal((await engineRows(connection, 'from fits')).length, 3);
  });
});
