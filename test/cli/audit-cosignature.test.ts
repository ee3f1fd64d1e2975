/** A log goes to a hub by file, and the cosignature comes back by file (rule H2). */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { DEFAULT_LIMITS, ManualClock, SeededRandom, nodeFileSystem } from '../../src/base/index.ts';
import {
  Replicas,
  keepCosigned,
  linesOf,
  makeBundle,
  openKeys,
  parseCheckpoint,
  printBundle,
  printKey,
  printNote,
  verifyBundle,
} from '../../src/audit/index.ts';
import { NODE_ID, START, event, openLog, tempFolder } from '../audit/kit.ts';
import { desk } from './kit.ts';

test('H2: export, import-log, accept-cosignature: bundles of the edge carry what the hub cosigned', async (t) => {
  const [edge, hub] = [await desk(), await desk()];
  t.after(() => Promise.all([edge.cleanUp(), hub.cleanUp()]));
  const log = await openLog(await tempFolder(t));
  for (let i = 0; i < 5; i++) await log.record(event(i));
  const { key } = log.options.keys.signer;
  // The logs are real; the nodes around them only pass calls on.
  Object.assign(edge.node, {
    checkpointAudit: async () => {
      const note = await log.checkpoint();
      const { origin, size, root } = parseCheckpoint(note.text) ?? assert.fail();
      return {
        origin,
        size,
        root: Buffer.from(root).toString('base64'),
        note: printNote(note),
        key: printKey(key),
      };
    },
    exportAudit: async (r: { from: number; end: number; limit: number }) => ({
      lines: await linesOf(log, r.from, r.end, r.limit),
    }),
    cosignedAudit: async (r: { note: string; key: string }) => ({
      kept: await keepCosigned(log, r.note, r.key),
    }),
  });
  const folder = await tempFolder(t);
  const hubId = NODE_ID.replace(/1$/, '7');
  const { cosigner } = await openKeys(nodeFileSystem, folder, hubId, new SeededRandom(7));
  const replicas = new Replicas({
    fs: nodeFileSystem,
    folder: path.join(folder, 'replicas'),
    cosigner,
    clock: new ManualClock(START),
    limits: DEFAULT_LIMITS,
    sink: { record: async () => 0 },
  });
  await replicas.accept(printKey(key));
  Object.assign(hub.node, {
    auditReplicas: async (r: Parameters<typeof replicas.receive>[0]) => ({
      replicas: [await replicas.receive(r)],
    }),
  });

  assert.equal(await edge.run('audit', 'export', '--out', 'log.jsonl'), 0);
  await writeFile(path.join(hub.folder, 'log.jsonl'), await readFile(path.join(edge.folder, 'log.jsonl')));
  assert.equal(await hub.run('audit', 'import-log', 'log.jsonl', '--out', 'back.json'), 0, hub.stderr.text);
  const back = await readFile(path.join(hub.folder, 'back.json'), 'utf8');
  await edge.file('back.json', back);
  assert.equal(await edge.run('audit', 'accept-cosignature', 'back.json'), 0, edge.stderr.text);
  assert.match(edge.stdout.text, /cosigned over 5 entries/);
  const { cosignatures } = await verifyBundle(printBundle(await makeBundle(log, 3)), [
    printKey(cosigner.key),
  ]);
  assert.deepEqual(
    cosignatures.map(({ name, is_key_known }) => [name, is_key_known]),
    [[cosigner.key.name, true]],
  );

  // Changed, of another log, or no such file: refused, and what was kept stays.
  const { note, key: hubKey } = JSON.parse(back) as { note: string; key: string };
  await edge.file('bad.json', back.replace('\\n5\\n', '\\n4\\n'));
  assert.equal(await edge.run('audit', 'accept-cosignature', 'bad.json'), 5);
  assert.match(edge.stderr.text, /no cosigned checkpoint of this log/);
  await edge.file('none.json', JSON.stringify({ note, key: hubKey }));
  assert.equal(await edge.run('audit', 'accept-cosignature', 'none.json'), 5);
  assert.equal(await edge.run('audit', 'accept-cosignature', 'absent.json'), 4);
  assert.equal(await edge.run('audit', 'accept-cosignature'), 2);
  await log.close();
});
