/**
 * A change of what somebody may see counts for the next execution of whatever they have open: prepared statements, tickets
 * of answers not fetched yet, kept answers, checks of sites; also where other engines answer a part.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { it } from 'node:test';
import { flightSql as sql } from '../../src/flight/index.ts';
import { cacheOf } from '../../src/query/index.ts';
import { ESH } from '../../src/schema/index.ts';
import { governed } from '../flight/governed-kit.ts';
import { messagesOf, tableOf } from '../flight/kit.ts';
import { annualPart, importAll } from '../node/kit.ts';
import { codeOf, site } from '../store/kit.ts';
import { rowsOf } from './people.ts';

const own = { in: [{ column: 'site_id' }, { principal: 'sites' }] };
const RULES = {
  attributes: { sites: 'text[]', country: 'text' },
  denials: [],
  roles: {
    reader: {
      doc: 'own sites, the law of one country',
      grants: [
        { id: 'own', actions: ['read'], tables: ['esh.*', 'ext.readings'], where: own },
        {
          id: 'law',
          actions: ['read'],
          tables: ['law.*'],
          where: { eq: [{ column: 'jurisdiction' }, { principal: 'country' }] },
        },
      ],
    },
    checker: {
      doc: 'own sites, all law',
      grants: [
        { id: 'checks', actions: ['read'], tables: ['esh.*'], where: own },
        { id: 'all-law', actions: ['read'], tables: ['law.*'] },
      ],
    },
  },
};

/** What each answers in a column `v` at first, and once site b of another country is assigned instead. */
const ASKED: readonly (readonly [statement: string, first: readonly string[], then: readonly string[]])[] = [
  ['select site_id as v from esh.sites', ['a'], ['b']],
  [`select citation as v from search.text_search('dust', 5)`, ['99 CFR 7.1'], ['99 CFR 8.1']],
  [
    `select s.site_id || h.citation as v from esh.sites s, search.vector_search(s.name, 1) h`,
    ['a99 CFR 7.1'],
    ['b99 CFR 8.1'],
  ],
  ['select note as v from ext.readings', ['of a'], ['of b']],
  ['select site_id as v from esh.site_compliance', ['a'], ['b']],
  [`select coalesce(compliance_status('a'), 'hidden') as v`, ['unknown'], ['hidden']],
];

it('rights that change count for the next execution of all that is open', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'fractal-test-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(path.join(folder, name), text);
    return path.join(folder, name);
  };
  await using g = await governed(
    RULES,
    [
      { id: 'ann', roles: ['reader'], attributes: { sites: ['a'], country: 'US' } },
      { id: 'cid', roles: ['checker'], attributes: { sites: ['a'] } },
    ],
    async (node) => {
      for (const [number, jurisdiction] of [
        [7, 'US'],
        [8, 'UK'],
      ] as const) {
        const law = annualPart(number, '2023-07-01', { [`${number}.1`]: ['Dust must not exceed 50.'] });
        const [result] = await importAll(node, { paths: [await file(`${number}.xml`, law)], jurisdiction });
        assert.equal(result?.status, 'added');
      }
      await node.parts.store.transact('t', (tx) => tx.put(ESH.sites, [site('a'), site('b')]));
      const source = await file('readings.csv', 'site_id,note\na,of a\nb,of b\n');
      await node.externalTables({ action: 'add', name: 'readings', source });
    },
    60_000,
  );
  const ann = await g.as('ann');
  const held = g.node.as({ credentials: { token: g.token('ann') } });
  const checker = g.node.as({ credentials: { token: g.token('cid') } });
  const prepared = await Promise.all(ASKED.map(async ([text]) => (await ann.prepare(text)).handle));
  const bound = (await ann.prepare('select site_id as v from esh.sites where site_id >= $1')).handle;
  const handle = await ann.bind(bound, await messagesOf(`select '' as a`));
  /** Of answers that nobody has fetched. */
  const tickets = async (): Promise<Uint8Array[]> => {
    const infos = await Promise.all(ASKED.map(([query]) => ann.info(sql.CommandStatementQuery, { query })));
    return infos.map((info) => info.endpoint[0]!.ticket!.ticket);
  };
  type Table = Awaited<ReturnType<typeof tableOf>>;
  const column = (table: Table): unknown[] => table.toArray().map((row: { v: unknown }) => row.v);
  const fetched = async (work: Promise<Table>): Promise<unknown[]> => column(await work);
  const hasAnswers = async (open: readonly Uint8Array[], which: 1 | 2): Promise<void> => {
    for (const [i, one] of ASKED.entries()) {
      const [text] = one;
      assert.deepEqual(await fetched(tableOf(ann.fetchPrepared(prepared[i]!))), one[which], text);
      assert.deepEqual(await fetched(tableOf(ann.flight.doGet(open[i]!))), one[which], `ticket: ${text}`);
      // The second time it may come from what is kept.
      for (const again of i === 0 ? ['', ' again'] : [''])
        assert.deepEqual((await rowsOf(held, text)).flat(), one[which], `call: ${text}${again}`);
    }
    assert.deepEqual(await fetched(tableOf(ann.fetchPrepared(handle))), which === 1 ? ['a'] : ['b']);
  };

  const early = await tickets();
  await hasAnswers(await tickets(), 1);
  assert.ok((cacheOf(g.node.parts.store)?.figures(g.node.parts.store.commitVersion).hits ?? 0) > 0);
  assert.equal((await checker.check({ site: 'a' })).site_id, 'a');
  assert.notEqual(await codeOf(checker.check({ site: 'b' })), 'no error');

  await g.root.users({ action: 'set', id: 'ann', attributes: { sites: ['b'], country: 'UK' } });
  await g.root.users({ action: 'set', id: 'cid', attributes: { sites: ['b'] } });
  await hasAnswers(early, 2);
  assert.equal((await checker.check({ site: 'b' })).site_id, 'b');
  assert.notEqual(await codeOf(checker.check({ site: 'a' })), 'no error');
  assert.deepEqual(
    (await checker.checkAll({})).map((one) => one.site_id),
    ['b'],
  );

  const refused = async (open: readonly Uint8Array[], code: RegExp): Promise<void> => {
    for (const [i, [text]] of ASKED.entries()) {
      assert.match(await codeOf(tableOf(ann.fetchPrepared(prepared[i]!))), code, text);
      assert.match(await codeOf(tableOf(ann.flight.doGet(open[i]!))), code, `ticket: ${text}`);
      assert.match(await codeOf(rowsOf(held, text)), code, `call: ${text}`);
    }
    assert.match(await codeOf(tableOf(ann.fetchPrepared(handle))), code);
    assert.match(await codeOf(checker.check({ site: 'b' })), code);
  };
  const late = await tickets();
  for (const id of ['ann', 'cid']) await g.root.users({ action: 'set', id, roles: [] });
  await refused(late, /denied|permission|sql\.name/);

  await g.root.users({ action: 'set', id: 'ann', roles: ['reader'] });
  await g.root.users({ action: 'set', id: 'cid', roles: ['checker'] });
  assert.equal((await checker.check({ site: 'b' })).site_id, 'b');
  const last = await tickets();
  const { users } = await g.root.users({ action: 'list' });
  for (const { id, credentials } of users)
    for (const credential of id === 'root' ? [] : credentials)
      await g.root.users({ action: 'revoke', id, credential: credential.id });
  await refused(last, /unauthenticated|auth\.failed/);
});
