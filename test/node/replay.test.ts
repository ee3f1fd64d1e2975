/** Answers made again: the same, another and why, or not at all (rules P1–P4). */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { FractalNode, NodeApi, ReplayAnswer } from '../../src/node/index.ts';
import { collect } from '../contract/node-api-contract.ts';
import { ESH } from '../../src/schema/index.ts';
import { people, type People } from '../security/people.ts';
import { site } from '../store/kit.ts';
import { testNode, type TestNode } from './kit.ts';

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

  it('P1 ask and classify are identical, by record and by entry, after a restart too; the replay is marked', async () => {
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

  it('P2 another request, none, a call that failed and one of another kind cannot be replayed', async () => {
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

  it('P3 another answer names what differs: law that came since; the model', async () => {
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

describe('answers made again on a node with users', () => {
  let p: People;
  before(async () => {
    p = await people();
    await p.add('eve', 'auditor');
  });
  after(() => p[Symbol.asyncDispose]());

  it('P4 needs the right to the log and the right to the call', async () => {
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
  });
});
