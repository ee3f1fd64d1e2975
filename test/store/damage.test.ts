import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { before, after, describe, it } from 'node:test';
import os from 'node:os';
import { nodeFileSystem, sha256 } from '../../src/base/index.ts';
import { ESH } from '../../src/schema/index.ts';
import type { Store } from '../../src/store/index.ts';
import { codeOf, crashImage, makeMirror, mirrorContent, mirrorRows, openStore, site } from './kit.ts';

const COMMITS = 6;

/** Entries of a log: position of the frame, of its payload, and its length. */
function frames(log: Buffer): { at: number; payload: number; size: number }[] {
  const found = [];
  // The first entry names the version of the log and stands without a frame; its end is where the first frame fits.
  let at = 0;
  while (at < 64 && !fits(log, at)) at++;
  while (at + 16 <= log.length) {
    const size = Number(log.readBigUInt64LE(at));
    found.push({ at, payload: at + 16, size });
    at += 16 + size;
  }
  assert.equal(at, log.length, 'the log is whole');
  return found;
}

function fits(log: Buffer, start: number): boolean {
  let at = start;
  let n = 0;
  while (at + 16 <= log.length) {
    const size = log.readBigUInt64LE(at);
    if (size === 0n || size > BigInt(log.length)) return false;
    at += 16 + Number(size);
    n++;
  }
  return at === log.length && n > COMMITS;
}

