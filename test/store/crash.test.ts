import assert from 'node:assert/strict';
import { it } from 'node:test';
import { killLoop } from '../crash/kill-loop.ts';
import { tempFolder } from './kit.ts';

it('T1 T3 five kill -9 lose nothing that was acknowledged (npm run test:crash does fifty)', async (t) => {
  const tally = await killLoop(await tempFolder(t), 5, 20_261_123);
  t.diagnostic(JSON.stringify(tally));
  assert.ok(tally.acknowledged > 5);
});
