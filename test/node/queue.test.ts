/** Rules of src/ingest/queue/SPEC.md, on the real node; the file system is told when to wait or fail. */
import assert from 'node:assert/strict';
import { appendFile, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { FractalError, ManualClock, nodeFileSystem, type FileSystem } from '../../src/base/index.ts';
import type { ImportEvent, ImportResult, Job } from '../../src/node/index.ts';
import { RateWindow } from '../../src/ingest/queue/rate.ts';
import { collect } from '../contract/node-api-contract.ts';
import { annualPart, queueNode, type QueueNode } from './kit.ts';

const law = (part: number): string =>
  annualPart(part, '2024-07-01', { [`${part}.1`]: [`The operator shall lock valve ${part}.`] });

/** Readings of a file, the first being the look that tells its hash. */
class Disk {
  readonly reads = new Map<string, number>();
  /** Called before each reading. */
  onRead: (name: string, time: number) => Promise<void> | void = () => undefined;
  onEnd: (name: string, time: number) => Promise<void> | void = () => undefined;
  onList: (name: string) => void = () => undefined;

  readonly fs: FileSystem = {
    ...nodeFileSystem,
    readStream: (file) => this.#read(file),
    list: (folder) => {
      this.onList(path.basename(folder));
      return nodeFileSystem.list(folder);
    },
    watch: () => () => undefined,
  };

  async *#read(file: string): AsyncGenerator<Uint8Array> {
    const name = path.basename(file);
    const time = (this.reads.get(name) ?? 0) + 1;
    this.reads.set(name, time);
    await this.onRead(name, time);
    yield* nodeFileSystem.readStream(file);
    await this.onEnd(name, time);
  }

  /** The second reading of the file, the one that brings it in, waits until told. */
  hold(name: string): { reached: Promise<void>; release: () => void } {
    const gate = Promise.withResolvers<undefined>();
    const reached = Promise.withResolvers<undefined>();
    this.onRead = async (one, time) => {
      if (one !== name || time < 2) return;
      reached.resolve(undefined);
      await gate.promise;
    };
    return { reached: reached.promise.then(() => undefined), release: () => gate.resolve(undefined) };
  }
}

async function sources(t: QueueNode, names: readonly string[], first = 1): Promise<string> {
  const folder = path.join(t.folder, `in${first}`);
  await mkdir(folder, { recursive: true });
  for (const [i, name] of names.entries()) await writeFile(path.join(folder, name), law(first + i));
  return folder;
}

const resultsOf = (events: readonly ImportEvent[]): ImportResult[] =>
  events.flatMap((event) => (event.type === 'result' ? [event.result] : []));

const follow = async (t: QueueNode, job: Job): Promise<ImportResult[]> =>
  resultsOf(await collect(t.node.followJob(job.id)));

const versions = async (t: QueueNode): Promise<number> => (await t.rows('select 1 from law.versions')).length;

const items = async (t: QueueNode): Promise<string[]> =>
  (
    await t.rows<{ name: string; state: string }>(
      'select path as name, state from node.job_items order by job_id, ordinal',
    )
  ).map((item) => `${path.basename(item.name)} ${item.state}`);

test('Q1 Q7 cancelling takes the file at hand back, keeps what is in and drops what is left', async () => {
  for (const records of [false, true]) {
    const disk = new Disk();
    await using t = await queueNode({ fs: disk.fs });
    const folder = await sources(t, ['a.xml', 'c.xml']);
    const held = records ? 'esh.sites.csv' : 'b.xml';
    await writeFile(
      path.join(folder, held),
      records ? 'site_id,region,name,jurisdiction\ns1,North,Works,UK\n' : law(9),
    );
    await rm(path.join(folder, 'c.xml'));
    await writeFile(path.join(folder, 'z.xml'), law(3));
    const { reached, release } = disk.hold(held);
    const job = await t.node.submitImport({ paths: [folder] });
    await reached;
    const cancelled = await t.node.cancelJob(job.id);
    release();
    assert.deepEqual(
      [cancelled.state, cancelled.files_done, cancelled.added, cancelled.cancelled],
      ['cancelled', 1, 1, 2],
    );
    // Whatever the worker was about to do, it is done when another job has gone through.
    await follow(t, await t.node.submitImport({ paths: [path.join(folder, 'a.xml')] }));
    assert.equal(await versions(t), 1);
    assert.deepEqual(await t.rows('select 1 from esh.sites'), []);
    assert.deepEqual(await items(t), ['a.xml done', `${held} cancelled`, 'z.xml cancelled', 'a.xml done']);
    await assert.rejects(t.node.resumeJob(job.id), { code: 'import.job_state' });
  }
});

