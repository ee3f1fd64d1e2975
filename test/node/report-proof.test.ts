/** Reports with their evidence, made on a node and checked by an outsider (rules E1–E4). */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { printBundle, verifyBundle, type ReportBundle } from '../../src/audit/index.ts';
import type { AskAnswer } from '../../src/node/index.ts';
import { nodes, run } from '../audit/outside-kit.ts';
import { tempFolder } from '../audit/kit.ts';
import { collect } from '../contract/node-api-contract.ts';
import { testNode, type TestNode } from './kit.ts';

const QUESTION = { question: 'Who must keep records?', model: 'extractive' };
const PERMIT = Buffer.from([0xff, 0xfe, ...Buffer.from('Permit 12 — emissions')]);

describe('reports with their evidence', () => {
  let t: TestNode;
  let answer: AskAnswer;
  let bundle: ReportBundle;
  before(async () => {
    t = await testNode();
    await t.import(
      await t.file('law.md', '# Act\n\n## 1 Duty\n\nThe operator must keep records of waste.\n'),
    );
    const last = (await collect(t.node.ask(QUESTION))).at(-1);
    assert.equal(last?.type, 'answer');
    answer = JSON.parse(JSON.stringify(last.answer)) as AskAnswer;
    bundle = await t.node.proveReport({
      id: answer.inference_id,
      report: answer,
      evidence: [
        { name: 'permit.bin', content: PERMIT.toString('base64') },
        { name: 'long.pdf', sha256: 'ab'.repeat(32) },
      ],
    });
  });
  after(() => t[Symbol.asyncDispose]());

  const text = (changed: Partial<ReportBundle> = {}): string => printBundle({ ...bundle, ...changed });
  const refused = (message: RegExp): object => ({ code: 'audit.bundle', message });

  it('E1 the report, its evidence and what it was made from are proven in words', async () => {
    const found = await verifyBundle(text(), [bundle.keys[0] ?? '']);
    assert.deepEqual(found.report?.content, answer);
    assert.equal(found.is_proven, true);
    const proven = found.proven.join('\n');
    assert.match(
      proven,
      /word for word, the one that was recorded as entry \d+ on 2.*local-operator \(inference\.ask\)/,
    );
    assert.match(proven, /after commit \d+.*policy: .*version of Fractal: .*models: \S+ /);
    assert.match(proven, /put 2 files to it as evidence.*permit\.bin .*long\.pdf/);
    const not = found.not_proven.join('\n');
    assert.match(not, /made from this evidence[^]*What long\.pdf says/);
    assert.deepEqual(
      found.report?.evidence.map(({ bytes }) => bytes),
      [PERMIT.length, null],
    );
    // The same by hand, as docs/audit.md says.
    const { made_from: made } = found.entry.detail as { made_from: { report_commitment: string } };
    const hash = createHash('sha256').update(`fractal.audit-report/1 ${bundle.salt}\n${bundle.report}`);
    assert.equal(hash.digest('hex'), made.report_commitment);
  });

  it('E2 whatever is changed is refused, with what it is', async () => {
    const other = (await t.node.classify({ texts: ['A roofer fell.'] })).results;
    const second = await t.node.proveReport({ id: other[0]?.inference_id ?? '', report: other[0] ?? {} });
    const { attached, evidence } = bundle;
    assert.ok(attached !== null && evidence[0] !== undefined && evidence[1] !== undefined);
    const cases: readonly (readonly [Partial<ReportBundle>, RegExp])[] = [
      [
        { report: bundle.report.replace('must keep', 'may keep') },
        /report is not the one that the entry recorded/,
      ],
      [{ report: second.report }, /report is not the one/],
      [{ salt: second.salt }, /report is not the one/],
      [{ entry: second.entry, proof: second.proof }, /not in the tree|covers/],
      [{ evidence: evidence.slice(1) }, /evidence is not what was written down/],
      [{ evidence: [{ ...evidence[0], name: 'other.bin' }, evidence[1]] }, /evidence is not what/],
      [{ evidence: [evidence[0], { ...evidence[1], sha256: 'cd'.repeat(32) }] }, /evidence is not what/],
      [
        { evidence: [{ ...evidence[0], content: 'AAAA' }, evidence[1]] },
        /content of permit\.bin does not fit/,
      ],
      [{ attached: null }, /no entry wrote down its evidence/],
      [{ attached: { ...attached, salt: bundle.salt } }, /evidence is not what/],
      [{ attached: { ...attached, entry: bundle.entry, proof: bundle.proof } }, /about something else/],
    ];
    for (const [changed, reason] of cases)
      await assert.rejects(verifyBundle(text(changed)), refused(reason), String(reason));
    assert.equal((await verifyBundle(printBundle(second))).report?.evidence.length, 0);
    assert.notEqual(second.salt, bundle.salt);
  });

  it('E2 any bit changed is refused', async () => {
    const bytes = Buffer.from(text());
    // Every bit of every 31st byte: the bundle is long, and the file for outsiders is the same code.
    for (let i = 0; i < bytes.length - 2; i += 31)
      for (let bit = 0; bit < 8; bit++) {
        const copy = Buffer.from(bytes);
        copy[i] = (copy[i] ?? 0) ^ (1 << bit);
        await assert.rejects(verifyBundle(copy.toString()), refused(/./), `byte ${i}, bit ${bit}`);
      }
  });

  it('E3 a salt is opened for the report itself only, and with the right to the log; it is an entry', async () => {
    const { inference_id: id } = answer;
    const other = { ...answer, answer: 'Nobody must.' };
    await assert.rejects(t.node.proveReport({ id, report: other }), { code: 'audit.report_differs' });
    await assert.rejects(t.node.proveReport({ id: '0', report: answer }), { code: 'audit.report_none' });
    const evidence = [{ name: 'x', content: 'AAAA', sha256: 'ab'.repeat(32) }];
    await assert.rejects(t.node.proveReport({ id, report: answer, evidence }), { code: 'audit.evidence' });
    const { entries } = await t.node.audit({ limit: 100 });
    assert.ok(entries.some(({ event_type }) => event_type === 'access.attach-evidence'));
    const log = JSON.stringify(entries);
    assert.doesNotMatch(
      log,
      new RegExp(`${bundle.salt}|permit|${'ab'.repeat(32)}`),
      'no salt, name or hash of a file',
    );
    // Whoever may ask has a text of theirs hashed under the other key: no salt comes out of that.
    const saltId = /"report_id":"([0-9a-f]{32})"/.exec(bundle.entry)?.[1] ?? assert.fail();
    assert.notEqual(t.node.parts.audit.recorder.hidden(saltId), bundle.salt);
    assert.equal(t.node.parts.audit.log.options.keys.saltOf(saltId), bundle.salt);
  });

  it('E4 answers of the other calls, as they are printed; checked in an empty folder', async (c) => {
    const last = async (event: string): Promise<string> => {
      const { entries } = await t.node.audit({ limit: 1000 });
      return String(entries.findLast(({ event_type }) => event_type === event)?.entry_id);
    };
    const sites = await t.node.checkAll({});
    const all = await t.node.proveReport({ id: await last('access.check-all'), report: { sites } });
    assert.equal(all.report, JSON.stringify(sites));
    const answerOf = await t.node.classify({ texts: ['A roofer fell.', 'A spill.'] });
    await t.node.proveReport({ id: await last('inference.classify'), report: answerOf });
    const folder = await tempFolder(c);
    await copyFile('verifier/fractal-audit-verify.mjs', path.join(folder, 'check.mjs'));
    await writeFile(path.join(folder, 'case.json'), text());
    await writeFile(path.join(folder, 'bad.json'), text().replace('must keep', 'may keep'));
    for (const node of await nodes(folder)) {
      const good = await run(node, folder, 'check.mjs', 'case.json', '--key', bundle.keys[0] ?? '');
      assert.match(good.text, /^PROVEN\n[^]*Evidence +permit\.bin, 25 bytes/);
      const bad = await run(node, folder, 'check.mjs', 'bad.json');
      assert.deepEqual(
        [bad.code, /^REFUSED\n[^]*the report is not the one/.test(bad.text)],
        [7, true],
        bad.text,
      );
    }
  });
});
