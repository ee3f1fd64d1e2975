/** K1–K3: whatever is written, in whatever order, the cache answers what SQL answers. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_LIMITS, FractalError } from '../../../src/base/index.ts';
import { ComplianceCache, factsSql } from '../../../src/query/index.ts';
import { qualifiedName } from '../../../src/schema/index.ts';
import type { Row, Store } from '../../../src/store/index.ts';
import { engine } from '../../security/kit.ts';
import { write } from '../../security/writes-kit.ts';
import { freshStore } from '../../store/kit.ts';
import { TABLE_OF, dayOf, make, put } from './kit.ts';

/** Sequences of writes that are drawn; with SQL a fifth of them. */
const RUNS = Number(process.env['COMPLIANCE_RUNS'] ?? 5);
const SITES = ['S1', 'S2', 'S3'];
const DAYS = ['2023-12-31', '2024-03-01', '2024-06-02', '2024-06-15', '2024-12-31', '2030-01-01'];

const site = fc.constantFrom(...SITES);
const date = fc.constantFrom('2023-06-01', '2024-01-01', '2024-06-01', '2024-06-30', '2025-01-01');
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { freq: 3 });
const id = fc.constantFrom('1', '2', '3', '4');

/** Keys of write-once rows hold their site, so that a second row of the key is the same row. */
const rows: Readonly<Record<keyof typeof make, fc.Arbitrary<Row>>> = {
  permit: fc.record({ permit_id: id, site_id: site, expires_on: maybe(date), issued_on: date }),
  status: fc.record({
    permit_id: id,
    site_id: site,
    status: fc.constantFrom('active', 'renewal', 'revoked', 'surrendered'),
    since: date,
  }),
  condition: fc.record({ condition_id: id, permit_id: id, site_id: site, due_on: maybe(date) }),
  inspection: fc.record({
    inspection_id: id,
    site_id: site,
    inspected_on: date,
    outcome: fc.constantFrom('satisfactory', 'findings', 'stopped'),
  }),
  finding: fc.record({
    finding_id: id,
    site_id: site,
    found_on: date,
    severity: fc.constantFrom('minor', 'major'),
  }),
  action: fc.record({
    action_item_id: id,
    site_id: site,
    source_table: maybe(fc.constant('esh.findings')),
    source_id: id,
    status: fc.constantFrom('open', 'in-progress', 'done', 'cancelled'),
    due_on: maybe(date),
    done_on: maybe(date),
  }),
  enforcement: fc.record({
    action_id: id,
    site_id: site,
    kind: fc.constantFrom('improvement', 'prohibition'),
    status: fc.constantFrom('draft', 'issued', 'appealed', 'complied', 'withdrawn'),
    comply_by: maybe(date),
  }),
  risk: fc.record({
    risk_id: id,
    site_id: site,
    likelihood: fc.integer({ min: 1, max: 5 }),
    severity: fc.integer({ min: 1, max: 5 }),
    review_on: maybe(date),
  }),
  limit: fc.record({ limit_id: id, site_id: site, statistic: fc.constantFrom('daily-mean', 'maximum') }),
  reading: fc.record({
    point_id: fc.constantFrom('M1', 'M2'),
    site_id: site,
    measured_at: fc.constantFrom('2024-06-01T12:00:00Z', '2024-06-02T00:00:00Z', '2024-07-09T06:00:00Z'),
    value: fc.constantFrom(30, 45, 60),
    unit: fc.constantFrom('ug/m3', 'mg/m3'),
  }),
  certificate: fc.record({ certification_id: id, site_id: site, issued_on: date, expires_on: maybe(date) }),
  audit: fc.record({
    audit_id: id,
    site_id: site,
    audited_on: date,
    outcome: fc.constantFrom('passed', 'failed'),
  }),
};