test('Q1 an import whose follower leaves is cancelled; one handed over is not', async () => {
  const disk = new Disk();
  await using t = await queueNode({ fs: disk.fs });
  const folder = await sources(t, ['a.xml', 'b.xml', 'c.xml']);
  const { reached, release } = disk.hold('b.xml');
  const leave = new AbortController();
  const left = assert.rejects(collect(t.node.import({ paths: [folder] }, leave.signal)));
  await reached;
  leave.abort();
  await left;
  release();
  await follow(t, await t.node.submitImport({ paths: [path.join(folder, 'a.xml')] }));
  assert.deepEqual(await items(t), ['a.xml done', 'b.xml cancelled', 'c.xml cancelled', 'a.xml done']);
  disk.onRead = () => undefined;
  const job = await t.node.submitImport({ paths: [folder] });
  const stop = new AbortController();
  const following = assert.rejects(collect(t.node.followJob(job.id, stop.signal)));
  stop.abort();
  await following;
  await follow(t, job);
  assert.equal((await t.node.job(job.id)).state, 'done');
  assert.equal(await versions(t), 3);
});

test('Q3 a listing that is cut off goes on where it was: no file twice, none lost', async () => {
  const disk = new Disk();
  await using t = await queueNode({ fs: disk.fs, limits: { import_listing_files: 2 } });
  const names = Array.from({ length: 7 }, (_, i) => `f${i}.xml`);
  const folder = await sources(t, names);
  await mkdir(path.join(folder, 'g'));
  await writeFile(path.join(folder, 'g', 'h.xml'), law(30));
  let fail = true;
  disk.onList = (name) => {
    if (fail && name === 'g') throw Object.assign(new TypeError('input/output error'), { code: 'EIO' });
  };
  const job = await t.node.submitImport({ paths: [folder, path.join(folder, 'f0.xml')] });
  await assert.rejects(follow(t, job), { code: 'import.machine' });
  const cut = await t.node.job(job.id);
  assert.deepEqual([cut.state, cut.listed, cut.files_total], ['failed', false, 6]);
  fail = false;
  await t.reopen();
  const results = await follow(t, await t.node.resumeJob(job.id));
  assert.deepEqual(results.map((one) => path.basename(one.source)).sort(), [...names, 'h.xml'].sort());
  const done = await t.node.job(job.id);
  assert.deepEqual([done.state, done.files_total, done.files_done, done.added], ['done', 8, 8, 8]);
});

test('Q13 links below a folder are told and not followed, a link that is named is', async () => {
  await using t = await queueNode();
  const folder = await sources(t, ['a.xml']);
  const outside = await sources(t, ['b.xml', 'c.xml'], 7);
  await symlink(folder, path.join(folder, 'round'));
  await symlink(outside, path.join(folder, 'out'));
  await symlink(path.join(outside, 'b.xml'), path.join(folder, 'b.xml'));
  const told = (results: readonly ImportResult[]): string[] =>
    results.map(({ source, status, error }) => `${path.basename(source)} ${error?.code ?? status}`).sort();
  const all = resultsOf(await collect(t.node.import({ paths: [folder] })));
  assert.deepEqual(told(all), ['a.xml added', 'b.xml file.link', 'out file.link', 'round file.link']);
  assert.equal(await versions(t), 1);
  const paths = [path.join(folder, 'b.xml'), path.join(folder, 'out')];
  const named = resultsOf(await collect(t.node.import({ paths })));
  assert.deepEqual(told(named), ['b.xml added', 'b.xml unchanged', 'c.xml added']);
});

