/** The audit log as a table of SQL, for who may audit; for others it is not there. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it, test } from 'node:test';
import { LoggedEntries } from '../../src/audit/index.ts';
import { ManualClock, nodeFileSystem, type FractalError } from '../../src/base/index.ts';
import { retire } from '../../src/audit/retention.ts';
import { START, event, openLog } from '../audit/kit.ts';
import { people, rowsOf } from '../security/people.ts';
import { testNode } from './kit.ts';

const errorOf = async (work: Promise<unknown>): Promise<FractalError> =>
  await work.then(
    () => assert.fail('it was answered'),
    (error: unknown) => error as FractalError,
  );

describe('audit.log in SQL', () => {
  it('says what `audit show` says, and joins with other tables', async () => {
    await using t = await testNode();
    const { node } = t;
    await node.lawDocuments();
    await rowsOf(node, 'select 1');
    const { entries } = await node.audit({ limit: 1000 });
    const last = entries.at(-1)?.entry_id ?? 0;
    const rows = await rowsOf(
      node,
      `select id, strftime(time, '%Y-%m-%dT%H:%M:%S.%f'), node_id, event, principal, roles, resource, detail, prev_hash
         from audit.log where id <= ${last} order by id`,
    );
    assert.deepEqual(
      rows.map((row) => [Number(row[0]), ...row.slice(1)]),
      entries.map((one) => [
        one.entry_id,
        one.timestamp.slice(0, 26),
        ...[one.node_id, one.event_type, one.actor_id, one.actor_role, one.resource],
        ...[JSON.stringify(one.detail), one.prev_hash],
      ]),
    );
    // Each hash is the one that the next entry names; category, action and result are parts of the entry.
    const chained = `select count(*)::integer from audit.log a join audit.log b on b.id = a.id + 1
                      where a.hash = b.prev_hash and a.event = a.category || '.' || a.action and a.id < ${last}`;
    assert.deepEqual(await rowsOf(node, chained), [[last]]);
    const results = await rowsOf(
      node,
      `select distinct result from audit.log where event = 'access.sql' order by 1`,
    );
    assert.deepEqual(results, [['begun'], ['done']]);
    assert.deepEqual(
      await rowsOf(
        node,
        `select n.table_name, count(*) > 0 from node.tables n join audit.log l on l.event = 'access.sql'
          where n.schema_name = 'audit' group by all`,
      ),
      [['log', true]],
    );
    // One reading, one act: a beginning and an end.
    const before = (await node.audit({ limit: 1 })).entries[0]?.entry_id ?? 0;
    await rowsOf(node, 'select count(*) from audit.log');
    const { entries: acts } = await node.audit({ limit: 1000 });
    const own = acts.filter((one) => one.entry_id > before && one.event_type === 'access.sql');
    // Its end may still be on its way into the log.
    assert.equal(own.filter((one) => one.detail['stage'] === 'begun').length, 1);
    assert.ok(own.length <= 2);
  });

  it('bounds by id and time leave the answer as it is, however they are written', async () => {
    await using t = await testNode();
    const { node } = t;
    await node.lawDocuments();
    const fence = 4;
    for (const condition of [
      'id >= 2',
      '2 < id',
      'id between 1.5 and 3.2',
      'id = 3',
      "id = '3'",
      'id < 2.5 and id > -1',
      "time >= '2001-01-01'",
      "time > timestamptz '2001-01-01 00:00:00+02' and time < now() + interval 1 day",
      "time < date '2001-01-01'",
      "time = 'infinity'::timestamp or id = 1",
      "time <= 'infinity'::timestamp",
      'id > null',
    ]) {
      const bounded = `select id from audit.log where id + 0 <= ${fence} and ${condition} order by id`;
      const whole = `select id from (select * from audit.log limit 100000) l where id + 0 <= ${fence} and ${condition} order by id`;
      assert.deepEqual(await rowsOf(node, bounded), await rowsOf(node, whole), condition);
    }
    assert.deepEqual(
      await rowsOf(node, 'select l.time::integer from audit.log as l(time, b) where l.time = 2'),
      [[2]],
    );
    const renamed = 'select nr, moment from audit.log as l(nr, moment) where nr = 2';
    assert.deepEqual(
      await rowsOf(node, renamed),
      await rowsOf(node, 'select id, time from audit.log where id = 2'),
    );
    const described = await rowsOf(node, 'describe audit.log');
    assert.deepEqual(described.map(([name, type]) => `${String(name)} ${String(type)}`).slice(0, 3), [
      'id BIGINT',
      'time TIMESTAMP',
      'node_id VARCHAR',
    ]);
    const [[plan] = []] = await rowsOf(node, 'explain select principal from audit.log where id >= 2').then(
      (rows) => rows.map((row) => [row.join(' ')]),
    );
    assert.match(plan ?? '', /audit log/);
  });

  it('is there for who may audit, and for nobody else', async () => {
    await using p = await people({ limits: { audit_sql_rows: 5 } });
    await p.add('eve', 'auditor');
    const eve = p.as('eve');
    assert.deepEqual(await rowsOf(eve, 'select count(*)::integer from audit.log where id <= 4'), [[5]]);
    const tooMany = await errorOf(eve.sql({ sql: 'select id from audit.log' }));
    assert.equal(tooMany.code, 'audit.sql_rows');
    assert.match(tooMany.cure, /id or time/);
    assert.deepEqual(
      (await rowsOf(eve, 'show tables')).map((row) => row.slice(0, 2)),
      [['audit', 'log']],
    );
    assert.equal((await errorOf(eve.sql({ sql: 'select * from esh.sites' }))).code, 'sql.name');
    for (const other of ['root', 'ann']) {
      const node = p.as(other);
      const [none, hidden] = [
        await errorOf(node.sql({ sql: 'select id from audit.lot where id = 1' })),
        await errorOf(node.sql({ sql: 'select id from audit.log where id = 1' })),
      ];
      assert.equal(hidden.code, 'sql.name');
      const told = (one: FractalError): string =>
        JSON.stringify([one.code, one.message, one.cure, one.place]);
      assert.equal(told(hidden), told(none).replaceAll('audit.lot', 'audit.log'));
      assert.deepEqual(await rowsOf(node, `from node.tables where schema_name = 'audit'`), []);
      assert.deepEqual(await rowsOf(node, `from node.columns where schema_name = 'audit'`), []);
    }
    const { backend } = await p.node.flight();
    const shown = async (user: string): Promise<string[]> =>
      (await backend.tables(user)).map(({ schema, name, type }) => `${schema}.${name} ${type}`);
    assert.deepEqual(await shown('eve'), ['audit.log SYSTEM TABLE']);
    for (const other of ['root', 'ann'])
      assert.ok(!(await shown(other)).some((name) => name.startsWith('audit.')));
  });
});

test('only files that may hold what is asked for are read', async (t) => {
  const clock = new ManualClock(START);
  const read: string[] = [];
  const fs = {
    ...nodeFileSystem,
    readFile: async (file: string) => {
      if (file.endsWith('.log')) read.push(file.split(/[\\/]/).at(-1)!);
      return await nodeFileSystem.readFile(file);
    },
  };
  const limits = { audit_segment_bytes: 900, audit_group_entries: 1 };
  const folder = await mkdtemp(path.join(tmpdir(), 'fractal-audit-'));
  const log = await openLog(folder, { clock, fs, limits });
  t.after(async () => {
    await log.close();
    await rm(folder, { recursive: true, force: true });
  });
  for (let i = 0; i < 20; i++) {
    clock.advance(60_000);
    await log.record(event(i));
  }
  const entries = new LoggedEntries(log);
  const ids = async (bounds: Parameters<LoggedEntries['read']>[0]): Promise<number[]> => {
    read.length = 0;
    const found: number[] = [];
    for await (const lines of entries.read(bounds, new AbortController().signal))
      found.push(...lines.map(({ id }) => id));
    return found;
  };
  const all = await ids({ from: 0, end: Infinity });
  const files = [...read];
  assert.deepEqual(
    all,
    Array.from({ length: log.size }, (_, i) => i),
  );
  assert.ok(files.length > 4, `${files.length} files`);
  assert.deepEqual(await ids({ from: 3, end: 4 }), [3]);
  assert.equal(read.length, 1);
  assert.deepEqual(await ids({ from: 0, end: 0 }), []);
  assert.equal(read.length, 0);
  const times = new Map<number, number>();
  for await (const lines of entries.read({ from: 0, end: Infinity }, new AbortController().signal))
    for (const { id, entry } of lines) times.set(id, Date.parse(`${entry!.timestamp.slice(0, 23)}Z`));
  const [since, until] = [times.get(7)!, times.get(8)!];
  assert.deepEqual(
    await ids({ from: 0, end: Infinity, since, until }),
    all.filter((id) => times.get(id)! >= since && times.get(id)! <= until),
  );
  // The last file is not sealed, so it is looked at to know from when it is.
  assert.ok(read.length <= 3, read.join());
  assert.deepEqual(await ids({ from: 0, end: Infinity, until: START - 1 }), []);
  assert.ok(read.length <= 1, read.join());

  clock.advance(400 * 86_400_000);
  await retire(log, { default: 6 }, false);
  const [first] = await (async () => {
    for await (const lines of entries.read({ from: 0, end: 1 }, new AbortController().signal)) return lines;
    return [];
  })();
  assert.deepEqual([first?.id, first?.entry, first?.hash.length], [0, undefined, 64]);
});
