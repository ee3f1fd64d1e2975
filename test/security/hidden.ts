/** Rows of which policy hides some, for nodes that differ only in what is hidden. */
import type { Principal } from '../../src/query/index.ts';
import { ESH, type Table } from '../../src/schema/index.ts';
import type { Row, Store } from '../../src/store/index.ts';
import { NOON } from './kit.ts';

/** In every hidden text, and nowhere else. */
export const CANARY = 'CANARY';
/** In every hidden number. */
export const NUMBER = 987654321;
/** How many readings are hidden: no count may tell it. */
export const HIDDEN_ROWS = 4211;

/** Members of a policy document. */
export const RULES = {
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
};

export const ANN: Principal = { id: 'ann', roles: ['inspector'], attributes: { sites: ['shown'] } };
export const BOB: Principal = {
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

/** Fills a store with what is hidden, or without: the tables that `isIn` says, all when it is not given. */
export async function fill(
  store: Store,
  isFull: boolean,
  isIn: (table: Table) => boolean = () => true,
  more: readonly (readonly [Table, readonly Row[]])[] = [],
): Promise<void> {
  const hidden = isFull ? hiddenRows() : { sites: [], incidents: [], readings: [], injured: [] };
  const name = isFull ? `${CANARY}${CANARY}` : 'Somebody';
  const readings = Array.from({ length: 7 }, (_, n) => reading(PLACE, n, n + 0.5));
  const tables: readonly (readonly [Table, readonly Row[]])[] = [
    [ESH.sites, [...hidden.sites, ...siteRows(name)]],
    [ESH.incidents, [...incidentRows(name), ...hidden.incidents]],
    [ESH.monitoringReadings, [...hidden.readings, ...readings]],
    [ESH.injuredPersons, hidden.injured],
    ...more,
  ];
  await store.transact('test', async (transaction) => {
    for (const [table, rows] of tables) if (isIn(table)) await transaction.put(table, rows);
  });
}
