/** kill -9 in a loop while a source runs: its cursor is never ahead of what is in, and in the end everything is in once. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { SeededRandom, silentLog } from '../../src/base/index.ts';
import { initNode, openNode } from '../../src/node/index.ts';
import { Publisher, file, rangedFile } from '../ingest/sources/publisher.ts';
import { annualPart } from '../node/kit.ts';

const KILLS = Number(process.env['CRASH_KILLS'] ?? 25);
const DOCUMENTS = 25;
const FRACTAL = path.resolve('bin/fractal.cjs');
const random = new SeededRandom(11);

const idOf = (d: number): string => `https://law.example/${d}`;
const timeOf = (d: number): string => new Date(Date.UTC(2024, 0, 1 + d)).toISOString();

function publish(p: Publisher): void {
  const entries = Array.from(
    { length: DOCUMENTS },
    (_, d) =>
      `<entry><id>${idOf(d)}</id><updated>${timeOf(d)}</updated><link href="${p.url(`/${d}.xml`).href}"/></entry>`,
  );
  p.on('/feed', file(`<feed>${entries.join('')}</feed>`));
  for (let d = 0; d < DOCUMENTS; d++) {
    const paragraphs = Array.from(
      { length: 30 },
      (_, i) => `The operator shall keep pump ${i} of unit ${d} isolated.`,
    );
    const bytes = Buffer.from(annualPart(100 + d, '2024-07-01', { [`${100 + d}.1`]: paragraphs }));
    p.on(
      `/${d}.xml`,
      rangedFile(
        () => bytes,
        () => `"${d}"`,
      ),
    );
  }
}

test(`a source survives ${KILLS} kills`, async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'fractal-crash-'));
  await using p = await new Publisher().start();
  publish(p);
  const open = (dataDir: string): ReturnType<typeof openNode> =>
    openNode({ dataDir, log: silentLog, principal: 'local-operator' });
  let kills = 0;
  let finishes = 0;
  for (let round = 0; kills < KILLS; round++) {
    const dataDir = path.join(folder, `node${round}`);
    await initNode({ dataDir, log: silentLog, name: 'test' });
    const network = { enabled: true, hosts: [], loopback: true };
    const limits = { fetch_host_pause_ms: 1, fetch_sync_bytes: 512 };
    const config = { name: 'test', role: 'hub', region: '', sites: [], limits, network };
    await writeFile(path.join(dataDir, 'fractal.json'), JSON.stringify(config));
    let node = await open(dataDir);
    await node.addSource({ name: 'feed', source: `feed:${p.url('/feed').href}`, every_s: 3600 });
    await node.close();
    for (let killed = true; killed;) {
      const child = spawn(
        process.execPath,
        [FRACTAL, 'source', 'run', 'feed', '--quiet', '--data', dataDir],
        {
          stdio: 'ignore',
        },
      );
      // By what it asked for and not by the clock: a busy machine must not keep it from getting anywhere.
      const until = p.asked.length + random.below(14);
      const after = random.below(60);
      const timer = setInterval(() => {
        if (kills >= KILLS || p.asked.length < until) return;
        clearInterval(timer);
        setTimeout(() => child.kill('SIGKILL'), after);
      }, 5);
      const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
      clearInterval(timer);
      killed = signal === 'SIGKILL';
      if (killed) kills++;
      node = await open(dataDir);
      const { store } = node.parts;
      assert.deepEqual(store.warnings, []);
      const [feed] = await node.sources();
      const rows = await store.rows<{ item: string; here: boolean }>(
        `select item, exists (select 1 from law.versions v where v.source_sha256 = f.source_sha256) here
           from node.fetches f where feed = $1`,
        ['feed'],
      );
      // What is recorded is in, and the cursor is at or before the first document that is not.
      assert.ok(rows.every((row) => row.here));
      const recorded = new Set(rows.map((row) => row.item));
      for (let d = 0; d < DOCUMENTS; d++)
        if (timeOf(d) <= (feed?.cursor ?? ''))
          assert.ok(recorded.has(`${idOf(d)} ${timeOf(d)}`), `${d} was passed over`);
      const [versions] = await store.rows<{ n: number }>(
        'select count(*)::int n from law.versions where $1 = 1',
        [1],
      );
      assert.equal(versions?.n, rows.length);
      if (!killed) {
        assert.equal(rows.length, DOCUMENTS);
        assert.equal(feed?.cursor, timeOf(DOCUMENTS - 1));
        finishes++;
      }
      await node.close();
    }
    await rm(dataDir, { recursive: true });
  }
  t.diagnostic(`${kills} kills, ${finishes} runs finished with everything in`);
  await rm(folder, { recursive: true });
});