test('Q3 too many files, and a path that is not there', async () => {
  await using t = await queueNode({ limits: { import_files: 2 } });
  const folder = await sources(t, ['a.xml', 'b.xml', 'c.xml']);
  await assert.rejects(collect(t.node.import({ paths: [folder] })), { code: 'import.files' });
  assert.equal((await t.node.jobs())[0]?.state, 'failed');
  await assert.rejects(t.node.submitImport({ paths: [path.join(folder, 'absent')] }), {
    code: 'import.path',
  });
  assert.equal((await t.node.jobs()).length, 1);
});

test('Q2 Q4 what a stopped process left: a command leaves it to resume, a serving node goes on', async () => {
  for (const serving of [false, true]) {
    const disk = new Disk();
    await using t = await queueNode({ fs: disk.fs });
    const folder = await sources(t, ['a.xml', 'b.xml', 'c.xml']);
    const { reached, release } = disk.hold('b.xml');
    const { id } = await t.node.submitImport({ paths: [folder] });
    await reached;
    const closing = t.node.close();
    release();
    await closing;
    disk.onRead = () => undefined;
    await t.open(serving);
    if (!serving) {
      const left = await t.node.job(id);
      assert.deepEqual([left.state, left.active, left.files_done], ['queued', false, 1]);
      assert.equal((await t.node.status()).queue.interrupted, 1);
      const check = (await t.node.doctor()).find((one) => one.name === 'import queue');
      assert.match(check?.ok === false ? check.cure : '', /import resume/);
      await assert.rejects(follow(t, left), { code: 'import.not_running' });
      await t.node.resumeJob(id);
    }
    await collect(t.node.followJob(id));
    const done = await t.node.job(id);
    assert.deepEqual([done.state, done.added, done.files_done], ['done', 3, 3]);
    assert.equal(await versions(t), 3);
    assert.deepEqual(await t.rows('select 1 from node.job_items where attempts > 1'), []);
  }
});

test('Q5 priority first, then age; a job of higher priority goes between two files', async () => {
  const disk = new Disk();
  await using t = await queueNode({ fs: disk.fs });
  const first = await sources(t, ['a1.xml', 'a2.xml'], 1);
  const { reached, release } = disk.hold('a1.xml');
  const jobs = [await t.node.submitImport({ paths: [first] })];
  await reached;
  for (const [n, priority] of [0, -5, 7, 7].entries())
    jobs.push(
      await t.node.submitImport({
        paths: [await sources(t, [`${'bcde'[n] ?? ''}.xml`], 10 * (n + 1))],
        priority,
      }),
    );
  release();
  for (const job of jobs) await follow(t, await t.node.job(job.id));
  const order = await t.rows<{ n: string }>(
    'select source_name as n from node.sources order by commit_version',
  );
  assert.deepEqual(
    order.map((row) => row.n),
    ['a1.xml', 'd.xml', 'e.xml', 'a2.xml', 'b.xml', 'c.xml'],
  );
  await assert.rejects(t.node.submitImport({ paths: [first], priority: 101 }), { code: 'import.priority' });
});

const full = (): Error => Object.assign(new TypeError('no space left'), { code: 'ENOSPC' });
const RETRIES = { import_retry_pause_ms: 20, import_attempts: 3 };

test('Q6 a failure of the machine is tried again after pauses that double, others first', async () => {
  const disk = new Disk();
  await using t = await queueNode({ fs: disk.fs, limits: RETRIES });
  const folder = await sources(t, ['a.xml', 'b.xml', 'c.xml']);
  const tries: number[] = [];
  disk.onRead = (name, time) => {
    if (name !== 'a.xml' || time === 1) return;
    tries.push(performance.now());
    if (tries.length < 3) throw full();
  };
  const results = await follow(t, await t.node.submitImport({ paths: [folder] }));
  assert.deepEqual(
    results.map((one) => `${path.basename(one.source)} ${one.status}`),
    ['b.xml added', 'c.xml added', 'a.xml added'],
  );
  const [one = 0, two = 0, three = 0] = tries;
  assert.ok(two - one >= 19 && three - two >= 39, `${two - one} ms, ${three - two} ms`);
  assert.equal((await t.node.jobs())[0]?.error, null);
});

