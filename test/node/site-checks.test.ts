/** Compliance through the node: the words of a gap, and policy before anything else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { FractalError } from '../../src/base/index.ts';
import { SiteChecks } from '../../src/node/site-checks.ts';
import type { Principal } from '../../src/query/index.ts';
import { ESH } from '../../src/schema/index.ts';
import { engine } from '../security/kit.ts';
import { make, put } from '../query/compliance/kit.ts';
import { testNode, type TestNode } from './kit.ts';

const SAMPLE = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../sample');

const site = (site_id: string, region: string): Record<string, string> => ({
  site_id,
  region,
  name: `Works ${site_id}`,
  jurisdiction: 'UK',
});

async function withSites(): Promise<TestNode> {
  const t = await testNode();
  const { store } = t.node.parts;
  await put(store, ESH.sites, site('S1', 'R'), site('S2', 'R'));
  await put(store, ESH.enforcementActions, make.enforcement({ comply_by: '2024-06-01' }));
  await put(store, ESH.audits, make.audit({ site_id: 'S2', outcome: 'passed' }));
  return t;
}

const denied = (error: unknown): boolean => error instanceof FractalError && error.kind === 'denied';
const missing = (error: unknown): boolean => error instanceof FractalError && error.code === 'site.unknown';

const POLICY = engine({
  attributes: { sites: 'text[]' },
  roles: {
    operator: {
      doc: 'own sites, narratives masked',
      grants: [
        { id: 'law', actions: ['read'], tables: ['law.*'] },
        {
          id: 'own',
          actions: ['read'],
          tables: ['esh.*'],
          where: { in: [{ column: 'site_id' }, { principal: 'sites' }] },
          columns: { personal: { narrative: { mask: 'null' } } },
        },
      ],
    },
  },
  denials: [],
});
const PARTIAL = engine({
  attributes: {},
  roles: {
    partial: {
      doc: 'all but serious findings',
      grants: [{ id: 'all', actions: ['read'], tables: ['law.*', 'esh.*'] }],
    },
  },
  denials: [
    {
      id: 'no-critical',
      actions: ['read'],
      tables: ['esh.findings'],
      where: { eq: [{ column: 'severity' }, 'critical'] },
    },
  ],
});
const ANN: Principal = { id: 'ann', roles: ['operator'], attributes: { sites: ['S1'] } };
const PAT: Principal = { id: 'pat', roles: ['partial'] };
const NOBODY: Principal = { id: 'nobody', roles: [] };

test('a check answers status, score and gaps; all sites come worst first', async () => {
  await using t = await withSites();
  const found = await t.node.check({ site: 'S1', at: '2024-06-02' });
  assert.deepEqual(
    {
      ...found,
      gaps: found.gaps.map(({ kind, severity, due, evidence }) => ({ kind, severity, due, evidence })),
    },
    {
      ...{
        site_id: 'S1',
        region: 'R',
        name: 'Works S1',
        status: 'non-compliant',
        score: 80,
        as_of: '2024-06-02',
      },
      counts: { 'enforcement-open': 1 },
      gaps: [
        {
          ...{ kind: 'enforcement', severity: 'high', due: '2024-06-01' },
          evidence: { table: 'esh.enforcement_actions', key: 'E1' },
        },
      ],
    },
  );
  const all = await t.node.checkAll({ at: '2024-06-02' });
  assert.deepEqual(
    all.map(({ site_id, status, gaps }) => [site_id, status, gaps]),
    [
      ['S1', 'non-compliant', 1],
      ['S2', 'unknown', 0],
    ],
  );
  await assert.rejects(t.node.check({ site: 'S9' }), missing);
});

test('a gap cites the provision in force on the day, and the obligation found there', async () => {
  await using t = await testNode();
  const results = await t.import(`${SAMPLE}/law`, `${SAMPLE}/records`);
  assert.ok(results.every((result) => result.status === 'added' || result.status === 'updated'));
  const found = await t.node.check({ site: 'UKN-01', at: '2026-05-01' });
  const stopped = found.gaps.find((gap) => gap.evidence.key === 'ENF-001');
  assert.equal(stopped?.severity, 'critical');
  assert.equal(stopped.citation, 'SI 2019/9902 reg. 12(1)');
  assert.ok(stopped.requirement !== null && stopped.obligation_id !== null);
  const [sentence] = await t.rows<{ sentence: string }>(
    `select sentence from law.obligations where obligation_id = '${stopped.obligation_id}'`,
  );
  assert.equal(sentence?.sentence, stopped.requirement);
});

test('a hidden site is as unknown as one that is not there', async () => {
  await using t = await withSites();
  const checks = new SiteChecks(t.node.parts, ANN, POLICY);
  assert.equal((await checks.check({ site: 'S1', at: '2024-06-02' })).score, 80);
  assert.deepEqual(
    (await checks.checkAll({})).map(({ site_id }) => site_id),
    ['S1'],
  );
  const outcome = async (name: string): Promise<unknown> =>
    checks
      .check({ site: name })
      .catch((error: unknown) => JSON.stringify((error as FractalError).toProblem()));
  assert.equal(await outcome('S2'), await outcome('S9'));
  // A record of the site that claims another region may be one that policy hides.
  await put(t.node.parts.store, ESH.audits, make.audit({ audit_id: 'U9', region: 'elsewhere' }));
  assert.equal(await outcome('S1'), await outcome('S9'));
  assert.equal((await t.node.check({ site: 'S1' })).gaps.length, 2);
});

test('who does not see every record of a site gets no answer about it, not half of one', async () => {
  await using t = await withSites();
  for (const principal of [PAT, NOBODY]) {
    const checks = new SiteChecks(t.node.parts, principal, PARTIAL);
    await assert.rejects(checks.check({ site: 'S2' }), denied, principal.id);
    await assert.rejects(checks.checkAll({}), denied, principal.id);
  }
});

test('the columns that the rules read are those that policy is asked about', async () => {
  await using t = await withSites();
  for (const column of ['status', 'comply_by', 'upper', 'done_on', 'residual_severity', 'hazard']) {
    const hiding = engine({
      attributes: {},
      roles: {
        reader: {
          doc: 'all but one column',
          grants: [
            { id: 'law', actions: ['read'], tables: ['law.*'] },
            { id: 'all', actions: ['read'], tables: ['esh.*'], columns: { hide: [column] } },
          ],
        },
      },
      denials: [],
    });
    const checks = new SiteChecks(t.node.parts, { id: 'x', roles: ['reader'] }, hiding);
    await assert.rejects(checks.check({ site: 'S1' }), denied, column);
  }
});
