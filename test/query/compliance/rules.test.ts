/** Each rule of docs/compliance.md at its edges: the last day all is well and the first it is not. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_LIMITS } from '../../../src/base/index.ts';
import { ComplianceCache, gapDetails } from '../../../src/query/index.ts';
import type { Row } from '../../../src/store/index.ts';
import { freshStore } from '../../store/kit.ts';
import { TABLE_OF, dayOf, make, put } from './kit.ts';

type Kind = keyof typeof make;
type Expected = readonly [date: string, ...gaps: string[]];

/** Rows, and for some days the gaps as `kind severity`. */
const CASES: readonly (readonly [what: string, rows: readonly (readonly [Kind, Row])[], ...Expected[]])[] = [
  [
    'a permit lapses the day after its last',
    [['permit', { expires_on: '2024-06-30' }]],
    ['2024-06-30'],
    ['2024-07-01', 'permit-not-in-force high'],
  ],
  [
    'a permit in renewal lapses with less weight',
    [
      ['permit', { expires_on: '2024-06-30' }],
      ['status', { status: 'active' }],
      ['status', { status: 'renewal', since: '2024-05-01' }],
    ],
    ['2024-06-30'],
    ['2024-07-01', 'permit-not-in-force medium'],
  ],
  [
    'a permit followed by one of the same number is not missed',
    [
      ['permit', { expires_on: '2024-06-30' }],
      ['permit', { permit_id: 'P2', issued_on: '2024-07-03' }],
    ],
    ['2024-07-01', 'permit-not-in-force high'],
    ['2024-07-03'],
  ],
  [
    'a permit for something else does not stand in for it',
    [
      ['permit', { expires_on: '2024-06-30' }],
      ['permit', { permit_id: 'P2', number: 'N2', issued_on: '2024-07-01' }],
    ],
    ['2024-07-03', 'permit-not-in-force high'],
  ],
  [
    'a revoked permit counts from the day it is revoked',
    [
      ['permit', {}],
      ['status', {}],
      ['status', { status: 'revoked', since: '2024-02-02' }],
    ],
    ['2024-02-01'],
    ['2024-02-02', 'permit-not-in-force high'],
  ],
  [
    'a surrendered permit is no gap, nor are its conditions',
    [
      ['permit', { expires_on: '2024-06-30' }],
      ['condition', { due_on: '2024-08-01' }],
      ['status', {}],
      ['status', { status: 'surrendered', since: '2024-03-01' }],
    ],
    ['2024-07-01'],
    ['2024-08-02'],
  ],
  [
    'a condition is overdue the day after',
    [
      ['permit', {}],
      ['condition', { due_on: '2024-08-01' }],
    ],
    ['2024-08-01'],
    ['2024-08-02', 'condition-overdue medium'],
  ],
  [
    'a finding is open until all that answers it is done',
    [
      ['finding', {}],
      ['action', { source_table: 'esh.findings', source_id: 'F1' }],
      ['action', { action_item_id: 'A2', source_table: 'esh.findings', source_id: 'F1' }],
      ['action', { source_table: 'esh.findings', source_id: 'F1', status: 'done', done_on: '2024-04-01' }],
    ],
    ['2024-02-29'],
    ['2024-05-01', 'finding-open high'],
  ],
  [
    'a finding is closed by its last action, whatever was cancelled',
    [
      ['finding', { severity: 'critical' }],
      ['action', { source_table: 'esh.findings', source_id: 'F1' }],
      ['action', { action_item_id: 'A2', source_table: 'esh.findings', source_id: 'F1' }],
      ['action', { source_table: 'esh.findings', source_id: 'F1', status: 'done', done_on: '2024-04-01' }],
      [
        'action',
        { action_item_id: 'A2', source_table: 'esh.findings', source_id: 'F1', status: 'cancelled' },
      ],
    ],
    ['2024-03-31', 'finding-open critical'],
    ['2024-04-01'],
  ],
  [
    'a finding nobody answers stays, an observation is none',
    [
      ['finding', { severity: 'minor' }],
      ['finding', { finding_id: 'F2', severity: 'observation' }],
    ],
    ['2026-01-01', 'finding-open medium'],
  ],
  [
    'an action is overdue until it is done',
    [
      ['action', { due_on: '2024-05-05' }],
      ['action', { due_on: '2024-05-05', status: 'done', done_on: '2024-05-09' }],
      ['action', { action_item_id: 'A2', kind: 'preventive', due_on: '2024-05-06' }],
    ],
    ['2024-05-05'],
    ['2024-05-06', 'action-overdue medium'],
    ['2024-05-07', 'action-overdue medium', 'action-overdue low'],
    ['2024-05-09', 'action-overdue low'],
  ],
  [
    'a notice weighs more once its time is over',
    [['enforcement', { comply_by: '2024-06-01' }]],
    ['2024-04-30'],
    ['2024-06-01', 'enforcement medium'],
    ['2024-06-02', 'enforcement high'],
  ],
  [
    'an appeal stops the clock, a prohibition does not wait',
    [
      ['enforcement', { comply_by: '2024-06-01' }],
      ['enforcement', { comply_by: '2024-06-01', status: 'appealed' }],
      ['enforcement', { action_id: 'E2', kind: 'prohibition', comply_by: '2024-06-01' }],
    ],
    ['2024-06-02', 'enforcement critical', 'enforcement medium'],
  ],
  [
    'a notice complied with is no gap',
    [
      ['enforcement', { comply_by: '2024-06-01' }],
      ['enforcement', { comply_by: '2024-06-01', status: 'complied' }],
      ['inspection', {}],
    ],
    ['2024-06-02'],
  ],
  [
    'a daily mean over its limit counts from its day for a year; midnight ends the day before',
    [
      ['limit', {}],
      ['reading', { measured_at: '2024-06-01T12:00:00Z', value: 60 }],
      ['reading', { measured_at: '2024-06-02T00:00:00Z', value: 30 }],
      ['reading', { measured_at: '2024-06-02T12:00:00Z', value: 41 }],
      ['reading', { measured_at: '2024-06-03T00:00:00Z', value: 39 }],
    ],
    ['2024-05-31'],
    ['2024-06-01', 'limit-exceeded medium'],
    ['2025-05-31', 'limit-exceeded medium'],
    ['2025-06-01'],
  ],
  [
    'a single reading over a maximum counts, one below detection does not',
    [
      ['limit', { statistic: 'maximum' }],
      ['reading', { qualifier: '<' }],
      ['reading', { measured_at: '2024-06-03T06:00:00Z' }],
    ],
    ['2024-06-02'],
    ['2024-06-03', 'limit-exceeded medium'],
  ],
  [
    'a reading counts against the limit of its day, invalid ones not at all',
    [
      ['limit', { upper: 50, valid_to: '2024-07-01' }],
      ['limit', { limit_id: 'L2', valid_from: '2024-07-01' }],
      ['reading', { measured_at: '2024-06-30T12:00:00Z', value: 45 }],
      ['reading', { measured_at: '2024-07-05T12:00:00Z', value: 45, qualifier: 'invalid' }],
      ['reading', { measured_at: '2024-07-07T12:00:00Z', value: 45 }],
    ],
    ['2024-07-06'],
    ['2024-07-07', 'limit-exceeded medium'],
  ],
  [
    'a lower bound is a bound',
    [
      ['limit', { upper: null, lower: 6, parameter: 'ph', unit: '1' }],
      ['reading', { parameter: 'ph', unit: '1', value: 5.9 }],
    ],
    ['2024-06-01', 'limit-exceeded medium'],
  ],
  [
    'readings in another unit are not judged, and that is told',
    [
      ['limit', {}],
      ['reading', { unit: 'mg/m3', value: 0.001 }],
    ],
    ['2024-06-01', 'limit-not-judged low'],
  ],
  [
    'stopped work stays stopped until a visit is satisfied',
    [
      ['inspection', { outcome: 'stopped' }],
      ['inspection', { inspection_id: 'I2', inspected_on: '2024-03-10', outcome: 'findings' }],
      ['inspection', { inspection_id: 'I3', inspected_on: '2024-03-20' }],
    ],
    ['2024-03-19', 'work-stopped high'],
    ['2024-03-20'],
  ],
  [
    'a risk is reviewed in time, and none stays at 15 and more',
    [
      ['risk', { review_on: '2024-12-31' }],
      ['risk', { risk_id: 'R2', likelihood: 5, severity: 5, residual_likelihood: 3, residual_severity: 5 }],
      ['risk', { risk_id: 'R3', likelihood: 5, severity: 5, residual_likelihood: 2, residual_severity: 5 }],
    ],
    ['2024-12-31', 'risk-high high'],
    ['2025-01-01', 'risk-high high', 'risk-review-overdue medium'],
  ],
  [
    'a certificate expires unless one of the same scheme and holder follows',
    [
      ['certificate', { expires_on: '2024-01-01' }],
      ['certificate', { certification_id: 'Z2', holder: 'Somebody', issued_on: '2024-01-05' }],
      ['certificate', { certification_id: 'Z3', issued_on: '2024-01-09' }],
    ],
    ['2024-01-01'],
    ['2024-01-08', 'certificate-expired medium'],
    ['2024-01-09'],
  ],
  [
    'a failed audit counts until the next of its standard',
    [
      ['audit', {}],
      ['audit', { audit_id: 'U2', standard: 'ISO 45001:2018', audited_on: '2024-02-10', outcome: 'passed' }],
      ['audit', { audit_id: 'U3', audited_on: '2024-03-01', outcome: 'passed-with-findings' }],
    ],
    ['2024-02-29', 'audit-failed high'],
    ['2024-03-01'],
  ],
];