test('Q6 a file that the machine always fails at is given up alone, and can be retried', async () => {
  const disk = new Disk();
  await using t = await queueNode({ fs: disk.fs, limits: RETRIES });
  const folder = await sources(t, ['a.xml', 'b.xml', 'c.xml']);
  let broken = true;
  disk.onRead = (name) => {
    if (broken && name === 'a.xml') throw full();
  };
  const { id } = await t.node.submitImport({ paths: [folder] });
  await collect(t.node.followJob(id));
  const job = await t.node.job(id);
  assert.deepEqual([job.state, job.added, job.failed, job.rejected], ['done', 2, 1, 0]);
  assert.deepEqual(
    job.faults.map((fault) => [fault.item, fault.state, fault.attempts, fault.error.code]),
    [[1, 'failed', 3, 'import.machine']],
  );
  broken = false;
  const results = await follow(t, await t.node.retryJob(id));
  assert.deepEqual(
    results.map((one) => one.status),
    ['added'],
  );
  const again = await t.node.job(id);
  assert.deepEqual([again.state, again.added, again.failed, again.faults_total], ['done', 3, 0, 0]);
  await assert.rejects(t.node.retryJob(id), { code: 'import.nothing_to_retry' });
});

test('Q6 when nothing succeeds the job fails, keeps what is left, and resume goes on', async () => {
  const disk = new Disk();
  await using t = await queueNode({ fs: disk.fs, limits: RETRIES });
  const folder = await sources(t, ['a.xml', 'b.xml', 'c.xml', 'd.xml']);
  let broken = true;
  disk.onRead = (_, time) => {
    if (broken && time > 1) throw full();
  };
  const events = collect(t.node.import({ paths: [folder] }));
  await assert.rejects(events, { code: 'import.machine', kind: 'unavailable' });
  const [job] = await t.node.jobs();
  assert.deepEqual([job?.state, job?.files_done, job?.error?.code], ['failed', 0, 'import.machine']);
  assert.deepEqual(await items(t), ['a.xml queued', 'b.xml queued', 'c.xml queued', 'd.xml queued']);
  broken = false;
  await follow(t, await t.node.resumeJob(job?.id ?? 0));
  assert.equal((await t.node.jobs())[0]?.added, 4);
});

test('Q6 Q8 bad input is not tried again, and stops no other file; retry takes the mended one', async () => {
  const disk = new Disk();
  await using t = await queueNode({ fs: disk.fs });
  const folder = await sources(t, ['a.xml', 'b.xml', 'c.xml']);
  const bad = path.join(folder, 'b.xml');
  await writeFile(bad, law(2).replace('</PART>', '</PRT>'));
  const { id } = await t.node.submitImport({ paths: [folder] });
  await collect(t.node.followJob(id));
  assert.deepEqual(await items(t), ['a.xml done', 'b.xml rejected', 'c.xml done']);
  assert.equal(disk.reads.get('b.xml'), 2);
  const [fault] = (await t.node.job(id)).faults;
  assert.equal(fault?.error.kind, 'bad_input');
  assert.ok((fault.error.place?.line ?? 0) > 1);
  await assert.rejects(t.node.retryJob(id, [1]), { code: 'import.nothing_to_retry' });
  await writeFile(bad, law(2));
  const [mended] = await follow(t, await t.node.retryJob(id, [2]));
  assert.deepEqual([mended?.status, mended?.warnings], ['added', []]);
  assert.equal(await versions(t), 3);
});

test('Q7 pause stops after the file at hand; resume goes on; both are durable', async () => {
  const disk = new Disk();
  await using t = await queueNode({ fs: disk.fs });
  const folder = await sources(t, ['a.xml', 'b.xml', 'c.xml']);
  const { reached, release } = disk.hold('a.xml');
  const { id } = await t.node.submitImport({ paths: [folder] });
  await reached;
  assert.equal((await t.node.pauseJob(id)).state, 'paused');
  release();
  await follow(t, await t.node.submitImport({ paths: [path.join(folder, 'a.xml')] }));
  // The file at hand was not taken back.
  assert.deepEqual(await items(t), ['a.xml done', 'b.xml queued', 'c.xml queued', 'a.xml done']);
  await t.open(true);
  assert.deepEqual([(await t.node.job(id)).state, (await t.node.status()).queue.paused], ['paused', 1]);
  await assert.rejects(t.node.pauseJob(id), { code: 'import.job_state' });
  await follow(t, await t.node.resumeJob(id));
  assert.deepEqual([(await t.node.job(id)).state, await versions(t)], ['done', 3]);
});