const kinds = Object.keys(make) as (keyof typeof make)[];
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom(...kinds).chain((kind) => rows[kind].map((row) => ({ kind, row }))),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom(...kinds), removed: id }) },
  { weight: 2, arbitrary: fc.constant({ refresh: true as const }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What SQL answers over the whole store, in the words of the cache. */
async function bySql(store: Store, day: number): Promise<Map<string, string[]>> {
  const facts = await store.rows<{ site_id: string; kind: number; severity: number; ref_key: string }>(
    `select site_id, kind, severity, ref_key from (${factsSql(false)})
      where from_day <= ${day} and ${day} < to_day order by all`,
  );
  const sites = new Map<string, string[]>();
  for (const { site_id, kind, severity, ref_key } of facts)
    sites.set(site_id, [...(sites.get(site_id) ?? []), `${kind} ${severity} ${ref_key}`]);
  return sites;
}

async function apply(store: Store, one: Step): Promise<void> {
  if ('refresh' in one) return;
  try {
    if ('row' in one) await put(store, TABLE_OF[one.kind], make[one.kind](one.row));
    else {
      const table = TABLE_OF[one.kind];
      const [key = ''] = table.key;
      await store.transact('tester', (transaction) =>
        transaction.remove(table, `${key} = $1`, [one.removed]),
      );
    }
  } catch (error) {
    // Other content for a key of a write-once table, or a status that moves where it may not: nothing is written.
    assert.ok(error instanceof FractalError && error.kind === 'bad_input', String(error));
  }
}

async function same(store: Store, cache: ComplianceCache): Promise<void> {
  await cache.refresh();
  const fresh = new ComplianceCache(store, DEFAULT_LIMITS);
  await fresh.refresh();
  for (const date of DAYS) {
    const expected = await bySql(store, dayOf(date));
    for (const siteId of SITES) {
      const found = cache.check(siteId, dayOf(date));
      assert.deepEqual(found, fresh.check(siteId, dayOf(date)), `${siteId} ${date}`);
      const gaps = (expected.get(siteId) ?? []).filter((fact) => fact.split(' ')[1] !== '0');
      const counted = (expected.get(siteId) ?? []).length - gaps.length;
      assert.deepEqual(
        found.gaps.map(({ key }) => key).sort(),
        gaps.map((fact) => fact.split(' ')[2]).sort(),
      );
      assert.equal(
        Object.values(found.counts).reduce((sum, n) => sum + n, 0),
        counted,
        `${siteId} ${date}`,
      );
      const number = cache.numberOf(siteId);
      if (number !== undefined)
        assert.equal(
          cache.worst(number, dayOf(date)),
          Math.max(0, ...gaps.map((fact) => Number(fact.split(' ')[1]))),
        );
    }
  }
}

const OWNER = { id: 'owner', roles: ['all'] };
const ALL = engine({
  roles: {
    all: {
      doc: 'all',
      grants: [{ id: 'all', actions: ['read', 'insert', 'update', 'delete'], tables: ['esh.*'] }],
    },
  },
});
const literal = (value: Row[string]): string =>
  value === null || value === undefined ? 'null' : `'${String(value).replaceAll("'", "''")}'`;

/** The step as SQL writes it: a row whose key is there is updated, whatever of it has changed. */
async function applyBySql(store: Store, one: Step): Promise<void> {
  if ('refresh' in one) return;
  const table = TABLE_OF[one.kind];
  const [key = ''] = table.key;
  const name = qualifiedName(table);
  const run = async (sql: string): Promise<number> => await write(store, ALL, OWNER, sql);
  try {
    if ('removed' in one) {
      await run(`delete from ${name} where ${key} = ${literal(one.removed)}`);
      return;
    }
    const row = make[one.kind](one.row);
    const set = Object.entries(row).filter(([column]) => !table.key.includes(column));
    const which = table.key.map((column) => `${column} = ${literal(row[column])}`).join(' and ');
    const found = await run(
      `update ${name} set ${set.map(([column, value]) => `${column} = ${literal(value)}`).join(', ')} where ${which}`,
    );
    if (found === 0)
      await run(
        `insert into ${name} (${Object.keys(row).join(', ')}) values (${Object.values(row).map(literal).join(', ')})`,
      );
  } catch (error) {
    assert.ok(error instanceof FractalError && error.kind === 'bad_input', String(error));
  }
}

describe('compliance cache', () => {
  it('K1 K2 equals the answer of SQL after any commits, also when records move between sites', async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const { store } = await freshStore(t);
        const cache = new ComplianceCache(store, DEFAULT_LIMITS);
        await cache.refresh();
        for (const one of steps) {
          await apply(store, one);
          if ('refresh' in one) await same(store, cache);
        }
        await same(store, cache);
        await store.close();
      }),
      { numRuns: RUNS },
    );
  });

  it('K1 K2 equals the answer of SQL when SQL writes', async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 40 }), async (steps) => {
        const { store } = await freshStore(t);
        const cache = new ComplianceCache(store, DEFAULT_LIMITS);
        await cache.refresh();
        for (const one of steps) {
          await applyBySql(store, one);
          if ('refresh' in one) await same(store, cache);
        }
        await same(store, cache);
        assert.ok(store.commitVersion > 3n, 'SQL has written');
        await store.close();
      }),
      { numRuns: Math.ceil(RUNS / 5) },
    );
  });

  it('K2 an action that turns to a finding of another site tells both sites', async (t) => {
    const { store } = await freshStore(t);
    await put(store, TABLE_OF.finding, make.finding({}), make.finding({ finding_id: 'F2', site_id: 'S2' }));
    const answer = (source_id: string, status: string): Row =>
      make.action({ site_id: 'S3', source_table: 'esh.findings', source_id, status, done_on: '2024-03-02' });
    await put(store, TABLE_OF.action, answer('F1', 'open'));
    await put(store, TABLE_OF.action, answer('F1', 'done'));
    const cache = new ComplianceCache(store, DEFAULT_LIMITS);
    await cache.refresh();
    assert.equal(cache.check('S1', dayOf('2024-06-01')).gaps.length, 0);
    await put(store, TABLE_OF.action, answer('F2', 'done'));
    await same(store, cache);
    assert.equal(cache.check('S1', dayOf('2024-06-01')).gaps.length, 1);
    assert.equal(cache.check('S2', dayOf('2024-06-01')).gaps.length, 0);
  });

  it('K3 reads while others write, and sees whole commits only', async (t) => {
    const { store } = await freshStore(t);
    const cache = new ComplianceCache(store, DEFAULT_LIMITS);
    const day = dayOf('2024-06-01');
    const writing = (async () => {
      for (let n = 0; n < 20; n++)
        await store.transact('tester', async (transaction) => {
          for (const siteId of ['S1', 'S2'])
            await transaction.put(TABLE_OF.audit, [
              make.audit({ audit_id: `${siteId}-${n}`, site_id: siteId, standard: `n${n}` }),
            ]);
        });
    })();
    for (let i = 0; i < 20; i++) {
      await cache.refresh();
      assert.equal(cache.check('S1', day).gaps.length, cache.check('S2', day).gaps.length);
    }
    await writing;
    await same(store, cache);
    assert.equal(cache.check('S1', day).gaps.length, 20);
  });

  it('every table that makes facts is watched', () => {
    const sql = factsSql(false);
    for (const table of Object.values(TABLE_OF))
      assert.ok(sql.includes(qualifiedName(table)), qualifiedName(table));
  });
});
