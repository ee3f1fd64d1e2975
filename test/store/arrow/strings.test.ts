import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import duckdb from '@duckdb/node-bindings';
import {
  BLOB,
  DuckDBDataChunk,
  INTEGER,
  LIST,
  VARCHAR,
  listValue,
  type DuckDBConnection,
  type DuckDBType,
} from '@duckdb/node-api';
import fc from 'fast-check';
import { FractalError } from '../../../src/base/index.ts';
import { Offsets } from '../../../src/store/arrow/columns/offsets.ts';
import { toRecordBatches, toTable, type ArrowSource } from '../../../src/store/arrow/index.ts';
import { arrowOf, arrowRows, connect, engineRows } from './support.ts';

function source(type: DuckDBType, ...chunks: DuckDBDataChunk[]): ArrowSource {
  async function* all(): AsyncGenerator<DuckDBDataChunk, void, undefined> {
    yield* chunks;
  }
  return { columns: [{ name: 'v', type }], chunks: all() };
}

/** The 16 bytes of a row, given to other rows: many rows, one text. */
function repeatHeader(vector: duckdb.Vector, from: number, rows: number): void {
  const header = duckdb.vector_get_data(vector, (from + 1) * 16).slice(from * 16);
  for (let row = 0; row < rows; row++)
    duckdb.copy_data_to_vector(vector, row * 16, header.buffer, header.byteOffset, 16);
}

