/** Who may do what over Flight: the same rules as at the other doors, asked again for every call. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { flight, flightSql as sql, type FlightSqlClient } from '../../src/flight/index.ts';
import type { Principal } from '../../src/query/index.ts';
import { ESH } from '../../src/schema/index.ts';
import { governed, type Governed } from './governed-kit.ts';
import { messagesOf, rowsOf, tableOf } from './kit.ts';

const own = { in: [{ column: 'site_id' }, { principal: 'sites' }] };
const RULES = {
  attributes: { sites: 'text[]' },
  roles: {
    reader: {
      doc: 'reads own sites',
      grants: [{ id: 'reads', actions: ['read'], tables: ['esh.sites', 'esh.action_items'], where: own }],
    },
    writer: {
      doc: 'adds to own sites',
      grants: [{ id: 'adds', actions: ['insert'], tables: ['esh.action_items', 'esh.contacts'], where: own }],
    },
    keeper: {
      doc: 'changes what stays preventive',
      grants: [
        {
          id: 'keeps',
          actions: ['update'],
          tables: ['esh.action_items'],
          where: { eq: [{ column: 'kind' }, 'preventive'] },
        },
      ],
    },
    mover: {
      doc: 'changes what is open at own sites',
      grants: [
        {
          id: 'moves',
          actions: ['update'],
          tables: ['esh.action_items'],
          where: { all: [own, { eq: [{ column: 'deleted' }, false] }] },
        },
      ],
    },
  },
  denials: [{ id: 'no-owner', actions: ['insert'], tables: ['esh.action_items'], columns: ['owner'] }],
};
const user = (id: string, ...roles: string[]): Principal => ({ id, roles, attributes: { sites: [id] } });
const PASSWORD = 'correct horse battery';

const item = (id: string, site: string, more = ''): string =>
  `select '${id}' as action_item_id, 'north' as region, '${site}' as site_id, 'corrective' as kind,
     'open' as status, 'a title' as title${more}`;
const ITEMS = { schema: 'esh', table: 'action_items' };

async function put(client: FlightSqlClient, query: string, transactionId?: Uint8Array): Promise<bigint> {
  return await client.ingest({ ...ITEMS, transactionId }, await messagesOf(query));
}

const items = (g: Governed): Promise<Record<string, unknown>[]> =>
  g.node.parts.store.rows(
    'select action_item_id, site_id, title, owner from esh.action_items where $1 = 1 order by 1',
    [1],
  );

async function addSites(g: Governed, ...ids: string[]): Promise<void> {
  await g.node.parts.store.transact('test', async (transaction) => {
    await transaction.put(
      ESH.sites,
      ids.map((id) => ({ site_id: id, region: 'north', name: `site ${id}`, jurisdiction: 'UK' })),
    );
  });
}

const mine = async (client: FlightSqlClient, transaction?: Uint8Array): Promise<unknown[]> =>
  (await rowsOf(client.query('select site_id from esh.sites order by 1', transaction))).map(
    (row) => row['site_id'],
  );

const NOBODY = { code: 'flight.unauthenticated' };
const RIGHTS = { code: 'policy.denied' };
const HANDLE = { code: 'flight.handle' };

describe('callers', () => {
  it('are the local operator until there are users, and then nobody without credentials', async () => {
    await using g = await governed(RULES, []);
    const before = await g.connect();
    await before.flight.handshake('local-operator', '');
    const bare = await g.connect();
    await bare.flight.listActions();
    const prepared = await bare.prepare('select 1');
    const { endpoint } = await bare.info(sql.CommandStatementQuery, { query: 'select 1' });
    for (const guess of ['Bearer x', 'Bearer fractal_x', 'Bearer AAAA.AAAA', `Basic ${btoa('root:x')}`]) {
      const stranger = await g.connect();
      stranger.flight.useToken(guess);
      await assert.rejects(stranger.flight.listActions(), NOBODY);
    }
    await g.node.users({ action: 'add', id: 'root', roles: ['admin'] });
    for (const work of [
      () => before.flight.listActions(),
      () => bare.flight.listFlights(),
      () => rowsOf(bare.fetchPrepared(prepared.handle)),
      () => tableOf(bare.flight.doGet(endpoint[0]!.ticket!.ticket)),
      () => bare.begin(),
      () => put(bare, item('a', 'a')),
      () => bare.flight.handshake('local-operator', ''),
    ])
      await assert.rejects(work, NOBODY);
  });

  it('come in by password or token, and every wrong one is answered alike', async () => {
    await using g = await governed(RULES, [user('ann', 'reader')]);
    await addSites(g, 'ann', 'bob');
    await g.root.users({ action: 'set', id: 'ann', password: PASSWORD });
    assert.deepEqual(await mine(await g.as('ann')), ['ann']);
    const basic = await g.connect();
    basic.flight.useToken(`Basic ${Buffer.from(`ann:${PASSWORD}`).toString('base64')}`);
    assert.deepEqual(await mine(basic), ['ann']);
    const client = await g.connect();
    await client.flight.handshake('ann', PASSWORD);
    assert.deepEqual(await mine(client), ['ann']);
    const said = new Set<string>();
    for (const [name, password] of [
      ['ann', 'correct horse batter'],
      ['ann', ''],
      ['nobody', PASSWORD],
      ['', PASSWORD],
      ['local-operator', PASSWORD],
    ] as const)
      await assert.rejects(client.flight.handshake(name, password), (error: Error & { code: string }) => {
        assert.equal(error.code, NOBODY.code);
        said.add(error.message);
        return true;
      });
    assert.equal(said.size, 1);
  });

  it('lose the token of a handshake with its time, with the password, with the user', async () => {
    await using g = await governed(RULES, [user('ann', 'reader'), user('bob', 'reader')]);
    const enter = async (id: string): Promise<FlightSqlClient> => {
      await g.root.users({ action: 'set', id, password: PASSWORD });
      const client = await g.connect();
      await client.flight.handshake(id, PASSWORD);
      await client.flight.listActions();
      return client;
    };
    const changed = await enter('ann');
    await g.root.users({ action: 'set', id: 'ann', password: `${PASSWORD} staple` });
    await assert.rejects(changed.flight.listActions(), NOBODY);
    const late = await enter('ann');
    // Use does not renew it.
    for (let hours = 0; hours < 13; hours++) {
      g.clock.advance(3_600_000);
      if (hours < 11) await late.flight.listActions();
    }
    await assert.rejects(late.flight.listActions(), NOBODY);
    const gone = await enter('bob');
    await g.root.users({ action: 'remove', id: 'bob' });
    await assert.rejects(gone.flight.listActions(), NOBODY);
    await assert.rejects((await g.as('bob')).flight.listActions(), NOBODY);
  });

  it('act as others only with the right to', async () => {
    await using g = await governed(RULES, [user('ann', 'reader'), user('boss', 'admin')]);
    await addSites(g, 'ann', 'boss');
    const [ann, boss] = [await g.as('ann'), await g.as('boss')];
    const rows = async (client: FlightSqlClient, as: string): Promise<unknown[]> =>
      (
        await rowsOf(
          client.query('select site_id from esh.sites', undefined, { headers: { 'fractal-principal': as } }),
        )
      ).map((row) => row['site_id']);
    assert.deepEqual(await rows(boss, 'ann'), ['ann']);
    await assert.rejects(rows(ann, 'boss'), RIGHTS);
  });
});

describe('ingest over a row that is hidden', () => {
  it('[W6] is refused in the same words, whether it would change the row or not', async () => {
    const users = [user('ann', 'writer'), user('bea', 'reader', 'writer')];
    await using g = await governed({ ...RULES, denials: [] }, users);
    const [ann, bea] = [await g.as('ann'), await g.as('bea')];
    for (const [id, client] of [
      ['a', ann],
      ['b', bea],
    ] as const) {
      const site = id === 'a' ? 'ann' : 'bea';
      assert.equal(await put(client, item(id, site)), 1n);
      const said = new Set<string>();
      for (const more of ['', `, 'x' as source_id`])
        said.add(
          await put(client, item(id, site, more)).then(
            (rows) => `${rows} rows`,
            (error: unknown) => (error as Error).message,
          ),
        );
      // Who sees the row is told that it is there as it is, and not that it changes.
      const told = [...said].join(' / ');
      assert.equal(said.size, client === ann ? 1 : 2, told);
      assert.equal(told.startsWith('1 rows'), client === bea, told);
    }
    assert.equal((await items(g)).length, 2);
  });
});

describe('handles', () => {
  it('of somebody else are worth nothing', async () => {
    await using g = await governed(RULES, [user('ann', 'reader', 'writer'), user('bob', 'reader', 'writer')]);
    await addSites(g, 'ann', 'bob');
    const [ann, bob] = [await g.as('ann'), await g.as('bob')];
    const { handle } = await ann.prepare('from esh.sites');
    const transaction = await ann.begin();
    const info = await ann.info(sql.CommandStatementQuery, { query: 'from esh.sites' });
    const { ticket } = info.endpoint[0]!.ticket!;
    await assert.rejects(rowsOf(bob.fetchPrepared(handle)), HANDLE);
    await assert.rejects(async () => bob.bind(handle, await messagesOf('select 1 as a')), HANDLE);
    await assert.rejects(tableOf(bob.flight.doGet(ticket)), HANDLE);
    await assert.rejects(mine(bob, transaction), HANDLE);
    await assert.rejects(bob.prepare('select 1', transaction), HANDLE);
    await assert.rejects(put(bob, item('b', 'bob'), transaction), HANDLE);
    for (const how of ['commit', 'rollback'] as const)
      await assert.rejects(bob.end(transaction, how), HANDLE);
    const cancel = flight.CancelFlightInfoRequest.encode({ info });
    await assert.rejects(async () => {
      for await (const body of bob.flight.doAction('CancelFlightInfo', cancel)) assert.ok(body);
    }, HANDLE);
    await bob.closePrepared(handle);
    // All of it is still there for whom it belongs to.
    assert.equal((await rowsOf(ann.fetchPrepared(handle))).length, 1);
    assert.equal((await tableOf(ann.flight.doGet(ticket))).numRows, 1);
    await ann.end(transaction, 'commit');
  });

  it('give the rights of the moment they are used', async () => {
    await using g = await governed(RULES, [user('ann', 'reader')]);
    await addSites(g, 'ann', 'other');
    const ann = await g.as('ann');
    const { handle } = await ann.prepare('select site_id from esh.sites');
    const open = async (): Promise<Uint8Array> =>
      (await ann.info(sql.CommandStatementQuery, { query: 'from esh.sites' })).endpoint[0]!.ticket!.ticket;
    const tables = async (): Promise<Uint8Array> =>
      (await ann.info(sql.CommandGetTables, {})).endpoint[0]!.ticket!.ticket;
    const [moved, blind, told] = [await open(), await open(), await tables()];
    await g.root.users({ action: 'set', id: 'ann', attributes: { sites: ['other'] } });
    assert.deepEqual(await rowsOf(ann.fetchPrepared(handle)), [{ site_id: 'other' }]);
    assert.equal((await tableOf(ann.flight.doGet(moved))).get(0)?.['site_id'], 'other');
    await g.root.users({ action: 'set', id: 'ann', roles: ['writer'] });
    await assert.rejects(rowsOf(ann.fetchPrepared(handle)), RIGHTS);
    await assert.rejects(tableOf(ann.flight.doGet(blind)), RIGHTS);
    assert.equal((await tableOf(ann.flight.doGet(told))).numRows, 0);
    await g.root.users({ action: 'remove', id: 'ann' });
    await assert.rejects(rowsOf(ann.fetchPrepared(handle)), NOBODY);
    await assert.rejects(tableOf(ann.flight.doGet(blind)), NOBODY);
  });
});

describe('transactions of users', () => {
  it('read one state, through the views of their user', async () => {
    await using g = await governed(RULES, [user('ann', 'reader')]);
    const ann = await g.as('ann');
    const transaction = await ann.begin();
    await addSites(g, 'ann', 'other');
    assert.deepEqual(await mine(ann, transaction), []);
    assert.deepEqual(await mine(ann), ['ann']);
    await ann.end(transaction, 'rollback');
    const next = await ann.begin();
    assert.deepEqual(await mine(ann, next), ['ann']);
    await assert.rejects(rowsOf(ann.query('from esh.permits', next)), { code: 'sql.name' });
    // The data have a name that nobody is told, also there.
    await assert.rejects(rowsOf(ann.query('from fractal.esh.sites', next)));
    await ann.end(next, 'commit');
  });

  it('end with the rights they began with', async () => {
    await using g = await governed(RULES, [user('ann', 'reader')]);
    await addSites(g, 'ann', 'other');
    const ann = await g.as('ann');
    for (const change of [
      { attributes: { sites: [] } },
      { attributes: { sites: ['ann', 'other'] } },
      { attributes: { sites: ['ann'] } },
    ]) {
      const transaction = await ann.begin();
      const { handle } = await ann.prepare('from esh.sites', transaction);
      await g.root.users({ action: 'set', id: 'ann', ...change });
      await assert.rejects(mine(ann, transaction), { code: 'sql.rights_changed' });
      await assert.rejects(rowsOf(ann.fetchPrepared(handle)), { code: 'sql.rights_changed' });
      await ann.end(transaction, 'rollback');
    }
    const transaction = await ann.begin();
    await g.root.users({ action: 'set', id: 'ann', roles: [] });
    await assert.rejects(mine(ann, transaction), RIGHTS);
    await g.root.users({ action: 'remove', id: 'ann' });
    await assert.rejects(mine(ann, transaction), NOBODY);
  });

  it('write with the rights of their commit', async () => {
    await using g = await governed(RULES, [user('ann', 'reader', 'writer')]);
    const ann = await g.as('ann');
    const transaction = await ann.begin();
    await put(ann, item('a', 'ann'), transaction);
    await g.root.users({ action: 'set', id: 'ann', attributes: { sites: ['other'] } });
    await assert.rejects(ann.end(transaction, 'commit'), RIGHTS);
    const again = await ann.begin();
    await put(ann, item('a', 'other'), again);
    await g.root.users({ action: 'set', id: 'ann', roles: ['reader'] });
    await assert.rejects(ann.end(again, 'commit'), RIGHTS);
    assert.deepEqual(await items(g), []);
  });

  it('are bounded for all together', async () => {
    await using g = await governed(RULES, [user('ann'), user('bob'), user('cid'), user('dan')]);
    for (const who of ['ann', 'bob', 'cid']) {
      const client = await g.as(who);
      for (let n = 0; n < 8; n++) await client.begin();
      await assert.rejects(client.begin(), { code: 'flight.full' });
    }
    await assert.rejects((await g.as('dan')).begin(), { code: 'flight.full' });
    // What else is asked goes on.
    await addSites(g, 'dan');
  });
});

describe('ingest by users', () => {
  it('takes rows that the rule covers, all or none', async () => {
    await using g = await governed(RULES, [user('ann', 'writer'), user('bob', 'reader')]);
    const [ann, bob] = [await g.as('ann'), await g.as('bob')];
    assert.equal(await put(ann, item('a', 'ann')), 1n);
    for (const rows of [
      item('b', 'bob'),
      `${item('b', 'ann')} union all ${item('c', 'bob')}`,
      item('d', 'ANN'),
    ])
      await assert.rejects(put(ann, rows), (error: Error & { code: string }) => {
        assert.equal(error.code, RIGHTS.code);
        assert.match(error.message, /adds/);
        assert.doesNotMatch(error.message, /bob|ANN|a title/);
        return true;
      });
    await assert.rejects(put(bob, item('e', 'bob')), RIGHTS);
    assert.deepEqual(
      (await items(g)).map((row) => row['action_item_id']),
      ['a'],
    );
  });

  it('writes no column that is denied, in the words of one that is not there', async () => {
    await using g = await governed(RULES, [user('ann', 'writer')]);
    const ann = await g.as('ann');
    const said = async (column: string): Promise<string> => {
      let message = '';
      await assert.rejects(
        put(ann, item('a', 'ann', `, 'x' as ${column}`)),
        (error: Error & { code: string }) => {
          assert.equal(error.code, 'row.column');
          message = error.message.replaceAll(column, '…');
          return true;
        },
      );
      return message;
    };
    const denied = await said('owner');
    assert.doesNotMatch(denied, /owner/);
    assert.equal(denied, await said('no_such'));
    assert.equal(denied, await said('node_id'));
    assert.deepEqual(await items(g), []);
  });

  it('takes no place of a row that is there, unless it may be changed before and after', async () => {
    await using g = await governed(
      { ...RULES, denials: [] },
      [user('ann', 'writer'), user('bob', 'writer', 'mover'), user('cid', 'writer', 'keeper')],
      async (node) => {
        await node.parts.store.transact('test', async (transaction) => {
          const row = { region: 'north', kind: 'corrective', status: 'open', title: 'a title' };
          await transaction.put(ESH.actionItems, [
            { ...row, action_item_id: 'of-ann', site_id: 'ann' },
            { ...row, action_item_id: 'of-bob', site_id: 'bob' },
            { ...row, action_item_id: 'of-cid', site_id: 'cid', kind: 'preventive' },
          ]);
        });
      },
    );
    const [ann, bob] = [await g.as('ann'), await g.as('bob')];
    const before = await items(g);
    // A row of one's own under the key of somebody else's.
    await assert.rejects(put(ann, item('of-bob', 'ann')), RIGHTS);
    await assert.rejects(put(bob, item('of-ann', 'bob')), RIGHTS);
    // One's own row, without the right to change.
    await assert.rejects(put(ann, item('of-ann', 'ann', `, 'x' as owner`)), RIGHTS);
    // One that may be changed, into one that may not.
    await assert.rejects(put(await g.as('cid'), item('of-cid', 'cid')), RIGHTS);
    assert.deepEqual(await items(g), before);
    // The same once more is no change, but who does not see the row must not learn that it is the same.
    await assert.rejects(put(ann, item('of-ann', 'ann')), RIGHTS);
    assert.deepEqual(await items(g), before);
    assert.equal(await put(bob, item('of-bob', 'bob', `, 'x' as owner`)), 1n);
    assert.equal((await items(g))[1]?.['owner'], 'x');
  });

  it('is open for a table that may be written and not read', async () => {
    await using g = await governed(RULES, [user('ann', 'writer')]);
    const ann = await g.as('ann');
    await assert.rejects(rowsOf(ann.query('from esh.action_items')), RIGHTS);
    assert.equal(await put(ann, item('a', 'ann')), 1n);
    await assert.rejects(ann.ingest({ schema: 'esh', table: 'sites' }, await messagesOf('select 1 as a')), {
      code: 'table.unknown',
    });
  });
});
