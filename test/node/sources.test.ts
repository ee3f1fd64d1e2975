/** Standing sources through the interface of the node, asked directly and through its socket. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { it } from 'node:test';
import { DEFAULT_LIMITS, silentLog } from '../../src/base/index.ts';
import type { NodeApi } from '../../src/node/index.ts';
import { RemoteNode, createApp, listen, socketPathOf } from '../../src/server/index.ts';
import { importAll, testNode } from './kit.ts';

async function checkSources(node: NodeApi): Promise<void> {
  assert.deepEqual(await node.sources(), []);
  const request = { name: 'waste', source: 'ECFR:40/262', every_s: 3600, since: '2024-01-01' };
  const added = await node.addSource(request);
  assert.deepEqual(
    { ...added, due_at: '' },
    {
      name: 'waste',
      source: 'ecfr:40/262',
      every_s: 3600,
      since: '2024-01-01',
      cursor: null,
      due_at: '',
      run_at: null,
      documents: 0,
      refused: 0,
      error: null,
    },
  );
  assert.deepEqual(await node.sources(), [added]);
  await assert.rejects(node.addSource(request), { code: 'source.exists' });
  await assert.rejects(node.addSource({ ...request, name: 'b', jurisdiction: 'nowhere' }), {
    code: 'import.jurisdiction',
  });
  const denied = { code: 'network.disabled', kind: 'denied' };
  await assert.rejects(async () => {
    for await (const event of node.runSources({ names: [] })) assert.fail(event.type);
  }, denied);
  await assert.rejects(node.sourceVersions({ source: 'ecfr:40/262' }), denied);
  await assert.rejects(async () => {
    for await (const event of node.import({ paths: ['ecfr:40/262'] })) assert.equal(event.type, 'progress');
  }, denied);
  await node.removeSource('waste');
  await assert.rejects(node.removeSource('waste'), { code: 'source.unknown' });
}

it('the node keeps standing sources, and asks nobody while the network is off', async () => {
  await using t = await testNode();
  await checkSources(t.node);
});

it('so it does behind its socket, and at its port nobody can make it ask others', async () => {
  await using t = await testNode();
  const socketPath = socketPathOf(t.dataDir);
  const principal = 'local-operator';
  const app = createApp(t.node, {
    dataDir: t.dataDir,
    version: '0',
    limits: DEFAULT_LIMITS,
    log: silentLog,
    principal,
  });
  const listening = await listen({
    app,
    host: '127.0.0.1',
    port: 0,
    socketPath,
    limits: DEFAULT_LIMITS,
    log: silentLog,
  });
  try {
    const remote = new RemoteNode({ socketPath });
    await checkSources(remote);
    for (const [route, body] of Object.entries({
      '/v1/sources': { name: 'a', source: 'ecfr:40/262', every_s: 3600 },
      '/v1/sources/run': { names: [], allow_network: true },
      '/v1/sources/versions': { source: 'ecfr:40/262', allow_network: true },
      '/v1/sources/remove': { name: 'a' },
      '/v1/import': { paths: ['ecfr:40/262'], allow_network: true },
    })) {
      const answer = await fetch(listening.url + route, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      assert.equal(answer.status, 403, route);
      assert.match(await answer.text(), /local_only/);
    }
    assert.deepEqual(await remote.sources(), []);
  } finally {
    await listening.stop();
  }
});

it('what speaks of fetching is refused for files', async () => {
  await using t = await testNode();
  const file = await t.file('a.xml', '<a/>');
  for (const [more, code] of [
    [{ sha256: '0'.repeat(64) }, 'import.sha256'],
    [{ versions: true }, 'import.versions'],
  ] as const)
    await assert.rejects(importAll(t.node, { paths: [file], ...more }), { code });
  const named = { paths: ['ecfr:40/262'], sha256: 'abc' };
  await assert.rejects(importAll(t.node, named), { code: 'import.sha256' });
});

it('a network section with a typing error is refused', async () => {
  await using t = await testNode();
  await t.node.close();
  const config = { name: 'test', role: 'hub', region: '', sites: [] };
  for (const network of [
    { enabled: 'yes', hosts: [] },
    { enabled: true },
    { enabled: true, hosts: 'www.ecfr.gov' },
    { enabled: true, hosts: [], proxy: 'x' },
    { enabled: true, hosts: [], contact: 'a\nb' },
    [],
    'on',
  ]) {
    await writeFile(path.join(t.dataDir, 'fractal.json'), JSON.stringify({ ...config, network }));
    await assert.rejects(t.reopen(), { code: 'node.config' }, JSON.stringify(network));
  }
  await writeFile(path.join(t.dataDir, 'fractal.json'), JSON.stringify(config));
  await t.reopen();
});
