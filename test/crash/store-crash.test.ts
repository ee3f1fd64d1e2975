import assert from 'node:assert/strict';
import { it } from 'node:test';
import { tempFolder } from '../store/kit.ts';
import { killLoop } from './kill-loop.ts';

it('T1 T2 T3 T4 T5 T6 fifty kill -9 lose nothing that was acknowledged and tear nothing', async (t) => {
  const seed = Number(process.env['FRACTAL_SEED'] ?? Date.now() % 1_000_000);
  t.diagnostic(`seed ${seed}`);
  // Two data directories side by side: two cores, and a writer is killed while another one uses the disk.
  const folders = [await tempFolder(t), await tempFolder(t)];
  const tallies = await Promise.all(folders.map((folder, i) => killLoop(folder, 25, seed + i)));
  t.diagnostic(JSON.stringify(tallies));
  // A loop that kills before anything was written proves nothing.
  assert.ok(tallies.every((tally) => tally.acknowledged > 40));
});
