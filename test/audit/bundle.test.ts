/** Bundles: one file proves an entry, and a changed one proves nothing (rules P1–P4). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FractalError } from '../../src/base/index.ts';
import { makeBundle, printBundle, verifyBundle, type AuditBundle } from '../../src/audit/index.ts';
import { event, openLog, tempFolder, NODE_ID } from './kit.ts';

const refused = (error: unknown): true => {
  assert.ok(error instanceof FractalError, String(error));
  assert.deepEqual([error.code, error.exitCode], ['audit.bundle', 7]);
  return true;
};

test('P1: every entry of logs of all sizes is proved by its bundle, checked with no log', async (t) => {
  const log = await openLog(await tempFolder(t));
  for (let i = 0; i < 40; i++) {
    await log.record(event(i, { detail: { text: `ä☃ ${i} "quoted" \\ \n` } }));
    await log.checkpoint();
    const id = (i * 7) % log.size;
    const found = await verifyBundle(printBundle(await makeBundle(log, id)));
    assert.equal(found.entry.entry_id, id);
    assert.equal(found.is_key_known, false);
    assert.ok(found.checkpoint.size > id);
  }
  await log.close();
});

test('P1: an entry that no checkpoint covers yet is signed for first; one that is not there is told', async (t) => {
  const log = await openLog(await tempFolder(t));
  const id = await log.record(event(1));
  assert.equal(log.checkpointNote, undefined);
  assert.equal((await verifyBundle(JSON.stringify(await makeBundle(log, id)))).checkpoint.size, 1);
  await assert.rejects(makeBundle(log, 99), { code: 'audit.entry_unknown' });
  await log.close();
});

async function madeBundle(t: Parameters<typeof tempFolder>[0]): Promise<AuditBundle> {
  const log = await openLog(await tempFolder(t));
  for (let i = 0; i < 11; i++) await log.record(event(i));
  const bundle = await makeBundle(log, 5);
  await log.close();
  return bundle;
}

test('P2: a bundle with any bit of any byte changed is refused with a reason', async (t) => {
  const bytes = Buffer.from(printBundle(await madeBundle(t)));
  await verifyBundle(bytes.toString());
  const isSpace = (byte: number): boolean => [0x09, 0x0a, 0x0d, 0x20].includes(byte);
  // The last byte is the line end: white space behind the bundle says nothing.
  for (let i = 0; i < bytes.length - 1; i++)
    for (let bit = 0; bit < 8; bit++) {
      const copy = Buffer.from(bytes);
      copy[i] = (copy[i] ?? 0) ^ (1 << bit);
      if (i === bytes.length - 2 && isSpace(copy[i] ?? 0)) continue;
      await assert.rejects(verifyBundle(copy.toString()), refused, `byte ${i}, bit ${bit}`);
    }
});

test('P2: cut, with a field more, twice, in another order, or not what its format says', async (t) => {
  const bundle = await madeBundle(t);
  const text = printBundle(bundle);
  for (let cut = 0; cut < text.length - 2; cut += 7)
    await assert.rejects(verifyBundle(text.slice(0, cut)), refused);
  const twice = text.replace('{', `{"entry": ${JSON.stringify(bundle.entry)},`);
  const { keys, ...rest } = bundle;
  for (const other of [
    twice,
    JSON.stringify({ ...bundle, note: 'x' }),
    JSON.stringify({ keys, ...rest }),
    JSON.stringify(rest),
    JSON.stringify({ ...bundle, proof: 'x' }),
    JSON.stringify({ ...bundle, keys: [1] }),
    JSON.stringify({ ...bundle, proof: [...bundle.proof, bundle.proof[0]] }),
    JSON.stringify({ ...bundle, proof: bundle.proof.slice(1) }),
    JSON.stringify({ ...bundle, proof: bundle.proof.toReversed() }),
    'null',
    '[]',
    '1',
    '',
  ])
    await assert.rejects(verifyBundle(other), refused, other.slice(0, 80));
});

test('P3: of two logs, no part of one fits into a bundle of the other', async (t) => {
  const one = await madeBundle(t);
  const log = await openLog(await tempFolder(t), { seed: 2, nodeId: NODE_ID.replace(/1$/, '2') });
  for (let i = 0; i < 11; i++) await log.record(event(i));
  const other = await makeBundle(log, 5);
  await log.close();
  const parts = ['entry', 'proof', 'checkpoint', 'keys'] as const;
  for (let mix = 1; mix < 2 ** parts.length - 1; mix++) {
    const mixed = { ...one };
    for (const [i, part] of parts.entries())
      if ((mix & (1 << i)) !== 0) Object.assign(mixed, { [part]: other[part] });
    await assert.rejects(verifyBundle(JSON.stringify(mixed)), refused, `mix ${mix}`);
  }
});

test('P4: a key from elsewhere decides: a log written anew under another key is refused', async (t) => {
  const bundle = await madeBundle(t);
  const [key = ''] = bundle.keys;
  assert.equal((await verifyBundle(JSON.stringify(bundle), [key])).is_key_known, true);
  const forger = await openLog(await tempFolder(t), { seed: 9 });
  for (let i = 0; i < 11; i++) await forger.record(event(i));
  const forged = await makeBundle(forger, 5);
  await forger.close();
  // By itself it holds together: that is why a key from elsewhere is asked for.
  assert.equal((await verifyBundle(JSON.stringify(forged))).is_key_known, false);
  await assert.rejects(verifyBundle(JSON.stringify(forged), [key]), refused);
  const misused = { code: 'audit.verify_use', exitCode: 2 };
  await assert.rejects(verifyBundle(JSON.stringify(bundle), ['no key']), misused, 'a mistyped key');
});
