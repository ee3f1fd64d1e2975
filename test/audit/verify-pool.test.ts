/** Threads say about files of entries what is said without them (V1, V2). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanSegment } from '../../src/audit/clean-segment.ts';
import { VerifyPool } from '../../src/audit/verify-pool.ts';
import { event, filesOf, openLog, tempFolder } from './kit.ts';

test('V1 V2 a file is the same in a thread, more files than threads wait for none, and a bad one is no clean one', async (t) => {
  const folder = await tempFolder(t);
  const log = await openLog(folder);
  await Promise.all(Array.from({ length: 700 }, (_, i) => log.record(event(i))));
  await log.checkpoint();
  await log.close();
  const file = (await filesOf(folder)).get('segments/000000000000.log') ?? assert.fail();
  const wanted = cleanSegment(file, 0) ?? assert.fail();
  assert.equal(wanted.roots.length, 2 * 32);
  assert.equal(wanted.own.length, 1);
  const pool = new VerifyPool(Infinity);
  t.after(() => pool.close());
  const bad = Buffer.from(file);
  bad[5000] = (bad[5000] ?? 0) ^ 1;
  const asked = [file, bad, file, file, file, file].map((one) => pool.check(0, new Uint8Array(one)));
  const [one, other, ...more] = await Promise.all(asked);
  assert.equal(other, undefined);
  for (const found of [one, ...more]) assert.deepEqual(found, wanted);
  assert.equal(await pool.check(1, new Uint8Array(file)), undefined);
});
