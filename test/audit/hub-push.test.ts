/** A log that goes to its hub by itself (rule H8). */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import {
  DEFAULT_LIMITS,
  FIXED_LIMITS,
  ManualClock,
  SeededRandom,
  nodeFileSystem,
  unavailableError,
} from '../../src/base/index.ts';
import {
  HubPush,
  Replicas,
  findEntries,
  hubFault,
  makeBundle,
  openKeys,
  pauseAfter,
  printBundle,
  printKey,
  readPushState,
  verifyBundle,
  type HubDoor,
} from '../../src/audit/index.ts';
import { NODE_ID, START, event, openLog, tempFolder } from './kit.ts';

const SETTING = { url: 'https://hub.example:8443', every_minutes: 15 };

test('H8: pushed, cosigned, nothing sent where nothing came; failures are kept, told once, and end', async (t) => {
  const clock = new ManualClock(START);
  const edge = await tempFolder(t);
  const limits = { audit_push_tries: 1 };
  const log = await openLog(edge, { clock, limits });
  const folder = await tempFolder(t);
  const { cosigner } = await openKeys(
    nodeFileSystem,
    folder,
    NODE_ID.replace(/1$/, '7'),
    new SeededRandom(7),
  );
  const replicas = new Replicas({
    fs: nodeFileSystem,
    folder: path.join(folder, 'replicas'),
    cosigner,
    clock,
    limits: DEFAULT_LIMITS,
    sink: { record: async () => 0 },
  });
  let [parts, isDown, closed] = [0, false, 0];
  const hub: HubDoor = {
    receive: async (part) => {
      parts++;
      if (isDown) throw unavailableError('http.unreachable', 'the hub does not answer', 'Start it.');
      return await replicas.receive(part);
    },
    close: async () => {
      closed++;
    },
  };
  const push = new HubPush(log, SETTING, hub);
  for (let i = 0; i < 5; i++) await log.record(event(i));
  const first = await push.run();
  assert.equal(first.error?.code, 'audit.replica_unknown', 'its key was not accepted there yet');
  await replicas.accept(printKey(log.options.keys.signer.key));
  const second = await push.run();
  assert.deepEqual([second.failures, second.error], [0, null]);
  const bundle = await verifyBundle(printBundle(await makeBundle(log, 3)), [printKey(cosigner.key)]);
  assert.equal(bundle.cosignatures[0]?.is_key_known, true, 'bundles carry it');

  // Nothing new: no entry, no checkpoint; the hub is asked once.
  const { size } = log;
  parts = 0;
  assert.equal((await push.run()).cosigned?.size, second.cosigned?.size);
  assert.deepEqual([log.size, parts], [size, 1]);

  isDown = true;
  for (let i = 0; i < 3; i++) {
    clock.advance(60_000);
    await log.record(event(i));
    await push.run();
  }
  const failed = (await readPushState(log)) ?? assert.fail();
  assert.deepEqual(
    [failed.failures, failed.error?.code, failed.cosigned],
    [3, 'http.unreachable', second.cosigned],
  );
  isDown = false;
  assert.equal((await push.run()).failures, 0);
  const { entries } = await findEntries(log, { category: 'sync' }, 100);
  assert.deepEqual(
    entries.map(({ event_type, detail }) => [event_type, detail['code']]),
    [
      ['sync.push-failed', 'audit.replica_unknown'],
      ['sync.push-recovered', undefined],
      ['sync.push-failed', 'http.unreachable'],
      ['sync.push-recovered', undefined],
    ],
  );
  assert.equal((await replicas.verify(log.options.keys.signer.key.name)).ok, true);

  // What cannot be read is told; a stop lets the hub go, and nothing is sent after it.
  const file = path.join(edge, 'push.json');
  assert.match(await readFile(file, 'utf8'), /"failures":0/);
  await writeFile(file, 'x');
  await assert.rejects(readPushState(log), { code: 'audit.push_state' });
  await push.stop();
  parts = 0;
  await log.record(event(9));
  await push.run();
  assert.deepEqual([parts, closed], [0, 1]);
  await log.close();
});

test('H8: the timer pushes by itself', async (t) => {
  const log = await openLog(await tempFolder(t));
  await log.record(event(0));
  const asked = Promise.withResolvers<undefined>();
  const hub: HubDoor = {
    receive: async () => {
      asked.resolve(undefined);
      throw unavailableError('http.unreachable', 'no', 'Start it.');
    },
    close: async () => undefined,
  };
  const push = new HubPush(log, SETTING, hub);
  push.start();
  const alive = setInterval(() => undefined, 1000);
  await asked.promise;
  clearInterval(alive);
  await push.stop();
  await log.close();
});

test('H8: pauses grow to their bound and no further; a setting is an address and minutes', () => {
  const pauses = [0, 1, 2, 3, 50].map((failures) => pauseAfter(failures, SETTING) / 60_000);
  assert.deepEqual(pauses, [15, 30, 60, 120, FIXED_LIMITS.audit_push_backoff_ms.value / 60_000]);
  assert.equal(pauseAfter(9, { ...SETTING, every_minutes: 1440 }) / 60_000, 1440);
  assert.equal(hubFault(undefined), undefined);
  assert.equal(hubFault(SETTING), undefined);
  assert.equal(hubFault({ url: 'http://127.0.0.1:1', every_minutes: 1 }), undefined);
  for (const bad of [null, 'x', {}, { ...SETTING, url: 'http://hub' }, { ...SETTING, every_minutes: 0 }])
    assert.notEqual(hubFault(bad), undefined);
  assert.match(hubFault({ ...SETTING, token: 'x' }) ?? '', /token is neither/);
});
