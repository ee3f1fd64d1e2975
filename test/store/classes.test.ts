import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ESH, LAW, TABLES, qualifiedName, type Table } from '../../src/schema/index.ts';
import { parseDate, parseTimestamp, type Row, type RowValue, type Store } from '../../src/store/index.ts';
import {
  document,
  freshStore,
  makeMirror,
  mirrorContent,
  mirrorRows,
  openStore,
  permit,
  permitStatus,
  site,
  tempFolder,
} from './kit.ts';

const put = (store: Store, table: Table, ...rows: Row[]) => store.transact('t', (tx) => tx.put(table, rows));

const FIXED: readonly [Table, Row, Row][] = [
  [ESH.permits, permit('k'), permit('k', { kind: 'water' })],
  [LAW.documents, document('k'), document('k', { title: 'other' })],
  // A value that was missing and now is there is other content too.
  [ESH.permits, permit('k'), permit('k', { scope: 'more' })],
];

describe('classes of tables', () => {
  for (const [table, row, other] of FIXED) {
    it(`C1 ${table.class} ${qualifiedName(table)}: the same content again changes nothing`, async (t) => {
      const { store } = await freshStore(t);
      assert.deepEqual((await put(store, table, row)).value, { added: 1, updated: 0, unchanged: 0 });
      const again = await put(store, table, row);
      assert.deepEqual(again, { value: { added: 0, updated: 0, unchanged: 1 }, commitVersion: 1n });
    });

    it(`C2 ${table.class} ${qualifiedName(table)}: other content is refused, and nothing of the transaction stays`, async (t) => {
      const { store } = await freshStore(t);
      await put(store, table, row);
      await assert.rejects(
        store.transact('t', async (tx) => {
          await tx.put(ESH.sites, [site('with it')]);
          await tx.put(table, [other]);
        }),
        (error: { code: string; message: string }) => {
          assert.equal(error.code, 'row.conflict');
          assert.match(error.message, /\(k\)/);
          assert.ok(!/water|other|more/.test(error.message.replace('other content', '')));
          return true;
        },
      );
      assert.deepEqual(await store.rows('select site_id from esh.sites'), []);
      assert.equal(store.commitVersion, 1n);
      assert.equal((await put(store, table, row)).value.unchanged, 1);
    });
  }

  it('C3 mutable: the row is replaced whole, and unchanged rows keep their commit version', async (t) => {
    const { store } = await freshStore(t);
    await put(store, ESH.sites, site('a', { employees: 5, activities: ['x'] }), site('b'));
    const counts = (await put(store, ESH.sites, site('a', { name: 'new' }), site('b'), site('c'))).value;
    assert.deepEqual(counts, { added: 1, updated: 1, unchanged: 1 });
    assert.deepEqual(
      await store.rows(
        'select site_id, name, employees, activities, commit_version from esh.sites order by 1',
      ),
      [
        { site_id: 'a', name: 'new', employees: null, activities: null, commit_version: 2n },
        { site_id: 'b', name: 'site b', employees: null, activities: null, commit_version: 1n },
        { site_id: 'c', name: 'site c', employees: null, activities: null, commit_version: 2n },
      ],
    );
  });

  it('C3 a key of several columns is one key', async (t) => {
    const { store } = await freshStore(t);
    const reading = (parameter: string, at: string, value: number): Row => ({
      point_id: 'p',
      region: 'n',
      site_id: 's',
      parameter,
      measured_at: at,
      value,
      unit: 'mg/m3',
    });
    await put(
      store,
      ESH.monitoringReadings,
      reading('NOx', '2024-01-01T00:00:00Z', 1),
      reading('NOx', '2024-01-01T01:00:00Z', 2),
      reading('SO2', '2024-01-01T00:00:00Z', 3),
    );
    await assert.rejects(put(store, ESH.monitoringReadings, reading('NOx', '2024-01-01T01:00:00Z', 9)), {
      code: 'row.conflict',
      message: /p\/NOx\/2024-01-01T01:00:00\.000Z/,
    });
  });

  it('C4 a status moves along declared transitions only: all pairs, of all machines', async (t) => {
    const { store } = await freshStore(t);
    for (const table of TABLES) {
      if (table.states === undefined) continue;
      const { column, initial, transitions } = table.states;
      const key = table.key[0] ?? '';
      const row = (id: string, status: string): Row =>
        Object.fromEntries(
          table.columns
            .filter((other) => !other.nullable)
            .map((other) => [
              other.name,
              other.name === key
                ? id
                : other.name === column
                  ? status
                  : other.type === 'DATE'
                    ? '2024-01-01'
                    : 'x',
            ]),
        );
      /** The way from an initial status to each. */
      const ways = new Map<string, string[]>(initial.map((status) => [status, [status]]));
      for (const [status, way] of ways)
        for (const to of transitions[status] ?? []) if (!ways.has(to)) ways.set(to, [...way, to]);
      for (const [from, way] of ways)
        for (const to of Object.keys(transitions)) {
          const id = `${from}-${to}`;
          for (const step of way) await put(store, table, row(id, step));
          if (from === to || (transitions[from] ?? []).includes(to)) await put(store, table, row(id, to));
          else
            await assert.rejects(
              put(store, table, row(id, to)),
              { code: 'row.transition' },
              `${table.name}: ${id}`,
            );
        }
      for (const status of [...Object.keys(transitions), 'no such status', '']) {
        const fresh = put(store, table, row(`new-${status}`, status));
        if (initial.includes(status)) await fresh;
        else await assert.rejects(fresh, { code: 'row.transition' });
      }
    }
  });

  it('C4 one illegal move refuses the whole batch', async (t) => {
    const { store } = await freshStore(t);
    await put(store, ESH.permitStatus, permitStatus('a', 'active'), permitStatus('b', 'active'));
    await put(store, ESH.permitStatus, permitStatus('a', 'revoked'));
    await assert.rejects(
      put(
        store,
        ESH.permitStatus,
        permitStatus('b', 'suspended'),
        permitStatus('a', 'active'),
        permitStatus('c', 'active'),
      ),
      { code: 'row.transition', message: /\(a\)/ },
    );
    assert.deepEqual(await store.rows('select permit_id, status from esh.permit_status order by 1'), [
      { permit_id: 'a', status: 'revoked' },
      { permit_id: 'b', status: 'active' },
    ]);
  });

  it('C5 remove leaves a tombstone with the stamp of its commit, once', async (t) => {
    const { store } = await freshStore(t);
    await put(store, ESH.permits, permit('a'), permit('b'));
    const remove = () => store.transact('t', (tx) => tx.remove(ESH.permits, 'permit_id = $1', ['a']));
    assert.deepEqual(await remove(), { value: 1, commitVersion: 2n });
    assert.deepEqual(await remove(), { value: 0, commitVersion: 2n });
    assert.deepEqual(
      await store.rows('select permit_id, deleted, commit_version, kind from esh.permits order by 1'),
      [
        { permit_id: 'a', deleted: true, commit_version: 2n, kind: 'air' },
        { permit_id: 'b', deleted: false, commit_version: 1n, kind: 'air' },
      ],
    );
  });

  it('C5 a removed write-once key comes back with the same content only', async (t) => {
    const { store } = await freshStore(t);
    await put(store, ESH.permits, permit('a'));
    await store.transact('t', (tx) => tx.remove(ESH.permits, 'true', []));
    await assert.rejects(put(store, ESH.permits, permit('a', { kind: 'water' })), { code: 'row.conflict' });
    assert.deepEqual((await put(store, ESH.permits, permit('a'))).value, {
      added: 0,
      updated: 1,
      unchanged: 0,
    });
    assert.deepEqual(await store.rows('select deleted, commit_version from esh.permits'), [
      { deleted: false, commit_version: 3n },
    ]);
  });

  it('C5 a removed mutable row comes back with any content; a removed status goes on from where it was', async (t) => {
    const { store } = await freshStore(t);
    await put(store, ESH.sites, site('a'));
    await put(store, ESH.permitStatus, permitStatus('p', 'active'));
    await put(store, ESH.permitStatus, permitStatus('p', 'revoked'));
    await store.transact('t', async (tx) => {
      await tx.remove(ESH.sites, 'true', []);
      await tx.remove(ESH.permitStatus, 'true', []);
    });
    await put(store, ESH.sites, site('a', { name: 'back' }));
    await assert.rejects(put(store, ESH.permitStatus, permitStatus('p', 'active')), {
      code: 'row.transition',
    });
    assert.deepEqual(await store.rows('select name, deleted from esh.sites'), [
      { name: 'back', deleted: false },
    ]);
  });

  it('C6 the same key twice in a batch is refused, naming a few keys', async (t) => {
    const { store } = await freshStore(t);
    for (const table of [ESH.sites, ESH.permits] as const) {
      const make = table === ESH.sites ? site : permit;
      const rows = ['a', 'b', 'c', 'd', 'e'].flatMap((id) => [make(id), make(id)]);
      await assert.rejects(put(store, table, ...rows), (error: { code: string; message: string }) => {
        assert.equal(error.code, 'row.duplicate');
        assert.match(error.message, /\(\w, \w, \w, …\)/);
        return true;
      });
      assert.deepEqual(await store.rows(`select count(*) n from ${qualifiedName(table)}`), [{ n: 0n }]);
    }
  });

  it('C7 a value that does not fit is refused by table, column and row, and never shown', async (t) => {
    const { store } = await freshStore(t);
    const wrong: readonly [Table, string, RowValue[]][] = [
      [ESH.sites, 'name', [1, true, 5n, ['SECRET']]],
      [ESH.sites, 'employees', ['SECRET', 1.5, 2 ** 31, -(2 ** 31), Number.NaN, 5n]],
      [ESH.sites, 'latitude', ['SECRET', Number.POSITIVE_INFINITY, Number.NaN, 5n]],
      [
        ESH.sites,
        'opened_on',
        ['SECRET', '2024-02-30', '2023-02-29', '2024-13-01', '2024-1-1', 20_240_101, '2024-01-01T00:00:00Z'],
      ],
      [ESH.sites, 'activities', ['SECRET', ['ok', 5] as unknown as string[], [null] as unknown as string[]]],
      [
        ESH.incidents,
        'occurred_at',
        [
          'SECRET',
          '2024-01-01T25:00:00Z',
          '2024-01-01T24:00:00Z',
          '2024-01-01T10:00:00+02:00',
          '2024-01-01T10:60:00Z',
          5,
        ],
      ],
      [
        ESH.enforcementActions,
        'penalty',
        ['SECRET', '1.005', '1e3', 1e21, '12345678901234567', '1,000', '', true],
      ],
      [ESH.evidence, 'bytes_length', ['SECRET', 1n << 63n, -(1n << 63n) - 1n, 2 ** 53, 1.5]],
      [ESH.injuredPersons, 'fatal', ['SECRET', 1, 'true']],
    ];
    for (const [table, column, values] of wrong)
      for (const value of values) {
        const good = sample(table, 'good');
        await assert.rejects(
          put(store, table, good, { ...sample(table, 'bad'), [column]: value }),
          (error: { code: string; message: string; cure: string }) => {
            assert.equal(error.code, 'row.type', `${column}: ${String(value)}`);
            assert.ok(error.message.includes(qualifiedName(table)) && error.message.includes(column));
            assert.match(error.message, /\brow 2\b/);
            assert.ok(!(error.message + error.cure).includes('SECRET'));
            return true;
          },
        );
      }
    for (const column of ['region', 'site_id'])
      for (const value of [null, undefined])
        await assert.rejects(put(store, ESH.sites, site('a'), site('b', { [column]: value })), {
          code: 'row.missing',
          message: new RegExp(`row 2 of esh.sites has no value for ${column}`),
        });
    assert.equal(store.commitVersion, 0n);
  });

  it('C7 a column that the table does not have is refused in any row', async (t) => {
    const { store } = await freshStore(t);
    for (const rows of [[{ ...site('a'), nam: 'x' }], [site('a'), { ...site('b'), employes: 4 }]])
      await assert.rejects(put(store, ESH.sites, ...rows), { code: 'row.column' });
    // System columns are the store's own.
    await assert.rejects(put(store, ESH.sites, { ...site('a'), deleted: true }), { code: 'row.column' });
  });

  it('what fits comes back as it was written', async (t) => {
    const { store } = await freshStore(t);
    let n = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          name: fc.string({ unit: 'grapheme' }),
          activities: fc.option(fc.array(fc.string({ unit: 'grapheme' }))),
          employees: fc.option(fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 })),
          latitude: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
          opened_on: fc.option(
            fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
          ),
        }),
        async (values) => {
          const id = `r${n++}`;
          const day = values.opened_on?.toISOString().slice(0, 10) ?? null;
          const row = site(id, { ...values, opened_on: day });
          await put(store, ESH.sites, row);
          assert.equal(
            (await put(store, ESH.sites, row)).value.unchanged,
            1,
            'the same row again is unchanged',
          );
          const [found] = await store.rows<Record<string, unknown>>(
            'select name, activities, employees, latitude, opened_on::varchar as opened_on from esh.sites where site_id = $1',
            [id],
          );
          assert.deepEqual(found, { ...values, opened_on: day });
        },
      ),
      { numRuns: 25 },
    );
  });

  it('dates and times agree with the engine', async (t) => {
    const { store } = await freshStore(t);
    const days = fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
    const samples = fc.sample(fc.tuple(days, fc.integer({ min: 0, max: 999_999 })), 300);
    const texts = samples.map(([date]) => date.toISOString().slice(0, 10)).concat('0000-02-29', '0000-03-01');
    const times = samples.map(
      ([date, micros]) => `${date.toISOString().slice(0, 19)}.${String(micros).padStart(6, '0')}Z`,
    );
    const [row] = await store.rows<{ d: number[]; m: bigint[] }>(
      `select list_transform($1::varchar[], x -> x::date - date '1970-01-01')::integer[] as d,
              list_transform($2::varchar[], x -> epoch_us(rtrim(x, 'Z')::timestamp)) as m`,
      [texts, times],
    );
    assert.deepEqual(texts.map(parseDate), row?.d);
    assert.deepEqual(times.map(parseTimestamp), row?.m);
    for (const text of ['', '2024-1-01', '2024-00-10', '2024-01-00', '2023-02-29', '24-01-01', '2024-01-01 '])
      assert.equal(parseDate(text), undefined, text);
    assert.equal(parseTimestamp('2024-03-01'), parseTimestamp('2024-03-01T00:00:00Z'));
    assert.equal(parseTimestamp('2024-03-01 10:20'), parseTimestamp('2024-03-01T10:20:00.0Z'));
  });

  it('random writes, failures and restarts leave what a plain model says, in both engines', async (t) => {
    const folder = await tempFolder(t);
    let n = 0;
    const id = fc.constantFrom('a', 'b', 'c');
    const action = fc.oneof(
      fc.record({ do: fc.constant('site' as const), id, value: fc.integer({ min: 0, max: 2 }) }),
      fc.record({ do: fc.constant('permit' as const), id, value: fc.integer({ min: 0, max: 2 }) }),
      fc.record({
        do: fc.constant('status' as const),
        id,
        value: fc.constantFrom('active', 'suspended', 'revoked', 'expired'),
      }),
      fc.record({ do: fc.constant('remove' as const), id }),
    );
    const step = fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({
          actions: fc.array(action, { minLength: 1, maxLength: 3 }),
          fails: fc.boolean(),
        }),
      },
      { weight: 1, arbitrary: fc.constant('reopen' as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), async (steps) => {
        const data = `${folder}/${n++}`;
        let store = await openStore(data);
        await makeMirror(store);
        let model = new Model();
        for (const one of steps) {
          if (one === 'reopen') {
            await store.close();
            store = await openStore(data);
          } else {
            const next = model.copy();
            const refused = one.actions.some((what) => !next.apply(what));
            let failed = false;
            try {
              await store.transact('t', async (tx) => {
                for (const what of one.actions) {
                  if (what.do === 'site') {
                    const counts = await tx.put(ESH.sites, [site(what.id, { employees: what.value })]);
                    if (counts.added + counts.updated > 0) {
                      await tx.stageUpdate('mirror', {
                        where: `id = '${what.id}'`,
                        set: { n: String(what.value) },
                      });
                      if (
                        !(
                          await tx.rows(
                            'select 1 from esh.sites where site_id = $1 and commit_version < $2',
                            [what.id, tx.stamp.commitVersion],
                          )
                        ).length &&
                        counts.added > 0
                      )
                        await tx.stage('mirror', mirrorRows([{ id: what.id, n: what.value }]));
                    }
                  } else if (what.do === 'permit')
                    await tx.put(ESH.permits, [permit(what.id, { scope: String(what.value) })]);
                  else if (what.do === 'status')
                    await tx.put(ESH.permitStatus, [permitStatus(what.id, what.value)]);
                  else await tx.remove(ESH.permits, 'permit_id = $1', [what.id]);
                }
                if (one.fails) throw new TypeError('on purpose');
              });
            } catch {
              failed = true;
            }
            assert.equal(failed, refused || one.fails);
            if (!failed) model = next;
          }
          assert.deepEqual(await seen(store), model.seen());
        }
        await store.close();
      }),
      { numRuns: 6 },
    );
  });
});

