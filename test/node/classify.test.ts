/** Classification through the node: policy before anything else, every answer recorded. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { FractalError } from '../../src/base/index.ts';
import { Classifications } from '../../src/node/classify.ts';
import type { Principal } from '../../src/query/index.ts';
import { ESH } from '../../src/schema/index.ts';
import { put } from '../query/compliance/kit.ts';
import { engine } from '../security/kit.ts';
import type { Classification } from '../../src/node/index.ts';
import { annualPart, importAll, testNode, type TestNode } from './kit.ts';

const FALL =
  'An employee was working on a roof, fell through a skylight 20 feet to the concrete floor and was killed.';

async function withIncidents(): Promise<TestNode> {
  const t = await testNode();
  const incident = (incident_id: string, site_id: string): Record<string, string> => ({
    ...{ incident_id, site_id, region: 'R', occurred_at: '2024-01-02T00:00:00Z' },
    ...{ kind: 'injury', severity: 'fatal', narrative: FALL },
  });
  await put(t.node.parts.store, ESH.incidents, incident('I1', 'S1'), incident('I2', 'S2'));
  return t;
}

const own = { in: [{ column: 'site_id' }, { principal: 'sites' }] };
const infer = (id: string): object => ({ id: `${id}.infer`, actions: ['infer'], tables: ['*'] });
const reading = (id: string, narrative?: unknown): object => ({
  ...{ id, actions: ['read'], tables: ['esh.incidents'], where: own },
  ...(narrative === undefined ? {} : { columns: { personal: { narrative } } }),
});
const POLICY = engine({
  attributes: { sites: 'text[]' },
  roles: {
    plain: { doc: 'reads narratives', grants: [infer('plain'), reading('plain')] },
    masked: { doc: 'reads them masked', grants: [infer('masked'), reading('masked', { mask: 'spans' })] },
    blind: { doc: 'sees no narrative', grants: [infer('blind'), reading('blind', 'hide')] },
    reader: { doc: 'runs no model', grants: [reading('reader')] },
  },
  denials: [],
});
const who = (role: string): Principal => ({ id: role, roles: [role], attributes: { sites: ['S1'] } });
const code = (wanted: string) => (error: unknown) => error instanceof FractalError && error.code === wanted;

test('stored incidents are classified as far as policy shows them', async () => {
  await using t = await withIncidents();
  const asked = (role: string): Classifications => new Classifications(t.node.parts, who(role), POLICY);

  const [plain] = (await asked('plain').classify({ incidents: ['I1'] })).results;
  assert.equal(plain?.verdict, 'fall, from elevation');
  assert.equal(plain.incident, 'I1');

  // Nobody has looked for people in this text: the mask hides all of it, and the model sees no more than the caller.
  const [masked] = (await asked('masked').classify({ incidents: ['I1'] })).results;
  assert.equal(masked?.verdict, 'unsure');
  assert.match(masked.badge ?? '', /too few words/);

  await assert.rejects(asked('blind').classify({ incidents: ['I1'] }), code('policy.denied'));
  await assert.rejects(asked('reader').classify({ incidents: ['I1'] }), code('policy.denied'));
  // Another site's incident and one that is not there: the same answer.
  await assert.rejects(asked('plain').classify({ incidents: ['I2'] }), code('incident.unknown'));
  await assert.rejects(asked('plain').classify({ incidents: ['I9'] }), code('incident.unknown'));
});

test('severity is what the words say, with those words; regulations are leads, once for each text', async () => {
  await using t = await testNode();
  const law = annualPart(7, '2023-07-01', {
    '7.1': ['The employer shall guard each skylight, so that no worker falls through it from the roof.'],
    '7.2': ['The operator shall keep records of waste.'],
  });
  await importAll(t.node, { paths: [await t.file('a.xml', law)] });
  const ask = async (...texts: string[]): Promise<readonly Classification[]> =>
    (await t.node.classify({ texts, taxonomy: 'severity', regulations: true })).results;
  const near = 'He was nearly killed; his finger was amputated and he was taken to the hospital.';
  const [fall, finger, nothing] = await ask(FALL, near, 'The inspector came and left again.');
  assert.deepEqual([fall?.verdict, finger?.verdict, nothing?.verdict], ['fatal', 'amputation', 'unsure']);
  assert.equal(fall?.evidence?.text, 'killed');
  assert.equal(near.slice(finger?.evidence?.start, finger?.evidence?.end), 'amputated');
  assert.equal(nothing?.evidence, undefined);
  assert.equal(fall.regulations?.[0]?.citation, '99 CFR 7.1');
  assert.equal(fall.threshold, null);
  const [row] = await t.rows<{ output: string; runtime: string }>(
    `select output, runtime from ai.inferences where inference_id = '${fall.inference_id}'`,
  );
  assert.equal(row?.runtime, 'rules');
  assert.match(row.output, /"regulations":\["us\/cfr\/99\/7#s7\.1/);
  // Who may not search gets none.
  const asked = new Classifications(t.node.parts, who('plain'), POLICY);
  await assert.rejects(asked.classify({ texts: [FALL], regulations: true }), code('policy.denied'));
});

test('every answer is recorded with model, input hash, score and who asked', async () => {
  await using t = await withIncidents();
  const { results } = await t.node.classify({ texts: [FALL, 'Yes.'], incidents: ['I1'], taxonomy: 'all' });
  const { taxonomies } = t.node.parts.classifier.demand();
  assert.equal(results.length, 3 * (taxonomies.length + 1));
  const rows = await t.rows<{
    inference_id: string;
    output: string;
    evidence: string[];
    site_id: string;
    asked_by: string;
  }>('select inference_id, output, evidence, site_id, asked_by from ai.inferences');
  const byId = new Map(rows.map((row) => [row.inference_id, row]));
  for (const one of results) {
    const row = byId.get(one.inference_id);
    assert.equal((JSON.parse(row?.output ?? '{}') as { verdict?: string }).verdict, one.verdict);
    assert.equal(row?.site_id, one.incident === null ? '' : 'S1');
    assert.equal(row.asked_by, 'local-operator');
  }
  // One word tells nothing, whatever the model's scores are.
  assert.ok(results.filter(({ index }) => index === 1).every(({ verdict }) => verdict === 'unsure'));
});

test('labels of the caller are ranked by likeness, marked as weak, and never recommended', async () => {
  await using t = await withIncidents();
  const { results } = await t.node.classify({
    texts: ['Chlorine gas leaked from a valve and workers inhaled it.'],
    labels: ['toxic gas release', 'road traffic'],
  });
  assert.equal(results[0]?.labels[0]?.category, 'toxic gas release');
  assert.equal(results[0].verdict, 'unsure');
  assert.equal(results[0].threshold, null);
  assert.match(results[0].badge ?? '', /zero-shot/);
  await assert.rejects(t.node.classify({ texts: ['a b c'], labels: ['x'] }), code('classify.labels'));
  await assert.rejects(
    t.node.classify({ texts: ['a'], labels: ['x', 'y'], taxonomy: 'event' }),
    code('classify.both'),
  );
  await assert.rejects(t.node.classify({ texts: [' '] }), code('classify.empty'));
  await assert.rejects(t.node.classify({}), code('classify.nothing'));
});

test('a classifier whose folder is gone does not stop the node: classify and doctor say so', async () => {
  const own = await testNode();
  try {
    const file = path.join(own.dataDir, 'fractal.json');
    const config = JSON.parse(await readFile(file, 'utf8')) as object;
    await writeFile(file, JSON.stringify({ ...config, classifier: 'models/gone' }));
    const node = await own.reopen();
    await assert.rejects(node.classify({ texts: ['A worker fell from a ladder.'] }), {
      code: 'model.missing',
    });
    const checks = await node.doctor();
    assert.equal(checks.find(({ name }) => name === 'classifier')?.ok, false);
    // What needs no model is answered.
    const { results } = await node.classify({ texts: ['A worker died in a fall.'], taxonomy: 'severity' });
    assert.equal(results[0]?.verdict, 'fatal');
  } finally {
    await own[Symbol.asyncDispose]();
  }
});