describe('text in memory', () => {
  let connection: DuckDBConnection;
  before(async () => {
    connection = await connect();
  });
  after(() => connection.closeSync());

  const same = async (sql: string, batchRows = 700): Promise<void> => {
    assert.deepEqual(
      arrowRows(await arrowOf(connection, sql, { batchRows })),
      await engineRows(connection, sql),
      sql,
    );
  };

  it('lengths around 12 and around a page, with NULLs and empty text between', async () => {
    for (const length of [
      0, 1, 3, 4, 5, 11, 12, 13, 14, 31, 32, 33, 63, 64, 65, 4082, 4083, 4084, 4095, 4096, 4097, 8192,
    ])
      await same(
        `select case i % 4 when 0 then repeat(chr(97 + (i % 26)::int), ${length}) when 1 then null when 2 then '' else repeat('ß', ${length}) || i end as v from range(1500) t(i)`,
      );
  });

  it('random lengths, so that gaps between long texts vary', () =>
    same(
      `select case when hash(i) % 5 = 0 then null else repeat(chr(97 + (i % 26)::int), (hash(i * 31) % 40)::int) end as a, repeat('y', (hash(i) % 3000)::int) as b from range(6000) t(i)`,
    ));

  it('texts of a megabyte and more', () =>
    same(
      `select case when i % 3 = 1 then null else repeat(chr(97 + i::int), 1100000 + i::int) end as v from range(9) t(i)`,
      4,
    ));

  it('NUL bytes', () =>
    same(
      `select chr(0) || case when i % 2 = 0 then 'a' else 'long after the zero byte' end || chr(0) || i as v from range(3000) t(i)`,
    ));

  it('stored tables: dictionary-compressed, FSST and constant segments', async () => {
    await connection.run(
      `create or replace table stored as select 'one of few long values ' || (i % 5) as d, 'https://example.org/a/path/' || hash(i) as f, 'the same for every row' as c, case when i % 100 = 0 then 'rare but long enough text' end as r from range(30000) t(i)`,
    );
    await connection.run('force checkpoint');
    await same("select * from stored where d <> 'one of few long values 3'", 5000);
    await same('select * from stored order by f limit 4000', 5000);
  });

  it('any texts, in any order of lengths and NULLs', async () => {
    const text = fc.option(fc.string({ unit: 'binary', maxLength: 40 }), { freq: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 300 }), async (texts) => {
        const chunk = DuckDBDataChunk.create([VARCHAR], texts.length);
        chunk.setColumns([texts]);
        const table = await toTable(source(VARCHAR, chunk));
        const wellFormed = texts.map((t) => (t === null ? null : Buffer.from(t, 'utf8').toString('utf8')));
        assert.deepEqual(arrowRows(table).flat(), wellFormed);
      }),
      { numRuns: 60 },
    );
  });

  it('rows that share one text, and rows whose texts run backwards in memory', async () => {
    const texts = Array.from({ length: 500 }, (_, i) => `a text that is long enough ${i}`);
    const chunk = DuckDBDataChunk.create([VARCHAR], 500);
    chunk.setColumns([texts]);
    const vector = duckdb.data_chunk_get_vector(chunk.chunk, 0);
    const headers = duckdb.vector_get_data(vector, 500 * 16).slice();
    for (let row = 0; row < 500; row++)
      duckdb.copy_data_to_vector(vector, row * 16, headers.buffer, headers.byteOffset + (499 - row) * 16, 16);
    assert.deepEqual(arrowRows(await toTable(source(VARCHAR, chunk))).flat(), [...texts].reverse());
    repeatHeader(vector, 3, 500);
    assert.deepEqual(new Set(arrowRows(await toTable(source(VARCHAR, chunk))).flat()), new Set([texts[496]]));
  });

  it('list entries that lie apart, overlap, run backwards or are garbage under a NULL', async () => {
    const type = LIST(VARCHAR);
    const chunk = DuckDBDataChunk.create([type], 6);
    const words = Array.from({ length: 12 }, (_, i) =>
      i % 3 === 0 ? null : i % 3 === 1 ? `w${i}` : `a word that is long ${i}`,
    );
    chunk.setColumns([[listValue(words), null, listValue([]), listValue([]), listValue([]), listValue([])]]);
    const vector = duckdb.data_chunk_get_vector(chunk.chunk, 0);
    // Offset and length of each row; the second row is NULL and points nowhere.
    const entries = BigUint64Array.from([8n, 4n, 999999999n, 999999999n, 0n, 3n, 2n, 5n, 11n, 1n, 4n, 0n]);
    duckdb.copy_data_to_vector(vector, 0, entries.buffer, 0, entries.byteLength);
    for (const batchRows of [100, 2, 1])
      assert.deepEqual(arrowRows(await toTable(source(type, chunk), { batchRows })).flat(), [
        words.slice(8, 12),
        null,
        words.slice(0, 3),
        words.slice(2, 7),
        words.slice(11, 12),
        [],
      ]);
  });

  it('lists that overlap in texts which follow each other in memory', async () => {
    const type = LIST(VARCHAR);
    const words = Array.from({ length: 40 }, (_, i) => `a word that is long enough ${i}`);
    const chunk = DuckDBDataChunk.create([type], 4);
    chunk.setColumns([[listValue(words), listValue([]), listValue([]), listValue([])]]);
    const vector = duckdb.data_chunk_get_vector(chunk.chunk, 0);
    // Each list begins inside the one before and ends behind it.
    const entries = BigUint64Array.from([0n, 3n, 2n, 20n, 21n, 19n, 1n, 39n]);
    duckdb.copy_data_to_vector(vector, 0, entries.buffer, 0, entries.byteLength);
    assert.deepEqual(arrowRows(await toTable(source(type, chunk))).flat(), [
      words.slice(0, 3),
      words.slice(2, 22),
      words.slice(21, 40),
      words.slice(1, 40),
    ]);
  });

  it('gathers every kind of child: numbers, booleans, lists, structs, arrays', async () => {
    // The engine copies lists into order before we see them, so the disorder is made here: entries swapped by hand.
    for (const element of [
      'INTEGER',
      'BOOLEAN',
      'DECIMAL(9,2)',
      'VARCHAR',
      'INTEGER[]',
      'STRUCT(a INTEGER, b VARCHAR[])',
      'INTEGER[2]',
      'UUID',
      'BIT',
      'UNION(a INTEGER, b VARCHAR)',
      'MAP(VARCHAR, INTEGER)',
    ]) {
      const literal: Record<string, (i: number) => string> = {
        INTEGER: (i) => `${i}`,
        BOOLEAN: (i) => `${i % 2 === 0}`,
        'DECIMAL(9,2)': (i) => `${i}.25`,
        VARCHAR: (i) => `'text number that is long ${i}'`,
        'INTEGER[]': (i) => `[${i}, null]`,
        'STRUCT(a INTEGER, b VARCHAR[])': (i) => `{'a': ${i}, 'b': ['x${i}', null]}`,
        'INTEGER[2]': (i) => `[${i}, ${i + 1}]`,
        UUID: (i) => `'00000000-0000-0000-0000-0000000000${10 + i}'`,
        BIT: (i) => `'1${'0'.repeat(i)}'`,
        'UNION(a INTEGER, b VARCHAR)': (i) => (i % 2 === 0 ? `${i}` : `'t${i}'`),
        'MAP(VARCHAR, INTEGER)': (i) => `map(['k${i}'], [${i}])`,
      };
      const make = literal[element]!;
      const list = (...items: number[]): string =>
        `[${items.map((i) => (i < 0 ? 'null' : `(${make(i)})::${element}`)).join(', ')}]::${element}[]`;
      const rows = [list(0, 1, -1), list(2), list(3, 4, 5, 6), 'null', list(7, -1)];
      const sql = `select v from (values (1, ${rows[0]}), (2, ${rows[1]}), (3, ${rows[2]}), (4, ${rows[3]}), (5, ${rows[4]})) t(k, v) order by k`;
      const expected = await engineRows(connection, sql);
      const result = await connection.stream(sql);
      const chunk = (await result.fetchChunk())!;
      const vector = duckdb.data_chunk_get_vector(chunk.chunk, 0);
      const entries = new BigUint64Array(duckdb.vector_get_data(vector, 5 * 16).slice().buffer);
      // Rows 1 and 3 change places: entries no longer follow each other.
      const swapped = BigUint64Array.from([
        entries[4]!,
        entries[5]!,
        entries[2]!,
        entries[3]!,
        entries[0]!,
        entries[1]!,
        0n,
        0n,
        entries[8]!,
        entries[9]!,
      ]);
      duckdb.copy_data_to_vector(vector, 0, swapped.buffer, 0, swapped.byteLength);
      const got = arrowRows(await toTable(source(result.columnType(0), chunk)));
      assert.deepEqual(got, [expected[2], expected[1], expected[0], [null], expected[4]], element);
    }
  });

  it('more than 2 GiB of text in one chunk becomes several batches, never a wrapped offset', async () => {
    // Every row is the same megabyte in memory: no gigabytes are allocated to make it.
    const rows = 2048;
    const chunk = DuckDBDataChunk.create([BLOB], rows);
    const vector = duckdb.data_chunk_get_vector(chunk.chunk, 0);
    const size = 1_100_000;
    duckdb.vector_assign_string_element_len(vector, 0, Buffer.alloc(size, 7));
    repeatHeader(vector, 0, rows);
    let seen = 0;
    let bytes = 0;
    for await (const batch of toRecordBatches(source(BLOB, chunk)).batches) {
      seen += batch.numRows;
      const offsets = batch.data.children[0]!.valueOffsets as Int32Array;
      assert.equal(offsets[batch.numRows], batch.numRows * size);
      bytes += offsets[batch.numRows]!;
    }
    assert.equal(seen, rows);
    assert.ok(bytes > 2 ** 31);
  });

  it('more than 2 GiB in a single row is refused', async () => {
    const type = LIST(BLOB);
    const chunk = DuckDBDataChunk.create([type, INTEGER], 1);
    chunk.setColumns([[listValue(Array.from({ length: 2100 }, () => null))], [1]]);
    const child = duckdb.list_vector_get_child(duckdb.data_chunk_get_vector(chunk.chunk, 0));
    duckdb.vector_assign_string_element_len(child, 0, Buffer.alloc(1_100_000, 7));
    repeatHeader(child, 0, 2100);
    duckdb.copy_data_to_vector_validity(child, 0, new Uint8Array(272).fill(255).buffer, 0, 272);
    const input = {
      ...source(type, chunk),
      columns: [
        { name: 'wide', type },
        { name: 'n', type: INTEGER },
      ],
    };
    await assert.rejects(
      toTable(input),
      (error) =>
        error instanceof FractalError && error.code === 'arrow.range' && error.message.includes('"wide[]"'),
    );
  });

  it('offsets stop at 2^31 - 1', () => {
    const offsets = new Offsets('v');
    offsets.extend(1, 2 ** 31 - 1);
    assert.throws(() => offsets.extend(1, 1), FractalError);
    offsets.take();
    offsets.extend(1, 1);
  });
});
