/** Several files of one log checked together, by the product and by the file for outsiders (rules O6, O7). */
import assert from 'node:assert/strict';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import {
  makeBundle,
  makeGrowth,
  printBundle,
  printNote,
  verifyFiles,
  type GivenFile,
} from '../../src/audit/index.ts';
import { nodes, run } from './outside-kit.ts';
import { event, openLog, tempFolder, NODE_ID } from './kit.ts';

const PROGRAM = 'verifier/fractal-audit-verify.mjs';
/** Of the proof, one byte in so many is changed; with many runs, all of them. */
const STEP = Number(process.env['FRACTAL_RUNS'] ?? 0) > 100 ? 1 : 7;
const asText = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

/** A log at two times, and one of the same node that was written anew since. */
async function made(t: TestContext): Promise<Record<string, string>> {
  const log = await openLog(await tempFolder(t));
  for (let i = 0; i < 5; i++) await log.record(event(i));
  const kept = printNote(await log.checkpoint());
  const a = printBundle(await makeBundle(log, 3));
  for (let i = 0; i < 7; i++) await log.record(event(i));
  const growth = asText(await makeGrowth(log, 5, 13 - 1));
  const b = printBundle(await makeBundle(log, 9));
  const grown = asText(await makeGrowth(log, 5));
  const key = (JSON.parse(b) as { keys: string[] }).keys[0] ?? '';
  await log.close();
  const forged = await openLog(await tempFolder(t));
  for (let i = 0; i < 5; i++) await forged.record(event(i + 1));
  const fork = printBundle(await makeBundle(forged, 3));
  for (let i = 0; i < 7; i++) await forged.record(event(i));
  const rewritten = asText(await makeGrowth(forged, 5));
  await forged.close();
  const other = await openLog(await tempFolder(t), { seed: 2, nodeId: NODE_ID.replace(/1$/, '2') });
  for (let i = 0; i < 5; i++) await other.record(event(i));
  const stranger = printBundle(await makeBundle(other, 3));
  await other.close();
  return { kept, a, b, growth, grown, key, fork, rewritten, stranger };
}