describe('damage', () => {
  let base: string;
  let image: string;
  let log: Buffer;
  let n = 0;

  /** The data directory after a crash, with `damaged` for its log. */
  async function withLog(damaged: Buffer | undefined): Promise<string> {
    const folder = path.join(base, `try${n++}`);
    await cp(image, folder, { recursive: true });
    const file = path.join(folder, 'fractal.duckdb.wal');
    if (damaged === undefined) await rm(file);
    else await writeFile(file, damaged);
    return folder;
  }

  /** Opens, checks what must hold after any damage of the log, and gives the number of commits that are there. */
  async function check(folder: string, damaged: Buffer | undefined, what: string): Promise<number> {
    const original = sha256(await readFile(path.join(folder, 'fractal.duckdb')));
    const store = await openStore(folder);
    const rows = await store.rows<{ id: string }>('select site_id as id from esh.sites order by 1');
    const kept = rows.length;
    assert.deepEqual(
      rows.map((row) => row.id),
      [...Array(kept).keys()].map((i) => `s${i + 1}`),
      `${what}: a prefix`,
    );
    const [commits] = await store.rows<{ n: bigint }>('select count(*) n from node.commits');
    assert.equal(Number(commits?.n), kept, what);
    if (store.lanceTables.length > 0)
      assert.deepEqual(
        (await mirrorContent(store.lanceTable('mirror').reader)).map((row) => row.split('=')[0]),
        rows.map((row) => row.id),
        `${what}: both engines`,
      );
    else assert.equal(kept, 0, what);
    assert.equal(store.nodeId, nodeId, `${what}: the node keeps its name`);
    assert.equal(
      store.commitVersion,
      BigInt(COMMITS),
      `${what}: no acknowledged version is handed out again`,
    );
    if (kept < COMMITS) {
      // R3: it says so, with the number of commits.
      assert.match(
        store.warnings.join('\n'),
        new RegExp(`${COMMITS - kept} commits \\(${kept + 1} to ${COMMITS}\\)`),
        what,
      );
      // R1: the files as they were.
      if (damaged !== undefined && damaged.length > 0) {
        const [stamp = ''] = await readdir(path.join(folder, 'quarantine'));
        const quarantine = path.join(folder, 'quarantine', stamp);
        assert.equal(
          sha256(await readFile(path.join(quarantine, 'fractal.duckdb.wal'))),
          sha256(damaged),
          what,
        );
        assert.equal(sha256(await readFile(path.join(quarantine, 'fractal.duckdb'))), original, what);
        assert.equal(store.salvage?.quarantine, quarantine);
      }
    } else assert.equal(store.warnings.filter((warning) => /missing/.test(warning)).length, 0, what);
    // Life goes on.
    assert.equal((await add(store, 'after')).commitVersion, BigInt(COMMITS + 1), what);
    await store.close();
    await rm(folder, { recursive: true });
    return kept;
  }

  async function add(store: Store, id: string) {
    return await store.transact('t', async (tx) => {
      await tx.put(ESH.sites, [site(id)]);
      if (store.hasLanceTable('mirror')) await tx.stage('mirror', mirrorRows([{ id, n: 1 }]));
    });
  }

  let nodeId: string;
  before(async () => {
    base = await mkdtemp(path.join(os.tmpdir(), 'fractal-damage-'));
    image = path.join(base, 'image');
    const store = await openStore(path.join(base, 'data'));
    nodeId = store.nodeId;
    await makeMirror(store);
    for (let i = 1; i <= COMMITS; i++) await add(store, `s${i}`);
    await crashImage(path.join(base, 'data'), image);
    await store.close();
    log = await readFile(path.join(image, 'fractal.duckdb.wal'));
  });
  after(() => rm(base, { recursive: true, force: true }));

  it('R2 an undamaged log gives everything and no warning', async () => {
    const folder = await withLog(log);
    const store = await openStore(folder);
    assert.deepEqual(store.warnings, []);
    assert.equal(store.salvage, undefined);
    await store.close();
    assert.equal(await check(await withLog(log), log, 'whole'), COMMITS);
  });

  it('R1 R2 R3 a flipped byte in each entry keeps exactly the commits before it', async () => {
    const all = frames(log);
    let last = 0;
    const seen = new Set<number>();
    // Every entry of the last commits, every fourth of those before: each open takes a while.
    for (const [i, frame] of all.entries()) {
      if (i % 4 !== 0 && i < all.length - 8) continue;
      const damaged = Buffer.from(log);
      const at = frame.payload + Math.floor(frame.size / 2);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 0x40, at);
      const kept = await check(await withLog(damaged), damaged, `entry ${i}`);
      assert.ok(kept >= last, 'the later the damage, the more is kept');
      last = kept;
      seen.add(kept);
    }
    assert.equal(last, COMMITS - 1);
    assert.ok(seen.size > 3);
  });

  it('R2 tells the bytes that could not be replayed', async () => {
    const all = frames(log);
    const frame = all[Math.floor(all.length / 2)];
    assert.ok(frame);
    const damaged = Buffer.from(log);
    damaged.writeUInt8(damaged.readUInt8(frame.payload) ^ 1, frame.payload);
    const store = await openStore(await withLog(damaged));
    // The engine names the entry behind its frame.
    assert.equal(store.salvage?.lostBytes, log.length - frame.payload);
    assert.match(store.warnings.join('\n'), new RegExp(`${log.length - frame.payload} bytes`));
    await store.close();
  });

  it('R1 R3 a damaged frame size, which the engine takes for the end, is found out and the files kept', async () => {
    const all = frames(log);
    for (const i of [0, Math.floor(all.length / 2), all.length - 4])
      for (const size of [0xffff_ffffn, 0xffff_ffff_ffff_ffffn]) {
        const damaged = Buffer.from(log);
        damaged.writeBigUInt64LE(size, all[i]?.at ?? 0);
        const kept = await check(await withLog(damaged), damaged, `size ${size} of entry ${i}`);
        assert.ok(kept < COMMITS);
      }
  });

  it('R1 R3 a log cut at any length keeps the commits before the cut', async () => {
    let last = 0;
    for (let length = 0; length < log.length; length += Math.ceil(log.length / 12)) {
      const damaged = log.subarray(0, length);
      const kept = await check(await withLog(damaged), damaged, `cut at ${length}`);
      assert.ok(kept >= last);
      last = kept;
    }
    assert.ok(last > 0);
  });

  it('R3 a log that is gone is found out', async () => {
    assert.equal(await check(await withLog(undefined), undefined, 'no log'), 0);
  });

  it('R3 a damaged mark is no mark: the node opens and counts on from its database', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('99 99 0123456789abcdef\n'), Buffer.alloc(128, 0xff)]) {
      const folder = await withLog(log);
      await writeFile(path.join(folder, 'commits.head'), bytes);
      const store = await openStore(folder);
      assert.deepEqual(store.warnings, []);
      assert.equal(store.commitVersion, BigInt(COMMITS));
      await store.close();
    }
  });

  it('R3 a mark whose last write was torn is one commit behind, and no false alarm', async () => {
    const folder = await withLog(log);
    const file = path.join(folder, 'commits.head');
    const mark = await readFile(file);
    mark.fill(0x20, (COMMITS % 2) * 64 + 4, (COMMITS % 2) * 64 + 30);
    await writeFile(file, mark);
    const store = await openStore(folder);
    assert.deepEqual(store.warnings, []);
    assert.equal(store.commitVersion, BigInt(COMMITS));
    await store.close();
  });

  it('R1 when the files cannot be copied aside, nothing is changed', async () => {
    const damaged = Buffer.from(log);
    const middle = frames(log)[20];
    assert.ok(middle);
    damaged.writeUInt8(damaged.readUInt8(middle.payload) ^ 1, middle.payload);
    const folder = await withLog(damaged);
    const fs = {
      ...nodeFileSystem,
      async copy(): Promise<void> {
        throw Object.assign(new TypeError('no space left'), { code: 'ENOSPC' });
      },
    };
    assert.equal(await codeOf(openStore(folder, { fs })), 'store.quarantine');
    assert.ok((await readFile(path.join(folder, 'fractal.duckdb.wal'))).equals(damaged));
    const kept = await check(folder, damaged, 'with space again');
    assert.ok(kept < COMMITS);
  });

  it('a database file that is damaged is refused with a cure, and left as it is', async () => {
    const folder = await withLog(undefined);
    const file = path.join(folder, 'fractal.duckdb');
    const bytes = await readFile(file);
    for (const damage of [
      (copy: Buffer) => copy.fill(0, 0, 4096),
      (copy: Buffer) => copy.fill(0xff, 4096, 12_288),
      (copy: Buffer) => copy.subarray(0, 100),
    ]) {
      const damaged = damage(Buffer.from(bytes));
      await writeFile(file, damaged);
      await assert.rejects(openStore(folder), { code: 'store.damaged', kind: 'integrity', cure: /backup/ });
      assert.ok((await readFile(file)).equals(damaged));
    }
  });

  it('R4 a Lance table without its manifests, its data or its folder does not stop the node', async () => {
    const damages: Record<string, (folder: string) => Promise<void>> = {
      'no folder': (folder) => rm(folder, { recursive: true }),
      'no manifests': (folder) => rm(path.join(folder, '_versions'), { recursive: true }),
      'empty manifests': async (folder) => {
        const versions = path.join(folder, '_versions');
        for (const name of await readdir(versions)) await truncate(path.join(versions, name), 0);
      },
      'nonsense manifests': async (folder) => {
        const versions = path.join(folder, '_versions');
        for (const name of await readdir(versions))
          await writeFile(path.join(versions, name), Buffer.alloc(300, 7));
      },
      'not the manifest of the head': async (folder) => {
        const versions = path.join(folder, '_versions');
        // Named downwards from 2⁶⁴, so that the newest comes first.
        const [newest = ''] = (await readdir(versions)).filter((name) => name.endsWith('.manifest')).sort();
        await rm(path.join(versions, newest));
      },
    };
    for (const [what, damage] of Object.entries(damages)) {
      const folder = await withLog(log);
      await damage(path.join(folder, 'lance', 'mirror.lance'));
      const store = await openStore(folder);
      await assert.rejects(
        async () => store.lanceTable('mirror'),
        { code: 'search.index_damaged', kind: 'integrity', cure: /reindex/ },
        what,
      );
      assert.throws(() => store.hasLanceTable('mirror'), { code: 'search.index_damaged' });
      assert.deepEqual(await store.rows('select count(*) n from esh.sites'), [{ n: BigInt(COMMITS) }]);
      await store.transact('t', (tx) => tx.put(ESH.sites, [site('goes on')]));
      // The cure works.
      await makeMirror(store);
      await add(store, 'new');
      assert.deepEqual(await mirrorContent(store.lanceTable('mirror').reader), ['new=1']);
      await store.close();
      const again = await openStore(folder);
      assert.deepEqual(await mirrorContent(again.lanceTable('mirror').reader), ['new=1'], what);
      await again.close();
    }
  });

  it('R4 a transaction that writes to a damaged Lance table fails whole', async () => {
    const folder = await withLog(log);
    await rm(path.join(folder, 'lance', 'mirror.lance'), { recursive: true });
    const store = await openStore(folder);
    const write = store.transact('t', async (tx) => {
      await tx.put(ESH.sites, [site('x')]);
      await tx.stage('mirror', mirrorRows([{ id: 'x', n: 1 }]));
    });
    assert.equal(await codeOf(write), 'search.index_damaged');
    assert.deepEqual(await store.rows(`select 1 from esh.sites where site_id = 'x'`), []);
    await store.close();
  });

  it('R4 missing data files are met when they are read, with the same cure', async () => {
    const folder = await withLog(log);
    const data = path.join(folder, 'lance', 'mirror.lance', 'data');
    for (const name of await readdir(data)) await rm(path.join(data, name));
    const store = await openStore(folder);
    assert.equal(
      await codeOf(store.lanceTable('mirror').read((table) => table.query().toArray())),
      'search.index_damaged',
    );
    assert.deepEqual(await store.rows('select count(*) n from esh.sites'), [{ n: BigInt(COMMITS) }]);
    await store.close();
  });
});
