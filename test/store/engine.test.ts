import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { DEFAULT_LIMITS, nodeFileSystem, silentLog, systemClock } from '../../src/base/index.ts';
import { ESH } from '../../src/schema/index.ts';
import { DuckDb, Store } from '../../src/store/index.ts';
import { codeOf, freshStore, openStore, site, tempFolder } from './kit.ts';

const KIT = new URL('./kit.ts', import.meta.url).href;

/** Runs for minutes unless it is stopped. */
const SLOW = 'select sum(a.i * b.i) from range($1) a(i), range(100000) b(i)';

/** In a process of its own: closing a file here would give up the lock this process has on it. */
async function hashes(folder: string): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', [
    '-c',
    `find '${folder}' -type f | sort | xargs -d '\\n' sha256sum`,
  ]);
  return stdout;
}

describe('engine', () => {
  it('D1 a second open of a file shares the instance: each sees what the other commits, and none is lost', async (t) => {
    const folder = await tempFolder(t);
    const file = path.join(folder, 'a.duckdb');
    const first = await DuckDb.open(file, folder, DEFAULT_LIMITS);
    const second = await DuckDb.open(file, folder, DEFAULT_LIMITS);
    await first.with((connection) => connection.run('create table a (x integer)'));
    await second.with((connection) => connection.run('insert into a values (1)'));
    await second.with((connection) => connection.run('create table b (x integer)'));
    assert.deepEqual(await first.rows('select x from a where x > $1', [0]), [{ x: 1 }]);
    second.close();
    await first.with((connection) => connection.run('insert into b values (2)'));
    await first.checkpoint();
    first.close();
    const again = await DuckDb.open(file, folder, DEFAULT_LIMITS);
    assert.deepEqual(await again.rows('select (from a) a, (from b) b'), [{ a: 1, b: 2 }]);
    again.close();
  });

  it('D1 D2 a second store on a folder is refused also inside one process: two would count commits apart', async (t) => {
    const { store, folder } = await freshStore(t);
    assert.equal(await codeOf(openStore(folder)), 'store.locked');
    assert.equal(await codeOf(openStore(folder, { limits: { duckdb_threads: 1 } })), 'store.locked');
    await store.transact('t', (tx) => tx.put(ESH.sites, [site('a')]));
    await store.close();
    const again = await openStore(folder);
    assert.equal(again.commitVersion, 1n);
    await again.close();
  });

  it('D2 a second process is refused and nothing is changed', async (t) => {
    const { store, folder } = await freshStore(t);
    await store.transact('t', (tx) => tx.put(ESH.sites, [site('a')]));
    const before = await hashes(folder);
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--input-type=module-typescript',
      '-e',
      `import { codeOf, openStore } from ${JSON.stringify(KIT)};
       process.stdout.write(await codeOf(openStore(${JSON.stringify(folder)})));`,
    ]);
    assert.equal(stdout, 'store.locked');
    assert.equal(await hashes(folder), before);
    await store.transact('t', (tx) => tx.put(ESH.sites, [site('b')]));
  });

  it('D3 without a large enough thread pool the store does not open, and makes nothing', async (t) => {
    const folder = path.join(await tempFolder(t), 'data');
    const size = process.env['UV_THREADPOOL_SIZE'];
    try {
      for (const wrong of ['4', '15', 'many', undefined]) {
        if (wrong === undefined) delete process.env['UV_THREADPOOL_SIZE'];
        else process.env['UV_THREADPOOL_SIZE'] = wrong;
        await assert.rejects(openStore(folder), { code: 'store.thread_pool', kind: 'unavailable' });
      }
    } finally {
      process.env['UV_THREADPOOL_SIZE'] = size;
    }
    assert.deepEqual(await readdir(path.dirname(folder)), []);
  });

  it('D4 a stream is never shortened by what else the store does', async (t) => {
    const { store } = await freshStore(t, { limits: { duckdb_connections: 4, duckdb_connections_idle: 1 } });
    const rows = 300_000;
    const open = await store.stream('select i from range($1) r(i)', [rows], new AbortController().signal);
    let seen = 0;
    let n = 0;
    for await (const chunk of open.result) {
      seen += chunk.rowCount;
      if (n++ % 10 === 0) {
        await store.transact('t', (tx) => tx.put(ESH.sites, [site(`s${n}`)]));
        await Promise.all([store.rows('select count(*) from esh.sites'), store.rows('select $1 as x', [1])]);
      }
    }
    open.close();
    open.close();
    assert.equal(seen, rows);
  });

  it('D4 a stream that is left early, or never read, leaves a connection that works', async (t) => {
    const { store } = await freshStore(t, { limits: { duckdb_connections: 1 } });
    const { signal } = new AbortController();
    for (let i = 0; i < 3; i++) {
      const open = await store.stream('select i from range($1) r(i)', [500_000], signal);
      if (i > 0) await open.result.fetchChunk();
      open.close();
      const whole = await store.stream('select i from range($1) r(i)', [10_000], signal);
      let seen = 0;
      for await (const chunk of whole.result) seen += chunk.rowCount;
      whole.close();
      assert.equal(seen, 10_000);
    }
  });

  it('D4 when all connections are taken the next one waits, and stops waiting when told', async (t) => {
    const { store } = await freshStore(t, { limits: { duckdb_connections: 1 } });
    const first = await store.lease();
    const stop = new AbortController();
    const refused = store.stream('select 1', [], stop.signal);
    const waiting = store.rows<{ x: number }>('select $1::integer as x', [7]);
    stop.abort(new TypeError('no longer wanted'));
    await assert.rejects(refused, /no longer wanted/);
    first.release();
    assert.deepEqual(await waiting, [{ x: 7 }]);
  });

  it('D4 a signal that has fired, also while waiting for a connection, starts nothing', async (t) => {
    const { store } = await freshStore(t);
    await assert.rejects(store.stream('select 1', [], AbortSignal.abort(new TypeError('gone'))), /gone/);
    const stop = new AbortController();
    const early = store.stream(SLOW, [1_000_000], stop.signal);
    stop.abort(new TypeError('gone early'));
    await assert.rejects(early, /gone early/);
    const later = new AbortController();
    const slow = store.stream(SLOW, [1_000_000], later.signal);
    await new Promise(setImmediate);
    later.abort();
    assert.equal(await codeOf(slow), 'sql.interrupted');
  });

  it('closing stops what runs, refuses what waits, and gives the lock back', async (t) => {
    const folder = await tempFolder(t);
    const store = await openStore(folder, { limits: { duckdb_connections: 2 } });
    const slow = store.rows(SLOW, [1_000_000]);
    const held = await store.lease();
    const waiting = store.rows('select $1', [1]);
    const answers = Promise.allSettled([slow, waiting]);
    await Promise.all([store.close(), store.close()]);
    const [stopped, refused] = await answers;
    assert.equal(
      stopped.status === 'rejected' && (stopped.reason as { code: string }).code,
      'sql.interrupted',
    );
    assert.equal(refused.status === 'rejected' && (refused.reason as { code: string }).code, 'store.closed');
    held.release();
    assert.equal(await codeOf(store.rows('select 1')), 'store.closed');
    assert.equal(await codeOf(store.transact('t', async () => 1)), 'store.closed');
    const again = await openStore(folder);
    await again.close();
  });

  it('a store that fails to open gives everything back', async (t) => {
    const folder = await tempFolder(t);
    const options = { folder, limits: DEFAULT_LIMITS, log: silentLog };
    const broken = { bytes: (): never => assert.fail('no randomness today') };
    await assert.rejects(Store.open({ ...options, clock: systemClock, fs: nodeFileSystem, random: broken }), {
      code: 'internal.unexpected',
    });
    const store = await openStore(folder);
    await store.close();
  });

  describe('D5 SQL cannot reach', async () => {
    const attacks: Record<string, (folder: string) => string> = {
      'a file by its name': () => `from '/etc/passwd'`,
      'a CSV file': (folder) => `from read_csv('${folder}/secret.csv')`,
      'a text file': (folder) => `from read_text('${folder}/secret.csv')`,
      'a blob': (folder) => `from read_blob('${folder}/*')`,
      'a JSON file': (folder) => `from read_json('${folder}/secret.csv')`,
      'a Parquet file': (folder) => `from parquet_scan('${folder}/secret.csv')`,
      'the names in a folder': (folder) => `from glob('${folder}/*')`,
      'a file to write': (folder) => `copy (select 1) to '${folder}/out.csv'`,
      'a table from a file': (folder) => `copy esh.sites from '${folder}/secret.csv'`,
      'a whole export': (folder) => `export database '${folder}/out'`,
      'a whole import': (folder) => `import database '${folder}'`,
      'another database': (folder) => `attach '${folder}/other.duckdb' as o`,
      'an extension of the network': () => `install httpfs`,
      'an extension on disk': (folder) => `load '${folder}/x.duckdb_extension'`,
      'a setting': () => `set memory_limit = '100GB'`,
      'a setting for all': () => `set global enable_external_access = true`,
      'a setting by pragma': () => `pragma enable_external_access = true`,
      'a setting undone': () => `reset lock_configuration`,
      'the configuration lock': () => `set lock_configuration = false`,
      'the network': () => `from 'https://localhost:1/x.csv'`,
      'a secret': () => `create secret s (type s3, key_id 'a', secret 'b')`,
      'the temporary folder': (folder) => `set temp_directory = '${folder}'`,
    };
    for (const [what, attack] of Object.entries(attacks))
      it(what, async (t) => {
        const { store, folder } = await freshStore(t);
        await writeFile(path.join(folder, 'secret.csv'), 'a,b\n1,2\n');
        const before = (await readdir(folder)).sort();
        await assert.rejects(store.rows(attack(folder)), (error: { code: string; message: string }) => {
          assert.match(error.code, /^sql\.|^store\.duckdb$/);
          assert.ok(!error.message.includes('1,2'));
          return true;
        });
        assert.deepEqual((await readdir(folder)).sort(), before);
        const [setting] = await store.rows<{ value: string }>(
          `select value from duckdb_settings() where name = 'enable_external_access'`,
        );
        assert.equal(setting?.value, 'false');
      });
  });

  it('D7 the data have another name in each run, and a catalogue of views knows none', async (t) => {
    const folder = await tempFolder(t);
    const file = path.join(folder, 'a.duckdb');
    const names = new Set<string>();
    for (let run = 0; run < 2; run++) {
      const duck = await DuckDb.open(file, folder, DEFAULT_LIMITS);
      names.add(duck.data);
      assert.match(duck.data, /^data_[0-9a-f]{32}$/);
      await duck.with((connection) => connection.run('create table if not exists secret as select 1 as x'));
      const views = await duck.makeCatalogue((name, data) => [
        `create view ${name}.main.shown as select x + 1 as y from ${data}.main.secret`,
      ]);
      const inside = async (sql: string): Promise<unknown[]> =>
        duck.with(async (connection) => (await connection.runAndReadAll(sql)).getRowsJS(), views);
      assert.deepEqual(await inside('from shown'), [[2]]);
      for (const sql of ['from secret', 'from main.secret', 'from a.main.secret', 'from data.main.secret'])
        assert.equal(await codeOf(inside(sql)), 'sql.name', sql);
      const error = await inside('from shon').catch((thrown: unknown) => thrown as Error);
      assert.ok(!JSON.stringify(error).includes(views) && !String(error).includes(duck.data));
      // Connections go round: none keeps standing among the views.
      await Promise.all(
        Array.from({ length: 20 }, async (_, i) => {
          if (i % 2 === 0) assert.deepEqual(await inside('from shown'), [[2]]);
          else assert.deepEqual(await duck.rows('select x from secret where $1 = 1', [1]), [{ x: 1 }]);
        }),
      );
      await duck.dropCatalogue(views);
      assert.equal(
        await codeOf(duck.with((connection) => connection.run(`from ${views}.main.shown`))),
        'sql.name',
      );
      duck.close();
    }
    assert.equal(names.size, 2);
  });

  it('D6 an error of the engine never shows a value from a row', async (t) => {
    const { store } = await freshStore(t);
    const secret = 'Jane-Doe-5550199';
    await store.transact('t', (tx) =>
      tx.put(ESH.sites, [
        site('a', { name: secret, manager: secret, employees: 2_147_483_647, activities: [secret] }),
      ]),
    );
    const statements = [
      'select name::integer from esh.sites',
      'select name::date from esh.sites',
      'select name::decimal(4,2) from esh.sites',
      'select error(name) from esh.sites',
      `select strptime(name, '%Y') from esh.sites`,
      'select json(name) from esh.sites',
      `select regexp_matches('a', '(' || name) from esh.sites`,
      'select (employees + 1::integer)::integer from esh.sites',
      'select nonsense from (pivot esh.sites on name using count(*))',
      'select list_extract(activities, 1)::timestamp from esh.sites',
      'insert into esh.sites (site_id) select name from esh.sites',
      'select name::uuid from esh.sites',
      'select name::blob::integer from esh.sites',
      `select date_part(name, date '2024-01-01') from esh.sites`,
      'select chr(employees) from esh.sites',
      'select repeat(name, employees) from esh.sites',
      'select (select name from esh.sites union all select name from esh.sites)',
      'select format(name || $q${:d}$q$, name) from esh.sites',
      'select printf($q$%d$q$, name) from esh.sites',
      'select name::struct(a integer) from esh.sites',
      'select name::integer[] from esh.sites',
      'select enum_code(name::enum(a)) from esh.sites',
      'select query(name) from esh.sites',
      'create unique index i on esh.sites (name); insert into esh.sites from esh.sites',
    ];
    for (const sql of statements) {
      await assert.rejects(store.rows(sql), (error: Error & { code: string; cure: string }) => {
        assert.equal(error.name, 'FractalError', sql);
        for (const shown of [error.message, error.cure])
          assert.ok(!shown.includes(secret) && !shown.includes('2147483647'), `${sql}: ${shown}`);
        return true;
      });
    }
  });

  it('numbers that are bound keep their value', async (t) => {
    const { store } = await freshStore(t);
    const wide = 9_007_199_254_740_993n;
    assert.deepEqual(await store.rows('select $1 as x', [wide]), [{ x: wide }]);
    assert.deepEqual(await store.rows('select $1 as x', [3_000_000_000]), [{ x: 3_000_000_000n }]);
    assert.deepEqual(await store.rows('select $1 as x', [0.1]), [{ x: 0.1 }]);
    assert.deepEqual(await store.rows('select $1 as x', [['a', 'b']]), [{ x: ['a', 'b'] }]);
    assert.deepEqual(await store.rows('select $1 as x', [null]), [{ x: null }]);
    await assert.rejects(store.rows('select $1 as x', [1n << 64n]));
  });
});
