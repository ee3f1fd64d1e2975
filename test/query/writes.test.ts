/** Writing by SQL for whom nothing is hidden: the forms, the classes of tables (rules C1–C7 of the store), the values. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { SeededRandom } from '../../src/base/index.ts';
import { ESH, createStatement } from '../../src/schema/index.ts';
import { changes, type Store } from '../../src/store/index.ts';
import { openStore } from '../store/kit.ts';
import { engine } from '../security/kit.ts';
import { explain, parseWrite, write } from '../security/writes-kit.ts';

const ACTIONS = ['read', 'insert', 'update', 'delete'];
const POLICY = engine({
  roles: { all: { doc: 'all', grants: [{ id: 'all', actions: ACTIONS, tables: ['*'] }] } },
});
const ROOT = { id: 'root', roles: ['all'] };

let store: Store;
let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fractal-test-'));
  store = await openStore(folder);
});
after(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

const run = (sql: string, params: readonly (string | number | null)[] = []): Promise<number> =>
  write(store, POLICY, ROOT, sql, params);
const rows = (sql: string): Promise<Record<string, unknown>[]> =>
  store.rows(`${sql} and $1 = 1 order by all`, [1]);

const SITE = 'insert into esh.sites (site_id, region, name, jurisdiction)';
const INCIDENT =
  'insert into esh.incidents (incident_id, region, site_id, occurred_at, kind, severity, narrative)';
const ITEM = 'insert into esh.action_items (action_item_id, region, site_id, kind, status, title)';

describe('forms', () => {
  const text = (sql: string): Promise<string> => parseWrite(store, sql).then(({ form }) => form.query);
  for (const [sql, where] of [
    ["delete from esh.sites where name = ';' -- ; delete", "(\nname = ';'\n)"],
    ['delete from esh.sites where name = $$ where ; $$', '(\nname = $$ where ; $$\n)'],
    ["delete from esh.sites where name = $a$ $$ ' $a$", "(\nname = $a$ $$ ' $a$\n)"],
    ["delete from esh.sites where name = e'\\'; where' or true", "(\nname = e'\\'; where' or true\n)"],
    ["delete from esh.sites where name = 'it''s where'", "(\nname = 'it''s where'\n)"],
    ['delete from esh.sites where "name" = \'x\' /* /* where */ */ ;', '(\n"name" = \'x\'\n)'],
    [
      'delete from "esh"."sites" where (name is distinct from region)',
      '(\n(name is distinct from region)\n)',
    ],
    ["DELETE FROM ESH.Sites WHERE NAME = 'ü'", "(\nNAME = 'ü'\n)"],
  ] as const)
    it(sql, async () => {
      assert.ok((await text(sql)).endsWith(`from "esh"."sites" where ${where}`), await text(sql));
    });

  it('assignments end where their commas are', async () => {
    const { form } = await parseWrite(
      store,
      `update esh.sites s set name = coalesce(s.name, 'a, b'), activities = ['x', 'y'], region = case when s.name is distinct from 'q' then 'n' else region end
       where s.region in ('a', 'b')`,
    );
    assert.deepEqual(form.columns, ['name', 'activities', 'region']);
    assert.match(form.query, /cast\(\(\n\['x', 'y'\]\n\) as VARCHAR\[\]\)/);
  });

  for (const [sql, code] of [
    ["update esh.sites set name = 'a' from esh.incidents", 'sql.unsupported'],
    ['delete from esh.sites returning *', 'sql.unsupported'],
    [`${SITE} values ('a','b','c','d') on conflict do nothing`, 'sql.unsupported'],
    [`${SITE} values ('a','b','c','d') returning site_id`, 'sql.unsupported'],
    ["update esh.sites set (name, region) = ('a', 'b')", 'sql.unsupported'],
    ['delete from esh.sites using esh.incidents where true', 'sql.unsupported'],
    ['insert or ignore into esh.sites select 1', 'sql.unsupported'],
    ['update esh.sites set name = unnest([1])', 'sql.unsupported'],
    ['delete from esh.sites; delete from esh.sites', 'sql.one_statement'],
    ['delete from a.esh.sites', 'sql.forbidden'],
    ['delete esh.sites', 'sql.syntax'],
    ["update esh.sites set name = (name = 'a'", 'sql.syntax'],
    ["update esh.sites set name = 'open", 'sql.syntax'],
    ["delete from esh.sites where getenv('HOME') = ''", 'sql.forbidden'],
    [`${SITE} values ('a', 'b')`, 'sql.columns'],
  ] as const)
    it(`refused: ${sql}`, () => assert.rejects(parseWrite(store, sql), { code }));

  it('more comments than the engine can bear are refused', async () => {
    const comments = '/**/'.repeat(200_000);
    await assert.rejects(parseWrite(store, `${comments}delete from esh.sites`), {
      code: 'limit.sql_comments',
    });
    assert.equal(await run(`${comments.slice(0, 400)}delete from esh.sites where false`), 0);
  });
});

