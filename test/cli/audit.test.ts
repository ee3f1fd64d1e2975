/** `fractal audit`. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { makeBundle, verifyBundle } from '../../src/audit/index.ts';
import { event, openLog, tempFolder } from '../audit/kit.ts';
import { desk } from './kit.ts';

test('audit: shows entries, checks, signs', async (t) => {
  const d = await desk();
  t.after(() => d.cleanUp());
  assert.equal(await d.run('audit'), 0);
  assert.match(d.stderr.text, /No entry fits/);
  const entry = {
    entry_id: 7,
    prev_hash: '00',
    timestamp: '2026-01-31T08:15:00.123000004Z',
    node_id: 'n',
    actor_id: 'ann',
    actor_role: 'inspector',
    event_type: 'access.sql',
    resource: 'sql',
    detail: { stage: 'begun' },
  };
  d.node.entries = [entry, { ...entry, entry_id: 8 }];
  assert.equal(await d.run('audit', 'show', '--actor', 'ann', '--limit=2'), 0);
  assert.match(d.stdout.text, /7 +2026-01-31T08:15:00\.123Z +ann +access\.sql +sql +\{"stage":"begun"\}/);
  assert.deepEqual(d.node.seen.at(-1)?.request, { actor: 'ann', limit: 2 });
  assert.equal(await d.run('audit', 'show', '--json'), 0);
  assert.deepEqual(
    d.stdout.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
    d.node.entries,
  );

  assert.equal(await d.run('audit', 'verify'), 0);
  assert.match(d.stdout.text, /ok {2}1 entry/);
  assert.deepEqual(d.opened.length, 3, 'the files of a stopped node are read without opening it');
  d.node.verdict = {
    ...d.node.verdict,
    ok: false,
    faults: [{ entry: 4, reason: 'its bytes do not fit its hash' }],
  };
  assert.equal(await d.run('audit', 'verify'), 7);
  assert.match(d.stdout.text, /FAILED {2}entry 4: its bytes do not fit/);
  assert.equal(await d.run('audit', 'verify', '--json'), 7);
  assert.equal((JSON.parse(d.stdout.text) as { ok: boolean }).ok, false);

  assert.equal(await d.run('audit', 'checkpoint'), 0);
  assert.match(d.stdout.text, /^o\n1\nr\n\n— o sig\n$/);
  assert.equal(await d.run('audit', 'checkpoint', '--out', 'cp'), 0);
  assert.match(await readFile(path.join(d.folder, 'cp'), 'utf8'), /— o sig/);
});

test('audit: proves an entry and checks the proof with no node', async (t) => {
  const d = await desk();
  t.after(() => d.cleanUp());
  const log = await openLog(await tempFolder(t));
  await log.record(event(0));
  const bundle = await makeBundle(log, 0);
  await log.close();
  d.node.bundle = bundle;
  assert.equal(await d.run('audit', 'prove', '0', '--out', 'b.json'), 0);
  const text = await readFile(path.join(d.folder, 'b.json'), 'utf8');
  assert.equal((await verifyBundle(text)).entry.entry_id, 0);
  assert.equal(await d.run('audit', 'prove', '0'), 0);
  assert.equal(d.stdout.text, text);
  assert.equal(await d.run('audit', 'prove', '1'), 4);
  assert.equal(await d.run('audit', 'prove'), 2);
  assert.equal(await d.run('audit', 'prove', '--from', '2', '--to', '5'), 0);
  assert.equal((JSON.parse(d.stdout.text) as { to: number }).to, 5);
  assert.deepEqual(d.node.seen.at(-1)?.request, { from: 2, to: 5 });
  assert.equal(await d.run('audit', 'prove', '--from', '5', '--to', '2'), 5);

  d.failOpen = new Error('no node may be opened');
  assert.equal(await d.run('audit', 'verify-bundle', 'b.json'), 0);
  assert.match(d.stdout.text, /It holds together, but whose key[^]*Entry 0 of the log fractal\.audit/);
  assert.match(d.stderr.text, /The key is the bundle's own/);
  assert.equal(await d.run('audit', 'verify-bundle', 'b.json', '--key', bundle.keys[0] ?? '', '--json'), 0);
  assert.equal((JSON.parse(d.stdout.text) as { is_key_known: boolean }).is_key_known, true);
  await d.file('bad.json', text.replace('anna', 'otto'));
  assert.equal(await d.run('audit', 'verify-bundle', 'bad.json'), 7);
  assert.match(d.stderr.text, /the entry is not in the tree that was signed/);
  await d.file('big.json', ' '.repeat(1024 * 1024 + 1));
  assert.notEqual(await d.run('audit', 'verify-bundle', 'big.json'), 0);
  assert.equal(await d.run('audit', 'verify-bundle', 'absent.json'), 4);
  assert.equal(await d.run('audit', 'verify-bundle'), 2);
  assert.equal(await d.run('audit', 'verify-bundle', 'b.json', '--key', 'mistyped'), 2);
  assert.match(d.stderr.text, /the key you gave is none[^]*NAME\+ID\+BASE64/);
  await d.file('kept.txt', bundle.checkpoint);
  const known = ['--key', bundle.keys[0] ?? ''];
  assert.equal(await d.run('audit', 'verify-bundle', 'b.json', '--checkpoint', 'kept.txt', ...known), 0);
  assert.match(d.stdout.text, /^Proven[^]*All these files belong to one history/);
  assert.equal(await d.run('audit', 'verify-bundle', 'kept.txt', ...known), 2);
  assert.equal(await d.run('audit', 'prove', '0', '1'), 2, 'only verify-bundle takes several');

  assert.equal(await d.run('audit', 'verifier', '--out', 'check.mjs'), 0);
  assert.match(await readFile(path.join(d.folder, 'check.mjs'), 'utf8'), /^#!\/usr\/bin\/env node\n/);
  assert.equal(await d.run('audit', 'verifier', '--out', 'check.html'), 0);
  assert.match(await readFile(path.join(d.folder, 'check.html'), 'utf8'), /^<!doctype html>/);
});

test('audit: a report that was printed, with files put to it, becomes a bundle', async (t) => {
  const d = await desk();
  t.after(() => d.cleanUp());
  const report = { answer: 'Keep records.', inference_id: 'i-7' };
  await d.file('answer.json', JSON.stringify(report));
  await d.file('permit.txt', 'Permit 12');
  await d.file('long.pdf', ' '.repeat(1024 * 1024));
  const evidence = ['--evidence', 'permit.txt', '--evidence', 'long.pdf'];
  assert.equal(await d.run('audit', 'prove', '--report', 'answer.json', ...evidence), 4);
  const made = {
    ...{ format: 'fractal.audit-report/1', entry: '{}', proof: [], checkpoint: 'c', keys: ['k'] },
    ...{ report: JSON.stringify(report), salt: 's', evidence: [], attached: null },
  };
  d.node.reportBundle = made;
  const to = ['--out', 'case.json'];
  assert.equal(await d.run('audit', 'prove', '--report', 'answer.json', ...evidence, ...to), 0);
  assert.deepEqual(d.node.seen.at(-1)?.request, {
    id: 'i-7',
    report,
    evidence: [
      { name: 'permit.txt', content: Buffer.from('Permit 12').toString('base64') },
      {
        name: 'long.pdf',
        sha256: createHash('sha256')
          .update(' '.repeat(1024 * 1024))
          .digest('hex'),
      },
    ],
  });
  assert.match(d.stderr.text, /long\.pdf is too long for the bundle/);
  assert.deepEqual(JSON.parse(await readFile(path.join(d.folder, 'case.json'), 'utf8')), made);
  assert.equal(await d.run('audit', 'prove', '12', '--report', 'answer.json'), 0);
  assert.equal((d.node.seen.at(-1)?.request as { id: string }).id, '12');
  await d.file('none.json', '{}');
  assert.equal(await d.run('audit', 'prove', '--report', 'none.json'), 2, 'nothing says which entry');
  await d.file('bad.json', 'x');
  assert.notEqual(await d.run('audit', 'prove', '1', '--report', 'bad.json'), 0);
  assert.equal(await d.run('audit', 'prove', '1', '--report', 'absent.json'), 4);
});
