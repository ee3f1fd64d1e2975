/** Answers that are kept: never told from those that are not, never shared between rights. Rules C1 to C3 of src/security/SPEC.md. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { DEFAULT_LIMITS } from '../../../src/base/index.ts';
import {
  authorize,
  cacheOf,
  deskOf,
  executeMessages,
  keepResults,
  parseStatement,
  type EndedQuery,
  type Principal,
} from '../../../src/query/index.ts';
import { ESH } from '../../../src/schema/index.ts';
import type { Store } from '../../../src/store/index.ts';
import { ask, engine } from '../../security/kit.ts';
import { freshStore, site } from '../../store/kit.ts';

const RULES = {
  attributes: { sites: 'text[]' },
  roles: {
    own: {
      doc: 'own sites',
      grants: [
        {
          id: 'own',
          actions: ['read'],
          tables: ['esh.*'],
          where: { in: [{ column: 'site_id' }, { principal: 'sites' }] },
        },
      ],
    },
  },
};
const who = (id: string, ...sites: string[]): Principal => ({ id, roles: ['own'], attributes: { sites } });
const policy = engine(RULES);

const hits = (store: Store): number => cacheOf(store)?.figures(store.commitVersion).hits ?? -1;
const addSites = (store: Store, ...ids: string[]): Promise<unknown> =>
  store.transact('t', (tx) =>
    tx.put(
      ESH.sites,
      ids.map((id) => site(id)),
    ),
  );

it('[C1] the same question of the same rights is answered from the cache, of other rights anew', async (t) => {
  const { store } = await freshStore(t);
  await addSites(store, 'a', 'b');
  keepResults(store);
  const ended: EndedQuery[] = [];
  deskOf(store).onEnd((one) => ended.push(one));
  const sql = 'select site_id, name from esh.sites order by all';
  const first = await ask(store, policy, who('ann', 'a'), sql);
  assert.deepEqual(first.rows, ['["a","site a"]']);
  assert.deepEqual(await ask(store, policy, who('ann', 'a'), sql), first);
  assert.equal(hits(store), 1);
  // Another person with the very same rights; then one with others.
  assert.deepEqual(await ask(store, policy, who('bea', 'a'), sql), first);
  assert.equal(hits(store), 2);
  assert.deepEqual((await ask(store, policy, who('cid', 'b'), sql)).rows, ['["b","site b"]']);
  assert.deepEqual((await ask(store, policy, who('ann'), sql)).rows, []);
  assert.equal(hits(store), 2);
  assert.deepEqual(
    ended.map(({ principal, cached }) => `${principal} ${cached}`),
    ['ann false', 'ann true', 'bea true', 'cid false', 'ann false'],
  );
});

it('[C1] values are part of the question, with their types', async (t) => {
  const { store } = await freshStore(t);
  keepResults(store);
  const ann = who('ann', 'a');
  for (const [param, type] of [
    [1, 'INTEGER'],
    ['1', 'VARCHAR'],
    [2, 'INTEGER'],
    [1, 'INTEGER'],
    ['1', 'VARCHAR'],
    [2, 'INTEGER'],
  ] as const)
    assert.deepEqual((await ask(store, policy, ann, 'select $1, typeof($1)', [param])).rows, [
      JSON.stringify([param, type]),
    ]);
  assert.equal(hits(store), 3);
});

it('[C2] a commit ends what is kept', async (t) => {
  const { store } = await freshStore(t);
  await addSites(store, 'a');
  keepResults(store);
  const ann = who('ann', 'a', 'b');
  const count = 'select count(*) from esh.sites';
  assert.deepEqual((await ask(store, policy, ann, count)).rows, ['[1]']);
  await addSites(store, 'b');
  assert.equal(cacheOf(store)?.figures(store.commitVersion).entries, 0);
  assert.deepEqual((await ask(store, policy, ann, count)).rows, ['[2]']);
  assert.equal(hits(store), 0);
});

it('[C2] an answer during which the data changed is not kept', async (t) => {
  const { store } = await freshStore(t);
  await addSites(store, 'a');
  keepResults(store);
  const ann = who('ann', 'a', 'b');
  const statement = await parseStatement(store, 'from esh.sites', [], DEFAULT_LIMITS);
  const open = async (): ReturnType<typeof executeMessages> =>
    executeMessages(store, authorize(statement, ann, policy), {
      signal: AbortSignal.timeout(20_000),
      batchBytes: 1 << 20,
    });
  const { messages } = await open();
  await messages.next();
  await addSites(store, 'b');
  let rows = 0;
  for await (const message of messages) rows += message.rows;
  assert.equal(rows, 1);
  assert.equal(cacheOf(store)?.figures(store.commitVersion).entries, 0);
  // What is kept is a copy: whoever changes what they were given changes nothing for the next.
  for (const round of [1, 2, 3]) {
    const { schema, messages: again } = await open();
    assert.ok(schema.fields.length > 0);
    rows = 0;
    for await (const message of again) {
      rows += message.rows;
      for (const buffer of [message.header, ...message.body]) buffer.fill(0);
    }
    assert.equal(rows, 2, `round ${round}`);
  }
  assert.equal(hits(store), 2);
});

it('[C2] what hangs on the moment, on chance, or on more than the data is never kept', async (t) => {
  const { store } = await freshStore(t);
  await addSites(store, 'a');
  keepResults(store);
  const ann = who('ann', 'a');
  for (const sql of [
    'select now()',
    'select NOW ( )',
    'select current_date',
    'select "current_timestamp"',
    'select localtimestamp',
    'select today(), random()',
    'select uuid()',
    "select age(timestamp '2000-01-01')",
    "select date_diff('day', current_date, date '2000-01-01') from esh.sites",
    'select * from esh.sites using sample 1 rows',
    'select * from esh.sites tablesample reservoir(1)',
    'select reservoir_quantile(commit_version, 0.5) from esh.sites',
    'select (select max(x) from (select random() as x))',
    'with t as (select uuidv7() as u) from t',
    'explain from esh.sites',
    'select list_transform([1], lambda x: x + random())',
  ]) {
    await ask(store, policy, ann, sql);
    assert.equal(cacheOf(store)?.figures(store.commitVersion).entries, 0, sql);
  }
  await ask(store, policy, ann, 'show tables');
  await ask(store, policy, ann, 'from duckdb.sites');
  assert.equal(cacheOf(store)?.figures(store.commitVersion).entries, 2);
});

it('[C3] answers, and bytes of them, are bounded; those asked for longest ago go first', async (t) => {
  const { store } = await freshStore(t, {
    limits: { result_cache_entries: 2, result_cache_answer_bytes: 20_000, result_cache_bytes: 24_000 },
  });
  keepResults(store);
  const ann = who('ann', 'a');
  const asked = async (sql: string): Promise<number> => {
    const before = hits(store);
    await ask(store, policy, ann, sql);
    return hits(store) - before;
  };
  assert.deepEqual([await asked('select 1'), await asked('select 2'), await asked('select 1')], [0, 0, 1]);
  assert.deepEqual([await asked('select 3'), await asked('select 1'), await asked('select 2')], [0, 1, 0]);
  assert.deepEqual([await asked('from range(10000)'), await asked('from range(10000)')], [0, 0]);
  assert.deepEqual([await asked('from range(1500)'), await asked('from range(1600)')], [0, 0]);
  assert.deepEqual([await asked('from range(1600)'), await asked('from range(1500)')], [1, 0]);
  const { entries = 0, bytes = 0 } = cacheOf(store)?.figures(store.commitVersion) ?? {};
  assert.ok(entries <= 2 && bytes <= 24_000);
});

it('what was opened and never read gives back its place and connection', async (t) => {
  const { store } = await freshStore(t, { limits: { sql_running: 1, sql_wait_ms: 1 } });
  keepResults(store);
  const ann = who('ann', 'a');
  const statement = await parseStatement(store, 'from range(10)', [], store.options.limits);
  const { messages } = await executeMessages(store, authorize(statement, ann, policy), {
    signal: AbortSignal.timeout(20_000),
    batchBytes: 1 << 20,
  });
  await messages.return();
  assert.deepEqual((await ask(store, policy, ann, 'select 1')).rows, ['[1]']);
});
