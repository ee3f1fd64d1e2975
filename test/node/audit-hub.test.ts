/** A node that is to push its audit log says how that goes (rule H8). */
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { deniedError } from '../../src/base/index.ts';
import type { FractalNode } from '../../src/node/index.ts';
import { testNode } from './kit.ts';

test('H8: doctor tells of the hub: nothing yet, and why a push failed', async () => {
  await using t = await testNode();
  const told = async (node: FractalNode): Promise<unknown> => {
    const found = (await node.doctor()).find(({ name }) => name === 'audit hub');
    return found === undefined ? undefined : [found.ok, found.detail];
  };
  t.node.startPush(() => assert.fail('no hub is set'));
  assert.equal(await told(t.node), undefined);
  const file = path.join(t.dataDir, 'fractal.json');
  const config = JSON.parse(await readFile(file, 'utf8')) as object;
  const audit_hub = { url: 'https://hub.example:8443', every_minutes: 15 };
  await writeFile(file, JSON.stringify({ ...config, audit_hub }));
  const node = await t.reopen();
  assert.deepEqual(await told(node), [true, 'nothing was pushed yet: a running node does it']);
  const state = path.join(t.dataDir, 'audit', 'push.json');
  await writeFile(state, '{"at"');
  const [ok, detail] = (await told(node)) as [boolean, string];
  assert.equal(ok, false);
  assert.match(detail, /push\.json .* cannot be read/);
  await rm(state);
  const asked = Promise.withResolvers<string>();
  let closed = 0;
  node.startPush(({ href }) => ({
    receive: async () => {
      asked.resolve(href);
      throw deniedError('policy.denied', 'edge may not replicate', 'Give it the role edge.');
    },
    close: async () => {
      closed++;
    },
  }));
  assert.equal(await asked.promise, 'https://hub.example:8443/');
  await node.checkpointAudit();
  let found = await told(node);
  for (let i = 0; i < 200 && JSON.stringify(found).includes('nothing'); i++) {
    await new Promise((resolve) => setTimeout(resolve, 25));
    found = await told(node);
  }
  assert.match(
    JSON.stringify(found),
    /^\[false,"never cosigned; 1 try failed since, last on .*: edge may not replicate \(policy\.denied\)"\]$/,
  );
  await t.reopen();
  assert.equal(closed, 1, 'the node lets its hub go when it closes');
  await writeFile(file, JSON.stringify({ ...config, audit_hub: { url: 'http://hub', every_minutes: 15 } }));
  await assert.rejects(t.reopen(), { code: 'node.config', message: /audit_hub: url must be/ });
  await writeFile(file, JSON.stringify(config));
});
