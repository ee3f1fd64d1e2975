/** Files as tables: registered by an administrator, read under policy, never named by SQL. */
import assert from 'node:assert/strict';
import { mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { readRows, type JsonValue } from '../../../src/server/index.ts';
import type { NodeApi } from '../../../src/node/index.ts';
import { testNode } from '../../node/kit.ts';
import { codeOf } from '../../store/kit.ts';

async function rows(node: NodeApi, sql: string, params: (string | number)[] = []): Promise<JsonValue[][]> {
  const reader = await readRows(await node.sql({ sql, params }));
  const found: JsonValue[][] = [];
  for await (const row of reader.rows) found.push([...row]);
  return found;
}

async function parquet(file: string, sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`copy (${sql}) to '${file}'`);
  connection.closeSync();
  instance.closeSync();
}

const READINGS = `n,site_id,value,note\n1,s1,1.5,short\n2,s2,2.5,"a longer note, with a comma"\n3,s1,,\n`;

describe('external tables', () => {
  it('reads CSV, JSON and Parquet, one file or many', async () => {
    await using t = await testNode();
    const { node } = t;
    const csv = await t.file('readings.csv', READINGS);
    const json = await t.file(
      'events.jsonl',
      '{"id": 1, "tags": ["a", "b"], "at": {"x": 1}}\n{"id": 2, "tags": []}\n',
    );
    await mkdir(path.join(t.folder, 'parts'));
    for (const n of [1, 2, 3])
      await parquet(
        path.join(t.folder, 'parts', `p${n}.parquet`),
        `select range + ${n * 1000} as n, date '2026-01-0${n}' as day, (range * 1.25)::decimal(12, 2) as amount, 'name ' || range as name from range(1000)`,
      );
    await node.externalTables({ action: 'add', name: 'readings', source: csv });
    await node.externalTables({ action: 'add', name: 'events', source: json });
    const { tables } = await node.externalTables({
      action: 'add',
      name: 'parts',
      source: path.join(t.folder, 'parts', '*.parquet'),
    });
    assert.deepEqual(
      tables.map((table) => [table.name, table.format, table.files, table.state, table.columns.length]),
      [
        ['events', 'json', 1, 'ok', 3],
        ['parts', 'parquet', 3, 'ok', 4],
        ['readings', 'csv', 1, 'ok', 4],
      ],
    );
    for (const [sql, expected] of [
      [
        'select * from ext.readings order by n',
        [
          [1, 's1', 1.5, 'short'],
          [2, 's2', 2.5, 'a longer note, with a comma'],
          [3, 's1', null, null],
        ],
      ],
      ['select count(*) from ext.parts', [[3000]]],
      [
        `select count(*), sum(amount), min(name) from ext.parts p where p.day = date '2026-01-02'`,
        [[1000, '624375.00', 'name 0']],
      ],
      [
        `select e.tags, e.at.x from ext.events e order by id`,
        [
          [['a', 'b'], 1],
          [[], null],
        ],
      ],
      [
        `select r.n, p.n from ext.readings r join ext.parts p on p.n = r.n + 1000 order by all`,
        [
          [1, 1001],
          [2, 1002],
          [3, 1003],
        ],
      ],
      [`select readings.n from ext.readings where readings.site_id = 's2'`, [[2]]],
      [`with r as (from ext.readings) select max(n) from r where site_id = 's1'`, [[3]]],
      [
        `select count(*) from ext.readings r left join ext.readings q on q.n = r.n and q.value > 2 where r.site_id = 's1'`,
        [[2]],
      ],
      [
        `select count(*) from ext.readings r left join ext.readings q on q.n = r.n where q.value is null`,
        [[1]],
      ],
      [`select r from ext.readings r where n = 3`, [[{ n: 3, site_id: 's1', value: null, note: null }]]],
      // New names go by place, and may be names of other columns.
      ['select value from ext.readings as x(value, s, n) where n > 2', [[2]]],
      [`select count(*) from ext.readings as x(a, b) where b = 's1'`, [[2]]],
      [
        `select name from (from node.tables select table_name as name where schema_name = 'ext') order by all`,
        [['events'], ['parts'], ['readings']],
      ],
      [
        'select column_name, column_type from (describe ext.readings)',
        [
          ['n', 'BIGINT'],
          ['site_id', 'VARCHAR'],
          ['value', 'DOUBLE'],
          ['note', 'VARCHAR'],
        ],
      ],
    ] as const)
      assert.deepEqual(await rows(node, sql), expected, sql);
    assert.deepEqual(
      await rows(node, 'select n from ext.readings where site_id = $1 and n > $2', ['s1', 1]),
      [[3]],
    );
    const plan = await node.explain({
      sql: 'select name from ext.parts where n > 3900 and length(name) > 2',
    });
    assert.match(
      plan,
      /^parquet files: ext\.parts: 2 of 4 columns; first: \(\(n > 3900\) AND \(length\("?name"?\) > 2\)\); 99 rows, /m,
    );
  });

  it('stands for the files as they were', async () => {
    await using t = await testNode();
    const { node } = t;
    const file = await t.file('a.csv', READINGS);
    await node.externalTables({ action: 'add', name: 'a', source: file });
    assert.equal(
      await codeOf(node.externalTables({ action: 'add', name: 'a', source: file })),
      'external.exists',
    );
    await writeFile(file, `${READINGS}4,s3,9,\n`);
    assert.equal(await codeOf(rows(node, 'from ext.a')), 'external.changed');
    await node.externalTables({ action: 'refresh', name: 'a' });
    assert.equal((await rows(node, 'from ext.a')).length, 4);
    // The same length, another time of change.
    await utimes(file, new Date(), new Date(Date.now() + 5000));
    assert.equal(await codeOf(rows(node, 'from ext.a')), 'external.changed');
    await rm(file);
    assert.equal(await codeOf(rows(node, 'from ext.a')), 'external.missing');
    const again = await t.reopen();
    const { tables } = await again.externalTables({ action: 'list' });
    assert.deepEqual(
      tables.map(({ name, state }) => [name, state]),
      [['a', 'missing']],
    );
    await again.externalTables({ action: 'remove', name: 'a' });
    assert.equal(await codeOf(rows(again, 'from ext.a')), 'sql.name');
    assert.equal(await codeOf(again.externalTables({ action: 'remove', name: 'a' })), 'external.unknown');
  });

  it('takes no file that is no table, is its own, or is not there', async () => {
    await using t = await testNode();
    const { node } = t;
    const add = (source: string, name = 'x'): Promise<string> =>
      codeOf(node.externalTables({ action: 'add', name, source }));
    const csv = await t.file('a.csv', READINGS);
    const bad = await t.file('b.parquet', 'no parquet');
    await symlink(path.join(t.dataDir, 'fractal.json'), path.join(t.folder, 'link.json'));
    for (const [source, expected] of [
      [path.join(t.folder, 'none.csv'), 'external.missing'],
      [path.join(t.folder, '*.xlsx'), 'external.missing'],
      ['a.csv', 'external.path'],
      [t.folder, 'external.missing'],
      ['/etc/passwd', 'external.format'],
      [path.join(t.dataDir, 'fractal.json'), 'external.own'],
      [path.join(t.folder, 'link.json'), 'external.own'],
      [path.join(t.folder, '*.{csv,parquet}'), 'external.format'],
      [bad, 'external.unreadable'],
    ] as const)
      assert.equal(await add(source), expected, source);
    for (const name of ['A', '1', 'a b', 'a"b', '', 'ext.a', 'a'.repeat(64)])
      assert.equal(await add(csv, name), 'external.name');
    assert.deepEqual((await node.externalTables({ action: 'list' })).tables, []);
  });

  it('leaves SQL without any way to a file', async () => {
    await using t = await testNode();
    const csv = await t.file('a.csv', READINGS);
    await t.node.externalTables({ action: 'add', name: 'a', source: csv });
    for (const sql of [
      `from '${csv}'`,
      `from read_csv('${csv}')`,
      `from ext.a where n in (select n from read_csv('${csv}'))`,
      `from ext.a where exists (from '${csv}')`,
      `from ext."${csv}"`,
      'from fractal_source',
      'from ext.fractal_source',
      'from temp.main.fractal_answer_0, ext.a',
      'from fractal_answer_0, ext.a',
      `select (select content from read_text('${csv}')) from ext.a`,
      `from ext.a at (version => 1)`,
    ])
      assert.match(await codeOf(rows(t.node, sql)), /^sql\.(?:forbidden|name)$/, sql);
  });
});
