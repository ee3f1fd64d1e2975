/** What is handed to outsiders: one file and a bundle in an empty folder are enough (rules O1–O4). */
import assert from 'node:assert/strict';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { FIXED_LIMITS, SeededRandom } from '../../src/base/index.ts';
import {
  BUNDLE_CHARS,
  makeBundle,
  printBundle,
  verifyBundle,
  type AuditBundle,
} from '../../src/audit/index.ts';
import { checkSignature, readKey, splitNote } from '../../src/audit/outside/note.ts';
import {
  COSIGNATURE,
  makeSecret,
  parseKey,
  printKey,
  printNote,
  signNote,
  signerOf,
} from '../../src/audit/note.ts';
import { event, openLog, tempFolder } from './kit.ts';
import { nodes, run } from './outside-kit.ts';

const PROGRAM = 'verifier/fractal-audit-verify.mjs';

async function madeBundle(t: TestContext, text = 'plain'): Promise<AuditBundle> {
  const log = await openLog(await tempFolder(t));
  for (let i = 0; i < 5; i++) await log.record(event(i, { detail: { text } }));
  const bundle = await makeBundle(log, 3);
  await log.close();
  return bundle;
}

test('O1: in an empty folder, the file and a bundle are enough; changed, it is refused with the reason', async (t) => {
  const folder = await tempFolder(t);
  const bundle = await madeBundle(t, 'stop \u001b[2J there');
  await copyFile(PROGRAM, path.join(folder, 'check.mjs'));
  await writeFile(path.join(folder, 'b.json'), printBundle(bundle));
  await writeFile(path.join(folder, 'bad.json'), printBundle(bundle).replace('anna', 'otto'));
  const { fingerprint } = await verifyBundle(printBundle(bundle));
  const other = `${fingerprint[0] === '0' ? '1' : '0'}${fingerprint.slice(1)}`;
  for (const node of await nodes(folder)) {
    const good = await run(node, folder, 'check.mjs', 'b.json');
    assert.equal(good.code, 0, good.text);
    assert.match(
      good.text,
      /WHOSE KEY SIGNED IT WAS NOT COMPARED[^]*anna \(inspector\)[^]*Ask the owner of the log/,
    );
    assert.doesNotMatch(good.text, /\p{Cc}(?<!\n)/u, 'nothing of a bundle commands a terminal');
    const known = await run(node, folder, 'check.mjs', 'b.json', '--key', bundle.keys[0] ?? '');
    assert.match(known.text, /^PROVEN\n[^]*signed with the key that you named/);
    const spelled = fingerprint.toUpperCase().replaceAll(/(..)(?=.)/g, '$1:');
    assert.match((await run(node, folder, 'check.mjs', 'b.json', `--key=${spelled}`)).text, /^PROVEN\n/);
    const wrong = await run(node, folder, 'check.mjs', 'b.json', '--key', other);
    assert.deepEqual([wrong.code, /the key you gave did not sign/.test(wrong.text)], [7, true]);
    const bad = await run(node, folder, 'check.mjs', 'bad.json');
    assert.equal(bad.code, 7);
    assert.match(bad.text, /^REFUSED\n\nWhat was given proves nothing: the entry is not in the tree/);
    assert.doesNotMatch(bad.text, /otto/, 'what is not proven is not shown');
    const json = await run(node, folder, 'check.mjs', 'bad.json', '--json');
    assert.equal((JSON.parse(json.text) as { ok: boolean }).ok, false);
    assert.equal((await run(node, folder, 'check.mjs')).code, 2);
    assert.equal((await run(node, folder, 'check.mjs', 'none.json')).code, 2);
    assert.equal((await run(node, folder, 'check.mjs', 'b.json', '--unknown')).code, 2);
  }
});