test('Q7 paused and resumed while the file at hand is still being read', async () => {
  const disk = new Disk();
  await using t = await queueNode({ fs: disk.fs });
  const folder = await sources(t, ['a.xml', 'b.xml', 'c.xml']);
  const { reached, release } = disk.hold('a.xml');
  const { id } = await t.node.submitImport({ paths: [folder] });
  const following = collect(t.node.followJob(id));
  await reached;
  await t.node.pauseJob(id);
  await t.node.resumeJob(id);
  release();
  assert.deepEqual(
    resultsOf(await following).map((one) => one.status),
    ['added', 'added', 'added'],
  );
  assert.equal(await versions(t), 3);
});

test('Q8 files that vanish or change say so', async () => {
  const disk = new Disk();
  await using t = await queueNode({ fs: disk.fs, limits: { import_batch_files: 1 } });
  const folder = await sources(t, ['a.xml', 'b.xml', 'c.xml', 'd.xml', 'e.xml']);
  const { reached, release } = disk.hold('a.xml');
  const held = disk.onRead;
  disk.onEnd = async (name, time) => {
    if (name === 'd.xml' && time === 2) await appendFile(path.join(folder, name), '\n');
  };
  const { id } = await t.node.submitImport({ paths: [folder] });
  await reached;
  await rm(path.join(folder, 'b.xml'));
  await writeFile(path.join(folder, 'c.xml'), law(77));
  release();
  await held('', 0);
  await collect(t.node.followJob(id));
  assert.deepEqual(await items(t), [
    'a.xml done',
    'b.xml rejected',
    'c.xml done',
    'd.xml rejected',
    'e.xml done',
  ]);
  const job = await t.node.job(id);
  assert.deepEqual(
    job.faults.map((fault) => fault.error.code),
    ['file.vanished', 'file.changed'],
  );
  const [noted] = await t.rows<{ result: string }>(`select result from node.job_items where ordinal = 3`);
  assert.match(noted?.result ?? '', /the file changed after it was listed/);
  assert.deepEqual(await t.rows(`select 1 from law.sections where section_id like '%#s4.1%'`), []);
  assert.equal((await t.rows(`select 1 from law.sections where section_id like '%#s77.1'`)).length, 1);
});

test('Q8 a file in which the process died too often is given up', async () => {
  await using t = await queueNode({ limits: { import_attempts: 3 } });
  const folder = await sources(t, ['a.xml', 'b.xml']);
  await t.node.submitImport({ paths: [folder] }).then((job) => follow(t, job));
  for (const [attempts, state] of [
    [2, 'done'],
    [3, 'failed'],
  ] as const) {
    await t.node.parts.store.bookkeep(async (books) => {
      await books.bookkeep(
        `update node.job_items set state = 'running', attempts = $1, status = null, result = null where ordinal = 1`,
        [attempts],
      );
      await books.bookkeep(`update node.jobs set state = 'running'`);
    });
    await t.open(true);
    const [job] = await t.node.jobs();
    await collect(t.node.followJob(job?.id ?? 0));
    assert.deepEqual(await items(t), [`a.xml ${state}`, 'b.xml done']);
  }
  const [fault] = (await t.node.job(1)).faults;
  assert.deepEqual([fault?.error.code, fault?.error.kind], ['import.crashed', 'unavailable']);
});

test('Q8 a job waits only for a moment that is still to come', async () => {
  await using t = await queueNode();
  const folder = await sources(t, ['a.xml']);
  await t.node.submitImport({ paths: [folder] }).then((job) => follow(t, job));
  const left = async (state: string, nextTry: string): Promise<string | null | undefined> => {
    await t.node.parts.store.bookkeep(async (books) => {
      await books.bookkeep(
        `update node.job_items set state = '${state}', attempts = 1, status = null, next_try = ${nextTry}`,
      );
      await books.bookkeep(`update node.jobs set state = 'queued', finished_at = null`);
    });
    // Not serving: nobody goes on with the job.
    await t.open(false);
    return (await t.node.jobs())[0]?.waiting_until;
  };
  assert.equal(await left('running', 'null'), null);
  assert.equal(await left('queued', `timestamp '2999-01-01'`), '2999-01-01T00:00:00.000Z');
});

