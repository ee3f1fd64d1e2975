/**
 * What policy hides makes no difference: two nodes that differ only in it give the same answer to every statement, row
 * for row and error for error. This finds a leak by any way, also one that nobody thought of naming.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ManualClock } from '../../src/base/index.ts';
import type { Principal } from '../../src/query/index.ts';
import { ESH } from '../../src/schema/index.ts';
import type { Row, Store } from '../../src/store/index.ts';
import { openStore } from '../store/kit.ts';
import { ATTACKS } from './attacks.ts';
import { NOON, ask, engine, outcome } from './kit.ts';

/** In every hidden text, and nowhere else. */
const CANARY = 'CANARY';
/** In every hidden number. */
const NUMBER = 987654321;
/** How many rows are hidden: no count may tell it. */
const HIDDEN_ROWS = 4211;

const POLICY = engine({
  attributes: { sites: 'text[]', regions: 'text[]' },
  roles: {
    inspector: {
      doc: 'one site, without how to reach people',
      grants: [
        {
          id: 'own-sites',
          actions: ['read'],
          tables: ['esh.sites', 'esh.incidents', 'esh.monitoring_readings'],
          where: { in: [{ column: 'site_id' }, { principal: 'sites' }] },
          columns: {
            hide: ['manager_contact'],
            mask: { manager: { mask: 'hash' } },
            personal: { narrative: { mask: 'spans' } },
          },
        },
      ],
    },
    planner: {
      doc: 'the names of a region',
      grants: [
        {
          id: 'names',
          actions: ['read'],
          tables: ['esh.sites'],
          where: { in: [{ column: 'region' }, { principal: 'regions' }] },
          columns: { only: ['site_id', 'region', 'name'] },
        },
      ],
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

const ANN: Principal = { id: 'ann', roles: ['inspector'], attributes: { sites: ['shown'] } };
const BOB: Principal = {
  id: 'bob',
  roles: ['inspector', 'planner'],
  attributes: { sites: ['shown'], regions: ['north'] },
};

const PLACE = { region: 'north', site_id: 'shown' };
const FAR = { region: 'south', site_id: 'hidden' };

function siteRows(secret: string): Row[] {
  const row = (id: string, region: string, more: Row): Row => ({
    site_id: id,
    region,
    name: `site ${id}`,
    jurisdiction: 'UK',
    ...more,
  });
  return [
    row('shown', 'north', {
      manager: 'Ada Example',
      manager_contact: `${secret}@example.org`,
      employees: 12,
      opened_on: '2001-02-03',
    }),
  ];
}

const incident = (
  id: string,
  place: Row,
  narrative: string,
  spans: string[] | null,
  severity = 'low',
): Row => ({
  incident_id: id,
  ...place,
  occurred_at: '2025-05-05T10:00:00Z',
  kind: 'injury',
  severity,
  narrative,
  personal_spans: spans,
});

function incidentRows(name: string): Row[] {
  return [
    incident('i1', PLACE, `Then ${name} fell 🙂 from the ladder.`, [`narrative:5-${5 + name.length}:name`]),
    incident('i2', PLACE, 'Nobody was hurt.', []),
    incident('i3', PLACE, `${name} was never looked for.`, null),
  ];
}

const reading = (place: Row, n: number, value: number): Row => ({
  point_id: `p-${String(place['site_id'])}`,
  ...place,
  parameter: 'dust',
  measured_at: new Date(NOON + n * 1000).toISOString(),
  value,
  unit: 'mg',
});

/** The hidden rows. Their bytes stand beside the others in the same pages, statistics and dictionaries. */
function hiddenRows(): { sites: Row[]; incidents: Row[]; readings: Row[]; injured: Row[] } {
  return {
    sites: [
      {
        site_id: 'hidden',
        region: 'south',
        name: `${CANARY} works`,
        jurisdiction: 'UK',
        manager: `${CANARY} manager`,
        employees: NUMBER,
        activities: [CANARY],
      },
    ],
    incidents: [
      incident('h1', FAR, `${CANARY} of another site`, []),
      incident('h2', PLACE, `${CANARY} died`, [], 'fatal'),
      incident('h3', FAR, '{"a": "CANARY"}', null, 'high'),
    ],
    readings: Array.from({ length: HIDDEN_ROWS }, (_, n) => reading(FAR, n, NUMBER + n)),
    injured: [{ injured_person_id: 'x', incident_id: 'i1', ...PLACE, name: CANARY, age: 44, fatal: false }],
  };
}

/** A node with what is hidden, or without. */
async function fill(folder: string, isFull: boolean): Promise<Store> {
  const store = await openStore(folder, { clock: new ManualClock(NOON), seed: 7 });
  const hidden = isFull ? hiddenRows() : { sites: [], incidents: [], readings: [], injured: [] };
  const name = isFull ? `${CANARY}${CANARY}` : 'Somebody';
  await store.transact('test', async (transaction) => {
    await transaction.put(ESH.sites, [...hidden.sites, ...siteRows(name)]);
    await transaction.put(ESH.incidents, [...incidentRows(name), ...hidden.incidents]);
    await transaction.put(ESH.monitoringReadings, [
      ...hidden.readings,
      ...Array.from({ length: 7 }, (_, n) => reading(PLACE, n, n + 0.5)),
    ]);
    await transaction.put(ESH.injuredPersons, hidden.injured);
  });
  return store;
}

describe('what is hidden makes no difference', () => {
  let full: Store;
  let bare: Store;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'fractal-test-'));
    full = await fill(path.join(folder, 'full'), true);
    bare = await fill(path.join(folder, 'bare'), false);
  });
  after(async () => {
    await full.close();
    await bare.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('the canaries are there for whom policy shows them', async () => {
    const all = engine({
      roles: { all: { doc: 'all', grants: [{ id: 'all', actions: ['read'], tables: ['*'] }] } },
    });
    const { rows } = await ask(full, all, { id: 'root', roles: ['all'] }, 'from esh.incidents');
    assert.equal(rows.filter((row) => row.includes(CANARY)).length, 5);
  });

  it('what is shown is shown', async () => {
    assert.deepEqual(
      (await ask(full, POLICY, ANN, 'select incident_id, narrative from esh.incidents')).rows,
      ['["i1","Then █████ fell 🙂 from the ladder."]', '["i2","Nobody was hurt."]', '["i3","█████"]'],
    );
    assert.deepEqual((await ask(full, POLICY, ANN, 'select count(*) from esh.monitoring_readings')).rows, [
      '[7]',
    ]);
    const { columns } = await ask(full, POLICY, ANN, 'from esh.sites');
    assert.ok(columns.includes('manager') && !columns.includes('manager_contact'));
    assert.deepEqual((await ask(full, POLICY, ANN, 'select length(manager) from esh.sites')).rows, ['[16]']);
  });

  for (const [kind, statements] of Object.entries(ATTACKS))
    for (const [who, principal] of [
      ['ann', ANN],
      ['bob', BOB],
    ] as const)
      it(`${kind}, as ${who} (${statements.length})`, async () => {
        for (const sql of statements) {
          const [found, expected] = await Promise.all([
            outcome(full, POLICY, principal, sql),
            outcome(bare, POLICY, principal, sql),
          ]);
          const shown = sql.slice(0, 200);
          assert.equal(found, expected, shown);
          if (!sql.includes(CANARY)) assert.ok(!found.includes(CANARY), shown);
          if (!sql.includes(String(NUMBER))) assert.doesNotMatch(found, /98765\d{4}|4211|4218/, shown);
          assert.doesNotMatch(found, /(data|view)_[0-9a-f]{8}/, `${shown}: the name of a catalogue`);
          for (const name of ['manager_contact', 'injured_persons'])
            if (!sql.toLowerCase().includes(name)) assert.ok(!found.includes(name), `${shown}: ${name}`);
        }
      });
});