test('O1: a bundle with any bit changed is refused by the file, with a reason', async (t) => {
  const text = printBundle(await madeBundle(t));
  const program = await readFile(PROGRAM, 'utf8');
  // The check of the file itself, without its command line: one process for all bits.
  const check = program.replace(/process\.exitCode = await main[^]*$/, 'export { checkFiles, Refused };\n');
  const folder = await tempFolder(t);
  await writeFile(path.join(folder, 'check.mjs'), check);
  await writeFile(path.join(folder, 'b.json'), text);
  await writeFile(
    path.join(folder, 'all.mjs'),
    `import { readFileSync } from 'node:fs';
     import { checkFiles, Refused } from './check.mjs';
     const checkBundle = (text) => checkFiles([{ name: 'b', text }]);
     const bytes = readFileSync('b.json');
     await checkBundle(bytes.toString());
     let [refused, space] = [0, 0];
     for (let i = 0; i < bytes.length - 1; i++)
       for (let bit = 0; bit < 8; bit++) {
         const copy = Buffer.from(bytes);
         copy[i] ^= 1 << bit;
         if (i === bytes.length - 2 && ' \\t\\r\\n'.includes(String.fromCharCode(copy[i]))) { space++; continue; }
         const reason = await checkBundle(new TextDecoder('utf-8', { ignoreBOM: true }).decode(copy)).then(
           () => '', (error) => (error instanceof Refused ? error.reason : ''));
         if (reason === '') throw new Error('byte ' + i + ', bit ' + bit);
         refused++;
       }
     console.log(refused + space);`,
  );
  for (const node of (await nodes(folder)).slice(-1)) {
    const { code, text: told } = await run(node, folder, 'all.mjs');
    assert.deepEqual([code, told], [0, `${(Buffer.byteLength(text) - 1) * 8}\n`]);
  }
});

test('O2: cosignatures are checked, told with their time, and every one needs its key', async (t) => {
  const bundle = await madeBundle(t);
  const hub = signerOf(makeSecret('fractal.audit/hub-7', new SeededRandom(7)), COSIGNATURE);
  const note = splitNote(bundle.checkpoint) ?? assert.fail();
  const cosigned = await signNote(note, hub, Date.UTC(2026, 1, 1) / 1000);
  const both = { ...bundle, checkpoint: printNote(cosigned), keys: [...bundle.keys, printKey(hub.key)] };
  const print = (one: AuditBundle): string => JSON.stringify(one);
  const found = await verifyBundle(print(both), [printKey(hub.key)]);
  assert.deepEqual(
    found.cosignatures.map(({ name, time, is_key_known }) => [name, time, is_key_known]),
    [['fractal.audit/hub-7', '2026-02-01T00:00:00.000Z', true]],
  );
  assert.equal(found.is_key_known, false);
  assert.match(found.proven.join('\n'), /hub-7, whose key you named, has confirmed.*2026-02-01T00:00:00/);
  const refused = { code: 'audit.bundle' };
  await assert.rejects(verifyBundle(print({ ...both, keys: bundle.keys })), refused, 'a key is missing');
  await assert.rejects(verifyBundle(print({ ...bundle, keys: both.keys })), refused, 'a key signed nothing');
  await assert.rejects(
    verifyBundle(print({ ...both, keys: both.keys.slice(1) })),
    refused,
    'no key of the log',
  );
  await assert.rejects(verifyBundle(print({ ...both, keys: [...both.keys, both.keys[1] ?? ''] })), refused);
  const later = {
    ...cosigned,
    signatures: cosigned.signatures.map((one) => ({ ...one, bytes: Buffer.from(one.bytes) })),
  };
  later.signatures[1]?.bytes.writeUInt8(1, 7);
  await assert.rejects(
    verifyBundle(print({ ...both, checkpoint: printNote(later) })),
    refused,
    'another time',
  );
});

test('O2: the entry of a destroyed key is told as what it is, and what it cannot show', async (t) => {
  const log = await openLog(await tempFolder(t));
  const id = await log.record(
    event(0, {
      category: 'key',
      action: 'destroyed',
      resource: 'person-key/01900000-0000-7000-8000-00000000000a',
      detail: {},
    }),
  );
  const { proven, not_proven } = await verifyBundle(printBundle(await makeBundle(log, id)));
  await log.close();
  assert.match(proven.join('\n'), /destroyed the key person-key\/01900000/);
  assert.match(not_proven.join('\n'), /no copy of the key.*backup/);
});

test('O3: a note that others published is read and checked as they do', async () => {
  // From the documentation of golang.org/x/mod/sumdb/note.
  const key = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
  const printed =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
    '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
  const note = splitNote(printed) ?? assert.fail();
  assert.equal(printNote(note), printed);
  assert.deepEqual(await checkSignature(note, (await readKey(key)) ?? assert.fail()), { seconds: undefined });
  assert.equal(printKey(parseKey(key)), key);
  // The example of c2sp.org/tlog-cosignature: no keys are published with it, its framing is.
  const cosigned =
    'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n' +
    '— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n' +
    '— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n';
  const witness = (splitNote(cosigned) ?? assert.fail()).signatures[1] ?? assert.fail();
  assert.equal(witness.id, '8d66cf3f');
  assert.equal(Buffer.from(witness.bytes).readBigUInt64BE(0), 1679315147n);
});

test('O4: the bound of the file is that of the product', () => {
  assert.equal(BUNDLE_CHARS, FIXED_LIMITS.audit_bundle_bytes.value);
});
