/** What models said is recorded, gated by thresholds, and decided upon by people. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UseCases, checkUseCases, type Inference } from '../../src/ai/index.ts';
import { FractalError, sha256 } from '../../src/base/index.ts';
import type { NodeApi } from '../../src/node/index.ts';
import { decide } from '../../src/node/decisions.ts';
import { testNode, type TestNode } from './kit.ts';

const said = (more: Partial<Inference> = {}): Inference => ({
  use_case: 'classify',
  model: { id: 'm', version: '1', sha256: 'a'.repeat(64), runtime: 'onnx' },
  input_sha256: sha256('the worker fell from the ladder'),
  output: 'John Miller fell from height',
  confidence: 0.9,
  evidence: ['law.sections:us/cfr/29/1910/23'],
  principal: 'ann',
  label: 'AI-classified',
  ...more,
});

const code =
  (wanted: string) =>
  (error: unknown): true => {
    assert.ok(error instanceof FractalError);
    assert.equal(error.code, wanted, error.message);
    return true;
  };

async function withUsers(): Promise<TestNode & { asked(by: string): NodeApi }> {
  const t = await testNode();
  const tokens = new Map<string, string>();
  const admin = ['root', ['system-admin']] as const;
  for (const [id, roles] of [
    admin,
    ['ann', ['inspector']],
    ['bob', ['inspector']],
    ['reg', ['regulator']],
    ['op', ['site-operator']],
  ] as const) {
    const root = tokens.get('root');
    const by = root === undefined ? t.node : t.node.as({ credentials: { token: root } });
    const attributes =
      id === 'root' || id === 'reg' ? {} : { assigned_sites: id === 'bob' ? ['kiel'] : ['hamburg'] };
    const { token } = await by.users({ action: 'add', id, roles, attributes });
    tokens.set(id, token ?? '');
  }
  const asked = (by: string): NodeApi => t.node.as({ credentials: { token: tokens.get(by) ?? '' } });
  return Object.assign(t, { asked });
}

test('an answer is recorded with its gate, without its input, with its people marked', async () => {
  await using t = await testNode();
  const { inferences } = t.node.parts;
  const [sure, unsure, generated] = await inferences.recordAll([
    said(),
    said({ confidence: 0.1 }),
    said({ use_case: 'generate', confidence: null, principal: 'bob' }),
  ]);
  const rows = await t.rows<Record<string, unknown>>(
    'select * from ai.inferences order by threshold nulls last, confidence desc',
  );
  assert.deepEqual(
    rows.map((row) => [row['inference_id'], row['standing'], row['threshold'], row['risk'], row['asked_by']]),
    [
      [sure, 'recommendation', 0.5, 'limited', 'ann'],
      [unsure, 'below-threshold', 0.5, 'limited', 'ann'],
      [generated, 'information', null, 'limited', 'bob'],
    ],
  );
  assert.equal(
    JSON.stringify(rows, (_, v: unknown) => (typeof v === 'bigint' ? Number(v) : v)).includes('ladder'),
    false,
  );
  assert.deepEqual(rows[0]?.['personal_spans'], ['output:0-11:name']);
});

test('an answer of an unknown use, or one too long, is not recorded', async () => {
  await using t = await testNode();
  const { inferences } = t.node.parts;
  await assert.rejects(inferences.record(said({ use_case: 'guess' })), code('use_case.unknown'));
  await assert.rejects(inferences.record(said({ output: 'x'.repeat(2 ** 20 + 1) })), code('inference.size'));
  assert.deepEqual(await t.rows('select 1 from ai.inferences'), []);
});

test('whoever asked decides; others only where policy shows them the answer and lets them', async () => {
  await using t = await withUsers();
  const { inferences } = t.node.parts;
  const own = await inferences.record(said());
  const about = { site_id: 'hamburg', region: 'eu' };
  const local = await inferences.record(said({ site: about, principal: 'op' }));
  const accept = (inference_id: string) => ({ inference_id, decision: 'accept', reason: 'it fits' }) as const;

  const decision = await t.asked('ann').decide(accept(own));
  assert.deepEqual([decision.decided_by, decision.decision], ['ann', 'accept']);
  await assert.rejects(t.asked('bob').decide(accept(own)), code('inference.unknown'));
  await t.asked('ann').decide(accept(local));
  await assert.rejects(t.asked('bob').decide(accept(local)), code('inference.unknown'));
  // The asker sees it, but policy lets site operators decide nothing about a site.
  await assert.rejects(t.asked('op').decide(accept(local)), code('policy.denied'));
  await t
    .asked('reg')
    .decide({ inference_id: own, decision: 'amend', reason: 'no', amendment: 'Struck by object' });
  assert.deepEqual(
    (
      await t.rows<{ d: string; a: string | null; b: string }>(
        'select decision as d, amendment as a, decided_by as b from esh.human_decisions order by decided_at, decision_id',
      )
    ).map(({ d, a, b }) => [d, a, b]),
    [
      ['accept', null, 'ann'],
      ['accept', null, 'ann'],
      ['amend', 'Struck by object', 'reg'],
    ],
  );
});

test('a call that only reads writes nothing, whoever asks', async () => {
  await using t = await testNode();
  const sql = "delete from esh.sites where site_id = 'x'";
  await assert.rejects(t.node.sql({ sql, read_only: true }), code('sql.read_only'));
});

test('a decision needs a reason, an amendment its text, and a person', async () => {
  await using t = await testNode();
  const id = await t.node.parts.inferences.record(said({ principal: 'local-operator' }));
  const base = { inference_id: id, decision: 'accept', reason: 'r' } as const;
  await assert.rejects(t.node.decide({ ...base, reason: ' ' }), code('decision.reason'));
  await assert.rejects(t.node.decide({ ...base, decision: 'amend' }), code('decision.amendment'));
  await assert.rejects(t.node.decide({ ...base, amendment: 'x' }), code('decision.amendment'));
  const policy = {
    decide: () => ({ allowed: true, predicate: undefined }) as const,
    scope: () => ({ key: '', tables: [] }),
    writing: () => ({ allowed: true, may: { where: undefined, over: [], columns: [], rules: [] } }) as const,
  };
  const app = { id: 'local-operator', roles: [], kind: 'app' } as const;
  await assert.rejects(decide(t.node.parts, policy, app, base), code('decision.person'));
  assert.deepEqual(await t.rows('select 1 from esh.human_decisions'), []);
});

test('a file of use cases that makes no sense is refused and names its fault', () => {
  const one = { doc: 'd', risk: 'high', threshold: 0.5, oversight: 'o' };
  const document = (use: object): object => ({
    format: 'fractal.use-cases/1',
    version: '1',
    use_cases: { ask: use },
  });
  for (const bad of [
    null,
    [],
    {},
    document({ ...one, risk: 'none' }),
    document({ ...one, threshold: 2 }),
    document({ ...one, doc: 1 }),
  ])
    assert.throws(() => checkUseCases(bad, 'f.json'), code('use_case.document'));
  const cases = new UseCases(checkUseCases(document(one), 'f.json'));
  assert.equal(cases.gate('ask', 0.5).standing, 'recommendation');
  assert.equal(cases.gate('ask', null).standing, 'below-threshold');
  assert.throws(() => cases.gate('constructor', 1), code('use_case.unknown'));
});
