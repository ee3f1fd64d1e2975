/** What a call is for: declared, limited, asked by rules, told to whoever looks. Rules P7 and P8 of src/security/SPEC.md. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { ManualClock, silentLog } from '../../src/base/index.ts';
import { FlightClient, FlightSqlClient } from '../../src/flight/index.ts';
import { openNode } from '../../src/node/index.ts';
import { RemoteNode, createApp, listen, listenFlight, socketPathOf } from '../../src/server/index.ts';
import { JSON_BODY, TCP } from '../server/harness.ts';
import { rowsOf as flightRows } from '../flight/kit.ts';
import { testNode } from '../node/kit.ts';
import { NOON, ask, engine } from './kit.ts';
import { people, rowsOf } from './people.ts';
import { checkPolicy } from '../../src/security/index.ts';
import { freshStore, site } from '../store/kit.ts';
import { ESH } from '../../src/schema/index.ts';

const SITES = 'select site_id from esh.sites order by all';
const TESTING = { purposes: ['testing', 'audit'] };

describe('[P7] a purpose', () => {
  it('counts when it is declared, and only what the user may declare', async () => {
    await using p = await people();
    await p.add('ida', 'ai-operator', TESTING);
    await assert.rejects(rowsOf(p.as('ida'), SITES), { code: 'sql.name' });
    assert.deepEqual(await rowsOf(p.as('ida', { purpose: 'testing' }), SITES), [['a'], ['b']]);
    // Kept answers and views are of a purpose too.
    await assert.rejects(rowsOf(p.as('ida'), SITES), { code: 'sql.name' });
    await assert.rejects(rowsOf(p.as('ida', { purpose: 'audit' }), SITES), { code: 'sql.name' });
    for (const [purpose, code] of [
      ['investigation', 'purpose.denied'],
      ['Testing', 'purpose.denied'],
      ['', 'purpose.form'],
      [' testing', 'purpose.form'],
      ['test\ning', 'purpose.form'],
    ] as const) {
      await assert.rejects(rowsOf(p.as('ida', { purpose }), 'select 1'), { code });
      await assert.rejects(p.as('ida', { purpose }).status(), { code });
    }
    // Acting as somebody gives what they may declare, and no more.
    await assert.rejects(rowsOf(p.as('root', { purpose: 'testing' }), 'select 1'), {
      code: 'purpose.denied',
    });
    assert.equal((await rowsOf(p.as('root', { as: 'ida', purpose: 'testing' }), SITES)).length, 2);
    // Taken away, it ends with the next call.
    await p.as('root').users({ action: 'set', id: 'ida', attributes: {} });
    await assert.rejects(rowsOf(p.as('ida', { purpose: 'testing' }), SITES), { code: 'purpose.denied' });
  });

  it('is told by HTTP, the socket and Flight alike, and recorded', async () => {
    await using p = await people({ limits: { sql_slow_ms: 0.001 } });
    await p.add('ida', 'ai-operator', TESTING);
    const { limits } = p.node.parts;
    const log = silentLog;
    const { dataDir } = p.test;
    const app = createApp(p.node, {
      dataDir,
      version: '0',
      limits,
      log,
      principal: 'local-operator',
      admit: (caller) => p.node.as(caller),
    });
    const http = async (purpose: string | undefined): Promise<number> => {
      const headers = {
        ...JSON_BODY,
        authorization: `Bearer ${p.token('ida')}`,
        ...(purpose === undefined ? {} : { 'fractal-purpose': purpose }),
      };
      const body = JSON.stringify({ sql: SITES });
      return (await app.request('/v1/sql', { method: 'POST', headers, body }, TCP)).status;
    };
    assert.deepEqual(await Promise.all([http('testing'), http('spying'), http(undefined)]), [200, 403, 422]);

    const socketPath = socketPathOf(dataDir);
    const listening = await listen({ app, host: '127.0.0.1', port: 0, socketPath, limits, log });
    const flight = await listenFlight({
      ...(await p.node.flight()),
      host: '127.0.0.1',
      port: 0,
      limits,
      log,
    });
    const client = await FlightClient.connect(flight.url, { limits });
    try {
      const remote = new RemoteNode({ socketPath, token: p.token('ida'), purpose: 'testing' });
      assert.deepEqual(await rowsOf(remote, SITES), [['a'], ['b']]);
      const sql = new FlightSqlClient(client);
      client.useToken(`Bearer ${p.token('ida')}`);
      const rows = async (): Promise<unknown> => await flightRows(sql.query(SITES));
      await assert.rejects(rows());
      client.useHeader('fractal-purpose', 'testing');
      assert.deepEqual(await rows(), [{ site_id: 'a' }, { site_id: 'b' }]);
      const prepared = await sql.prepare(SITES);
      // What was prepared for one purpose is not there for another.
      client.useHeader('fractal-purpose', 'audit');
      await assert.rejects(flightRows(sql.fetchPrepared(prepared.handle)), { code: 'flight.handle' });
    } finally {
      client.close();
      await flight.stop();
      await listening.stop();
    }
    const told = (await p.as('root').slowQueries()).map(
      ({ principal, purpose }) => `${principal} ${purpose ?? '-'}`,
    );
    assert.ok(told.includes('ida testing'), told.join());
  });

  it('is free for the operator of a node without users, who has all rights anyway', async () => {
    await using t = await testNode();
    await t.node.close();
    t.node = await openNode({ dataDir: t.dataDir, log: silentLog, purpose: 'trying out' });
    assert.equal((await t.node.status()).mode, 'single-user');
    assert.deepEqual(await rowsOf(t.node, SITES), []);
    assert.ok(path.isAbsolute(t.dataDir));
  });

  it('can be asked for only where users can be allowed to declare one', () => {
    const policy = (attributes: object): unknown => ({
      format: 'fractal.policy/1',
      version: '1',
      attributes,
      roles: {
        a: {
          doc: 'a',
          grants: [
            {
              id: 'r',
              actions: ['read'],
              tables: ['*'],
              when: { eq: [{ environment: 'purpose' }, 'audit'] },
            },
          ],
        },
      },
      denials: [],
    });
    assert.throws(() => checkPolicy(policy({})), /rule r: a rule asks for the purpose/);
    assert.throws(() => checkPolicy(policy({ purposes: 'text' })), /rule r/);
    checkPolicy(policy({ purposes: 'text[]' }));
  });
});

it('[P8] clearance is ordered: a level opens what lies at it and below', async (t) => {
  const { store } = await freshStore(t);
  await store.transact('t', (tx) =>
    tx.put(ESH.sites, [
      site('low', { employees: 10 }),
      site('mid', { employees: 200 }),
      site('high', { employees: 3000 }),
    ]),
  );
  const at = (level: number): object => ({ ge: [{ principal: 'clearance' }, level] });
  const policy = engine(
    {
      attributes: { clearance: 'number' },
      roles: {
        cleared: {
          doc: 'by level',
          grants: [
            {
              id: 'open',
              actions: ['read'],
              tables: ['esh.sites'],
              where: { lt: [{ column: 'employees' }, 100] },
            },
            {
              id: 'one',
              actions: ['read'],
              tables: ['esh.sites'],
              where: { lt: [{ column: 'employees' }, 1000] },
              when: at(1),
            },
            { id: 'two', actions: ['read'], tables: ['esh.sites'], when: at(2) },
          ],
        },
      },
    },
    new ManualClock(NOON),
  );
  const seen = async (clearance: number | string | undefined): Promise<number> => {
    const attributes = clearance === undefined ? {} : { clearance };
    return (await ask(store, policy, { id: 'a', roles: ['cleared'], attributes }, SITES)).rows.length;
  };
  assert.deepEqual(
    [
      await seen(undefined),
      await seen(0),
      await seen(1),
      await seen(1.5),
      await seen(2),
      await seen(9),
      await seen('9'),
    ],
    [1, 1, 2, 2, 3, 3, 1],
  );
});
