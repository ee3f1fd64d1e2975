/**
 * Whoever writes learns nothing of what is hidden from them, and changes none of it: two nodes that differ only in what
 * is hidden answer every write alike and look alike afterwards (rule W3).
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ManualClock } from '../../src/base/index.ts';
import type { Principal } from '../../src/query/index.ts';
import { ESH, type Table } from '../../src/schema/index.ts';
import type { Store } from '../../src/store/index.ts';
import { openStore } from '../store/kit.ts';
import { ANN, BOB, CANARY, NUMBER, RULES, fill } from './hidden.ts';
import { NOON, engine } from './kit.ts';
import { WRITE_ATTACKS } from './write-attacks.ts';
import { explain, heard, sight, write } from './writes-kit.ts';

const OWN = { in: [{ column: 'site_id' }, { principal: 'sites' }] };
const TABLES = ['esh.sites', 'esh.incidents', 'esh.monitoring_readings', 'esh.action_items'];

/** The readers' rules, and rules to write what is of the own sites: also rows that are hidden, and hidden columns. */
const POLICY = engine({
  ...RULES,
  roles: {
    ...RULES.roles,
    inspector: {
      ...RULES.roles.inspector,
      grants: [
        ...RULES.roles.inspector.grants,
        {
          id: 'items',
          actions: ['read'],
          tables: ['esh.action_items'],
          where: OWN,
          columns: { hide: ['owner'] },
        },
        { id: 'changes', actions: ['update', 'delete'], tables: TABLES, where: OWN },
        { id: 'adds', actions: ['insert'], tables: TABLES.slice(1), where: OWN },
      ],
    },
  },
  denials: [
    ...RULES.denials,
    {
      id: 'none-fatal',
      actions: ['insert'],
      tables: ['esh.incidents'],
      where: { eq: [{ column: 'severity' }, 'fatal'] },
    },
  ],
});

const item = (id: string, site: string, owner: string): Record<string, string> => ({
  action_item_id: id,
  region: 'north',
  site_id: site,
  kind: 'corrective',
  status: 'open',
  title: `item ${id}`,
  owner,
});

async function open(folder: string, isFull: boolean): Promise<Store> {
  const store = await openStore(folder, { clock: new ManualClock(NOON), seed: 7 });
  await refill(store, isFull);
  return store;
}

/** Rows as they were at first, in the tables that `sql` names: it may have changed or removed some. */
async function refill(store: Store, isFull: boolean, sql?: string): Promise<void> {
  const items = [
    item('own-item', 'shown', isFull ? CANARY : 'Somebody'),
    ...(isFull ? [item('hidden-item', 'hidden', CANARY)] : []),
  ];
  const isIn = ({ name }: Table): boolean => sql?.includes(name) !== false;
  await fill(store, isFull, isIn, [[ESH.actionItems, items]]);
}

/** A number that changes with any row that neither of the two sees. */
async function hiddenRows(store: Store): Promise<unknown> {
  const of = (table: string, where: string): string =>
    `select '${table}' as name, count(*) as n, sum(hash(t)::hugeint) as hash from esh.${table} t where ${where}`;
  return await store.rows(
    `select * from (${[
      of('sites', "site_id <> 'shown'"),
      of('incidents', "site_id <> 'shown' or severity = 'fatal'"),
      of('monitoring_readings', "site_id <> 'shown'"),
      of('action_items', "site_id <> 'shown'"),
      of('injured_persons', 'true'),
    ].join(' union all ')}) where $1 = 1 order by name`,
    [1],
  );
}

