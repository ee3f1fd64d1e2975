import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import {
  NODE_TABLES,
  SYSTEM_COLUMNS,
  TABLES,
  allColumns,
  arrowSchema,
  createStatement,
  partitionSql,
  qualifiedName,
  tableNamed,
} from '../../src/schema/index.ts';
import { toTable } from '../../src/store/arrow/index.ts';

/** Columns called `name` that name a thing, not a person. */
const NOT_PEOPLE = new Set(['esh.sites.name', 'esh.monitoring_points.name']);
const PEOPLE =
  /^(name|manager|manager_contact|inspector|auditor|assessor|owner|holder|asked_by|collected_by|decided_by|email|phone)$/;
const STORIES = /^(narrative|description|summary|note)$/;

async function withDatabase(body: (connection: DuckDBConnection) => Promise<void>): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    for (const schema of ['node', 'law', 'esh', 'ai']) await connection.run(`create schema ${schema}`);
    await body(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

describe('tables', () => {
  it('have names of their own, documentation, and lower-case columns', () => {
    assert.equal(new Set(TABLES.map(qualifiedName)).size, TABLES.length);
    for (const table of TABLES) {
      const name = qualifiedName(table);
      assert.ok(table.doc.length > 5, name);
      const columns = allColumns(table).map((column) => column.name);
      assert.equal(new Set(columns).size, columns.length, `${name} has a column twice`);
      for (const column of table.columns) {
        assert.match(column.name, /^[a-z][a-z0-9_]*$/, name);
        assert.ok(column.doc.length > 1, `${name}.${column.name}`);
      }
    }
  });

  it('have key columns that exist and are never null', () => {
    for (const table of TABLES) {
      assert.ok(table.key.length > 0);
      for (const key of table.key) {
        const column = table.columns.find((other) => other.name === key);
        assert.ok(column !== undefined && !column.nullable, `${qualifiedName(table)}.${key}`);
        // A key is compared with = and grouped by; a list or a float would do neither well.
        assert.ok(['VARCHAR', 'TIMESTAMP', 'INTEGER', 'BIGINT', 'DATE'].includes(column.type));
      }
    }
  });

  it('have partition columns that exist and have the type the rule needs', () => {
    for (const table of TABLES) {
      const { region, site, period, category } = table.partition;
      assert.match(category, /^[a-z]+$/);
      for (const name of [region, site])
        if (name !== undefined) {
          const column = table.columns.find((other) => other.name === name);
          // A null part would make a row that no partition holds.
          assert.ok(column?.type === 'VARCHAR' && !column.nullable, `${qualifiedName(table)}.${name}`);
        }
      if (period !== undefined) {
        const column = table.columns.find((other) => other.name === period);
        assert.ok(
          column?.type === 'DATE' || column?.type === 'TIMESTAMP',
          `${qualifiedName(table)}.${period}`,
        );
      }
    }
  });

  it('have closed state machines: every status that can be reached has its row, and each row can be reached', () => {
    for (const table of TABLES) {
      assert.equal(table.states !== undefined, table.class === 'state-machine', qualifiedName(table));
      if (table.states === undefined) continue;
      const { column, initial, transitions } = table.states;
      const found = table.columns.find((other) => other.name === column);
      assert.ok(found?.type === 'VARCHAR' && !found.nullable);
      const states = new Set(Object.keys(transitions));
      for (const name of [...initial, ...Object.values(transitions).flat()])
        assert.ok(states.has(name), `${qualifiedName(table)}: ${name}`);
      const reached = new Set(initial);
      for (const from of reached) for (const to of transitions[from] ?? []) reached.add(to);
      assert.deepEqual([...reached].sort(), [...states].sort(), qualifiedName(table));
      // What the documentation of the column lists is what the machine knows.
      for (const name of states)
        assert.ok(found.doc.includes(`\`${name}\``), `${qualifiedName(table)}: ${name}`);
    }
  });

  it('mark what is personal: people by name or contact, and free text about what happened', () => {
    for (const table of TABLES)
      for (const column of table.columns) {
        const name = `${qualifiedName(table)}.${column.name}`;
        if (PEOPLE.test(column.name) && !NOT_PEOPLE.has(name))
          assert.ok(['name', 'contact', 'identifier'].includes(column.personal ?? ''), name);
        if (STORIES.test(column.name)) assert.equal(column.personal, 'narrative', name);
        if (table.schema === 'law') assert.equal(column.personal, undefined, name);
      }
    const injured = tableNamed('esh.injured_persons').columns.filter(
      (column) => !['injured_person_id', 'incident_id', 'region', 'site_id'].includes(column.name),
    );
    for (const column of injured) assert.notEqual(column.personal, undefined, column.name);
  });

  it('tableNamed finds each table and names them all when there is none', () => {
    for (const table of TABLES) assert.equal(tableNamed(qualifiedName(table)), table);
    assert.throws(() => tableNamed('esh.nothing'), { code: 'table.unknown', cure: /esh\.sites/ });
    assert.throws(() => tableNamed('__proto__'), { code: 'table.unknown' });
  });

  it('have the columns in DuckDB that they declare, and partition keys that DuckDB can compute', async () => {
    await withDatabase(async (connection) => {
      for (const table of TABLES) {
        await connection.run(createStatement(table));
        const found = (
          await connection.runAndReadAll(
            `select column_name, data_type, is_nullable from duckdb_columns() where schema_name || '.' || table_name = '${qualifiedName(table)}' order by column_index`,
          )
        ).getRowsJS();
        assert.deepEqual(
          found,
          allColumns(table).map((column) => [column.name, column.type, column.nullable]),
        );
        const parts = partitionSql(table);
        await connection.run(
          `select ${parts.region}, ${parts.site_id}, ${parts.category}, ${parts.period} from ${qualifiedName(table)}`,
        );
      }
      for (const statement of NODE_TABLES) await connection.run(statement);
    });
  });

  it('have Arrow schemas that agree with what DuckDB sends', async () => {
    await withDatabase(async (connection) => {
      for (const table of TABLES) {
        await connection.run(createStatement(table));
        const sent = await toTable(await connection.stream(`from ${qualifiedName(table)}`));
        const declared = arrowSchema(table);
        assert.deepEqual(
          sent.schema.fields.map((field) => [field.name, String(field.type)]),
          declared.fields.map((field) => [field.name, String(field.type)]),
          qualifiedName(table),
        );
        assert.deepEqual(
          declared.fields.map((field) => field.nullable),
          allColumns(table).map((column) => column.nullable),
        );
        assert.equal(declared.metadata.get('table'), qualifiedName(table));
        assert.equal(declared.metadata.get('key'), table.key.join(','));
      }
    });
  });

  it('carry the system columns last', () => {
    for (const table of TABLES) assert.deepEqual(allColumns(table).slice(-4), [...SYSTEM_COLUMNS]);
  });
});
