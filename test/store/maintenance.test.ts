import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { SeededRandom } from '../../src/base/index.ts';
import { ESH } from '../../src/schema/index.ts';
import { Maintenance, type Store } from '../../src/store/index.ts';
import {
  codeOf,
  makeMirror,
  mirrorContent,
  mirrorRows,
  openStore,
  site,
  tempFolder,
  type Options,
} from './kit.ts';

async function add(store: Store, id: string): Promise<void> {
  await store.transact('t', async (tx) => {
    await tx.put(ESH.sites, [site(id)]);
    await tx.stage('mirror', mirrorRows([{ id, n: 1 }]));
  });
}

async function many(t: TestContext, commits: number, options: Options = {}) {
  const folder = await tempFolder(t);
  const store = await openStore(folder, options);
  t.after(() => store.close());
  await makeMirror(store);
  for (let i = 0; i < commits; i++) await add(store, `s${i}`);
  return { store, folder };
}

const fragments = (folder: string): Promise<string[]> =>
  readdir(path.join(folder, 'lance', 'mirror.lance', 'data'));
const versions = (folder: string): Promise<string[]> =>
  readdir(path.join(folder, 'lance', 'mirror.lance', '_versions'));

async function check(store: Store, extra = 0): Promise<void> {
  const [row] = await store.rows<{ n: bigint }>('select count(*) n from esh.sites');
  const rows = await mirrorContent(store.lanceTable('mirror').reader);
  assert.equal(rows.length, Number(row?.n) + extra);
  assert.equal(new Set(rows).size, rows.length);
}

