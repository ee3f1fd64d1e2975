/**
 * kill -9 in a loop during import: nothing acknowledged is lost, nothing is torn, and running again finishes the job
 * with the counts of a run that was never disturbed.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { SeededRandom, silentLog } from '../../src/base/index.ts';
import { initNode, openNode, type FractalNode, type ImportResult } from '../../src/node/index.ts';
import { importAll } from '../node/kit.ts';
import { assertWhole, counts, writeSources } from './import-kit.ts';

const KILLS = Number(process.env['CRASH_KILLS'] ?? 55);
const FRACTAL = path.resolve('bin/fractal.cjs');
const random = new SeededRandom(8);

/** Runs the import as a user would and kills it after `ms`. Answers what it acknowledged, and whether it was killed. */
async function importAndKill(
  data: string,
  sources: string,
  ms: number,
): Promise<{ acknowledged: ImportResult[]; killed: boolean }> {
  const child = spawn(process.execPath, [FRACTAL, 'import', sources, '--json', '--quiet', '--data', data], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const acknowledged: ImportResult[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    // A line that was cut off acknowledges nothing.
    if (line.endsWith('}')) acknowledged.push(JSON.parse(line) as ImportResult);
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), ms);
  const [signal] = await Promise.all([
    new Promise<NodeJS.Signals | null>((resolve) => child.on('exit', (_, by) => resolve(by))),
    new Promise<void>((resolve) => lines.on('close', resolve)),
  ]);
  clearTimeout(timer);
  return { acknowledged, killed: signal === 'SIGKILL' };
}

test(`import survives ${KILLS} kills`, async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'fractal-crash-'));
  const sources = path.join(folder, 'sources');
  await writeSources(sources);
  const open = (dataDir: string): Promise<FractalNode> =>
    openNode({ dataDir, log: silentLog, principal: 'local-operator' });

  const undisturbed = path.join(folder, 'undisturbed');
  await initNode({ dataDir: undisturbed, log: silentLog });
  let node = await open(undisturbed);
  for (const result of await importAll(node, { paths: [sources] }))
    assert.equal(result.status, 'added', JSON.stringify(result.error));
  const expected = await counts(node);
  await node.close();

  let kills = 0;
  let finishes = 0;
  for (let round = 0; kills < KILLS; round++) {
    const data = path.join(folder, `node${round}`);
    await initNode({ dataDir: data, log: silentLog });
    const acknowledged = new Set<string>();
    let before = 0;
    for (let killed = true; killed; before++) {
      // Later and later: on a slow machine a run would otherwise never come to its end.
      const run = await importAndKill(data, sources, 350 + random.below(1400 + 100 * before));
      killed = run.killed;
      if (killed) kills++;
      for (const result of run.acknowledged) {
        assert.notEqual(result.status, 'rejected', JSON.stringify(result.error));
        if (acknowledged.has(result.source))
          assert.equal(result.status, 'unchanged', `${result.source} was lost`);
        acknowledged.add(result.source);
      }
      node = await open(data);
      assert.deepEqual(node.parts.store.warnings, []);
      await assertWhole(node);
      const here = new Set(
        (
          await node.parts.store.rows<{ source_name: string }>(
            'select source_name from node.sources where records >= $1',
            [0],
          )
        ).map((row) => row.source_name),
      );
      for (const source of acknowledged)
        assert.ok(here.has(path.basename(source)), `${source} was acknowledged and is gone`);
      if (!killed) {
        assert.deepEqual(await counts(node), expected);
        finishes++;
      }
      await node.close();
    }
    await rm(data, { recursive: true });
  }
  t.diagnostic(`${kills} kills, ${finishes} runs finished with equal counts`);
  await rm(folder, { recursive: true });
});