/** A row of `table` with something in each column that must have it. */
function sample(table: Table, id: string): Row {
  const values: Record<string, RowValue> = {};
  for (const column of table.columns) {
    if (column.nullable) continue;
    values[column.name] = table.key.includes(column.name)
      ? column.type === 'TIMESTAMP'
        ? '2024-01-01T00:00:00Z'
        : id
      : column.name === table.states?.column
        ? (table.states.initial[0] ?? '')
        : column.type === 'VARCHAR'
          ? 'x'
          : column.type === 'BOOLEAN'
            ? false
            : column.type === 'DATE'
              ? '2024-01-01'
              : column.type === 'TIMESTAMP'
                ? '2024-01-01T00:00:00Z'
                : 1;
  }
  return values;
}

type Action =
  | { do: 'site' | 'permit'; id: string; value: number }
  | { do: 'status'; id: string; value: string }
  | { do: 'remove'; id: string };

/** The classes, in a few lines and without an engine. */
class Model {
  sites = new Map<string, number>();
  permits = new Map<string, { value: number; deleted: boolean }>();
  status = new Map<string, string>();

  copy(): Model {
    const copy = new Model();
    copy.sites = new Map(this.sites);
    copy.permits = new Map([...this.permits].map(([id, row]) => [id, { ...row }]));
    copy.status = new Map(this.status);
    return copy;
  }