describe('maintenance', () => {
  it('M1 M3 T4 many commits become few fragments while writers and readers go on, and old versions go', async (t) => {
    const { store, folder } = await many(t, 20, { limits: { lance_keep_versions_ms: 1 } });
    const before = await mirrorContent(store.lanceTable('mirror').reader);
    const statsBefore = await store.lanceTable('mirror').reader.stats();
    const maintenance = new Maintenance({ store });
    let done = false;
    let reads = 0;
    const reader = (async () => {
      while (!done) {
        await store.snapshot(async (snapshot) => {
          const [row] = await snapshot.rows<{ n: bigint }>('select count(*) n from esh.sites');
          assert.equal((await mirrorContent(await snapshot.lance('mirror'))).length, Number(row?.n));
        });
        reads++;
      }
    })();
    const writer = (async () => {
      let n = 0;
      while (!done) {
        await add(store, `new${n++}`);
        await codeOf(
          store.transact('t', async (tx) => {
            await tx.stage('mirror', mirrorRows([{ id: 'never', n: 0 }]));
            throw new TypeError('on purpose');
          }),
        );
      }
      return n;
    })();
    await maintenance.run().finally(() => (done = true));
    const added = await writer;
    await reader;
    const after = await mirrorContent(store.lanceTable('mirror').reader);
    assert.deepEqual(
      after.filter((row) => row.startsWith('s')),
      before,
    );
    assert.equal(after.length, before.length + added);
    assert.ok(!after.includes('never=0'));
    assert.ok(reads > 0);
    const statsAfter = await store.lanceTable('mirror').reader.stats();
    assert.equal(statsBefore.fragmentStats.numFragments, 20);
    assert.ok(
      statsAfter.fragmentStats.numFragments < 20,
      `${statsAfter.fragmentStats.numFragments} fragments`,
    );
    // Quiet now: one more run leaves one fragment and little else on disk.
    await maintenance.run();
    const quiet = await store.lanceTable('mirror').reader.stats();
    assert.equal(quiet.fragmentStats.numFragments, 1);
    assert.ok((await versions(folder)).length <= 5, `${(await versions(folder)).length} versions`);
    assert.ok((await fragments(folder)).length <= 5);
    await store.close();
    const again = await openStore(folder);
    assert.deepEqual(await mirrorContent(again.lanceTable('mirror').reader), after);
    await check(again);
    await again.close();
  });

  it('M3 versions younger than the bound stay: a reader that began before goes on', async (t) => {
    const { store } = await many(t, 6);
    const { head: version, reader: old } = store.lanceTable('mirror');
    const before = await mirrorContent(old);
    await new Maintenance({ store }).run();
    assert.ok(store.lanceTable('mirror').head > version);
    assert.deepEqual(await mirrorContent(old), before);
    // And not out of a cache: on disk too.
    assert.deepEqual(await mirrorContent(await store.lanceTable('mirror').at(version)), before);
    assert.deepEqual(await mirrorContent(store.lanceTable('mirror').reader), before);
  });

  it('M4 runs by itself after enough commits, never twice at a time', async (t) => {
    const { store } = await many(t, 0, { limits: { lance_commits_between_compactions: 6 } });
    let children = 0;
    let alive = 0;
    const maintenance = new Maintenance({
      store,
      onChild(child) {
        children++;
        assert.equal(++alive, 1);
        child.once('exit', () => alive--);
      },
    });
    maintenance.start();
    maintenance.start();
    for (let i = 0; i < 8; i++) await add(store, `s${i}`);
    assert.equal(children, 1);
    await Promise.all([maintenance.run(), maintenance.run()]);
    assert.equal(children, 1, 'a run that is asked for is the one that runs');
    assert.deepEqual(maintenance.warnings, []);
    await maintenance.stop();
    await check(store);
  });

  it('M2 M4 stops at once, killing its child, and the table is whole', async (t) => {
    const { store, folder } = await many(t, 10);
    let child: ChildProcess | undefined;
    const maintenance = new Maintenance({ store, onChild: (started) => (child = started) });
    maintenance.start();
    const run = maintenance.run();
    const ended = once(child ?? assert.fail('no child'), 'exit');
    await maintenance.stop();
    await run;
    await ended;
    assert.deepEqual(maintenance.warnings, []);
    await check(store);
    await add(store, 'after');
    await store.close();
    const again = await openStore(folder);
    await check(again);
    await again.close();
  });

  it('M2 T3 a child that is killed at any moment leaves the table whole', async (t) => {
    const { store, folder } = await many(t, 4, { limits: { lance_keep_versions_ms: 1 } });
    const random = new SeededRandom(5);
    // How long a child lives here and now, so that the kills fall within its life on any machine.
    const started = performance.now();
    await new Maintenance({ store }).run();
    const life = performance.now() - started;
    let killed = 0;
    for (let i = 0; i < 10; i++) {
      for (let k = 0; k < 3; k++) await add(store, `k${i}-${k}`);
      const maintenance = new Maintenance({
        store,
        onChild: (child) => setTimeout(() => child.kill('SIGKILL'), life * random.float()),
      });
      const code = await codeOf(maintenance.run());
      assert.ok(['store.compaction_ended', 'no error'].includes(code), code);
      if (code !== 'no error') {
        killed++;
        assert.equal(maintenance.failures, 1);
        assert.match(maintenance.warnings.join(), /tried again/);
      }
      await check(store);
    }
    assert.ok(killed > 2, `${killed} kills met a child at work`);
    await store.close();
    const again = await openStore(folder);
    await check(again);
    await new Maintenance({ store: again }).run();
    await check(again);
    await again.close();
  });

  it('M2 T3 a node that stops between compaction and the move of its head takes the compaction back', async (t) => {
    const { store, folder } = await many(t, 6);
    // Step 1 alone.
    const lancedb = await import('@lancedb/lancedb');
    const db = await lancedb.connect(path.join(folder, 'lance'));
    const table = await db.openTable('mirror');
    await table.optimize({ cleanupOlderThan: new Date(0) });
    assert.ok((await table.version()) > store.lanceTable('mirror').head);
    await check(store);
    await store.close();
    const again = await openStore(folder);
    await check(again);
    await add(again, 'next');
    await check(again);
    await new Maintenance({ store: again }).run();
    await check(again);
    await again.close();
  });

  it('M4 a ceiling too low for memory or time is told, not fatal, and the pause between tries grows', async (t) => {
    const { store } = await many(t, 3, { limits: { compaction_memory_bytes: 1024 * 1024 } });
    const maintenance = new Maintenance({ store });
    await assert.rejects(maintenance.run(), { code: 'store.compaction_memory', kind: 'unavailable' });
    await assert.rejects(maintenance.run(), { code: 'store.compaction_memory' });
    assert.equal(maintenance.failures, 2);
    assert.match(maintenance.warnings.join(), /memory/);
    await check(store);
    const slow = await many(t, 1, { limits: { compaction_time_ms: 1 } });
    const impatient = new Maintenance({ store: slow.store });
    await assert.rejects(impatient.run(), { code: 'store.compaction_time' });
    await check(slow.store);
  });

  it('M4 is tried again by itself after the pause, until it works', async (t) => {
    const { store } = await many(t, 0, {
      limits: { lance_commits_between_compactions: 1, compaction_pause_ms: 5, compaction_pause_max_ms: 20 },
    });
    let children = 0;
    const worked = Promise.withResolvers<void>();
    const maintenance = new Maintenance({
      store,
      onChild(child) {
        if (++children < 3) child.kill('SIGKILL');
        else child.once('exit', () => worked.resolve());
      },
    });
    maintenance.start();
    // The timer does not hold the process; this does.
    const hold = setInterval(() => undefined, 1000);
    await add(store, 'a');
    await worked.promise;
    await maintenance.run();
    clearInterval(hold);
    assert.ok(children >= 3);
    assert.equal(maintenance.failures, 0);
    assert.deepEqual(maintenance.warnings, []);
    await maintenance.stop();
  });

  it('M4 a damaged table is told as such', async (t) => {
    const { store, folder } = await many(t, 2);
    const { rm } = await import('node:fs/promises');
    await rm(path.join(folder, 'lance', 'mirror.lance'), { recursive: true });
    const maintenance = new Maintenance({ store });
    assert.equal(await codeOf(maintenance.run()), 'search.index_damaged');
    assert.equal(maintenance.failures, 1);
  });
});
