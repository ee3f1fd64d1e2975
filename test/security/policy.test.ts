/** Policies as written: what is refused and how, what rules mean together, and the policy that ships. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ManualClock } from '../../src/base/index.ts';
import type { Principal } from '../../src/query/index.ts';
import { PolicyEngine, checkPolicy, runCases } from '../../src/security/index.ts';
import { ESH } from '../../src/schema/index.ts';
import { freshStore, site } from '../store/kit.ts';
import { NOON, ask, engine, outcome } from './kit.ts';

const SHIPPED = JSON.parse(readFileSync('policies/default.json', 'utf8')) as object;
const grant = (more: object): object => ({ id: 'g', actions: ['read'], tables: ['esh.sites'], ...more });
const withGrant = (more: object): object => ({ roles: { role: { doc: '', grants: [grant(more)] } } });

describe('a policy that makes no sense is refused, naming the rule and the cure', () => {
  for (const [what, more, message, cure] of [
    [
      'an unknown table',
      withGrant({ tables: ['esh.site'] }),
      /rule g: there is no table "esh.site"/,
      /esh\.sites/,
    ],
    ['an unknown action', withGrant({ actions: ['reed'] }), /there is no action "reed"/, /read/],
    [
      'an unknown column',
      withGrant({ where: { eq: [{ column: 'site' }, 'a'] } }),
      /no column "site"/,
      /site_id/,
    ],
    [
      'a column that one table of many lacks',
      withGrant({ tables: ['esh.*'], where: { missing: { column: 'employees' } } }),
      /no column "employees"/,
      /columns are/,
    ],
    [
      'types that do not compare',
      withGrant({ where: { eq: [{ column: 'site_id' }, 1] } }),
      /compares text with whole/,
      /one type/,
    ],
    [
      'a type without comparison',
      withGrant({ tables: ['esh.incidents'], where: { gt: [{ column: 'occurred_at' }, 'x'] } }),
      /TIMESTAMP, which conditions do not compare/,
      /VARCHAR/,
    ],
    [
      'an undeclared attribute',
      withGrant({ where: { in: [{ column: 'site_id' }, { principal: 'sites' }] } }),
      /no attribute "sites"/,
      /Declare it/,
    ],
    ['SQL in a condition', withGrant({ where: "site_id = 'a'" }), /a condition is an object/, /eq/],
    [
      'an unknown condition',
      withGrant({ where: { like: [{ column: 'name' }, '%'] } }),
      /no condition "like"/,
      /starts/,
    ],
    ['two words in a condition', withGrant({ where: { eq: ['a', 'a'], ne: ['a', 'b'] } }), /one word/, /all/],
    ['an empty list of conditions', withGrant({ where: { any: [] } }), /list of conditions/, /at least one/],
    [
      'columns in "when"',
      withGrant({ when: { missing: { column: 'name' } } }),
      /"when" asks of the principal/,
      /where/,
    ],
    [
      '"where" on what has no rows',
      withGrant({ actions: ['administer'], where: { eq: [{ column: 'name' }, 'a'] } }),
      /cannot limit the action "administer"/,
      /read/,
    ],
    [
      'an unknown mask',
      withGrant({ columns: { mask: { name: { mask: 'blur' } } } }),
      /no mask "blur"/,
      /partial/,
    ],
    [
      'sealing, which is not built',
      withGrant({ columns: { mask: { name: { mask: 'seal' } } } }),
      /not part of this version/,
      /hide/,
    ],
    [
      'a mask of texts on a number',
      withGrant({ columns: { mask: { employees: { mask: 'hash' } } } }),
      /for texts and employees is INTEGER/,
      /null/,
    ],
    [
      'spans without spans',
      withGrant({ columns: { mask: { manager: { mask: 'spans' } } } }),
      /needs personal_spans/,
      /null/,
    ],
    [
      'a hidden column that is nowhere',
      withGrant({ columns: { hide: ['managr'] } }),
      /column "managr"/,
      /manager/,
    ],
    ['a member that is not known', withGrant({ colums: {} }), /"colums" is not known/, /columns/],
    [
      'a date that is none',
      withGrant({ where: { gt: [{ column: 'opened_on' }, { date: '2026-02-30' }] } }),
      /not a day/,
      /YYYY/,
    ],
    [
      'a text that is none',
      withGrant({ where: { eq: [{ column: 'name' }, '\ud800'] } }),
      /character that is none/,
      /plain/,
    ],
    [
      'an id that comes twice',
      { roles: { a: { doc: '', grants: [grant({}), grant({})] } } },
      /comes twice/,
      /its own/,
    ],
    [
      'a denial for no role',
      { denials: [{ id: 'd', roles: ['x'], actions: ['read'], tables: ['*'] }] },
      /no role "x"/,
      /Roles/,
    ],
    ['another format', { format: 'cedar' }, /format/, /reads that format/],
  ] as const)
    it(what, () => {
      assert.throws(() => engine(more), { code: 'policy.invalid', message, cure });
    });
});

describe('rules together', () => {
  const both = engine({
    attributes: { sites: 'text[]', hours: 'hours', level: 'number' },
    roles: {
      own: {
        doc: '',
        grants: [{ ...grant({ id: 'own', where: { in: [{ column: 'site_id' }, { principal: 'sites' }] } }) }],
      },
      names: { doc: '', grants: [grant({ id: 'names', columns: { only: ['site_id', 'name'] } })] },
      timed: { doc: '', grants: [grant({ id: 'timed', when: { within: { principal: 'hours' } } })] },
    },
    denials: [
      {
        id: 'secret',
        roles: ['names'],
        actions: ['read'],
        tables: ['esh.sites'],
        where: { eq: [{ column: 'region' }, 'secret'] },
      },
    ],
  });
  const who = (roles: string[], attributes: Principal['attributes'] = {}): Principal => ({
    id: 'x',
    roles,
    attributes,
  });

  it('join: rows of any rule, a column only where a rule that shows the row shows it; denials win', async (t) => {
    const { store } = await freshStore(t);
    await store.transact('t', (tx) =>
      tx.put(ESH.sites, [
        site('a', { manager: 'Ada' }),
        site('b', { manager: 'Bob' }),
        site('c', { region: 'secret', manager: 'Cyd' }),
      ]),
    );
    const sql = 'select site_id, name, manager from esh.sites';
    assert.deepEqual((await ask(store, both, who(['own'], { sites: ['a', 'c'] }), sql)).rows, [
      '["a","site a","Ada"]',
      '["c","site c","Cyd"]',
    ]);
    assert.deepEqual((await ask(store, both, who(['own', 'names'], { sites: ['a', 'c'] }), sql)).rows, [
      '["a","site a","Ada"]',
      '["b","site b",null]',
    ]);
    assert.match(await outcome(store, both, who(['names']), sql), /sql\.name.*manager/);
    assert.match(await outcome(store, both, who([]), sql), /policy\.denied/);
    // A name that stands in the list twice, or one that quotes, is one name.
    assert.deepEqual(
      (await ask(store, both, who(['own', 'own'], { sites: [`a' or '1'='1`, 'b'] }), sql)).rows,
      ['["b","site b","Bob"]'],
    );
  });

  it('are asked again for every statement: the hour, the attributes, and what was prepared before', async (t) => {
    const { store } = await freshStore(t);
    await store.transact('t', (tx) => tx.put(ESH.sites, [site('a'), site('b')]));
    const clock = new ManualClock(NOON);
    const timed = engine({ ...{ attributes: both.document.attributes, roles: both.document.roles } }, clock);
    const worker = who(['timed'], { hours: 'Mon-Fri 08:00-18:00' });
    const sql = 'select count(*) from esh.sites where $1 = 1';
    assert.deepEqual((await ask(store, timed, worker, sql, [1])).rows, ['[2]']);
    clock.advance(7 * 3_600_000);
    assert.match(await outcome(store, timed, worker, sql, [1]), /policy\.denied|sql\.name/);
    clock.advance(15 * 3_600_000);
    assert.deepEqual((await ask(store, timed, worker, sql, [1])).rows, ['[2]']);
    for (const [sites, count] of [
      [['a'], 1],
      [['a', 'b'], 2],
      [['x'], 0],
      [['b'], 1],
    ] as const)
      assert.deepEqual((await ask(store, both, who(['own'], { sites: [...sites] }), sql, [1])).rows, [
        `[${count}]`,
      ]);
    // Of the wrong type, or not there: not known, so nothing.
    for (const attributes of [{}, { sites: 'a' }, { sites: true }] as Principal['attributes'][])
      assert.doesNotMatch(await outcome(store, both, who(['own'], attributes), sql, [1]), /rows":\["\[[12]/);
  });

  it('more sets of rights than are kept take turns', async (t) => {
    const { store } = await freshStore(t, { limits: { sql_views: 2 } });
    await store.transact('t', (tx) => tx.put(ESH.sites, [site('a'), site('b')]));
    for (let round = 0; round < 3; round++)
      await Promise.all(
        ['a', 'b', 'c', 'd', 'e'].map(async (id) => {
          const { rows } = await ask(
            store,
            both,
            who(['own'], { sites: [id] }),
            'select site_id from esh.sites',
          );
          assert.deepEqual(rows, id < 'c' ? [`["${id}"]`] : []);
        }),
      );
    const [left] = await store.rows<{ n: number }>(
      `select count(*)::int as n from duckdb_databases() where starts_with(database_name, 'view_') and $1 = 1`,
      [1],
    );
    assert.ok((left?.n ?? 0) <= 7, `${left?.n ?? 0} catalogues are left`);
  });

  it('bound what one principal takes', async (t) => {
    const { store } = await freshStore(t, {
      limits: { sql_running: 2, sql_rows: 5, sql_wait_ms: 1, sql_waiting: 1 },
    });
    await store.transact('t', (tx) => tx.put(ESH.sites, [site('a')]));
    const own = who(['own'], { sites: ['a'] });
    assert.match(await outcome(store, both, own, 'from range(6)'), /sql\.rows/);
    const slow = 'select count(*) from range(3000000) a, range(20) b where a.range = b.range';
    const found = await Promise.all([1, 2, 3, 4].map(() => outcome(store, both, own, slow)));
    assert.equal(found.filter((one) => one.includes('sql.running')).length, 2);
    assert.deepEqual((await ask(store, both, own, 'select 1')).rows, ['[1]']);
  });
});

describe('the policy that ships', () => {
  const shipped = new PolicyEngine({
    document: checkPolicy(SHIPPED),
    clock: new ManualClock(NOON),
    hashKey: 'key',
  });

  it('makes sense, and says of each role what the architecture says', () => {
    const cases = JSON.parse(readFileSync('policies/default.cases.json', 'utf8')) as { cases: unknown };
    const results = runCases(shipped, cases.cases);
    assert.deepEqual(
      results.filter((result) => !result.ok),
      [],
    );
    assert.ok(results.length >= 20);
  });

  it('cases that are not met are told, and bad ones refused', () => {
    const [result] = runCases(shipped, [
      {
        name: 'wrong',
        roles: ['inspector'],
        action: 'read',
        table: 'law.sections',
        expect: { allowed: false, rows: 'some' },
      },
    ]);
    assert.deepEqual(result, { name: 'wrong', ok: false, found: 'it is allowed; all rows' });
    assert.throws(() => runCases(shipped, [{}]), { code: 'policy.cases' });
  });

  it('lets data leave to their own region only', () => {
    const officer = { id: 'r', roles: ['regulator'], attributes: { regions: ['EU'] } };
    assert.deepEqual(shipped.decide(officer, { action: 'export', tables: ['esh.sites'] }), {
      allowed: true,
      predicate: `(region in ('EU'))`,
    });
    assert.deepEqual(shipped.decide(officer, { action: 'export', tables: ['law.sections'] }), {
      allowed: true,
      predicate: `(jurisdiction in ('EU'))`,
    });
    assert.equal(
      shipped.decide({ ...officer, attributes: {} }, { action: 'export', tables: ['esh.sites'] }).allowed,
      false,
    );
    assert.equal(shipped.decide(officer, { action: 'export', tables: ['node.commits'] }).allowed, false);
    assert.equal(shipped.decide(officer, { action: 'sync', tables: ['esh.sites'] }).allowed, false);
  });
});