  /** Whether the store must take it. */
  apply(action: Action): boolean {
    switch (action.do) {
      case 'site':
        this.sites.set(action.id, action.value);
        return true;
      case 'permit': {
        const old = this.permits.get(action.id);
        if (old !== undefined && old.value !== action.value) return false;
        this.permits.set(action.id, { value: action.value, deleted: false });
        return true;
      }
      case 'status': {
        const old = this.status.get(action.id);
        const allowed =
          old === undefined
            ? action.value === 'active'
            : old === action.value ||
              ESH.permitStatus.states?.transitions[old]?.includes(action.value) === true;
        if (allowed) this.status.set(action.id, action.value);
        return allowed;
      }
      case 'remove': {
        const old = this.permits.get(action.id);
        if (old !== undefined) old.deleted = true;
        return true;
      }
    }
  }

  seen(): unknown {
    return {
      sites: [...this.sites].map(([id, value]) => `${id}=${value}`).sort(),
      mirror: [...this.sites].map(([id, value]) => `${id}=${value}`).sort(),
      permits: [...this.permits].map(([id, row]) => `${id}=${row.value}${row.deleted ? ' gone' : ''}`).sort(),
      status: [...this.status].map(([id, value]) => `${id}=${value}`).sort(),
    };
  }
}

async function seen(store: Store): Promise<unknown> {
  const texts = async (sql: string): Promise<string[]> =>
    (await store.rows<{ x: string }>(sql)).map((row) => row.x).sort();
  return {
    sites: await texts(`select site_id || '=' || employees as x from esh.sites`),
    mirror: await mirrorContent(store.lanceTable('mirror').reader),
    permits: await texts(
      `select permit_id || '=' || scope || if(deleted, ' gone', '') as x from esh.permits`,
    ),
    status: await texts(`select permit_id || '=' || status as x from esh.permit_status`),
  };
}
