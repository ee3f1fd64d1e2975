/** Staged rows: what is derived, steps of a status, and rows beside columns. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FIXED_LIMITS, FractalError } from '../../src/base/index.ts';
import { toRecordBatch, type CellValue } from '../../src/ingest/records/index.ts';
import { ESH, qualifiedName, type Column, type Table } from '../../src/schema/index.ts';
import type { PutCounts, Row, Store } from '../../src/store/index.ts';
import { toRows } from '../ingest/rows.ts';
import { freshStore, permitStatus } from './kit.ts';

const finding = (id: string, more: Row = {}): Row => ({
  finding_id: id,
  region: 'n',
  site_id: 's',
  found_on: '2024-01-01',
  severity: 'minor',
  description: 'Jo Doe left the valve open',
  ...more,
});
const put = async (store: Store, table: Table, ...rows: Row[]): Promise<PutCounts> =>
  (await store.transact('t', (tx) => tx.put(table, rows))).value;
const steps = async (store: Store, ...rows: Row[]): Promise<PutCounts> =>
  (
    await store.transact('t', async (tx) => {
      const stage = await tx.stageFor(ESH.permitStatus);
      await stage.append(rows);
      return await tx.putStaged(stage, { steps: true });
    })
  ).value;

describe('staged rows', () => {
  it('C8 spans that were found anew replace the old ones of a write-once row; other content is refused as ever', async (t) => {
    const { store } = await freshStore(t);
    const spans = async (): Promise<unknown> =>
      await store.rows('select personal_spans as s, commit_version as v from esh.findings');
    await put(store, ESH.findings, finding('a'));
    assert.deepEqual(await spans(), [{ s: null, v: 1n }]);
    const found = finding('a', { personal_spans: ['description:0-6:name'] });
    assert.deepEqual(await put(store, ESH.findings, found), { added: 0, updated: 1, unchanged: 0 });
    assert.deepEqual(await spans(), [{ s: ['description:0-6:name'], v: 2n }]);
    assert.deepEqual(await put(store, ESH.findings, found), { added: 0, updated: 0, unchanged: 1 });
    // A sender who has not looked takes nothing away; one who found nobody says so.
    assert.deepEqual(await put(store, ESH.findings, finding('a')), { added: 0, updated: 0, unchanged: 1 });
    assert.deepEqual(await spans(), [{ s: ['description:0-6:name'], v: 2n }]);
    await put(store, ESH.findings, finding('a', { personal_spans: [] }));
    assert.deepEqual(await spans(), [{ s: [], v: 3n }]);
    await assert.rejects(
      put(store, ESH.findings, finding('a', { personal_spans: [], description: 'other' })),
      { code: 'row.conflict' },
    );
    await store.transact('t', (tx) => tx.remove(ESH.findings, 'true', []));
    await put(store, ESH.findings, finding('a'));
    assert.deepEqual(await store.rows('select personal_spans as s, deleted from esh.findings'), [
      { s: [], deleted: false },
    ]);
  });

  it('C8 a row that may change has the spans it came with, also none', async (t) => {
    const { store } = await freshStore(t);
    const row = (reason: string, more: Row = {}): Row => ({
      ...permitStatus('p', 'active'),
      reason,
      ...more,
    });
    await put(store, ESH.permitStatus, row('Jo Doe asked', { personal_spans: ['reason:0-6:name'] }));
    await put(store, ESH.permitStatus, row('Someone else asked'));
    assert.deepEqual(await store.rows('select personal_spans as s from esh.permit_status'), [{ s: null }]);
  });

  it('C9 rows of one key are steps of its status, known ones are passed over', async (t) => {
    const { store } = await freshStore(t);
    const history = ['active', 'suspended', 'active', 'renewal'].map((status, i) => ({
      ...permitStatus('p', status),
      since: `2024-01-0${i + 1}`,
    }));
    const now = async (): Promise<unknown> =>
      await store.rows('select permit_id as id, status from esh.permit_status order by 1');
    await steps(store, ...history.slice(0, 3), permitStatus('q', 'active'));
    assert.deepEqual(await now(), [
      { id: 'p', status: 'active' },
      { id: 'q', status: 'active' },
    ]);
    // The same history with one more step, although `active` to `active` of the beginning would be no step.
    assert.deepEqual(await steps(store, ...history, permitStatus('q', 'active')), {
      added: 0,
      updated: 1,
      unchanged: 4,
    });
    assert.deepEqual((await steps(store, ...history)).updated, 0);
    assert.deepEqual(await now(), [
      { id: 'p', status: 'renewal' },
      { id: 'q', status: 'active' },
    ]);
    const before = store.commitVersion;
    await assert.rejects(
      steps(store, permitStatus('q', 'revoked'), permitStatus('r', 'active'), permitStatus('q', 'active')),
      { code: 'row.transition', message: /\(q\)/ },
    );
    await assert.rejects(steps(store, permitStatus('r', 'revoked'), permitStatus('r', 'active')), {
      code: 'row.transition',
    });
    const many = Array.from({ length: FIXED_LIMITS.state_steps.value + 1 }, (_, i) =>
      permitStatus('r', i % 2 === 0 ? 'active' : 'suspended'),
    );
    await assert.rejects(steps(store, ...many), { code: 'limit.state_steps' });
    assert.equal((await steps(store, ...many.slice(1).map((row, i) => many[i] ?? row))).added, 1);
    assert.equal(store.commitVersion, before + 1n);
    await assert.rejects(put(store, ESH.permitStatus, ...history), { code: 'row.duplicate' });
  });

  it('C7 the first row that lacks something is named, however the rows come', async (t) => {
    const { store } = await freshStore(t);
    const batch = { table: ESH.evidence, emission: 0, once: false, length: 2 };
    const columns = ESH.evidence.columns.map(({ name, type, nullable }) =>
      name === 'region' ? [null, 'n'] : nullable ? undefined : [type === 'VARCHAR' ? 'x' : 0, null],
    );
    const wanted = { code: 'row.missing', message: /row 1 of esh\.evidence has no value for region/ };
    await assert.rejects(put(store, ESH.evidence, ...toRows({ ...batch, columns })), wanted);
    const staged = store.transact('t', async (tx) => {
      await (await tx.stageFor(ESH.evidence)).appendBatch(toRecordBatch({ ...batch, columns }));
    });
    await assert.rejects(staged, wanted);
  });

  const text = fc.constantFrom('a', 'b', 'ü👩', 'a text longer than twelve bytes');
  function valueOf(column: Column, table: Table): fc.Arbitrary<CellValue> {
    if (table.states?.column === column.name)
      return fc.constantFrom(...Object.keys(table.states.transitions));
    switch (column.type) {
      case 'VARCHAR':
        return text;
      case 'VARCHAR[]':
        return fc.array(text, { maxLength: 3 });
      case 'BOOLEAN':
        return fc.boolean();
      case 'INTEGER':
        return fc.constantFrom(0, -1, 2 ** 31 - 1);
      case 'BIGINT':
        return fc.constantFrom(0n, -(2n ** 53n), 2n ** 62n);
      case 'DOUBLE':
        return fc.constantFrom(0, 0.1, -1e300, 5e-324);
      case 'DECIMAL(18,2)':
        return fc.constantFrom(0n, -1n, 7n, 10n ** 17n + 25n, -(10n ** 17n));
      case 'DATE':
        return fc.constantFrom(0, -719_162, 19_000);
      case 'TIMESTAMP':
        return fc.constantFrom(0, 1_700_000_000_000_000, -62_135_596_800_000_000);
    }
  }
  /** Few keys, so that rows meet; now and then a value that must not be missing is. */
  const batchOf = (table: Table): fc.Arbitrary<(CellValue[] | undefined)[]> =>
    fc.integer({ min: 1, max: 5 }).chain((length) =>
      fc.tuple(
        ...table.columns.map((column): fc.Arbitrary<CellValue[] | undefined> => {
          const isKey = table.key.includes(column.name);
          const value =
            isKey && column.type === 'VARCHAR'
              ? fc.constantFrom('k1', 'k2', 'k3', 'k4', 'k5', 'k6')
              : valueOf(column, table);
          const nulls = column.nullable ? 4 : 100;
          const values = fc.array(fc.option(value, { freq: nulls }), {
            minLength: length,
            maxLength: length,
          });
          return column.nullable ? fc.option(values, { freq: 6, nil: undefined }) : values;
        }),
      ),
    );

  /** Rows that are all alike: one is written, two are of one key. */
  const alike = (table: Table, length: number): (CellValue[] | undefined)[] =>
    table.columns.map((column) => {
      if (column.nullable) return undefined;
      const [initial] = table.states?.column === column.name ? table.states.initial : [];
      const [value = null] = initial === undefined ? fc.sample(valueOf(column, table), 1) : [initial];
      return Array.from({ length }, () => value);
    });

  for (const table of [
    ESH.sites,
    ESH.monitoringReadings,
    ESH.enforcementActions,
    ESH.injuredPersons,
    ESH.evidence,
    ESH.actionItems,
  ])
    it(`C10 rows and columns of ${qualifiedName(table)} leave the same and fail alike`, async (t) => {
      const [asRows, asColumns] = [(await freshStore(t)).store, (await freshStore(t)).store];
      const content = async (store: Store): Promise<unknown> =>
        await store.rows(`select * exclude (node_id, hlc) from ${qualifiedName(table)} order by all`);
      const told = async (work: Promise<unknown>): Promise<unknown> => {
        try {
          return await work;
        } catch (error) {
          assert.ok(error instanceof FractalError);
          return [error.code, error.message, error.cure];
        }
      };
      const codes = new Map<string, number>();
      await fc.assert(
        fc.asyncProperty(batchOf(table), fc.nat(4), async (columns, cut) => {
          const length = columns.find((values) => values !== undefined)?.length ?? 0;
          const batch = (from: number, to: number) => ({
            table,
            emission: 0,
            once: false,
            length: to - from,
            columns: columns.map((values) => values?.slice(from, to)),
          });
          const rows = await told(put(asRows, table, ...toRows(batch(0, length))));
          const parts = [...new Set([0, Math.min(cut, length), length])];
          const staged = asColumns.transact('t', async (tx) => {
            const stage = await tx.stageFor(table);
            for (const [i, to] of parts.slice(1).entries())
              await stage.appendBatch(toRecordBatch(batch(parts[i] ?? 0, to)));
            return await tx.putStaged(stage);
          });
          assert.deepEqual(await told(staged.then(({ value }) => value)), rows);
          const code = Array.isArray(rows) ? String(rows[0]) : 'written';
          codes.set(code, (codes.get(code) ?? 0) + 1);
        }),
        {
          numRuns: 60,
          examples: [
            [alike(table, 1), 0],
            [alike(table, 2), 1],
          ],
        },
      );
      assert.deepEqual(await content(asColumns), await content(asRows));
      // It is a test of nothing unless both kinds of ends were met.
      assert.ok(codes.has('written') && codes.size > 1, JSON.stringify([...codes]));
      t.diagnostic(JSON.stringify([...codes]));
    });
});
