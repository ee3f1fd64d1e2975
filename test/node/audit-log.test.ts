/** Reading, checking, signing and proving the audit log of a node, under the right `audit` (rules R1–R4). */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { verifyBundle } from '../../src/audit/index.ts';
import { verifyAuditFiles } from '../../src/node/index.ts';
import { people } from '../security/people.ts';
import { testNode } from './kit.ts';

test('R1: only who has the right reads the log, and it gives no other right', async () => {
  await using p = await people();
  await p.add('eve', 'auditor');
  const eve = p.as('eve');
  const { entries } = await eve.audit({ actor: 'root', limit: 1000 });
  assert.ok(entries.length > 0 && entries.every((entry) => entry.actor_id === 'root'));
  assert.ok((await eve.verifyAudit()).ok);
  assert.ok((await eve.checkpointAudit()).size > 0);
  assert.equal((await verifyBundle(JSON.stringify(await eve.proveAudit(0)))).entry.entry_id, 0);
  const denied = { code: 'policy.denied' };
  for (const other of ['root', 'ann']) {
    await assert.rejects(p.as(other).audit({}), denied);
    await assert.rejects(p.as(other).verifyAudit(), denied);
    await assert.rejects(p.as(other).checkpointAudit(), denied);
    await assert.rejects(p.as(other).proveAudit(0), denied);
  }
  await assert.rejects(eve.doctor(), denied);
  await assert.rejects(eve.users({ action: 'list' }), denied);
  await assert.rejects(eve.sql({ sql: 'select * from esh.sites' }));
});

test('R2: filters, and who reads the log is in the log', async () => {
  await using t = await testNode();
  const { node } = t;
  await node.search({ query: 'waste', mode: 'text' });
  const all = await node.audit({ limit: 10_000 });
  assert.equal(all.more, false);
  assert.deepEqual(
    all.entries.map((entry) => entry.entry_id),
    all.entries.map((_, i) => i),
  );
  const { entries } = await node.audit({ category: 'lifecycle' });
  assert.ok(entries.length > 0 && entries.every((entry) => entry.event_type.startsWith('lifecycle.')));
  const reads = await node.audit({ resource: 'audit' });
  assert.equal(reads.entries[0]?.event_type, 'access.audit');
  const last = await node.audit({ limit: 1 });
  assert.deepEqual([last.entries.length, last.more], [1, true]);
  assert.deepEqual(await node.audit({ until: '2001-01-01' }), { entries: [], more: false });
  assert.deepEqual(await node.audit({ since: '2999-01-01T00:00:00+02:00' }), { entries: [], more: false });
  const day = new Date().toISOString().slice(0, 10);
  assert.ok((await node.audit({ since: '2001-01-01', until: day, limit: 1 })).entries.length === 1);
  for (const bad of [{ since: '2026-02-30' }, { until: 'now' }, { limit: 0 }, { category: 'x' }])
    await assert.rejects(node.audit(bad), { kind: 'bad_input' });
});

test('R3: the log is checked while it goes on', async () => {
  await using t = await testNode();
  const { node } = t;
  let isOver = false;
  const writing = (async () => {
    while (!isOver) await node.lawDocuments();
  })();
  for (let i = 0; i < 15; i++) assert.deepEqual((await node.verifyAudit()).faults, []);
  isOver = true;
  await writing;
});

test('R4: a byte changed on disk is found by verify, running and stopped, and by nobody repaired', async () => {
  await using t = await testNode();
  const { node } = t;
  const name = path.join(
    t.dataDir,
    'audit/segments',
    (await readdir(path.join(t.dataDir, 'audit/segments')))[0] ?? '',
  );
  const bytes = await readFile(name);
  const start = bytes.indexOf(0x0a) + 1;
  const at = bytes.indexOf('"timestamp":"', start) + 15;
  bytes[at] = 0x39;
  await writeFile(name, bytes);
  const verdict = await node.verifyAudit();
  assert.equal(verdict.faults[0]?.entry, 1);
  const [check] = (await node.doctor()).filter((one) => one.name === 'audit log');
  assert.equal(check?.ok, true, 'doctor looks at what was signed; verify reads every entry');
  await node.close();
  assert.equal((await verifyAuditFiles(t.dataDir)).faults[0]?.entry, 1);
  const reopened = await t.reopen();
  const [after] = (await reopened.doctor()).filter((one) => one.name === 'audit log');
  assert.equal(after?.ok, false);
  await assert.rejects(verifyAuditFiles(t.folder), { code: 'audit.absent' });
});
