import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DuckDBDataChunk, DuckDBTypeId, VARCHAR, type DuckDBConnection } from '@duckdb/node-api';
import fc from 'fast-check';
import { setColumn } from '../../src/store/row-chunk.ts';
import { connect } from './arrow/support.ts';

const unit = fc.oneof(
  fc.constantFrom('a', 'é', '–', '\u{1f600}', '\0', '\ud83d', '\ude00', ' '),
  fc.string({ unit: 'binary', maxLength: 3 }),
);
const text = fc.array(unit, { maxLength: 20 }).map((parts) => parts.join(''));

describe('texts of rows into a chunk', () => {
  let connection: DuckDBConnection;
  before(async () => {
    connection = await connect();
    await connection.run('create table t (n varchar, v varchar)');
  });
  after(() => connection.closeSync());

  async function through(values: readonly (string | null)[]): Promise<unknown[]> {
    await connection.run('delete from t');
    const appender = await connection.createAppender('t');
    const chunk = DuckDBDataChunk.create([VARCHAR, VARCHAR], values.length);
    setColumn(
      chunk,
      0,
      DuckDBTypeId.VARCHAR,
      values.map((_, i) => String(i)),
    );
    setColumn(chunk, 1, DuckDBTypeId.VARCHAR, values);
    appender.appendDataChunk(chunk);
    appender.closeSync();
    const rows = await (await connection.run('select v from t order by n::int')).getRows();
    return rows.map(([value]) => value);
  }

  it('every text comes back as it was, NULL as NULL, half a character as the sign of an error', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(text, fc.constant(null)), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 4 }),
        async (values, times) => {
          const repeated = values.flatMap((value) => new Array<string | null>(times).fill(value));
          assert.deepEqual(
            await through(repeated),
            repeated.map((value) => value?.toWellFormed() ?? null),
          );
        },
      ),
      { numRuns: 150 },
    );
  });

  it('a whole chunk of one text, and of NULL only', async () => {
    const one = new Array<string>(2048).fill('the same text in each and every row');
    assert.deepEqual(await through(one), one);
    const none = new Array<null>(2048).fill(null);
    assert.deepEqual(await through(none), none);
  });
});
