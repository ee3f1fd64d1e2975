/** Rule Q9 of src/ingest/queue/SPEC.md: watched folders, with events of the system and without. */
import assert from 'node:assert/strict';
import { appendFile, mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { nodeFileSystem, type FileSystem } from '../../src/base/index.ts';
import type { Watch } from '../../src/node/index.ts';
import { annualPart, queueNode, type QueueNode } from './kit.ts';

const law = (part: number, word = 'lock'): string =>
  annualPart(part, '2024-07-01', { [`${part}.1`]: [`The operator shall ${word} valve ${part}.`] });

const QUICK = { watch_settle_ms: 60, watch_rescan_ms: 40 };
const NO_EVENTS: FileSystem = { ...nodeFileSystem, watch: () => () => undefined };

/** Looks again until it holds; the runner's own limit ends a test that waits in vain. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

const endings = (t: QueueNode): Promise<{ path: string; status: string }[]> =>
  t.rows<{ path: string; status: string }>(
    'select path, status from node.job_items where result is not null order by job_id, ordinal',
  );

/** Waits until so many files have ended, and two more scans have found nothing else. */
async function settled(t: QueueNode, files: number): Promise<string[]> {
  await until(async () => (await endings(t)).length >= files);
  const [before] = await t.node.watches();
  for (let scans = 0, last = before?.scanned_at; scans < 2;) {
    const [now] = await t.node.watches();
    if (now?.scanned_at !== last && now?.unsettled === 0) scans++;
    last = now?.scanned_at;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await until(async () => (await t.node.jobs()).every((job) => job.state === 'done'));
  return (await endings(t)).map((row) => `${path.basename(row.path)} ${row.status}`);
}

async function watched(t: QueueNode, kept = true): Promise<string> {
  const folder = path.join(t.folder, 'inbox');
  await mkdir(folder);
  await t.node.watch({ path: folder, kept });
  return folder;
}

const only = async (t: QueueNode): Promise<Watch> => {
  const [watch] = await t.node.watches();
  assert.ok(watch);
  return watch;
};

for (const [how, fs, rescan] of [
  ['by rescans alone, as on a network mount', NO_EVENTS, 40],
  ['by events, long before the next rescan', nodeFileSystem, 3_600_000],
] as const)
  test(`Q9 what is new and what is changed comes in once each, ${how}`, async () => {
    await using t = await queueNode({ fs, limits: { ...QUICK, watch_rescan_ms: rescan } });
    const folder = await watched(t);
    await writeFile(path.join(folder, 'a.xml'), law(1));
    await mkdir(path.join(folder, 'below'));
    await until(async () => (await endings(t)).length === 1);
    await writeFile(path.join(folder, 'below', 'b.xml'), law(2));
    await until(async () => (await endings(t)).length === 2);
    await writeFile(path.join(folder, 'a.xml'), law(1, 'close'));
    await until(async () => (await endings(t)).length === 3);
    assert.deepEqual(
      (await endings(t)).map((row) => `${path.basename(row.path)} ${row.status}`),
      ['a.xml added', 'b.xml added', 'a.xml updated'],
    );
    assert.equal((await only(t)).files, 2);
  });

test('Q9 a file is read when it stands still, not while it is written', async () => {
  await using t = await queueNode({ fs: NO_EVENTS, limits: { ...QUICK, watch_settle_ms: 1000 } });
  const folder = await watched(t);
  const text = law(1);
  const file = path.join(folder, 'a.xml');
  await writeFile(file, '');
  const parts = 12;
  for (let i = 0; i < parts; i++) {
    const size = Math.ceil(text.length / parts);
    await appendFile(file, text.slice(i * size, (i + 1) * size));
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  assert.deepEqual(await settled(t, 1), ['a.xml added']);
});

test('Q9 a file that is gone is told and remembered; its law stays; back again it is the same', async () => {
  await using t = await queueNode({ limits: QUICK });
  const folder = await watched(t);
  const file = path.join(folder, 'a.xml');
  await writeFile(file, law(1));
  await settled(t, 1);
  await rename(file, path.join(t.folder, 'away.xml'));
  await until(async () => (await only(t)).missing_total === 1);
  assert.deepEqual(
    (await only(t)).missing.map((one) => one.path),
    [file],
  );
  assert.equal((await t.node.status()).queue.files_missing, 1);
  assert.equal((await t.node.search({ query: 'valve', at: '2024-08-01' })).hits.length, 1);
  await t.open(true);
  assert.equal((await only(t)).missing_total, 1);
  await rename(path.join(t.folder, 'away.xml'), file);
  await until(async () => (await only(t)).missing_total === 0);
  assert.deepEqual(await settled(t, 1), ['a.xml added']);
});

test('Q9 a renamed file with the same bytes is unchanged, and its old name is missing', async () => {
  await using t = await queueNode({ limits: QUICK });
  const folder = await watched(t);
  await writeFile(path.join(folder, 'a.xml'), law(1));
  await settled(t, 1);
  await rename(path.join(folder, 'a.xml'), path.join(folder, 'b.xml'));
  assert.deepEqual(await settled(t, 2), ['a.xml added', 'b.xml unchanged']);
  await until(async () => (await only(t)).missing_total === 1);
  assert.equal((await t.rows('select 1 from law.versions')).length, 1);
});

test('Q9 a folder that is away makes nothing missing, and goes on when it is back', async () => {
  await using t = await queueNode({ fs: NO_EVENTS, limits: QUICK });
  const folder = await watched(t);
  await writeFile(path.join(folder, 'a.xml'), law(1));
  await settled(t, 1);
  await rename(folder, `${folder}.away`);
  await until(async () => (await only(t)).error !== null);
  assert.deepEqual([(await only(t)).error?.code, (await only(t)).missing_total], ['watch.unreachable', 0]);
  assert.match(
    (await t.node.doctor()).find((check) => check.name === 'import queue')?.detail ?? '',
    /watched folder/,
  );
  await rename(`${folder}.away`, folder);
  await writeFile(path.join(folder, 'b.xml'), law(2));
  assert.deepEqual(await settled(t, 2), ['a.xml added', 'b.xml added']);
});

test('Q9 a kept watch goes on after a restart with what changed meanwhile; another one ends', async () => {
  for (const kept of [true, false]) {
    await using t = await queueNode({ limits: QUICK });
    const folder = await watched(t, kept);
    await writeFile(path.join(folder, 'a.xml'), law(1));
    await writeFile(path.join(folder, 'b.xml'), law(2));
    await settled(t, 2);
    await t.node.close();
    await writeFile(path.join(folder, 'b.xml'), law(2, 'close'));
    await writeFile(path.join(folder, 'c.xml'), law(3));
    await t.open(true);
    if (!kept) {
      assert.deepEqual(await t.node.watches(), []);
      assert.deepEqual(await t.rows('select 1 from node.watched_files'), []);
      continue;
    }
    const later = (await settled(t, 4)).slice(2).sort();
    assert.deepEqual(later, ['b.xml updated', 'c.xml added']);
  }
});

test('Q9 a file that cannot be read is told and stops no other; mended it comes in by itself', async () => {
  await using t = await queueNode({ limits: QUICK });
  const folder = await watched(t);
  await writeFile(path.join(folder, 'a.xml'), '<bad');
  await writeFile(path.join(folder, 'b.xml'), law(2));
  assert.deepEqual((await settled(t, 2)).sort(), ['a.xml rejected', 'b.xml added']);
  await writeFile(path.join(folder, 'a.xml'), law(1));
  assert.equal((await settled(t, 3)).at(-1), 'a.xml added');
  // The same size with another time is looked at again: the hash tells that it is the same.
  await utimes(path.join(folder, 'b.xml'), 1, 1);
  assert.equal((await settled(t, 4)).at(-1), 'b.xml unchanged');
});

test('what cannot be watched is refused', async () => {
  await using t = await queueNode({ limits: { ...QUICK, watches: 1 } });
  await assert.rejects(t.node.watch({ path: path.join(t.folder, 'absent'), kept: true }), {
    code: 'watch.folder',
  });
  await assert.rejects(t.node.watch({ path: await t.file('a.xml', law(1)), kept: true }), {
    code: 'watch.folder',
  });
  const folder = await watched(t);
  await t.node.watch({ path: folder, kept: true });
  await mkdir(path.join(t.folder, 'two'));
  await assert.rejects(t.node.watch({ path: path.join(t.folder, 'two'), kept: true }), {
    code: 'watch.full',
  });
  await t.node.unwatch(folder);
  await rm(folder, { recursive: true });
});
