/** Small records of one or more sites. */
import { ESH, type Table } from '../../../src/schema/index.ts';
import type { Row, Store } from '../../../src/store/index.ts';

export const dayOf = (date: string): number => Date.parse(date) / 86_400_000;

export async function put(store: Store, table: Table, ...rows: Row[]): Promise<void> {
  await store.transact('tester', async (transaction) => {
    await transaction.put(table, rows);
  });
}

const place = { region: 'R', site_id: 'S1' };

/** Makers of rows with all that must be there; each takes what the test is about. */
export const make = {
  permit: (more: Row): Row => ({
    permit_id: 'P1',
    ...place,
    kind: 'air',
    number: 'N1',
    authority: 'A',
    issued_on: '2020-01-01',
    ...more,
  }),
  status: (more: Row): Row => ({ permit_id: 'P1', ...place, status: 'active', since: '2020-01-01', ...more }),
  condition: (more: Row): Row => ({
    condition_id: 'C1',
    permit_id: 'P1',
    ...place,
    number: '1',
    text: 'Keep it clean.',
    ...more,
  }),
  inspection: (more: Row): Row => ({
    inspection_id: 'I1',
    ...place,
    inspected_on: '2024-03-01',
    kind: 'routine',
    outcome: 'satisfactory',
    ...more,
  }),
  finding: (more: Row): Row => ({
    finding_id: 'F1',
    ...place,
    found_on: '2024-03-01',
    severity: 'major',
    description: 'Guard missing.',
    ...more,
  }),
  action: (more: Row): Row => ({
    action_item_id: 'A1',
    ...place,
    kind: 'corrective',
    status: 'open',
    title: 'Fit the guard',
    ...more,
  }),
  enforcement: (more: Row): Row => ({
    action_id: 'E1',
    ...place,
    kind: 'improvement',
    status: 'issued',
    authority: 'A',
    issued_on: '2024-05-01',
    ...more,
  }),
  risk: (more: Row): Row => ({
    risk_id: 'R1',
    ...place,
    activity: 'Lifting',
    hazard: 'Falling load',
    likelihood: 2,
    severity: 3,
    assessed_on: '2024-01-01',
    ...more,
  }),
  limit: (more: Row): Row => ({
    limit_id: 'L1',
    point_id: 'M1',
    ...place,
    parameter: 'pm10',
    statistic: 'daily-mean',
    upper: 40,
    unit: 'ug/m3',
    ...more,
  }),
  reading: (more: Row): Row => ({
    point_id: 'M1',
    ...place,
    parameter: 'pm10',
    measured_at: '2024-06-02T00:00:00Z',
    value: 41,
    unit: 'ug/m3',
    ...more,
  }),
  certificate: (more: Row): Row => ({
    certification_id: 'Z1',
    ...place,
    scheme: 'ISO 45001:2018',
    issued_on: '2021-01-01',
    ...more,
  }),
  audit: (more: Row): Row => ({
    audit_id: 'U1',
    ...place,
    audited_on: '2024-02-01',
    standard: 'ISO 14001:2015',
    outcome: 'failed',
    ...more,
  }),
};

export const TABLE_OF: Readonly<Record<keyof typeof make, Table>> = {
  permit: ESH.permits,
  status: ESH.permitStatus,
  condition: ESH.permitConditions,
  inspection: ESH.inspections,
  finding: ESH.findings,
  action: ESH.actionItems,
  enforcement: ESH.enforcementActions,
  risk: ESH.riskAssessments,
  limit: ESH.monitoringLimits,
  reading: ESH.monitoringReadings,
  certificate: ESH.certifications,
  audit: ESH.audits,
};
