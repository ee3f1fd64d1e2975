import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Index } from '@lancedb/lancedb';
import fc from 'fast-check';
import { DEFAULT_LIMITS, ManualClock, nodeFileSystem, type FileSystem } from '../../src/base/index.ts';
import { ESH } from '../../src/schema/index.ts';
import { DuckDb, type Row, type Store } from '../../src/store/index.ts';
import {
  codeOf,
  crashImage,
  freshStore,
  makeMirror,
  mirrorContent,
  mirrorRows,
  openStore,
  permit,
  site,
  tempFolder,
} from './kit.ts';

/** Ids of live sites in DuckDB, and of rows in Lance. */
async function both(store: Store): Promise<{ duck: string[]; lance: string[] }> {
  const rows = await store.rows<{ id: string }>(
    'select site_id as id from esh.sites where not deleted order by 1',
  );
  const lance = await mirrorContent(store.lanceTable('mirror').reader);
  return { duck: rows.map((row) => row.id), lance: lance.map((row) => row.split('=')[0] ?? '') };
}

async function add(store: Store, id: string): Promise<bigint> {
  const { commitVersion } = await store.transact('t', async (tx) => {
    await tx.put(ESH.sites, [site(id)]);
    await tx.stage('mirror', mirrorRows([{ id, n: Number(tx.stamp.commitVersion) }]));
  });
  return commitVersion;
}

/** A file system that tells of each fsync of Lance files and each write of the mark, before it happens. */
function watched(before: (what: 'lance' | 'mark', file: string) => Promise<void>): FileSystem {
  return {
    ...nodeFileSystem,
    async sync(file) {
      if (file.includes(`${path.sep}lance`)) await before('lance', file);
      await nodeFileSystem.sync(file);
    },
    async openFile(name) {
      const file = await nodeFileSystem.openFile(name);
      return {
        ...file,
        async write(position, data) {
          await before('mark', name);
          await file.write(position, data);
        },
      };
    },
  };
}

function collectGarbage(): void {
  setFlagsFromString('--expose_gc');
  (runInNewContext('gc') as () => void)();
}

const onPurpose = (): never => {
  throw new TypeError('on purpose');
};

