/** Answers made again: the same, another and why, or not at all (rules M1–M4). */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it, test } from 'node:test';
import { ManualClock, silentLog } from '../../src/base/index.ts';
import { SYSTEM, openNode, type FractalNode, type NodeApi, type ReplayAnswer } from '../../src/node/index.ts';
import { collect } from '../contract/node-api-contract.ts';
import { ESH } from '../../src/schema/index.ts';
import { people, type People } from '../security/people.ts';
import { site } from '../store/kit.ts';
import { annualPart, testNode, type TestNode } from './kit.ts';

const QUESTION = { question: 'Who must keep records?', model: 'extractive' };
const TEXTS = { texts: ['A roofer fell from a ladder and broke a leg.'] };

async function ask(node: NodeApi): Promise<string> {
  const last = (await collect(node.ask(QUESTION))).at(-1);
  assert.equal(last?.type, 'answer');
  return last.answer.inference_id;
}

const codes = ({ verdict, reasons }: ReplayAnswer): string[] => [verdict, ...reasons.map(({ code }) => code)];

describe('answers made again', () => {
  let t: TestNode;
  before(async () => {
    t = await testNode();
    await t.import(
      await t.file('law.md', '# Act\n\n## 1 Duty\n\nThe operator must keep records of waste.\n'),
    );
  });
  after(() => t[Symbol.asyncDispose]());

  const last = async (event: string): Promise<number> => {
    const { entries } = await t.node.audit({ limit: 1000 });
    return entries.findLast(({ event_type }) => event_type === event)?.entry_id ?? -1;
  };

  it('M1 ask and classify are identical, by record and by entry, after a restart too; the replay is marked', async () => {
    const id = await ask(t.node);
    const found = await t.node.replayAudit({ id, input: { ...QUESTION, k: 8 } });
    assert.deepEqual(codes(found), ['identical']);
    assert.deepEqual([found.kind, found.replayed_as], ['ask', 'local-operator']);
    const { results } = await t.node.classify(TEXTS);
    const request = { id: results[0]?.inference_id ?? '', input: TEXTS };
    assert.deepEqual(codes(await t.node.replayAudit(request)), ['identical']);
    await t.reopen();
    const { entry } = await t.node.replayAudit(request);
    assert.deepEqual(codes(await t.node.replayAudit({ ...request, id: String(entry) })), ['identical']);
    const marked = await t.rows<{ n: number }>(
      `select count(*)::integer as n from ai.inferences where array_to_string(warnings, ' ') like '%replay of audit entry ${entry}, by local-operator%'`,
    );
    assert.equal(marked[0]?.n, 3);
    const { entries } = await t.node.audit({ limit: 10 });
    const replayed = entries.find(({ entry_id }) => entry_id > entry && entries.length > 0);
    assert.ok(replayed !== undefined);
    const done = entries.findLast(({ event_type }) => event_type === 'inference.replay-audit');
    assert.deepEqual([done?.detail['verdict'], done?.detail['replayed']], ['identical', entry]);
  });

  it('M1 so are the difference of two versions of a law, obligations and the list of checks', async () => {
    const to = annualPart(7, '2024-07-01', { '7.1': ['The operator shall lock both valves before work.'] });
    const from = annualPart(7, '2023-07-01', { '7.1': ['The operator shall lock the valve before work.'] });
    await t.import(await t.file('from.xml', from), await t.file('to.xml', to));
    const diff = { document: '99 CFR 7', to: '2024-08-01' };
    const found = await t.node.lawDiff(diff);
    assert.equal(found.changes.length, 1);
    const asked = { of: '99 CFR 7' };
    assert.ok((await t.node.lawObligations(asked)).obligations.length > 0);
    await t.node.checkAll({});
    for (const [event, input] of [
      ['access.law-diff', diff],
      ['access.law-obligations', asked],
      ['access.check-all', {}],
    ] as const)
      assert.deepEqual(
        codes(await t.node.replayAudit({ id: String(await last(event)), input })),
        ['identical'],
        event,
      );
  });

  it('D1 whoever leaves with the answer has had all of it, whoever leaves before has not', async () => {
    const leftAt = async (type: string): Promise<unknown> => {
      for await (const event of t.node.ask(QUESTION)) if (event.type === type) break;
      // The end of a read is written after its answer was given: the next act goes behind it.
      await t.node.replayAudit({ id: String(await last('inference.ask')) });
      const { entries } = await t.node.audit({ limit: 1000 });
      return entries.findLast(
        ({ event_type, detail }) => event_type === 'inference.ask' && detail['stage'] === 'done',
      )?.detail['whole'];
    };
    assert.equal(await leftAt('answer'), true);
    assert.equal(await leftAt('claim'), false);
  });

  it('M2 another request, none, a call that failed and one of another kind cannot be replayed', async () => {
    const id = await ask(t.node);
    const other = { ...QUESTION, question: 'Who must label drums?' };
    assert.deepEqual(codes(await t.node.replayAudit({ id, input: other })), [
      'not_replayable',
      'input_differs',
    ]);
    assert.deepEqual(codes(await t.node.replayAudit({ id })), ['not_replayable', 'input']);
    await t.node.lawDocuments();
    const kind = String(await last('access.law-documents'));
    assert.deepEqual(codes(await t.node.replayAudit({ id: kind, input: {} })), ['not_replayable', 'kind']);
    await assert.rejects(t.node.check({ site: 'nowhere' }));
    const failed = String(await last('access.check'));
    assert.deepEqual(codes(await t.node.replayAudit({ id: failed })), ['not_replayable', 'record']);
    await assert.rejects(t.node.replayAudit({ id: 'none' }), { kind: 'not_found' });
  });

  it('M3 another answer names what differs: law that came since; the model', async () => {
    const id = await ask(t.node);
    await t.import(
      await t.file('two.md', '# Act Two\n\n## 1 Duty\n\nEvery carrier must keep records of waste, too.\n'),
    );
    const input = QUESTION;
    assert.deepEqual(codes(await t.node.replayAudit({ id, input })), ['different', 'data']);
    const again = await ask(t.node);
    assert.deepEqual(codes(await t.node.replayAudit({ id: again, input })), ['identical']);
    const model = t.node.parts.embedder.model as { version: string };
    const { version } = model;
    model.version = '9.9.9';
    try {
      assert.deepEqual(codes(await t.node.replayAudit({ id: again, input })), ['different', 'model']);
    } finally {
      model.version = version;
    }
  });
});

