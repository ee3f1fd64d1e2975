import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { ManualClock, sha256 } from '../../src/base/index.ts';
import {
  MIGRATIONS,
  NODE_TABLES,
  TABLES,
  allColumns,
  createStatement,
  qualifiedName,
  type Migration,
} from '../../src/schema/index.ts';
import { migrate, schemaVersion } from '../../src/store/index.ts';

/**
 * Frozen: a database out there was made by these very words. A change of the model is a new migration; only a new line
 * may be added here.
 */
const FROZEN: readonly string[] = [
  'c991210b3dd8c4c1c78bc694dbf0fe7f36dc9886904d6fe54b44051e4b43ee20',
  'a9d9b17c00e197bb4e849ec0f76f5325b46838b61f2b04611d96588aac76bf37',
  '134bd06cfd33de880e47372787947f594a8581a6343f12076430b2d37a2a5d26',
  'd7fea5185da21d38dc896c5f6a3c1e38c78b15e60678f64aaba10a67886b2344',
  '11811b47b2de401afd5e3a8a00f8f1e218c3f2b9f3a7e965a6cf964bc9b3b0cc',
  'bb4dc80258883669c9e3560b80e5aaff298c24935112b108a45da50a6340a70c',
  'a6f1f174739cfa20cf67d87ab840c23c3eceb57b2499d05f8a4df3bf82e47c25',
  '54a5258976a75acaaa0809f3a6b3cc2003943b5887589a0e8c4ae833204b6143',
  'fcaeb84dd3ea9f672ed4bcd93d035534d3d928d54093dd72f9afbc579f544394',
  '4b95c8e2e1269747a5a13142c6e52aa43ea4a13feba53bdedd1269775343a59c',
  'abefa638f308d122cd28bb1fbfb13f36e6c88c03992206cf40ec5d3b66f9c878',
];

const clock = new ManualClock(Date.UTC(2024, 0, 1));

async function database(t: TestContext): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  t.after(() => {
    connection.closeSync();
    instance.closeSync();
  });
  return connection;
}

async function columns(connection: DuckDBConnection): Promise<string[]> {
  const reader = await connection.runAndReadAll(
    `select schema_name || '.' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
     from duckdb_columns() where schema_name in ('node', 'law', 'esh', 'ai') order by schema_name, table_name, column_index`,
  );
  return (reader.getRowsJS() as [string][]).map(([column]) => column);
}

interface Filled {
  readonly columns: readonly string[];
  readonly rows: string;
}

/** A row of made-up values for each table that is there. */
async function fill(connection: DuckDBConnection): Promise<Map<string, Filled>> {
  const tables = await connection.runAndReadAll(
    `select schema_name || '.' || table_name from duckdb_tables() where schema_name in ('law', 'esh', 'ai')`,
  );
  const seen = new Map<string, Filled>();
  for (const [name] of tables.getRowsJS() as [string][]) {
    const types = await connection.runAndReadAll(
      `select data_type from duckdb_columns() where schema_name || '.' || table_name = '${name}' order by column_index`,
    );
    const values = (types.getRowsJS() as [string][]).map(([type], i) =>
      type === 'VARCHAR'
        ? `'v${i}'`
        : type === 'VARCHAR[]'
          ? `['a', 'b']`
          : type === 'DATE' || type === 'TIMESTAMP'
            ? `'2024-02-29'`
            : type === 'BOOLEAN'
              ? 'true'
              : String(i),
    );
    await connection.run(`insert into ${name} values (${values.join(', ')})`);
    const own = await columnsOf(connection, name);
    seen.set(name, { columns: own, rows: await content(connection, name, own) });
  }
  return seen;
}

/** The rows of a table in the given columns, all of them when none are named. */
async function content(
  connection: DuckDBConnection,
  table: string,
  columns: readonly string[] = ['*'],
): Promise<string> {
  const reader = await connection.runAndReadAll(
    `select to_json(t) from (select ${columns.join(', ')} from ${table}) t order by all`,
  );
  return JSON.stringify(reader.getRowsJS());
}