describe('whoever writes learns nothing of what is hidden', () => {
  let full: Store;
  let bare: Store;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'fractal-test-'));
    full = await open(path.join(folder, 'full'), true);
    bare = await open(path.join(folder, 'bare'), false);
  });
  after(async () => {
    await full.close();
    await bare.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** The same words on both nodes, and none of what is hidden. */
  async function alike(principal: Principal, sql: string): Promise<string> {
    const [told, toldBare] = await Promise.all([
      heard(explain(full, POLICY, principal, sql)).catch(notAWrite),
      heard(explain(bare, POLICY, principal, sql)).catch(notAWrite),
    ]);
    assert.equal(told, toldBare, `explain ${sql}`);
    const [found, expected] = await Promise.all([
      heard(write(full, POLICY, principal, sql)).catch(notAWrite),
      heard(write(bare, POLICY, principal, sql)).catch(notAWrite),
    ]);
    assert.equal(found, expected, sql);
    for (const text of [told, found]) {
      if (!sql.includes(CANARY)) assert.ok(!text.includes(CANARY), `${sql}: ${text}`);
      if (!sql.includes(String(NUMBER))) assert.doesNotMatch(text, /98765\d{4}|4211|4218/, sql);
      assert.doesNotMatch(text, /(data|view)_[0-9a-f]{8}/, `${sql}: the name of a catalogue`);
      for (const name of ['manager_contact', 'injured_persons', 'owner'])
        if (!sql.toLowerCase().includes(name)) assert.ok(!text.includes(name), `${sql}: ${text}`);
    }
    return found;
  }

  it('what is shown and covered is written', async () => {
    const numbers: string[] = [];
    for (const sql of [
      "update esh.action_items set title = 'seen' where action_item_id = 'own-item'",
      "insert into esh.action_items (action_item_id, region, site_id, kind, status, title) values ('new', 'north', 'shown', 'corrective', 'open', 'n')",
      "update esh.action_items set status = 'in-progress'",
      "delete from esh.action_items where action_item_id = 'new'",
      'delete from esh.monitoring_readings where value < 2',
    ])
      numbers.push(await alike(ANN, sql));
    assert.deepEqual(numbers, ['1', '1', '2', '1', '2']);
    assert.equal(await sight(full, POLICY, ANN), await sight(bare, POLICY, ANN));
  });

  for (const [kind, statements] of Object.entries(WRITE_ATTACKS))
    for (const [who, principal] of [
      ['ann', ANN],
      ['bob', BOB],
    ] as const)
      it(`${kind}, as ${who} (${statements.length})`, async () => {
        const before = await hiddenRows(full);
        for (const sql of statements) {
          const commits = full.commitVersion;
          const rows = Number(await alike(principal, sql));
          // Nothing is written but by a commit.
          if (full.commitVersion === commits) continue;
          assert.deepEqual(await hiddenRows(full), before, `${sql}: a hidden row was changed`);
          if (!(rows > 0)) continue;
          // Bob sees all that Ann does.
          assert.equal(
            await sight(full, POLICY, BOB),
            await sight(bare, POLICY, BOB),
            `${sql}: what is left`,
          );
          await refill(full, true, sql);
          await refill(bare, false, sql);
        }
        assert.deepEqual(await hiddenRows(full), before, `${kind}: a hidden row was changed`);
        for (const one of [ANN, BOB])
          assert.equal(
            await sight(full, POLICY, one),
            await sight(bare, POLICY, one),
            `${kind}: what is left`,
          );
      });

  it('the one exception: whoever may insert learns that a key is taken, and nothing of its row', async () => {
    const row = (id: string, narrative: string, more = "'low'"): string =>
      `insert into esh.incidents (incident_id, region, site_id, occurred_at, kind, severity, narrative)
       values ('${id}', 'north', 'shown', '2025-05-05 10:00:00', 'injury', ${more}, '${narrative}')`;
    const said = new Set<string>();
    for (const sql of [
      row('h1', 'anything'),
      row('h1', `${CANARY} of another site`),
      row('h2', 'anything'),
      row('h2', `${CANARY} died`),
      row('i2', 'Nobody was hurt.'),
      row('i2', 'Somebody was.'),
    ])
      said.add((await heard(write(full, POLICY, ANN, sql))).replaceAll(/h1|h2|i2/g, '…'));
    assert.equal(said.size, 1, [...said].join('\n'));
    assert.match([...said].join(), /row\.conflict/);
  });
});

/** What does not begin as a write goes the way of queries, whose own test holds. */
function notAWrite(error: Error): string {
  if (!error.message.startsWith('this does not write')) throw error;
  return error.message;
}
