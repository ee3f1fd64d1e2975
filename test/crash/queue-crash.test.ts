/**
 * kill -9 in each stage of the ingest queue (rules Q1–Q4, Q7, Q9, and T10 of the store): no file twice, none lost, and in
 * the end the counts of a run that was never disturbed.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SeededRandom, silentLog } from '../../src/base/index.ts';
import { initNode, openNode, type FractalNode } from '../../src/node/index.ts';
import { annualPart, importAll } from '../node/kit.ts';
import { assertWhole, counts, writeSources, type Counts } from './import-kit.ts';

const KILLS = Number(process.env['CRASH_KILLS'] ?? 12);
const DRIVER = fileURLToPath(new URL('./queue-driver.ts', import.meta.url));
const BAD = 4;
const seed = Number(process.env['FRACTAL_SEED'] ?? Date.now() % 1_000_000);
const random = new SeededRandom(seed);

let folder = '';
let sources = '';
let files = 0;
let expected: Counts;

const open = (dataDir: string): Promise<FractalNode> =>
  openNode({ dataDir, log: silentLog, principal: 'local-operator' });

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fractal-crash-'));
  sources = path.join(folder, 'sources');
  await writeSources(sources);
  for (let i = 0; i < BAD; i++)
    await writeFile(path.join(sources, `bad${i}.xml`), annualPart(900 + i, '2024-07-01', {}).slice(0, -20));
  files = (await readdir(sources)).length;
  const dataDir = path.join(folder, 'undisturbed');
  await initNode({ dataDir, log: silentLog });
  const node = await open(dataDir);
  const results = await importAll(node, { paths: [sources] });
  assert.equal(results.filter((result) => result.status === 'added').length, files - BAD);
  expected = await counts(node);
  await node.close();
});

after(() => rm(folder, { recursive: true, force: true }));

async function made(name: string): Promise<string> {
  const dataDir = path.join(folder, name);
  await initNode({ dataDir, log: silentLog });
  const config = path.join(dataDir, 'fractal.json');
  const limits = {
    // The loop kills far more often in one file than a node should bear.
    import_attempts: 1000,
    import_listing_files: name === 'list' ? 1 : 7,
    import_batch_files: 5,
    import_retry_pause_ms: 1,
    watch_settle_ms: 40,
    watch_rescan_ms: 40,
  };
  await writeFile(
    config,
    JSON.stringify({ ...(JSON.parse(await readFile(config, 'utf8')) as object), limits }),
  );
  return dataDir;
}

/** Runs the driver, kills it `ms` after it is ready (`null`: lets it go on), and answers what it said. */
async function drive(dataDir: string, stage: string, ms: number | null): Promise<string[]> {
  const child = spawn(process.execPath, [DRIVER, dataDir, sources, stage], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, FILES: String(files) },
  });
  const errors: Buffer[] = [];
  child.stderr.on('data', (data: Buffer) => errors.push(data));
  const exit = once(child, 'exit') as Promise<[number | null, string | null]>;
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    if (line === 'ready' && ms !== null) setTimeout(() => child.kill('SIGKILL'), ms);
  }
  const [code, signal] = await exit;
  assert.ok(
    code === 0 || signal === 'SIGKILL',
    `the driver failed by itself: ${Buffer.concat(errors).toString()}`,
  );
  return said;
}

/** What must hold at every moment. */
async function assertRules(node: FractalNode, submitted: ReadonlySet<number>): Promise<void> {
  const { store } = node.parts;
  assert.deepEqual(store.warnings, []);
  await assertWhole(node);
  const jobs = await node.jobs();
  // Q2
  for (const id of submitted)
    assert.ok(
      jobs.some((job) => job.id === id),
      `job ${id} was lost`,
    );
  // Q3
  assert.deepEqual(
    await store.rows('select path from node.job_items group by job_id, path having count(*) > 1'),
    [],
  );
  assert.deepEqual(
    await store.rows(
      `select job_id from node.jobs j where files <> (select count(*) from node.job_items i where i.job_id = j.job_id)`,
    ),
    [],
  );
  // Q1: what ended is in, what is in has ended, and it came in once.
  const ended = await store.rows<{ name: string; n: number }>(
    `select path as name, count(*)::int as n from node.job_items where status = 'added' group by path order by path`,
  );
  const inside = await store.rows<{ name: string; n: number }>(
    `select source_name as name, count(*)::int as n from node.sources where status = 'added' group by source_name order by 1`,
  );
  assert.deepEqual(
    ended
      .map((row) => ({ ...row, name: path.basename(row.name) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    inside.sort((a, b) => (a.name < b.name ? -1 : 1)),
  );
  assert.ok(inside.every((row) => row.n === 1));
  const rejected = await store.rows<{ n: number }>(
    `select count(*)::int as n from node.sources where status = 'rejected' group by source_sha256 having count(*) > 1`,
  );
  assert.deepEqual(rejected, []);
}

for (const stage of ['list', 'read', 'pause', 'cancel', 'retry', 'watch'])
  test(`Q1 Q2 Q3 Q4 ${KILLS} kills while: ${stage}`, async (t) => {
    const submitted = new Set<number>();
    let kills = 0;
    let rounds = 0;
    let unfinished = 0;
    while (kills < KILLS) {
      const dataDir = await made(`${stage}${rounds === 0 ? '' : rounds}`.replace(/^list\d+$/, 'list'));
      submitted.clear();
      for (let said: string[] = []; !said.includes('through');) {
        const killing = kills < KILLS;
        said = await drive(dataDir, stage, killing ? random.below(stage === 'list' ? 120 : 500) : null);
        if (!said.includes('through')) kills++;
        for (const line of said) if (line.startsWith('submitted ')) submitted.add(Number(line.slice(10)));
        const node = await open(dataDir);
        await assertRules(node, submitted);
        if ((await node.jobs()).some((job) => job.state === 'queued' || job.state === 'paused')) unfinished++;
        if (said.includes('through')) {
          assert.deepEqual(await counts(node), expected);
          const [last] = await node.jobs();
          if (stage !== 'watch' && stage !== 'cancel')
            assert.deepEqual([last?.state, last?.added, last?.rejected], ['done', files - BAD, BAD]);
        }
        await node.close();
      }
      await rm(dataDir, { recursive: true });
      rounds++;
    }
    t.diagnostic(
      `seed ${seed}: ${kills} kills, ${unfinished} of them with work left, ${rounds} runs to the end`,
    );
    // A loop that never meets unfinished work proves nothing.
    assert.ok(unfinished > 0);
  });