describe('classes of tables by SQL', () => {
  it('C1 C2: a write-once row comes again with the same content, and not with other', async () => {
    const row = (narrative: string): string =>
      `${INCIDENT} values ('c1', 'n', 's', '2026-01-01 10:00:00', 'fire', 'low', '${narrative}')`;
    assert.equal(await run(row('a')), 1);
    const before = store.commitVersion;
    assert.equal(await run(row('a')), 0);
    await assert.rejects(run(row('b')), { code: 'row.conflict' });
    await assert.rejects(run("update esh.incidents set narrative = 'b' where incident_id = 'c1'"), {
      code: 'row.conflict',
    });
    assert.equal(await run("update esh.incidents set narrative = 'a' where incident_id = 'c1'"), 1);
    assert.equal(store.commitVersion, before);
  });

  it('C3: a mutable row changes; one that stays the same keeps its commit; INSERT overwrites nothing', async () => {
    await run(`${SITE} values ('c3', 'n', 'a', 'UK'), ('c3b', 'n', 'b', 'UK')`);
    await assert.rejects(run(`${SITE} values ('c3', 'n', 'other', 'UK')`), { code: 'row.conflict' });
    const at = store.commitVersion;
    assert.equal(await run("update esh.sites set name = 'b' where site_id like 'c3%'"), 2);
    assert.deepEqual(
      await rows(`select site_id, name, commit_version from esh.sites where site_id like 'c3%'`),
      [
        { site_id: 'c3', name: 'b', commit_version: at + 1n },
        { site_id: 'c3b', name: 'b', commit_version: at },
      ],
    );
  });

  it('C4: a status moves along its transitions', async () => {
    await assert.rejects(run(`${ITEM} values ('c4', 'n', 's', 'corrective', 'done', 't')`), {
      code: 'row.transition',
    });
    await run(`${ITEM} values ('c4', 'n', 's', 'corrective', 'open', 't')`);
    await assert.rejects(run("update esh.action_items set status = 'verified' where action_item_id = 'c4'"), {
      code: 'row.transition',
    });
    assert.equal(await run("update esh.action_items set status = 'done' where action_item_id = 'c4'"), 1);
  });

  it('C5: DELETE leaves a tombstone that the feed tells of; the key comes back by the rules of its class', async () => {
    const since = store.commitVersion;
    assert.equal(await run("delete from esh.incidents where incident_id = 'c1'"), 1);
    assert.equal(await run("delete from esh.incidents where incident_id = 'c1'"), 0);
    assert.equal(await run("update esh.incidents set narrative = 'z' where incident_id = 'c1'"), 0);
    const told: unknown[] = [];
    for await (const { batch } of changes(store, { since }))
      for (const row of batch.toArray() as unknown as { incident_id: string; deleted: boolean }[])
        told.push([row.incident_id, row.deleted]);
    assert.deepEqual(told, [['c1', true]]);
    const back = (narrative: string): string =>
      `${INCIDENT} values ('c1', 'n', 's', '2026-01-01 10:00:00', 'fire', 'low', '${narrative}')`;
    await assert.rejects(run(back('other')), { code: 'row.conflict' });
    assert.equal(await run(back('a')), 1);
    await run("delete from esh.sites where site_id = 'c3'");
    assert.equal(await run(`${SITE} values ('c3', 'n', 'anew', 'UK')`), 1);
  });

  it('C6 C7: a key that comes twice, columns and values that do not fit; T2: nothing stays', async () => {
    const before = store.commitVersion;
    for (const [sql, code] of [
      [`${SITE} values ('x1', 'n', 'a', 'UK'), ('x1', 'n', 'b', 'UK')`, 'row.duplicate'],
      [`insert into esh.sites (site_id, nothing) values ('x', 1)`, 'row.column'],
      [`insert into esh.sites (site_id, name) values ('x', 'y')`, 'row.missing'],
      [`${SITE} select 'x2', 'n', null, 'UK'`, 'row.missing'],
      [
        `insert into esh.sites (site_id, region, name, jurisdiction, employees) select 'x', 'n', 'a', 'UK', 'many'`,
        'row.type',
      ],
      [`update esh.sites set name = null`, 'row.missing'],
      [`update esh.sites set employees = 'many'`, 'sql.value'],
      [`update esh.incidents set personal_spans = []`, 'row.column'],
      [`update esh.sites set hlc = 1`, 'row.column'],
      [`update esh.sites set site_id = 'y'`, 'row.column'],
      [`${SITE} select 'x'`, 'sql.columns'],
      [`${SITE} select 'x', 'n', 'a', 'UK', 1`, 'sql.columns'],
      [`${SITE} select 'x', 'n', 'a', 'UK' from law.nothing`, 'sql.name'],
    ] as const)
      await assert.rejects(run(sql), { code }, sql);
    assert.equal(store.commitVersion, before);
  });

  it('a refused statement leaves the connection where the next one finds the data', async () => {
    for (let i = 0; i < 30; i++) {
      await assert.rejects(run(`update esh.sites set employees = 'x' || name`), { code: 'sql.value' });
      assert.ok((await store.rows('select count(*) as n from esh.sites where $1 = 1', [1])).length === 1);
    }
  });
});