async function columnsOf(connection: DuckDBConnection, table: string): Promise<string[]> {
  const reader = await connection.runAndReadAll(`from ${table} limit 0`);
  return reader.columnNames();
}

describe('migrations', () => {
  it('are frozen', () => {
    const found = MIGRATIONS.map((migration) =>
      sha256(JSON.stringify([migration.version, migration.name, migration.statements])),
    );
    assert.deepEqual(found, FROZEN);
  });

  it('make exactly the declared model', async (t) => {
    const migrated = await database(t);
    assert.deepEqual(
      await migrate(migrated, clock),
      MIGRATIONS.map((migration) => migration.version),
    );
    const declared = await database(t);
    for (const schema of ['node', 'law', 'esh', 'ai']) await declared.run(`create schema ${schema}`);
    for (const statement of [...NODE_TABLES, ...TABLES.map(createStatement)]) await declared.run(statement);
    assert.deepEqual(await columns(migrated), await columns(declared));
    assert.ok((await columns(migrated)).length > TABLES.flatMap(allColumns).length);
  });

  for (let version = 1; version <= MIGRATIONS.length; version++)
    it(`bring a database with rows forwards from version ${version}`, async (t) => {
      const connection = await database(t);
      await migrate(connection, clock, MIGRATIONS, version);
      assert.equal(await schemaVersion(connection), version);
      const before = await fill(connection);
      await migrate(connection, clock);
      assert.equal(await schemaVersion(connection), MIGRATIONS.length);
      for (const [name, { columns: own, rows }] of before)
        assert.equal(await content(connection, name, own), rows, name);
      const fresh = await database(t);
      await migrate(fresh, clock);
      assert.deepEqual(await columns(connection), await columns(fresh));
    });

  it('a second time change nothing', async (t) => {
    const connection = await database(t);
    await migrate(connection, clock);
    const before = await content(connection, 'node.migrations');
    assert.deepEqual(await migrate(connection, new ManualClock(5)), []);
    assert.equal(await content(connection, 'node.migrations'), before);
  });

  it('never go backwards: a newer database is refused and stays as it is', async (t) => {
    const connection = await database(t);
    const newer: Migration = {
      version: MIGRATIONS.length + 1,
      name: 'from the future',
      statements: ['create table esh.future (a integer)'],
    };
    await migrate(connection, clock, [...MIGRATIONS, newer]);
    const before = await columns(connection);
    await assert.rejects(migrate(connection, clock), { code: 'schema.newer', kind: 'unavailable' });
    assert.deepEqual(await columns(connection), before);
  });

  for (const [what, statements] of [
    ['its first statement', ['create table nowhere.t (a integer)']],
    [
      'a later statement',
      ['create table esh.half (a integer)', 'insert into esh.half values (1)', 'nonsense'],
    ],
  ] as const)
    it(`that fail at ${what} change nothing, and work once mended`, async (t) => {
      const connection = await database(t);
      await migrate(connection, clock);
      const before = await columns(connection);
      const version = MIGRATIONS.length + 1;
      await assert.rejects(
        migrate(connection, clock, [...MIGRATIONS, { version, name: 'broken', statements }]),
        {
          code: 'schema.migration',
        },
      );
      assert.deepEqual(await columns(connection), before);
      assert.equal(await schemaVersion(connection), MIGRATIONS.length);
      const mended = { version, name: 'mended', statements: ['create table esh.half (a integer)'] };
      assert.deepEqual(await migrate(connection, clock, [...MIGRATIONS, mended]), [version]);
    });

  it('must be numbered without gaps', async (t) => {
    const connection = await database(t);
    for (const versions of [[2], [1, 1], [1, 3]])
      await assert.rejects(
        migrate(
          connection,
          clock,
          versions.map((version) => ({ version, name: 'x', statements: [] })),
        ),
        { code: 'schema.migrations' },
      );
    assert.deepEqual(await columns(connection), []);
  });

  it('name each table of the model once', () => {
    const text = MIGRATIONS.flatMap((migration) => migration.statements).join('\n');
    for (const table of TABLES)
      assert.equal(text.split(`CREATE TABLE ${qualifiedName(table)} (`).length, 2, qualifiedName(table));
  });
});
