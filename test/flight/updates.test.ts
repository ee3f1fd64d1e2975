/** Statements that write over Flight SQL: at once, prepared, in transactions, and with the rights of their user. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { flightSql as sql, type FlightSqlClient } from '../../src/flight/index.ts';
import { ESH } from '../../src/schema/index.ts';
import { governed } from './governed-kit.ts';
import { messagesOf, rowsOf, served, type Served } from './kit.ts';

let open: Served;
let client: FlightSqlClient;
before(async () => {
  open = await served();
  client = await open.connect();
});
after(async () => open[Symbol.asyncDispose]());

const INSERT = 'insert into esh.sites (site_id, region, name, jurisdiction)';
const ids = async (like: string, transaction?: Uint8Array): Promise<unknown[]> =>
  (
    await rowsOf(
      client.query(
        `select site_id from esh.sites where not deleted and site_id like '${like}' order by 1`,
        transaction,
      ),
    )
  ).map((row) => row['site_id']);

describe('statements that write', () => {
  it('are run by an update', async () => {
    assert.equal(await client.update(`${INSERT} values ('u1', 'n', 'x', 'UK'), ('u2', 'n', 'x', 'UK')`), 2n);
    assert.equal(await client.update("update esh.sites set name = 'y' where site_id = 'u1'"), 1n);
    assert.equal(await client.update("delete from esh.sites where site_id = 'u2'"), 1n);
    assert.equal(await client.update("delete from esh.sites where site_id = 'nobody'"), 0n);
    assert.deepEqual(await ids('u%'), ['u1']);
  });

  it('are run once by a query, which has no rows but tells how many were written', async () => {
    const query = `${INSERT} values ('q1', 'n', 'x', 'UK')`;
    const info = await client.info(sql.CommandStatementQuery, { query });
    assert.equal(info.totalRecords, 1n);
    assert.deepEqual(info.endpoint, []);
    assert.deepEqual(await ids('q%'), ['q1']);
  });

  it('are not run by asking what they answer, or for their explanation', async () => {
    await client.prepare(`${INSERT} values ('never', 'n', 'x', 'UK')`);
    const [row] = await rowsOf(client.query(`explain ${INSERT} values ('never', 'n', 'x', 'UK')`));
    assert.match(String(row?.['explain_value']), /^insert into esh\.sites: a new row/);
    assert.deepEqual(await ids('never'), []);
  });

  it('refuse a statement that reads', async () => {
    await assert.rejects(client.update('select 1'), { code: 'sql.not_an_update' });
  });

  it('run once for each row of parameters, all or nothing', async () => {
    const { handle } = await client.prepare(`${INSERT} values (?, 'n', ?, 'UK')`);
    const values = (rows: string): ReturnType<typeof messagesOf> =>
      messagesOf(`from (values ${rows}) t(a, b)`);
    assert.equal(
      await client.updatePrepared(handle, await values("('p1', 'a'), ('p2', 'b'), ('p3', 'c')")),
      3n,
    );
    await assert.rejects(client.updatePrepared(handle, await values("('p4', 'a'), ('p1', 'other')")), {
      code: 'row.conflict',
    });
    assert.deepEqual(await ids('p%'), ['p1', 'p2', 'p3']);
    // Each sees what those before it wrote.
    const more = await client.prepare(
      "update esh.sites set employees = coalesce(employees, 0) + ? where site_id = 'p1'",
    );
    assert.equal(
      await client.updatePrepared(more.handle, await messagesOf('from (values (1), (2), (3)) t(n)')),
      3n,
    );
    assert.deepEqual(await rowsOf(client.query("select employees from esh.sites where site_id = 'p1'")), [
      { employees: 6 },
    ]);
    const bound = await client.bind(handle, await values("('p5', 'e')"));
    assert.equal(await client.updatePrepared(bound), 1n);
    await assert.rejects(client.updatePrepared(handle, await messagesOf('select 1 as a')), {
      code: 'sql.parameters',
    });
  });
});

describe('statements that write in a transaction', () => {
  it('are seen at its commit, in their order, and not before', async () => {
    const transaction = await client.begin();
    assert.equal(await client.update(`${INSERT} values ('t1', 'n', 'x', 'UK')`, transaction), 1n);
    assert.equal(
      await client.update("update esh.sites set name = 'z' where site_id = 'u1'", transaction),
      1n,
    );
    assert.deepEqual([await ids('t%', transaction), await ids('t%')], [[], []]);
    await client.update("update esh.sites set name = 'changed' where site_id = 't1'", transaction);
    await client.end(transaction, 'commit');
    assert.deepEqual(await rowsOf(client.query("select name from esh.sites where site_id = 't1'")), [
      { name: 'changed' },
    ]);
  });

  it('are forgotten at its rollback, and when one of them fails', async () => {
    const first = await client.begin();
    await client.update(`${INSERT} values ('r1', 'n', 'x', 'UK')`, first);
    await client.end(first, 'rollback');
    const second = await client.begin();
    await client.update(`${INSERT} values ('r2', 'n', 'x', 'UK')`, second);
    await client.update(`${INSERT} values ('r2', 'n', 'other', 'UK')`, second);
    await assert.rejects(client.end(second, 'commit'), { code: 'row.conflict' });
    assert.deepEqual(await ids('r%'), []);
  });

  it('are bounded in number, and go on after a refusal', async () => {
    const transaction = await client.begin();
    await client.update(`${INSERT} values ('b1', 'n', 'x', 'UK')`, transaction);
    const { handle } = await client.prepare(`${INSERT} values (?, 'n', 'x', 'UK')`, transaction);
    await assert.rejects(
      client.updatePrepared(handle, await messagesOf("select 'b' || i as id from range(2, 1002) t(i)")),
      { code: 'flight.transaction_writes' },
    );
    assert.equal(await client.updatePrepared(handle, await messagesOf("select 'b2' as id")), 1n);
    await client.end(transaction, 'commit');
    assert.deepEqual(await ids('b%'), ['b1', 'b2']);
  });
});

describe('statements of users', () => {
  const own = { in: [{ column: 'site_id' }, { principal: 'sites' }] };
  const RULES = {
    attributes: { sites: 'text[]' },
    roles: {
      reader: {
        doc: 'reads',
        grants: [{ id: 'reads', actions: ['read'], tables: ['esh.sites'], where: own }],
      },
      writer: {
        doc: 'writes',
        grants: [{ id: 'writes', actions: ['update'], tables: ['esh.sites'], where: own }],
      },
    },
  };
  it('have the rights of the moment they are used, in a transaction those of its commit', async () => {
    await using g = await governed(RULES, [
      { id: 'ann', roles: ['reader', 'writer'], attributes: { sites: ['a'] } },
    ]);
    await g.node.parts.store.transact('test', (tx) =>
      tx.put(
        ESH.sites,
        ['a', 'b'].map((id) => ({ site_id: id, region: 'n', name: id, jurisdiction: 'UK' })),
      ),
    );
    const ann = await g.as('ann');
    const all = "update esh.sites set name = 'new'";
    const names = (): Promise<unknown> =>
      g.node.parts.store.rows('select site_id, name from esh.sites where $1 = 1 order by 1', [1]);
    const { handle } = await ann.prepare(all);
    assert.equal(await ann.update(all), 1n);
    assert.deepEqual(await names(), [
      { site_id: 'a', name: 'new' },
      { site_id: 'b', name: 'b' },
    ]);
    const transaction = await ann.begin();
    await ann.update("update esh.sites set name = 'late'", transaction);
    await g.root.users({ action: 'set', id: 'ann', roles: ['reader'] });
    await assert.rejects(ann.end(transaction, 'commit'), { code: 'policy.denied' });
    await assert.rejects(ann.updatePrepared(handle), { code: 'policy.denied' });
    await assert.rejects(ann.prepare(all), { code: 'policy.denied' });
    await assert.rejects(ann.update('delete from esh.sites'), { code: 'policy.denied' });
    await g.root.users({ action: 'set', id: 'ann', roles: [] });
    await assert.rejects(ann.update(all), { code: 'sql.name' });
    assert.deepEqual(await names(), [
      { site_id: 'a', name: 'new' },
      { site_id: 'b', name: 'b' },
    ]);
  });
});