describe('transactions', () => {
  it('T2 a body that throws leaves no trace in either engine, wherever it throws', async (t) => {
    const { store } = await freshStore(t);
    await makeMirror(store);
    await add(store, 'kept');
    const before = await both(store);
    const bodies: ((tx: Parameters<Parameters<Store['transact']>[1]>[0]) => Promise<void>)[] = [
      async () => onPurpose(),
      async (tx) => {
        await tx.put(ESH.sites, [site('x')]);
        onPurpose();
      },
      async (tx) => {
        await tx.stage('mirror', mirrorRows([{ id: 'x', n: 1 }]));
        onPurpose();
      },
      async (tx) => {
        await tx.stage('mirror', mirrorRows([{ id: 'x', n: 1 }]));
        await tx.stageUpdate('mirror', { where: `id = 'kept'`, set: { n: '99' } });
        await tx.put(ESH.sites, [site('x'), site('kept', { name: 'changed' })]);
        await tx.remove(ESH.sites, 'site_id = $1', ['kept']);
        await tx.stageDelete('mirror', `id = 'kept'`);
        onPurpose();
      },
      async (tx) => {
        await tx.stage('mirror', mirrorRows([{ id: 'x', n: 1 }]));
        await tx.rows('select nonsense');
      },
    ];
    for (const body of bodies) {
      await assert.rejects(store.transact('t', body));
      assert.deepEqual(await both(store), before);
      assert.deepEqual(await mirrorContent(store.lanceTable('mirror').reader), ['kept=1']);
      assert.deepEqual(await store.rows('select site_id, name from esh.sites'), [
        { site_id: 'kept', name: 'site kept' },
      ]);
    }
    assert.equal(store.commitVersion, 1n);
    assert.equal(await add(store, 'next'), 2n);
    assert.deepEqual(await both(store), { duck: ['kept', 'next'], lance: ['kept', 'next'] });
  });

  it('T2 rows of a batch that was refused half way do not come back later', async (t) => {
    const { store } = await freshStore(t, { limits: { append_rows: 2 } });
    const rows = [...Array(6).keys()].map((i) => site(`s${i}`));
    for (const write of ['put', 'insert'] as const)
      await assert.rejects(
        store.transact(
          't',
          (tx) => tx[write](ESH.sites, [...rows, site('bad', { employees: 1.5 })]) as Promise<unknown>,
        ),
        { code: 'row.type' },
      );
    // The appender of a refused batch must not write what it holds when it is collected.
    collectGarbage();
    await store.transact('t', (tx) => tx.put(ESH.sites, [site('fine')]));
    collectGarbage();
    assert.deepEqual(await store.rows('select site_id from esh.sites'), [{ site_id: 'fine' }]);
  });

  it('T2 a body may catch a refused write and go on', async (t) => {
    const { store } = await freshStore(t);
    await store.transact('t', (tx) => tx.put(ESH.permits, [permit('p')]));
    await store.transact('t', async (tx) => {
      assert.equal(
        await codeOf(tx.put(ESH.permits, [permit('p', { kind: 'water' }), permit('q')])),
        'row.conflict',
      );
      await tx.put(ESH.sites, [site('a')]);
    });
    assert.deepEqual(await store.rows('select permit_id, kind from esh.permits'), [
      { permit_id: 'p', kind: 'air' },
    ]);
    assert.deepEqual(await store.rows('select site_id from esh.sites'), [{ site_id: 'a' }]);
  });

  it('T2 T3 an fsync that fails fails the transaction, and nothing of it stays', async (t) => {
    const folder = await tempFolder(t);
    let failing = false;
    const fs = watched(async (what) => {
      if (failing && what === 'lance')
        throw Object.assign(new TypeError('input/output error'), { code: 'EIO' });
    });
    const store = await openStore(folder, { fs });
    await makeMirror(store);
    await add(store, 'a');
    failing = true;
    await assert.rejects(add(store, 'b'));
    assert.equal(store.commitVersion, 1n);
    // What was staged could not be taken back durably: search is shut rather than wrong, SQL goes on.
    assert.equal(await codeOf((async () => store.lanceTable('mirror'))()), 'search.not_rolled_back');
    assert.deepEqual(await store.rows('select site_id from esh.sites'), [{ site_id: 'a' }]);
    failing = false;
    await store.close();
    const again = await openStore(folder);
    assert.deepEqual(await both(again), { duck: ['a'], lance: ['a'] });
    assert.equal(await add(again, 'c'), 2n);
    assert.deepEqual(await both(again), { duck: ['a', 'c'], lance: ['a', 'c'] });
    await again.close();
  });

  it('T3 a crash at any step leaves the whole transaction or nothing, in both engines', async (t) => {
    const folder = await tempFolder(t);
    const data = path.join(folder, 'data');
    const images: { at: string; image: string }[] = [];
    let recording = false;
    const take = async (at: string): Promise<void> => {
      if (!recording) return;
      const image = path.join(folder, `image${images.length}`);
      await crashImage(data, image);
      images.push({ at, image });
    };
    const store = await openStore(data, {
      fs: watched((what, file) => take(`${what} ${path.basename(file)}`)),
    });
    await makeMirror(store);
    await add(store, 'a');
    recording = true;
    await store.transact('t', async (tx) => {
      await take('begin');
      await tx.put(ESH.sites, [site('b')]);
      await take('after put');
      await tx.stage('mirror', mirrorRows([{ id: 'b', n: 2 }]));
      await take('after stage');
      await tx.stageUpdate('mirror', { where: `id = 'a'`, set: { n: '7' } });
      await take('after update');
    });
    await take('acknowledged');
    recording = false;
    await store.close();
    assert.ok(images.length > 8, 'crashes at every fsync');
    const seen = new Set<number>();
    for (const [i, { at, image }] of images.entries()) {
      // Opening takes a while: every step by name, every second fsync.
      if (at.startsWith('lance') && i % 2 === 1) continue;
      const opened = await openStore(image);
      const found = await both(opened);
      assert.deepEqual(found.duck, found.lance, at);
      const committed = found.duck.length === 2;
      seen.add(found.duck.length);
      assert.deepEqual(found.duck, committed ? ['a', 'b'] : ['a'], at);
      assert.deepEqual(
        await mirrorContent(opened.lanceTable('mirror').reader),
        committed ? ['a=7', 'b=2'] : ['a=1'],
        at,
      );
      if (at === 'acknowledged' || at.startsWith('mark')) assert.ok(committed, at);
      assert.deepEqual(opened.warnings, [], at);
      assert.equal(await add(opened, 'next'), committed ? 3n : 2n, at);
      const after = await both(opened);
      assert.deepEqual(after.duck, after.lance, at);
      await opened.close();
    }
    assert.deepEqual([...seen].sort(), [1, 2]);
  });

  it('T4 a snapshot shows a commit in both engines or in neither, while writers go on', async (t) => {
    const { store } = await freshStore(t);
    await makeMirror(store);
    let done = false;
    const readers = [1, 2].map(async () => {
      let reads = 0;
      while (!done) {
        await store.snapshot(async (snapshot) => {
          const [row] = await snapshot.rows<{ n: bigint }>('select count(*) n from esh.sites');
          const rows = await (await snapshot.lance('mirror')).countRows();
          assert.equal(Number(row?.n), rows);
          assert.equal(Number(snapshot.commitVersion), rows);
        });
        reads++;
      }
      return reads;
    });
    // Without a snapshot, Lance is never ahead of what DuckDB already shows.
    const plain = (async () => {
      while (!done) {
        const rows = await store.lanceTable('mirror').reader.countRows();
        const [row] = await store.rows<{ n: bigint }>('select count(*) n from esh.sites');
        assert.ok(Number(row?.n) >= rows);
      }
    })();
    for (let i = 0; i < 8; i++) {
      await add(store, `s${i}`);
      await codeOf(
        store.transact('t', async (tx) => {
          await tx.put(ESH.sites, [site('never')]);
          await tx.stage('mirror', mirrorRows([{ id: 'never', n: 0 }]));
          onPurpose();
        }),
      );
    }
    done = true;
    await plain;
    for (const reads of await Promise.all(readers)) assert.ok(reads > 3);
  });

  it('T5 commits are 1, 2, 3, … also across restarts, and every row carries that of its last write', async (t) => {
    const folder = await tempFolder(t);
    let store = await openStore(folder);
    const heard: bigint[] = [];
    const stop = store.onCommit((version) => heard.push(version));
    assert.equal(
      (await store.transact('ann', (tx) => tx.put(ESH.sites, [site('a'), site('b')]))).commitVersion,
      1n,
    );
    await assert.rejects(store.transact('ann', async () => onPurpose()));
    await store.transact('bob', (tx) => tx.put(ESH.sites, [site('b', { name: 'new' })]));
    stop();
    await store.close();
    store = await openStore(folder);
    await store.transact('ann', (tx) => tx.remove(ESH.sites, 'site_id = $1', ['a']));
    assert.deepEqual(heard, [1n, 2n]);
    assert.deepEqual(await store.rows('select site_id, commit_version from esh.sites order by 1'), [
      { site_id: 'a', commit_version: 3n },
      { site_id: 'b', commit_version: 2n },
    ]);
    assert.deepEqual(
      await store.rows('select commit_version, principal, tables, changed_rows from node.commits order by 1'),
      [
        { commit_version: 1n, principal: 'ann', tables: ['esh.sites'], changed_rows: 2n },
        { commit_version: 2n, principal: 'bob', tables: ['esh.sites'], changed_rows: 1n },
        { commit_version: 3n, principal: 'ann', tables: ['esh.sites'], changed_rows: 1n },
      ],
    );
    await store.close();
  });

  it('T5 transactions asked for at the same time run one after the other', async (t) => {
    const { store } = await freshStore(t);
    const answers = await Promise.all(
      [...Array(20).keys()].map((i) => store.transact('t', (tx) => tx.put(ESH.sites, [site(`s${i}`)]))),
    );
    assert.deepEqual(
      answers.map((answer) => answer.commitVersion),
      [...Array(20).keys()].map((i) => BigInt(i + 1)),
    );
  });

  it('T9 a listener that throws does not fail the commit', async (t) => {
    const { store } = await freshStore(t);
    store.onCommit(onPurpose);
    const heard: bigint[] = [];
    store.onCommit((version) => heard.push(version));
    assert.equal((await store.transact('t', (tx) => tx.put(ESH.sites, [site('a')]))).commitVersion, 1n);
    assert.deepEqual(heard, [1n]);
  });

  it('T10 bookkeeping goes beside a transaction, whole or not at all, and makes no commit', async (t) => {
    const { store, folder } = await freshStore(t);
    const meta = (name: string) =>
      store.rows<{ value: string }>('select value from node.meta where name = $1', [name]);
    const note = (name: string, value: string) =>
      store.bookkeep((books) => books.bookkeep('insert into node.meta values ($1, $2)', [name, value]));
    await store.transact('t', async (tx) => {
      await tx.put(ESH.sites, [site('a')]);
      await note('beside', '1');
      assert.equal((await meta('beside')).length, 1);
    });
    await assert.rejects(
      store.bookkeep(async (books) => {
        await books.bookkeep('insert into node.meta values ($1, $2)', ['half', '1']);
        onPurpose();
      }),
    );
    assert.deepEqual(await meta('half'), []);
    assert.equal(store.commitVersion, 1n);
    // The same row from both sides: one of the two is tried again, and neither is lost.
    await note('count', '0');
    const add = `update node.meta set value = (value::int + 1)::varchar where name = $1`;
    await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        i % 2 === 0
          ? store.bookkeep((books) => books.bookkeep(add, ['count']))
          : store.transact('t', (tx) => tx.bookkeep(add, ['count'])),
      ),
    );
    assert.deepEqual(await meta('count'), [{ value: '8' }]);
    const image = `${folder}-image`;
    t.after(() => rm(image, { recursive: true, force: true }));
    await crashImage(folder, image);
    const again = await openStore(image);
    assert.deepEqual(await again.rows('select value from node.meta where name = $1', ['count']), [
      { value: '8' },
    ]);
    await again.close();
  });

  it('T6 stamps grow with commits, across restarts and clocks set back', async (t) => {
    const folder = await tempFolder(t);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 2 ** 41 }), { minLength: 2, maxLength: 4 }),
        async (walls) => {
          const clock = new ManualClock();
          for (const wall of walls) {
            clock.set(wall);
            const store = await openStore(folder, { clock });
            for (let i = 0; i < 2; i++)
              await store.transact('t', (tx) =>
                tx.put(ESH.sites, [site('a', { employees: (wall % 1000) + i })]),
              );
            await store.close();
          }
          const store = await openStore(folder, { clock });
          const rows = await store.rows<{ hlc: bigint }>(
            'select hlc from node.commits order by commit_version',
          );
          rows.forEach((row, i) => assert.ok(i === 0 || row.hlc > (rows[i - 1]?.hlc ?? 0n)));
          await store.close();
        },
      ),
      { numRuns: 2 },
    );
  });

  it('T6 the mark alone keeps the clock going when the database lost its last commits', async (t) => {
    const folder = await tempFolder(t);
    const clock = new ManualClock(2_000_000_000_000);
    const store = await openStore(folder, { clock });
    await store.close();
    const early = await readFile(path.join(folder, 'fractal.duckdb'));
    const late = await openStore(folder, { clock });
    await late.transact('t', (tx) => tx.put(ESH.sites, [site('a')]));
    const [lost] = await late.rows<{ hlc: bigint }>('select hlc from node.commits');
    await late.close();
    await writeFile(path.join(folder, 'fractal.duckdb'), early);
    clock.set(1000);
    const again = await openStore(folder, { clock });
    assert.equal(again.commitVersion, 1n);
    assert.equal((await again.transact('t', (tx) => tx.put(ESH.sites, [site('b')]))).commitVersion, 2n);
    const [next] = await again.rows<{ hlc: bigint }>('select hlc from node.commits');
    assert.ok((next?.hlc ?? 0n) > (lost?.hlc ?? 0n));
    await again.close();
  });

  it('T7 a write conflict is tried again, and reported when it stays', async (t) => {
    const { store, folder } = await freshStore(t, { limits: { write_retries: 3, write_retry_pause_ms: 1 } });
    const contact = (name: string): Row => ({
      contact_id: 'c',
      region: 'n',
      site_id: 's',
      role: 'lead',
      name,
    });
    await store.transact('t', (tx) => tx.put(ESH.contacts, [contact('first')]));
    const other = await DuckDb.open(
      path.join(folder, 'fractal.duckdb'),
      path.join(folder, 'temp'),
      DEFAULT_LIMITS,
    );
    const rival = await other.acquire();
    await rival.run('begin');
    await rival.run(`update esh.contacts set name = 'rival'`);
    let tries = 0;
    const write = (): Promise<unknown> =>
      store.transact('t', async (tx) => {
        tries++;
        await tx.put(ESH.contacts, [contact(`try ${tries}`)]);
      });
    await assert.rejects(write(), { code: 'store.conflict', kind: 'unavailable' });
    assert.equal(tries, 3);
    assert.equal(store.commitVersion, 1n);
    tries = 0;
    await store.transact('t', async (tx) => {
      if (++tries === 2) await rival.run('rollback');
      await tx.put(ESH.contacts, [contact('mine')]);
    });
    assert.equal(tries, 2);
    assert.deepEqual(await store.rows('select name, commit_version from esh.contacts'), [
      { name: 'mine', commit_version: 2n },
    ]);
    other.release(rival);
    other.close();
  });

  it('T7 an error that is no conflict is not tried again', async (t) => {
    const { store } = await freshStore(t);
    let tries = 0;
    await assert.rejects(
      store.transact('t', async (tx) => {
        tries++;
        await tx.rows('select nonsense');
      }),
      { code: 'sql.name' },
    );
    assert.equal(tries, 1);
  });

  it('T8 a transaction that changes no row makes no commit', async (t) => {
    const { store } = await freshStore(t);
    await makeMirror(store);
    await add(store, 'a');
    const heard: bigint[] = [];
    store.onCommit((version) => heard.push(version));
    for (const body of [
      async () => 'nothing',
      async (tx: { put: (table: typeof ESH.sites, rows: never[]) => Promise<unknown> }) =>
        tx.put(ESH.sites, []),
    ])
      assert.equal((await store.transact('t', body as never)).commitVersion, 1n);
    await store.transact('t', (tx) => tx.put(ESH.sites, [site('a')]));
    await store.transact('t', (tx) => tx.remove(ESH.sites, 'site_id = $1', ['no such']));
    await store.transact('t', (tx) => tx.stageUpdate('mirror', { where: `id = 'no such'`, set: { n: '1' } }));
    assert.deepEqual(heard, []);
    assert.deepEqual(await store.rows('select count(*) n from node.commits'), [{ n: 1n }]);
    assert.equal(await add(store, 'b'), 2n);
  });

  it('T9 a mark that cannot be written does not undo a commit: it is told, and the next commit mends it', async (t) => {
    const folder = await tempFolder(t);
    let full = false;
    const fs = watched(async (what) => {
      if (full && what === 'mark') throw Object.assign(new TypeError('no space left'), { code: 'ENOSPC' });
    });
    const store = await openStore(folder, { fs });
    await makeMirror(store);
    await add(store, 'a');
    full = true;
    assert.equal(await add(store, 'b'), 2n);
    assert.deepEqual(await both(store), { duck: ['a', 'b'], lance: ['a', 'b'] });
    assert.match(store.warnings.join(), /commits\.head/);
    await assert.rejects(store.transact('t', async () => onPurpose()));
    assert.deepEqual(await both(store), { duck: ['a', 'b'], lance: ['a', 'b'] });
    full = false;
    assert.equal(await add(store, 'c'), 3n);
    await store.close();
    assert.match(await readFile(path.join(folder, 'commits.head'), 'latin1'), /\b3 \d+ [0-9a-f]{16}\n/);
    const again = await openStore(folder);
    assert.deepEqual(again.warnings, []);
    assert.deepEqual(await both(again), { duck: ['a', 'b', 'c'], lance: ['a', 'b', 'c'] });
    await again.close();
  });

  it('every new file of Lance, and every folder that got a new name, is synced before the commit', async (t) => {
    const folder = await tempFolder(t);
    const synced = new Set<string>();
    const fs: FileSystem = {
      ...nodeFileSystem,
      async sync(file) {
        synced.add(file);
        await nodeFileSystem.sync(file);
      },
    };
    const store = await openStore(folder, { fs });
    await makeMirror(store);
    await add(store, 'a');
    const walk = async (below: string): Promise<string[]> => {
      const found: string[] = [];
      for (const name of await nodeFileSystem.list(below)) {
        const file = path.join(below, name);
        found.push(file);
        if ((await nodeFileSystem.stat(file))?.isDirectory() === true) found.push(...(await walk(file)));
      }
      return found;
    };
    // An index is files in a folder of a folder that has no files itself.
    await store.maintain('mirror', (table) => table.createIndex('id', Index.btree(), true));
    const files = await walk(path.join(folder, 'lance', 'mirror.lance'));
    assert.ok(files.some((file) => file.endsWith('_indices')));
    for (const file of files) assert.ok(synced.has(file), file);
    assert.ok(synced.has(path.join(folder, 'lance')));
    synced.clear();
    await add(store, 'b');
    assert.ok(synced.size > 0 && synced.size < 10, 'only what is new');
    await store.close();
  });

  it('a Lance table that cannot be made anew stays what it was', async (t) => {
    const folder = await tempFolder(t);
    const store = await openStore(folder);
    await makeMirror(store);
    await add(store, 'a');
    const { MIRROR } = await import('./kit.ts');
    await assert.rejects(
      store.makeLanceTable(MIRROR, async () => onPurpose()),
      (error: { code: string }) => error.code === 'internal.unexpected',
    );
    assert.deepEqual(await both(store), { duck: ['a'], lance: ['a'] });
    await add(store, 'b');
    assert.deepEqual(await both(store), { duck: ['a', 'b'], lance: ['a', 'b'] });
    await store.close();
    const again = await openStore(folder);
    assert.deepEqual(await both(again), { duck: ['a', 'b'], lance: ['a', 'b'] });
    await again.makeLanceTable(MIRROR, async () => undefined);
    assert.deepEqual(await both(again), { duck: ['a', 'b'], lance: [] });
    await again.close();
  });
});
