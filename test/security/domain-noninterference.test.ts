/** What policy hides makes no difference to what functions of the domain answer, nor to why they refuse. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ManualClock } from '../../src/base/index.ts';
import { freshStore } from '../store/kit.ts';
import { CANARY, fill } from './hidden.ts';
import { NOON, engine, outcome } from './kit.ts';

const NORTH = { eq: [{ column: 'region' }, 'north'] };
const grant = (id: string, tables: readonly string[]): object => ({
  id,
  actions: ['read'],
  tables,
  where: NORTH,
});
const POLICY = engine({
  roles: {
    north: {
      doc: 'one region',
      grants: [grant('north', ['esh.*']), { id: 'law', actions: ['read'], tables: ['law.*'] }],
    },
  },
  denials: [
    {
      id: 'no-fatal',
      actions: ['read'],
      tables: ['esh.incidents'],
      where: { eq: [{ column: 'severity' }, 'fatal'] },
    },
  ],
});
const NORA = { id: 'nora', roles: ['north'] };

/** The first two are asked for in every way. */
const SITES = [
  `'hidden'`,
  `(select max(site_id) from esh.sites)`,
  `'shown'`,
  `'nowhere'`,
  'null',
  `'hid' || 'den'`,
];
const ATTACKS: readonly string[] = [
  ...SITES.flatMap((site) => [
    `select compliance_status(${site})`,
    `select risk_score(${site})`,
    `select regulation_applies('x', ${site})`,
  ]),
  ...SITES.slice(0, 2).flatMap((site) => [
    `select compliance_status(${site}, date '2020-01-01')`,
    `select compliance_status(${site}, null)`,
    `select * from esh.site_compliance where site_id = ${site}`,
  ]),
  `select compliance_status(s) from unnest(['shown', 'hidden']) t(s)`,
  `select count(compliance_status(s)) from unnest(['shown', 'hidden', 'nowhere']) t(s)`,
  `select 1 / (compliance_status('hidden') is null)::int`,
  `select error(name) from esh.sites where compliance_status('hidden') is not null`,
  'select site_id, gaps, compliance_score, worst_severity from esh.site_compliance',
  'select count(*), min(site_name), max(region) from duckdb.site_compliance',
  `select * from esh.site_compliance where site_name like '${CANARY}%'`,
  `select cast(site_name as integer) from esh.site_compliance where region = 'south'`,
  'summarize select site_id, region, site_name from esh.site_compliance',
  'describe esh.site_compliance',
  'explain select * from esh.site_compliance',
  `explain select compliance_status('hidden')`,
  'from fractal.compliance_facts',
  'from fractal.compliance_sites',
];

it('functions of the domain say the same with and without what is hidden', async (t) => {
  const clock = (): object => ({ clock: new ManualClock(NOON), seed: 7 });
  const { store: full } = await freshStore(t, clock());
  const { store: bare } = await freshStore(t, clock());
  await fill(full, true);
  await fill(bare, false);
  assert.ok(ATTACKS.length >= 35);
  let answered = 0;
  for (const sql of ATTACKS) {
    const found = await outcome(full, POLICY, NORA, sql);
    assert.equal(found, await outcome(bare, POLICY, NORA, sql), sql);
    if (!sql.includes(CANARY)) assert.ok(!found.includes(CANARY), sql);
    if (found.startsWith('{"columns"')) answered++;
  }
  assert.ok(answered > 15, `${answered} were answered`);
});