it('parameters take the types of their columns', async () => {
  const sql =
    'insert into esh.sites (site_id, region, name, jurisdiction, employees, latitude, opened_on) values ($1, $2, $3, $4, $5, $6, $7)';
  assert.equal(await run(sql, ['p1', 'n', 'x', 'UK', 3, 1.5, '2020-02-29']), 1);
  assert.deepEqual(
    await rows(`select employees, latitude, opened_on::varchar as d from esh.sites where site_id = 'p1'`),
    [{ employees: 3, latitude: 1.5, d: '2020-02-29' }],
  );
  assert.equal(
    await run('update esh.sites set employees = ?, closed_on = default where site_id = ?', [4, 'p1']),
    1,
  );
  await assert.rejects(run(sql, ['p2']), { code: 'sql.parameters' });
});

it('EXPLAIN says what would be done, and does nothing', async () => {
  const before = store.commitVersion;
  const told = await explain(store, POLICY, ROOT, "update esh.sites set name = 'x' where region = 'n'");
  assert.match(
    told,
    /^update esh\.sites: .*\ncolumns: name\nrights: every row, before and after, by all; .*\nclass: mutable/,
  );
  assert.equal(store.commitVersion, before);
});

it('a statement that takes too long is stopped, and those after it go on', async () => {
  const long =
    'delete from esh.sites where (select count(*) from range(1000000) a(i), range(1000000) b(j) where i * j = 7) > 0';
  const { runWrites, authorizeWrite } = await import('../../src/query/index.ts');
  const statement = await parseWrite(store, long);
  await assert.rejects(
    runWrites(
      store,
      ROOT,
      [statement],
      (one) => Promise.resolve(authorizeWrite(one, ROOT, POLICY)),
      AbortSignal.timeout(200),
    ),
    { code: 'sql.interrupted' },
  );
  assert.equal(await run(`${SITE} values ('after', 'n', 'x', 'UK')`), 1);
});

it('permitted writes leave what bare DuckDB leaves', async () => {
  const random = new SeededRandom(Number(process.env['WRITES_SEED'] ?? 3));
  const instance = await DuckDBInstance.create(':memory:');
  const bare = await instance.connect();
  await bare.run('create schema esh');
  await bare.run(
    createStatement(ESH.sites)
      .replaceAll(' NOT NULL', '')
      .replace('site_id VARCHAR', 'site_id VARCHAR PRIMARY KEY'),
  );
  await run('delete from esh.sites');
  const pick = (...values: readonly string[]): string => values[random.below(values.length)] ?? '';
  const id = (): string => `d${random.below(30)}`;
  let written = 0;
  for (let n = 0; n < 60; n++) {
    const where = pick(
      '',
      ` where site_id = '${id()}'`,
      ` where region = '${pick('n', 's')}'`,
      ` where employees > ${random.below(9)}`,
      ` where name like '%${random.below(9)}%' or employees is null`,
    );
    const sql = pick(
      `insert into esh.sites (region, site_id, jurisdiction, name) values ('${pick('n', 's')}', 'd${random.below(30)}-${n}', 'UK', 'name ${random.below(9)}')`,
      `insert into esh.sites (site_id, region, name, jurisdiction, employees) select site_id || 'x${n}', region, upper(name), 'US', employees from esh.sites where deleted is not true and employees < ${random.below(9)}`,
      `update esh.sites set name = name || '${random.below(9)}', employees = coalesce(employees, 0) + ${random.below(3)}${where}`,
      `update esh.sites set employees = (select count(*) from esh.sites b where b.region = sites.region and b.deleted is not true)${where}`,
      `update esh.sites s set latitude = s.employees / 3, opened_on = '2020-01-0${1 + random.below(9)}'${where}`,
      `update esh.sites set employees = ${pick('1.7', "'12'", 'null', 'default', '-3')}${where}`,
      `delete from esh.sites${where === '' ? ` where employees = ${random.below(9)}` : where}`,
    );
    written += await run(sql);
    await bare.run(sql);
    const own = ESH.sites.columns.map((column) => column.name).join(', ');
    const found = await rows(`select ${own} from esh.sites where not deleted`);
    const expected = (
      await bare.runAndReadAll(`select ${own} from esh.sites order by all`)
    ).getRowObjectsJS();
    assert.deepEqual(found, expected, sql);
  }
  assert.ok(written > 50, `${written} rows written`);
  bare.closeSync();
  instance.closeSync();
});
