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
import { cacheOf, keepResults } from '../../src/query/index.ts';
import type { Store } from '../../src/store/index.ts';
import { openStore } from '../store/kit.ts';
import { ATTACKS } from './attacks.ts';
import { ANN, BOB, CANARY, NUMBER, RULES, fill } from './hidden.ts';
import { NOON, ask, engine, outcome } from './kit.ts';

const POLICY = engine(RULES);

async function open(folder: string, isFull: boolean): Promise<Store> {
  const store = await openStore(folder, { clock: new ManualClock(NOON), seed: 7 });
  await fill(store, isFull);
  return store;
}

describe('what is hidden makes no difference', () => {
  let full: Store;
  let bare: Store;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'fractal-test-'));
    full = await open(path.join(folder, 'full'), true);
    bare = await open(path.join(folder, 'bare'), false);
    // One node keeps answers and the other does not: what one principal was told must not reach the next.
    keepResults(full);
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

  it('[C1] answers came from the cache too', async () => {
    for (const principal of [ANN, BOB, ANN, BOB])
      assert.equal(
        await outcome(full, POLICY, principal, 'from esh.sites'),
        await outcome(bare, POLICY, principal, 'from esh.sites'),
      );
    assert.ok((cacheOf(full)?.figures(full.commitVersion).hits ?? 0) >= 2);
  });

  for (const [kind, statements] of Object.entries(ATTACKS))
    for (const [who, principal] of [
      ['ann', ANN],
      ['bob', BOB],
    ] as const)
      it(`${kind}, as ${who} (${statements.length})`, async () => {
        for (const sql of statements) {
          const kept = cacheOf(full)?.figures(full.commitVersion).entries;
          const [found, expected] = await Promise.all([
            outcome(full, POLICY, principal, sql),
            outcome(bare, POLICY, principal, sql),
          ]);
          const shown = sql.slice(0, 200);
          assert.equal(found, expected, shown);
          assert.doesNotMatch(found, /sql\.interrupted/, `${shown}: took too long to tell anything`);
          // Kept just now: the answer from the cache is the same again.
          if (cacheOf(full)?.figures(full.commitVersion).entries !== kept)
            assert.equal(await outcome(full, POLICY, principal, sql), found, `${shown}: asked again`);
          if (!sql.includes(CANARY)) assert.ok(!found.includes(CANARY), shown);
          if (!sql.includes(String(NUMBER))) assert.doesNotMatch(found, /98765\d{4}|4211|4218/, shown);
          assert.doesNotMatch(found, /(data|view)_[0-9a-f]{8}/, `${shown}: the name of a catalogue`);
          for (const name of ['manager_contact', 'injured_persons'])
            if (!sql.toLowerCase().includes(name)) assert.ok(!found.includes(name), `${shown}: ${name}`);
        }
      });
});