test('M2 an answer whose entry went by retention cannot be made again', async (t) => {
  const node = await testNode();
  t.after(() => node[Symbol.asyncDispose]());
  await node.node.close();
  const file = path.join(node.dataDir, 'fractal.json');
  const config = JSON.parse(await readFile(file, 'utf8')) as object;
  const limits = { audit_segment_bytes: 1000 };
  await writeFile(file, JSON.stringify({ ...config, audit_retention: { default: 6 }, limits }));
  const early = new ManualClock(Date.parse('2001-01-01T00:00:00Z'));
  const open = { dataDir: node.dataDir, log: silentLog, principal: 'local-operator' };
  const then = await openNode({ ...open, outside: { ...SYSTEM, clock: early } });
  await then.checkAll({});
  const { entries } = await then.audit({ limit: 20 });
  await then.close();
  const id = String(entries.find(({ event_type }) => event_type === 'access.check-all')?.entry_id);
  await node.reopen();
  await node.node.auditRetention({ action: 'retire' });
  assert.deepEqual(codes(await node.node.replayAudit({ id, input: {} })), ['not_replayable', 'expired']);
});

describe('answers made again on a node with users', () => {
  let p: People;
  before(async () => {
    p = await people();
    await p.add('eve', 'auditor');
  });
  after(() => p[Symbol.asyncDispose]());

  it('M4 needs the right to the log and the right to the call', async () => {
    const check = { site: 'a' };
    await p.as('ann').check(check);
    const { entries } = await p.as('eve').audit({ actor: 'ann', limit: 10 });
    const id = String(entries.find(({ event_type }) => event_type === 'access.check')?.entry_id);
    const denied = { code: 'policy.denied' };
    await assert.rejects(p.as('ann').replayAudit({ id, input: check }), denied);
    await assert.rejects(p.as('eve').replayAudit({ id, input: check }), denied);
    const tokens = new Map<string, string>();
    for (const [user, role] of [
      ['zoe', 'inspector'],
      ['max', 'system-admin'],
    ] as const) {
      const roles = ['auditor', role];
      const attributes = role === 'inspector' ? { assigned_sites: ['a'] } : {};
      const made = await p.as('root').users({ action: 'add', id: user, roles, attributes });
      tokens.set(user, made.token ?? '');
    }
    const replayBy = async (node: FractalNode, user: string): Promise<ReplayAnswer> =>
      await node.as({ credentials: { token: tokens.get(user) ?? '' } }).replayAudit({ id, input: check });
    const byZoe = await replayBy(p.node, 'zoe');
    assert.deepEqual([byZoe.verdict, byZoe.asked_by, byZoe.replayed_as], ['identical', 'ann', 'zoe']);
    // Whoever may act as others replays with the rights of whoever asked.
    const byMax = await replayBy(p.node, 'max');
    assert.deepEqual([byMax.verdict, byMax.replayed_as], ['identical', 'ann']);

    const { dataDir } = p.test;
    const shipped = JSON.parse(await readFile('policies/default.json', 'utf8')) as object;
    await writeFile(path.join(dataDir, 'other.json'), JSON.stringify({ ...shipped, version: 'other' }));
    const file = path.join(dataDir, 'fractal.json');
    const config = JSON.parse(await readFile(file, 'utf8')) as object;
    await writeFile(file, JSON.stringify({ ...config, policy: 'other.json' }));
    const reopened = await p.test.reopen();
    await reopened.parts.store.transact('t', (tx) =>
      tx.put(ESH.sites, [{ ...site('a'), name: 'Another name' }]),
    );
    assert.deepEqual(codes(await replayBy(reopened, 'max')), ['different', 'data', 'policy']);
    assert.deepEqual(codes(await replayBy(reopened, 'zoe')), ['different', 'data', 'policy', 'principal']);
    // Other roles of who asked are named; a site that is gone lets the call fail.
    await p.test.node
      .as({ credentials: { token: p.token('root') } })
      .users({ action: 'set', id: 'ann', roles: ['auditor'] });
    await assert.rejects(replayBy(reopened, 'max'), denied);
    const roles = ['inspector', 'auditor'];
    await p.test.node
      .as({ credentials: { token: p.token('root') } })
      .users({ action: 'set', id: 'ann', roles });
    assert.deepEqual(codes(await replayBy(reopened, 'max')), ['different', 'data', 'policy', 'rights']);
    await reopened.parts.store.transact('t', (tx) => tx.remove(ESH.sites, 'site_id = $1', ['a']));
    assert.deepEqual(codes(await replayBy(reopened, 'max')), ['not_replayable', 'failed']);
  });
});