const POINTS: Readonly<Record<string, number>> = { low: 2, medium: 7, high: 20, critical: 40 };

describe('compliance rules', () => {
  for (const [what, rows, ...days] of CASES)
    it(`K5 ${what}`, async (t) => {
      const { store } = await freshStore(t);
      for (const [kind, row] of rows) await put(store, TABLE_OF[kind], make[kind](row));
      const cache = new ComplianceCache(store, DEFAULT_LIMITS);
      await cache.refresh();
      for (const [date, ...gaps] of days) {
        const found = cache.check('S1', dayOf(date));
        assert.deepEqual(
          found.gaps.map(({ kind, severity }) => `${kind} ${severity}`),
          gaps,
          date,
        );
        const lost = gaps.reduce((sum, gap) => sum + (POINTS[gap.split(' ')[1] ?? ''] ?? NaN), 0);
        assert.equal(found.score, Math.max(0, 100 - lost), `K6 ${date}`);
        const worst = gaps[0]?.split(' ')[1];
        assert.equal(
          found.status,
          worst === undefined
            ? 'compliant'
            : ['high', 'critical'].includes(worst)
              ? 'non-compliant'
              : 'at-risk',
        );
        const details = await store.snapshot((snapshot) => gapDetails(snapshot, 'S1', dayOf(date), date));
        assert.deepEqual(
          details.map(({ kind, severity, evidence }) => `${kind} ${severity} ${evidence.key}`).sort(),
          found.gaps.map(({ kind, severity, key }) => `${kind} ${severity} ${key}`).sort(),
        );
      }
    });

  it('K4 a site without records is unknown', async (t) => {
    const { store } = await freshStore(t);
    const cache = new ComplianceCache(store, DEFAULT_LIMITS);
    await cache.refresh();
    assert.deepEqual(cache.check('S1', dayOf('2024-01-01')), {
      status: 'unknown',
      score: null,
      gaps: [],
      counts: {},
    });
  });

  it('K6 a score never falls below 0', async (t) => {
    const { store } = await freshStore(t);
    await put(
      store,
      TABLE_OF.enforcement,
      ...['a', 'b', 'c', 'd'].map((id) => make.enforcement({ action_id: id, kind: 'prohibition' })),
    );
    const cache = new ComplianceCache(store, DEFAULT_LIMITS);
    await cache.refresh();
    assert.equal(cache.check('S1', dayOf('2024-06-01')).score, 0);
  });

  it('more facts than the bound are refused', async (t) => {
    const { store } = await freshStore(t);
    await put(store, TABLE_OF.audit, make.audit({}), make.audit({ audit_id: 'U2', site_id: 'S2' }));
    const cache = new ComplianceCache(store, { ...DEFAULT_LIMITS, compliance_facts: 1 });
    await assert.rejects(cache.refresh(), { code: 'compliance.facts', kind: 'unavailable' });
  });
});
