import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { DuckDBConnection } from '@duckdb/node-api';
import { Message, tableFromIPC } from 'apache-arrow';
import { FractalError, LIMITS } from '../../../src/base/index.ts';
import {
  ipcBytes,
  toArrowMessages,
  toIpcStream,
  toRecordBatches,
  toTable,
} from '../../../src/store/arrow/index.ts';
import { arrowOf, arrowRows, connect, engineRows, ipcOf } from './support.ts';

const BATCH = LIMITS.arrow_batch_rows.value;
const MIX = `i::int as n, 'text ' || i as t, case when i % 3 = 0 then null else i * 0.5::double end as d, i % 2 = 0 as b, [i, null] as l`;

const incomplete = (error: unknown): boolean =>
  error instanceof FractalError && error.code === 'arrow.incomplete';

describe('streaming', () => {
  let connection: DuckDBConnection;
  before(async () => {
    connection = await connect();
  });
  after(() => connection.closeSync());

  for (const rows of [0, 1, 7, 8, 9, 2047, 2048, 2049, BATCH - 1, BATCH, BATCH + 1])
    it(`${rows} rows`, async () => {
      const sql = `select ${MIX} from range(${rows}) t(i)`;
      const table = await arrowOf(connection, sql);
      assert.equal(table.numRows, rows);
      assert.deepEqual(
        table.schema.fields.map((field) => `${field.name} ${String(field.type)}`),
        ['n Int32', 't Utf8', 'd Float64', 'b Bool', 'l List<Int64>'],
      );
      assert.equal(table.batches.filter((batch) => batch.numRows > 0).length, Math.ceil(rows / BATCH));
      // The engine's own reading of many rows is slow; a sample shows a shift as well.
      const every = Math.max(1, Math.floor(rows / 500));
      const expected = await engineRows(
        connection,
        `select * from (${sql}) where n % ${every} = 0 or n >= ${rows - 3}`,
      );
      const rowsSeen = arrowRows(table).filter((_, i) => i % every === 0 || i >= rows - 3);
      assert.deepEqual(rowsSeen, expected);
    });

  it('chunks of odd sizes: filters, unions, joins, sorting, unnesting', async () => {
    await connection.run(
      `create or replace table many as select i, 'name of number ' || (i * 7919 % 1000) as name, case when i % 7 = 0 then null else i % 3 = 0 end as flag, list_filter([i, i + 1, null, i + 2], x -> x % 2 = 0) as evens from range(20000) t(i)`,
    );
    for (const sql of [
      'select * from many where i % 3 = 1',
      'select * from many where i < 10 union all select * from many where i between 500 and 3333 union all select * from many where i > 19990',
      'select a.*, b.name as other, b.evens as more from many a join many b on a.i = b.i + 13 where a.i % 11 = 0 order by a.i',
      'select * from many order by name, i desc limit 5000',
      'select i, name, flag, unnest(evens) as one from many where i < 3000 order by i, one',
      'select i % 50 as k, list(name order by i) as names, list(evens order by i) as nested from many group by k order by k',
      "select i, flatten([evens, [i], evens]) as f, list_slice(evens, 2, 3) as s, evens[1:1] as h, list_reverse_sort(evens) as r, string_split(name, ' ') as words, list_transform(evens, x -> {'x': x, 'n': name}) as st from many where i < 4000 order by i",
      "select {'a': 5, 'b': 'constant text, long enough', 'c': name, 'l': evens} as s from many where i % 5 = 2 order by i",
      "select map_from_entries([(name, evens), ('second' || i, null)]) as m, [evens, null, evens] as ll from many where i % 9 = 2 order by i",
      'select first(name) over (partition by i % 10 order by i rows between 3 preceding and current row) as w, lag(evens) over (order by i) as p from many order by i limit 3000',
    ]) {
      const expected = await engineRows(connection, sql);
      assert.ok(expected.length > 40, sql);
      assert.deepEqual(arrowRows(await arrowOf(connection, sql, { batchRows: 1000 })), expected, sql);
    }
  });

  it('batches have the rows asked for, whatever the chunks', async () => {
    const sizes = [];
    const { batches } = toRecordBatches(
      await connection.stream('select i from range(10000) t(i) where i % 3 <> 0'),
      { batchRows: 999 },
    );
    for await (const batch of batches) sizes.push(batch.numRows);
    assert.deepEqual(sizes, [999, 999, 999, 999, 999, 999, 672]);
  });

  it('a batch ends early when it is large, down to one row', async () => {
    const sql = "select i::int as i, repeat('x', 1000) || i as t from range(5000) t(i)";
    const sizes = [];
    const rows = [];
    const { batches } = toRecordBatches(await connection.stream(sql), { batchBytes: 64 * 1024 });
    for await (const batch of batches) {
      sizes.push(batch.numRows);
      rows.push(...batch.toArray().map((row) => (row as unknown as { i: number }).i));
    }
    assert.ok(Math.max(...sizes) <= 64 && Math.min(...sizes.slice(0, -1)) >= 32, String(Math.max(...sizes)));
    assert.deepEqual(
      rows,
      Array.from({ length: 5000 }, (_, i) => i),
    );
    const single = toRecordBatches(await connection.stream(sql), { batchBytes: 10 });
    let count = 0;
    for await (const batch of single.batches) {
      assert.equal(batch.numRows, 1);
      count++;
    }
    assert.equal(count, 5000);
  });

  it('the schema carries metadata, and comes before any row is computed', async () => {
    const result = await connection.stream(
      "select case when i = 2000000 then error('late') else i end as e from range(3000000) t(i)",
    );
    const { schema, messages } = toArrowMessages(result, { metadata: new Map([['table', 'law.sections']]) });
    assert.equal(schema.metadata.get('table'), 'law.sections');
    const first = await messages.next();
    assert.equal(first.value?.kind, 'schema');
    await assert.rejects(async () => {
      for await (const message of messages) assert.equal(message.kind, 'batch');
    }, incomplete);
  });

  it('messages are whole: header and body lengths agree with the flatbuffer', async () => {
    const { messages } = toArrowMessages(
      await connection.stream("select i, 'a'::enum('a','b') as e, 'text' || i as t from range(3000) t(i)"),
    );
    const kinds = [];
    for await (const message of messages) {
      kinds.push(message.kind);
      const decoded = Message.decode(message.header);
      assert.equal(message.header.length % 8, 0);
      assert.equal(decoded.bodyLength, message.bodyLength);
      assert.equal(
        message.body.reduce((sum, part) => sum + part.length, 0),
        message.bodyLength,
      );
      assert.ok(message.body.every((part) => part.length % 8 === 0 && part.length > 0));
      assert.equal(
        Buffer.concat([...ipcBytes(message)]).length,
        8 + message.header.length + message.bodyLength,
      );
    }
    assert.deepEqual(kinds, ['schema', 'dictionary', 'batch']);
  });

  it('the same rows give the same bytes, also under NULLs and in padding', async () => {
    await connection.run(
      `create or replace table rerun as select case when i % 3 > 0 then i end as a, case when i % 5 > 0 then 'text number ' || i end as t, case when i % 7 > 0 then i % 2 = 0 end as b, case when i % 2 > 0 then i::hugeint end as h from range(5001) t(i)`,
    );
    const once = await ipcOf(connection, 'select * from rerun');
    // Other work between, so that memory is reused.
    await ipcOf(connection, "select i, i::hugeint, repeat('z', 30), i % 2 = 1 from range(9000) t(i)");
    assert.ok(once.equals(await ipcOf(connection, 'select * from rerun')));
  });

  it('an error in the middle of the stream is thrown, not an early end', async () => {
    const sql = "select case when i = 1500000 then error('boom') else i end as x from range(2000000) t(i)";
    let bytes = 0;
    await assert.rejects(async () => {
      for await (const piece of toIpcStream(await connection.stream(sql))) bytes += piece.length;
    }, incomplete);
    assert.ok(bytes > 100_000, 'batches before the error came through');
    assert.deepEqual(await engineRows(connection, 'select 1'), [[1]], 'the connection works on');
  });

  it('an aborted signal ends it with its reason, before and between batches', async () => {
    const reason = new FractalError('unavailable', { code: 'test.timeout', message: 'm', cure: 'c' });
    const done = AbortSignal.abort(reason);
    await assert.rejects(toTable(await connection.stream('select 1 as a'), { signal: done }), reason);

    const controller = new AbortController();
    const { batches } = toRecordBatches(await connection.stream('select i from range(100000000) t(i)'), {
      signal: controller.signal,
      connection,
    });
    let seen = 0;
    await assert.rejects(async () => {
      for await (const batch of batches) {
        seen += batch.numRows;
        if (seen > 3 * BATCH) controller.abort(reason);
      }
    }, reason);
    assert.equal(seen, 4 * BATCH);
    assert.deepEqual(await engineRows(connection, 'select 2'), [[2]]);
  });

  it('a signal stops a query that computes for long between rows', async () => {
    const controller = new AbortController();
    const result = await connection.stream(
      'select i from range(20000000000) t(i) where i < 300000 or hash(i) = hash(i + 1)',
    );
    const started = performance.now();
    let seen = 0;
    await assert.rejects(
      async () => {
        const { batches } = toRecordBatches(result, { signal: controller.signal, connection });
        setTimeout(() => controller.abort(), 200);
        for await (const batch of batches) seen += batch.numRows;
      },
      { name: 'AbortError' },
    );
    assert.ok(seen >= 100_000 && performance.now() - started < 5000);
  });

  it('an interrupt and a stolen connection, which the engine hides as an early end, are errors', async () => {
    for (const steal of [() => connection.interrupt(), () => connection.run('select 1')]) {
      let seen = 0;
      await assert.rejects(async () => {
        for await (const batch of toRecordBatches(
          await connection.stream('select i from range(50000000) t(i)'),
        ).batches) {
          seen += batch.numRows;
          await Promise.resolve(steal());
        }
      }, incomplete);
      assert.ok(seen > 0 && seen < 50_000_000);
    }
  });

  it('an interrupt tells the reason of the signal when that is aborted', async () => {
    const controller = new AbortController();
    await assert.rejects(
      async () => {
        const stream = toRecordBatches(await connection.stream('select i from range(50000000) t(i)'), {
          signal: controller.signal,
        });
        for await (const batch of stream.batches) {
          assert.ok(batch.numRows > 0);
          connection.interrupt();
          controller.abort();
        }
      },
      { name: 'AbortError' },
    );
  });

  it('a reader that stops leaves the connection usable', async () => {
    for await (const piece of toIpcStream(await connection.stream('select i from range(10000000) t(i)')))
      if (piece.length > 1000) break;
    assert.deepEqual(await engineRows(connection, 'select 3'), [[3]]);
  });

  it('a reader that stops does not wait for a query that computes for long', async () => {
    const sql = 'select i from range(20000000000) t(i) where i < 300000 or hash(i) = hash(i + 1)';
    const started = performance.now();
    for await (const batch of toRecordBatches(await connection.stream(sql), { connection }).batches)
      if (batch.numRows > 0) break;
    assert.ok(performance.now() - started < 5000);
    assert.deepEqual(await engineRows(connection, 'select 4'), [[4]]);
  });

  it('others have their turn while it converts', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    let batches = 0;
    for await (const batch of toRecordBatches(
      await connection.stream(`select ${MIX} from range(400000) t(i)`),
    ).batches)
      batches += batch.numRows > 0 ? 1 : 0;
    clearInterval(timer);
    assert.ok(turns >= batches / 2, `${turns} turns in ${batches} batches`);
  });

  it('a materialised result converts as well', async () => {
    const sql = `select ${MIX} from range(5000) t(i)`;
    const pieces = [];
    for await (const piece of toIpcStream(await connection.run(sql))) pieces.push(piece);
    assert.deepEqual(arrowRows(tableFromIPC(Buffer.concat(pieces))), await engineRows(connection, sql));
  });
});