test('Q10 followers see each result once in the order of ending, however slow they are', async () => {
  await using t = await queueNode({ limits: { import_results_read: 3, import_batch_files: 2 } });
  const names = Array.from({ length: 9 }, (_, i) => `f${i}.xml`);
  const folder = await sources(t, names);
  const slow: string[] = [];
  const { id } = await t.node.submitImport({ paths: [folder] });
  const quick = collect(t.node.followJob(id));
  for await (const event of t.node.import({ paths: [folder] }))
    if (event.type === 'result') {
      slow.push(path.basename(event.result.source));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  assert.deepEqual(slow, names);
  const seen = resultsOf(await quick).map((one) => path.basename(one.source));
  assert.deepEqual(seen, names.slice(names.length - seen.length));
});

test('Q11 unfinished jobs are bounded, finished ones are forgotten, the oldest first', async () => {
  const disk = new Disk();
  await using t = await queueNode({ fs: disk.fs, limits: { import_jobs: 2, import_jobs_kept: 3 } });
  const folder = await sources(t, ['a.xml']);
  for (let i = 0; i < 5; i++) await follow(t, await t.node.submitImport({ paths: [folder] }));
  assert.deepEqual(
    (await t.node.jobs()).map((job) => job.id),
    [5, 4, 3],
  );
  assert.deepEqual(await t.rows('select distinct job_id from node.job_items order by 1'), [
    { job_id: 3 },
    { job_id: 4 },
    { job_id: 5 },
  ]);
  await writeFile(path.join(folder, 'b.xml'), law(5));
  const { reached, release } = disk.hold('b.xml');
  for (let i = 0; i < 2; i++) await t.node.submitImport({ paths: [folder] });
  await reached;
  await assert.rejects(t.node.submitImport({ paths: [folder] }), { code: 'import.queue_full' });
  release();
});

test('Q12 what is here already is found without a commit, and its file is read once', async () => {
  const disk = new Disk();
  await using t = await queueNode({ fs: disk.fs });
  const folder = await sources(
    t,
    Array.from({ length: 70 }, (_, i) => `f${i}.xml`),
  );
  await follow(t, await t.node.submitImport({ paths: [folder] }));
  const before = t.node.parts.store.commitVersion;
  disk.reads.clear();
  const results = await follow(t, await t.node.submitImport({ paths: [folder] }));
  assert.equal(results.length, 70);
  assert.ok(results.every((one) => one.status === 'unchanged' && one.sections === 1));
  assert.equal(t.node.parts.store.commitVersion, before);
  assert.ok([...disk.reads.values()].every((times) => times === 1));
});

test('a failing follower of a cancelled job is told so', async () => {
  const disk = new Disk();
  await using t = await queueNode({ fs: disk.fs });
  const folder = await sources(t, ['a.xml', 'b.xml']);
  const { reached, release } = disk.hold('a.xml');
  const { id } = await t.node.submitImport({ paths: [folder] });
  const following = collect(t.node.followJob(id)).catch((error: unknown) => error);
  await reached;
  await t.node.cancelJob(id);
  release();
  const error = await following;
  assert.ok(error instanceof FractalError);
  assert.equal(error.code, 'import.cancelled');
});

test('the rate is that of the last work, and unknown before any', () => {
  const clock = new ManualClock();
  const rate = new RateWindow(clock, 1000);
  rate.start();
  assert.equal(rate.bytesPerSecond, null);
  rate.add(500);
  assert.equal(rate.bytesPerSecond, null);
  clock.advance(500);
  rate.add(500);
  assert.equal(rate.bytesPerSecond, 2000);
  for (let i = 0; i < 20; i++) {
    clock.advance(100);
    rate.add(10);
  }
  assert.ok(Math.abs((rate.bytesPerSecond ?? 0) - 100) < 1, String(rate.bytesPerSecond));
  clock.advance(60_000);
  rate.start();
  assert.equal(rate.bytesPerSecond, null);
});
