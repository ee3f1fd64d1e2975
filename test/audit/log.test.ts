/** The log as one writes to it: order, durability, failures of the disk, what a crash leaves. */
import assert from 'node:assert/strict';
import { appendFile, cp, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { ManualClock, nodeFileSystem, type FileSystem } from '../../src/base/index.ts';
import { decodeEntry, verifyLog, type AuditLog } from '../../src/audit/index.ts';
import { START, event, openLog, tempFolder, type Options } from './kit.ts';

async function entriesOf(log: AuditLog): Promise<{ event_type: string; detail: Record<string, unknown> }[]> {
  const entries = [];
  for await (const { bytes } of log.lines()) if (bytes !== undefined) entries.push(decodeEntry(bytes)!);
  return entries;
}

const good = async (folder: string): Promise<void> =>
  assert.deepEqual((await verifyLog(nodeFileSystem, folder)).faults, []);

/** A file system on which the n-th write, sync or rename fails, counted from `arm`; of a write, half has been done. */
function failing(): { fs: FileSystem; arm: (after: number) => void; count: () => number } {
  let left = Infinity;
  let seen = 0;
  const step = (): void => {
    seen++;
    // A full disk fails from then on, a bad one now and then.
    if (--left < 0)
      throw Object.assign(new TypeError('the disk'), { code: seen % 2 === 0 ? 'ENOSPC' : 'EIO' });
  };
  const real = nodeFileSystem;
  const fs: FileSystem = {
    ...real,
    writeDurable: async (...args) => {
      step();
      await real.writeDurable(...args);
    },
    sync: async (file) => {
      step();
      await real.sync(file);
    },
    truncate: async (...args) => {
      step();
      await real.truncate(...args);
    },
    setMode: async (...args) => {
      step();
      await real.setMode(...args);
    },
    openFile: async (name) => {
      step();
      const file = await real.openFile(name);
      return {
        ...file,
        write: async (at, data) => {
          try {
            step();
          } catch (error) {
            await file.write(at, data.subarray(0, Math.ceil(data.length / 2)));
            throw error;
          }
          await file.write(at, data);
        },
        sync: async () => {
          step();
          await file.sync();
        },
      };
    },
  };
  return { fs, arm: (after) => ((left = after), (seen = 0)), count: () => seen };
}

const filled = async (folder: string, n: number, options: Options = {}): Promise<AuditLog> => {
  const log = await openLog(folder, options);
  for (let i = 0; i < n; i++) await log.record(event(i));
  return log;
};

describe('the log', () => {
  it('A1 numbers entries from 0 in the order of recording, each with the hash of the one before', async (t) => {
    const folder = await tempFolder(t);
    const log = await openLog(folder);
    const numbers = await Promise.all(Array.from({ length: 700 }, (_, i) => log.record(event(i))));
    assert.deepEqual(numbers, [...numbers.keys()]);
    assert.deepEqual(
      (await entriesOf(log)).map((entry) => entry.detail['rows']),
      [...numbers],
    );
    await log.close();
    await good(folder);
  });

  it('A2 an entry is the same bytes however its detail was put together', async (t) => {
    const [one, two] = [await openLog(await tempFolder(t)), await openLog(await tempFolder(t))];
    await one.record(event(0, { detail: { a: 1, b: { c: [1, { x: 1, y: 2 }], d: null } } }));
    await two.record(event(0, { detail: { b: { d: null, c: [1, { y: 2, x: 1 }] }, a: 1 } }));
    const [a, b] = [await one.line(0), await two.line(0)];
    assert.deepEqual(a.bytes?.toString(), b.bytes?.toString());
    await Promise.all([one.close(), two.close()]);
  });

  it('A2 refuses an entry that is too long, and nothing is written', async (t) => {
    const log = await openLog(await tempFolder(t));
    await assert.rejects(log.record(event(0, { detail: { text: 'x'.repeat(70_000) } })), {
      code: 'audit.entry_size',
    });
    assert.equal(log.size, 0);
    await log.close();
  });

  it('A3 after a write, sync or rename that fails anywhere or half way, the caller is told, nothing acknowledged is lost, and the log goes on', async (t) => {
    const limits = { audit_segment_bytes: 900, audit_group_entries: 4 };
    for (let step = 0; ; step++) {
      const folder = await tempFolder(t);
      const { fs, arm, count } = failing();
      const log = await filled(folder, 5, { fs, limits });
      arm(step);
      const told = await Promise.allSettled(
        Array.from({ length: 11 }, async (_, i) =>
          i === 5 ? (await log.checkpoint(), -1) : await log.record(event(100 + i)),
        ),
      );
      const failures = told.filter((one) => one.status === 'rejected');
      for (const { reason } of failures)
        assert.equal((reason as { code?: string }).code, 'audit.unavailable');
      const kept = told.flatMap((one) => (one.status === 'fulfilled' && one.value >= 0 ? [one.value] : []));
      const isOver = count() <= step;
      arm(Infinity);
      const next = await log.record(event(200));
      assert.ok(next >= 5 + kept.length);
      await log.close();
      await good(folder);
      const again = await openLog(folder, { limits });
      assert.equal(again.damage, undefined);
      const rows = (await entriesOf(again)).map((entry) => entry.detail['rows']);
      told.forEach((one, i) => {
        if (i !== 5 && one.status === 'fulfilled') assert.equal(rows[one.value], 100 + i);
        if (i !== 5 && one.status === 'rejected') assert.ok(!rows.includes(100 + i), `step ${step}`);
      });
      await again.close();
      if (isOver) {
        assert.equal(failures.length, 0);
        assert.ok(step > 10);
        return;
      }
    }
  });

  it('A4 cuts a torn end that nobody was told of, and says so', async (t) => {
    const folder = await tempFolder(t);
    const log = await filled(folder, 6);
    await log.close();
    const [name = ''] = await readdir(path.join(folder, 'segments'));
    const file = path.join(folder, 'segments', name);
    await appendFile(
      file,
      (await readFile(file)).subarray(0, 200).toString().replace('"entry_id":0', '"entry_id":7'),
    );
    const again = await openLog(folder);
    const told = (await entriesOf(again)).at(-1);
    assert.deepEqual(
      [told?.event_type, told?.detail['entry'], told?.detail['bytes']],
      ['log.tail-cut', 7, 200],
    );
    await again.close();
    await good(folder);
  });

  it('A5 an acknowledged entry that is gone is told, the file stays as it is, and the log goes on behind it', async (t) => {
    const damages: Record<string, (file: string) => Promise<void>> = {
      cut: async (file) => truncate(file, (await stat(file)).size - 700),
      flipped: async (file) => {
        const bytes = await readFile(file);
        bytes[bytes.length - 500] = (bytes[bytes.length - 500] ?? 0) ^ 1;
        await writeFile(file, bytes);
      },
      gone: (file) => rm(file),
    };
    for (const [what, damage] of Object.entries(damages)) {
      const folder = await tempFolder(t);
      const log = await filled(folder, 8);
      await log.close();
      const [name = ''] = await readdir(path.join(folder, 'segments'));
      const file = path.join(folder, 'segments', name);
      await damage(file);
      const left = what === 'gone' ? undefined : await readFile(file);
      const again = await openLog(folder);
      assert.ok(again.damage !== undefined && again.damage.entry <= 8, what);
      assert.equal(again.size, 10);
      await again.record(event(50));
      assert.equal((await entriesOf(again)).at(-2)?.event_type, 'log.damage-found');
      await again.close();
      if (left !== undefined) assert.deepEqual(await readFile(file), left);
      const verdict = await verifyLog(nodeFileSystem, folder);
      assert.equal(verdict.ok, false);
      assert.equal(verdict.faults[0]?.entry, again.damage.entry, what);
    }
  });

  it('A5 does not go on where the acknowledged tree cannot be known any more', async (t) => {
    const folder = await tempFolder(t);
    await (await filled(folder, 8)).close();
    const [name = ''] = await readdir(path.join(folder, 'segments'));
    await rm(path.join(folder, 'segments', name));
    await rm(path.join(folder, 'tile'), { recursive: true });
    await assert.rejects(openLog(folder), { code: 'audit.damaged', kind: 'integrity' });
  });

  it('A5 does not sign a second tree of a size that was signed: an older copy of the log is refused', async (t) => {
    const folder = await tempFolder(t);
    const log = await filled(folder, 4);
    const copy = `${folder}-copy`;
    t.after(() => rm(copy, { recursive: true, force: true }));
    await cp(folder, copy, { recursive: true });
    for (let i = 0; i < 3; i++) await log.record(event(i));
    await log.close();
    await cp(path.join(folder, 'checkpoint'), path.join(copy, 'checkpoint'));
    await assert.rejects(openLog(copy), { code: 'audit.damaged' });
  });

  it('A6a a checkpoint that cannot be read is told as that, by opening and by verify, and left as it is', async (t) => {
    const folder = await tempFolder(t);
    const log = await filled(folder, 3);
    await log.checkpoint();
    await log.close();
    const real = nodeFileSystem;
    for (const code of ['EACCES', 'EIO']) {
      const fs: FileSystem = {
        ...real,
        readFile: async (file) => {
          if (file.endsWith('checkpoint')) throw Object.assign(new TypeError('no'), { code });
          return await real.readFile(file);
        },
      };
      const before = await readFile(path.join(folder, 'checkpoint'));
      await assert.rejects(openLog(folder, { fs }), {
        code: 'audit.checkpoint_unreadable',
        message: `the last checkpoint of the audit log cannot be read (${code})`,
      });
      const reason = `the file of the last checkpoint cannot be read (${code})`;
      assert.deepEqual((await verifyLog(fs, folder)).faults, [{ entry: null, reason }]);
      assert.deepEqual(await readFile(path.join(folder, 'checkpoint')), before);
    }
  });

  it('A6 makes tiles again that are missing or were not synced', async (t) => {
    const folder = await tempFolder(t);
    const limits = { audit_segment_bytes: 20_000 };
    await (await filled(folder, 600, { limits })).close();
    const before = await readFile(path.join(folder, 'tile/0/001'));
    await rm(path.join(folder, 'tile'), { recursive: true });
    const log = await openLog(folder, { limits });
    assert.deepEqual(await readFile(path.join(folder, 'tile/0/001')), before);
    await log.close();
    await good(folder);
  });

  it('K1 sealed files are for reading only, by size and by age', async (t) => {
    const folder = await tempFolder(t);
    const clock = new ManualClock(START);
    const log = await openLog(folder, { clock, limits: { audit_segment_bytes: 2000 } });
    for (let i = 0; i < 12; i++) await log.record(event(i));
    const count = (await log.segments()).length;
    assert.ok(count > 2);
    clock.advance(90_000_000);
    await log.record(event(0));
    await log.record(event(0));
    const segments = await readdir(path.join(folder, 'segments'));
    assert.equal(segments.length, count + 1);
    for (const name of segments.slice(0, -1))
      assert.equal((await stat(path.join(folder, 'segments', name))).mode & 0o777, 0o400);
    await log.close();
    await good(folder);
  });

  it('K2 secrets are for the owner only', async (t) => {
    const folder = await tempFolder(t);
    await (await filled(folder, 1)).close();
    for (const name of ['signing.key', 'hashing.key'])
      assert.equal((await stat(path.join(folder, name))).mode & 0o777, 0o600);
  });

  it('A7 refuses more than the queue holds', async (t: TestContext) => {
    const log = await openLog(await tempFolder(t), {
      limits: { audit_queue_entries: 4, audit_group_entries: 1 },
    });
    const told = await Promise.allSettled(Array.from({ length: 12 }, (_, i) => log.record(event(i))));
    const codes = told.flatMap((one) =>
      one.status === 'rejected' ? [(one.reason as { code: string }).code] : [],
    );
    assert.ok(codes.length > 0 && codes.every((code) => code === 'audit.busy'));
    assert.equal(log.size, 12 - codes.length);
    await log.close();
    await assert.rejects(log.record(event(1)), { code: 'audit.closed' });
  });
});
