/** What every statement goes through, those that other engines answer a part of go through too. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { decodeEntry, type AuditEntry } from '../../../src/audit/index.ts';
import { cacheOf, deskOf, type EndedQuery } from '../../../src/query/index.ts';
import { ESH } from '../../../src/schema/index.ts';
import { annualPart, testNode, type TestNode } from '../../node/kit.ts';
import { collect } from '../../contract/node-api-contract.ts';
import { codeOf, site } from '../../store/kit.ts';

const LAW = annualPart(7, '2023-07-01', {
  '7.1': ['The operator shall lock the valve before work.'],
  '7.2': ['Dust at the boundary must not exceed 50 micrograms.'],
});

const FEDERATED = [
  `select section_id from text_search('dust valve', 5)`,
  `select query_embedding('dust') is null as it`,
  'select n from ext.readings',
  `select site_id, compliance_status from esh.site_compliance`,
  `select compliance_status('s1')`,
];

let node: TestNode;
before(async () => {
  node = await testNode();
  await node.import(await node.file('a.xml', LAW));
  await node.node.externalTables({
    action: 'add',
    name: 'readings',
    source: await node.file('readings.csv', 'n\n1\n2\n'),
  });
  await node.node.parts.store.transact('test', (transaction) => transaction.put(ESH.sites, [site('s1', {})]));
});
after(() => node[Symbol.asyncDispose]());

const run = async (sql: string): Promise<unknown> => await collect(await node.node.sql({ sql }));

describe('statements that other engines answer a part of', () => {
  it('sign in at the desk, with their rows, and so does the explaining of them', async () => {
    const { store } = node.node.parts;
    const ended: EndedQuery[] = [];
    const stop = deskOf(store).onEnd((query) => ended.push(query));
    for (const sql of FEDERATED) await run(sql);
    await assert.rejects(run(`from text_search('a', 0)`));
    await node.node.explain({ sql: FEDERATED[0] ?? '' });
    stop();
    assert.deepEqual(
      ended.map(({ rows, code, cached }) => [rows, code, cached]),
      [
        [2, undefined, false],
        [1, undefined, false],
        [2, undefined, false],
        [1, undefined, false],
        [1, undefined, false],
        [0, 'search.k', false],
        [0, undefined, false],
      ],
    );
    assert.equal(deskOf(store).running().length, 0);
  });

  it('are not answered from what is kept, nor kept', async () => {
    const cache = cacheOf(node.node.parts.store);
    const figures = (): unknown => cache?.figures(node.node.parts.store.commitVersion);
    await run('select 1 + 1');
    const before = figures();
    for (const sql of [...FEDERATED, ...FEDERATED]) await run(sql);
    assert.deepEqual(figures(), before);
    await run('select 1 + 2');
    assert.notDeepEqual(figures(), before);
  });

  it('are in the audit log with their rows and what they read', async () => {
    const { log } = node.node.parts.audit;
    for (const [sql, rows, read] of [
      [FEDERATED[0], 2, ['law.sections']],
      [FEDERATED[2], 2, ['ext.readings']],
      [FEDERATED[4], 1, ['esh.sites', 'esh.permits', 'esh.findings']],
      [`select risk_score('s1')`, 1, ['esh.incidents']],
      [FEDERATED[3], 1, ['esh.site_compliance', 'esh.findings']],
    ] as const) {
      await log.still(async () => undefined);
      const { size } = log;
      await run(sql ?? '');
      await log.still(async () => undefined);
      const entries: AuditEntry[] = [];
      for await (const { bytes } of log.lines(size))
        if (bytes !== undefined) entries.push(decodeEntry(bytes) as AuditEntry);
      const done = entries.find((entry) => entry.detail['stage'] === 'done');
      assert.equal(done?.detail['rows'], rows, sql);
      const tables = (done?.detail['tables'] as { name: string }[]).map(({ name }) => name);
      for (const name of read) assert.ok(tables.includes(name), `${sql}: ${name}`);
    }
  });

  it('do not stand inside one that writes', async () => {
    for (const sql of [
      `insert into esh.sites (site_id, region, name, jurisdiction) select section_id, 'x', citation, 'UK' from text_search('dust', 1)`,
      `insert into esh.sites (site_id, region, name, jurisdiction) select 'x' || n, 'x', 'x', 'UK' from ext.readings`,
      `update esh.sites set name = (select citation from text_search('dust', 1))`,
      `update esh.sites set employees = len(query_embedding(name))`,
      `delete from esh.sites where exists (from text_search(name, 1))`,
      `explain delete from esh.sites where site_id in (select 's' || n from ext.readings)`,
    ])
      assert.equal(await codeOf(run(sql)), 'sql.write_federated', sql);
    assert.equal(
      await codeOf(run(`delete from esh.site_compliance`)),
      'sql.table_not_written',
      'what is worked out is not written',
    );
    // What the database answers itself may stand there.
    await run(
      `update esh.sites set industry_code = compliance_status(site_id) where risk_score(site_id) is null`,
    );
    const { store } = node.node.parts;
    assert.deepEqual(await store.rows('select industry_code from esh.sites where not deleted', []), [
      { industry_code: 'unknown' },
    ]);
  });

  it('are explained by policy as other statements are', async () => {
    for (const sql of FEDERATED) {
      const { explanation } = await node.node.policy({ action: 'explain', sql });
      assert.ok(explanation !== undefined, sql);
    }
  });
});