describe('files of one log', () => {
  let files: Record<string, string>;
  const cleanUps: (() => Promise<void>)[] = [];
  before(async () => {
    const t = { after: (work: () => Promise<void>) => cleanUps.push(work) };
    files = await made(t as unknown as TestContext);
  });
  after(async () => {
    for (const work of cleanUps) await work();
  });
  const given = (...names: readonly string[]): GivenFile[] =>
    names.map((name) => ({ name, text: files[name] ?? assert.fail(name) }));
  const refused = { code: 'audit.bundle', exitCode: 7 };
  const misused = { code: 'audit.verify_use', exitCode: 2 };

  it('O6 an older checkpoint that was kept, and a proof of growth: the log only grew', async () => {
    const open = await verifyFiles(given('kept', 'grown'));
    assert.match(open.headline, /whose key signed it was not compared/);
    assert.match(
      open.proven.join('\n'),
      /as kept has it, of 5 entries, is the beginning of the log as grown/,
    );
    const known = await verifyFiles(given('kept', 'grown'), [files['key'] ?? '']);
    assert.deepEqual([known.headline, known.is_proven], ['Proven', true]);
  });

  it('O6 two bundles and a proof of growth belong to one history; without it that is not shown', async () => {
    const found = await verifyFiles(given('a', 'b', 'grown'), [files['key'] ?? '']);
    assert.equal(found.is_proven, true);
    assert.match(
      found.proven.join('\n'),
      /All these files belong to one history of one log[^]*Entry 3 [^]*Entry 9 /,
    );
    const apart = await verifyFiles(given('a', 'b'), [files['key'] ?? '']);
    assert.equal(apart.is_proven, false);
    assert.match(apart.headline, /one history was not shown/);
    assert.match(apart.not_proven.join('\n'), /fractal audit prove --from 5 --to 13/);
    assert.doesNotMatch(apart.proven.join('\n'), /one history/);
    assert.equal(
      (await verifyFiles(given('kept', 'a'), [files['key'] ?? ''])).is_proven,
      true,
      'the same size',
    );
  });

  it('O6 a log that was written anew is found out, and told as evidence', async () => {
    await assert.rejects(verifyFiles(given('kept', 'fork')), {
      ...refused,
      message: /different lists of the same 5/,
    });
    await assert.rejects(verifyFiles(given('kept', 'rewritten')), { ...refused, message: /written anew/ });
    await assert.rejects(verifyFiles(given('a', 'stranger')), { ...refused, message: /two logs/ });
    await assert.rejects(verifyFiles(given('kept', 'b', 'growth')), {
      ...refused,
      message: /about 12 entries/,
    });
  });

  it('O7 what is missing or mistyped is wrong use, not a refusal', async () => {
    await assert.rejects(verifyFiles(given('kept')), misused);
    await assert.rejects(verifyFiles(given('grown')), { ...misused, message: /nothing by itself/ });
    await assert.rejects(verifyFiles(given('a', 'b'), ['mistyped']), misused);
    await assert.rejects(verifyFiles([]), misused);
    const unsigned = given('kept', 'growth').map((one) => ({ ...one }));
    await assert.rejects(verifyFiles(unsigned), { ...misused, message: /key of a checkpoint is not among/ });
  });

  it('O6 in an empty folder, with any bit of the proof or of the checkpoint changed: refused', async (t) => {
    const folder = await tempFolder(t);
    const program = await readFile(PROGRAM, 'utf8');
    await copyFile(PROGRAM, path.join(folder, 'verify.mjs'));
    const check = program.replace(/process\.exitCode = await main[^]*$/, 'export { checkFiles, Refused };\n');
    await writeFile(path.join(folder, 'check.mjs'), check);
    for (const name of ['kept', 'grown', 'rewritten'])
      await writeFile(path.join(folder, name), files[name] ?? '');
    await writeFile(
      path.join(folder, 'all.mjs'),
      `import { readFileSync } from 'node:fs';
       import { checkFiles, Refused } from './check.mjs';
       const texts = { kept: readFileSync('kept'), grown: readFileSync('grown') };
       const decoded = (bytes) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
       const asFiles = (all) => Object.entries(all).map(([name, bytes]) => ({ name, text: decoded(bytes) }));
       await checkFiles(asFiles(texts));
       const step = ${STEP};
       let count = 0;
       for (const [name, bytes] of Object.entries(texts))
         for (let i = 0; i < bytes.length; i += name === 'grown' ? step : 1)
           for (let bit = 0; bit < 8; bit++) {
             const copy = Buffer.from(bytes);
             copy[i] ^= 1 << bit;
             if (name === 'grown' && i >= bytes.length - 2 && decoded(copy).trimEnd() === decoded(bytes).trimEnd()) { count++; continue; }
             const told = await checkFiles(asFiles({ ...texts, [name]: copy })).then(
               () => '', (error) => (error instanceof Refused ? error.reason : String(error)));
             if (!told.startsWith(name) && !told.includes(name)) throw new Error(name + ' ' + i + ' ' + bit + ' ' + told);
             count++;
           }
       console.log(count);`,
    );
    const grown = Math.ceil(Buffer.byteLength(files['grown'] ?? '') / STEP);
    const bits = 8 * (Buffer.byteLength(files['kept'] ?? '') + grown);
    for (const node of await nodes(folder)) {
      const whole = await run(
        node,
        folder,
        'verify.mjs',
        'grown',
        '--checkpoint',
        'kept',
        '--key',
        files['key'] ?? '',
      );
      assert.deepEqual([whole.code, /^PROVEN\n/.test(whole.text)], [0, true], whole.text);
      const bad = await run(node, folder, 'verify.mjs', 'rewritten', 'kept');
      assert.deepEqual([bad.code, /^REFUSED\n[^]*written anew/.test(bad.text)], [7, true], bad.text);
      const alone = await run(node, folder, 'verify.mjs', 'grown');
      assert.deepEqual([alone.code, /nothing by itself/.test(alone.text)], [2, true]);
      const mistyped = await run(node, folder, 'verify.mjs', 'grown', 'kept', '--key', 'oops');
      assert.deepEqual([mistyped.code, /the key you gave is none/.test(mistyped.text)], [2, true]);
    }
    for (const node of (await nodes(folder)).slice(-1)) {
      const { code, text } = await run(node, folder, 'all.mjs');
      assert.deepEqual([code, text], [0, `${bits}\n`]);
    }
  });
});
