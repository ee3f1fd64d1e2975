/**
 * A statement under policy answers what it answers over a copy that holds only what policy shows. The copy is made here,
 * row by row and cell by cell, by nothing but the meaning of the rules. `GOVERNED_RUNS` sets how many policies are drawn.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { FractalError, ManualClock } from '../../src/base/index.ts';
import { ESH, allColumns, createStatement, type Table } from '../../src/schema/index.ts';
import type { RowValues } from '../../src/security/policy/condition.ts';
import type { Denial, Grant } from '../../src/security/policy/document.ts';
import { readRows } from '../../src/server/index.ts';
import { toIpcStream, type Row, type RowValue, type Store } from '../../src/store/index.ts';
import { openStore } from '../store/kit.ts';
import {
  ASKER,
  COLUMNS,
  DECLARED,
  SITES,
  denial,
  fitting,
  grant,
  incidentRow,
  maybe,
  pick,
  predicate,
  random,
  shown,
  siteRow,
  tableOf,
} from './drawn.ts';
import { NOON, ask, engine } from './kit.ts';

const RUNS = Number(process.env['GOVERNED_RUNS'] ?? 10);
const QUERIES = 40;

function query(): string {
  const table = tableOf();
  const columns = COLUMNS[table] ?? [];
  const other = tableOf();
  const p = predicate('t', columns);
  const list = [pick(columns), pick(columns)].map((name) => `t.${name}`).join(', ');
  const key = pick(columns);
  return pick([
    `select ${list} from esh.${table} t where ${p}`,
    `from esh.${table} t where ${p}`,
    `select count(*), count(t.${key}), min(t.${key}), max(t.${key}) from esh.${table} t`,
    `select t.${key}, count(*) from esh.${table} t where ${p} group by all having count(*) > 0`,
    `select t.${key}, row_number() over (partition by t.${key} order by t.site_id, t.${columns[0] ?? ''}) from esh.${table} t`,
    `select ${list}, o.site_id from esh.${table} t join esh.${other} o on t.site_id = o.site_id where ${p}`,
    `select t.site_id, o.* from esh.${table} t left join esh.${other} o using (site_id)`,
    `select count(*) from esh.${table} t full join esh.${other} o on t.region = o.region and ${p}`,
    `select ${list} from esh.${table} t anti join esh.${other} o using (site_id)`,
    `select ${list} from esh.${table} t semi join esh.${other} o on t.region = o.region`,
    `with c as (from esh.${table} t where ${p}) select count(*), count(distinct ${key}) from c`,
    `with c as materialized (select site_id from esh.${table}) select t.* from esh.${other} t where t.site_id in (from c)`,
    `select site_id from esh.${table} union select site_id from esh.${other}`,
    `select site_id from esh.${table} except all select site_id from esh.${other}`,
    `select t.site_id, l.n from esh.${table} t, lateral (select count(*) as n from esh.${other} o where o.site_id = t.site_id) l`,
    `select distinct ${list} from esh.${table} t where ${p} or ${predicate('t', columns)}`,
    `select list_sort(list(t.${key}::varchar)) from esh.${table} t where ${p}`,
    `from (from esh.${table} pivot (count(*) for region in ('north', 'south') group by site_id))`,
    `select n, v::varchar from (select site_id, region from esh.${table}) unpivot (v for n in (site_id, region))`,
    `select count(*) from esh.${table} t where case when ${p} then t.${key} is null else true end`,
    `select t.${key} from esh.${table} t where ${p} order by t.${key} nulls last, t.${columns[0] ?? ''} limit 5`,
    `summarize select site_id, region from esh.${table}`,
  ]);
}

describe('a statement under policy', () => {
  let store: Store;
  let folder: string;
  let instance: DuckDBInstance;
  let copy: DuckDBConnection;
  let rows: Readonly<Record<'sites' | 'incidents', readonly RowValues[]>>;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'fractal-test-'));
    store = await openStore(folder, { clock: new ManualClock(NOON) });
    const sites = SITES.map(siteRow);
    const incidents = Array.from({ length: 120 }, (_, n) => incidentRow(n));
    await store.transact('test', (tx) => tx.put(ESH.sites, sites));
    await store.transact('test', (tx) => tx.put(ESH.incidents, incidents.slice(0, 60)));
    await store.transact('test', (tx) => tx.put(ESH.incidents, incidents.slice(60)));
    const stamps = await store.rows<{ id: string; node_id: string; hlc: bigint; commit_version: bigint }>(
      `select site_id as id, node_id, hlc, commit_version from esh.sites union all
       select incident_id, node_id, hlc, commit_version from esh.incidents`,
    );
    const stamped = (row: Row, id: RowValue): RowValues => {
      const stamp = stamps.find((one) => one.id === id);
      assert.ok(stamp);
      const { node_id, hlc, commit_version } = stamp;
      return { ...row, node_id, hlc, commit_version, deleted: false };
    };
    rows = {
      sites: sites.map((row) => stamped(row, row['site_id'])),
      incidents: incidents.map((row) => stamped(row, row['incident_id'])),
    };
    instance = await DuckDBInstance.create(':memory:');
    copy = await instance.connect();
    await copy.run('create schema esh');
    await copy.run('set preserve_insertion_order = true');
  });
  after(async () => {
    copy.closeSync();
    instance.closeSync();
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Fills the copy with what is shown; a table without rows keeps the columns that the scope has. */
  async function fill(
    grants: readonly Grant[],
    denials: readonly Denial[],
    columnsOf: (table: Table) => readonly string[],
  ): Promise<void> {
    const quote = (value: unknown): string => {
      if (value === null || value === undefined) return 'null';
      if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
      return typeof value === 'bigint' ? value.toString() : JSON.stringify(value);
    };
    for (const table of [ESH.sites, ESH.incidents]) {
      const name = `esh.${table.name}`;
      await copy.run(`drop table if exists ${name}`);
      await copy.run(createStatement(table).replaceAll(' NOT NULL', ''));
      const visible = rows[table.name as 'sites' | 'incidents']
        .map((row) => shown(table, row, grants, denials))
        .filter((row) => row !== undefined);
      const columns = allColumns(table).map((column) => column.name);
      const values = visible.map((row) => `(${columns.map((column) => quote(row[column])).join(', ')})`);
      if (values.length > 0) await copy.run(`insert into ${name} values ${values.join(', ')}`);
      const keep = columnsOf(table);
      for (const { name: column } of allColumns(table))
        if (!keep.includes(column) && keep.length > 0)
          await copy.run(`alter table ${name} drop column ${column}`);
    }
  }

  async function overCopy(sql: string): Promise<string> {
    try {
      const reader = await readRows(toIpcStream(await copy.stream(sql)));
      const found: string[] = [];
      for await (const row of reader.rows) found.push(JSON.stringify(row));
      return JSON.stringify(found.sort());
    } catch {
      return 'an error';
    }
  }
  async function underPolicy(policy: ReturnType<typeof engine>, sql: string): Promise<string> {
    try {
      return JSON.stringify((await ask(store, policy, ASKER, sql)).rows);
    } catch (error) {
      if (error instanceof FractalError && error.kind !== 'internal') return 'an error';
      throw error;
    }
  }

  it(`answers what it answers over a copy of what is shown (${RUNS} policies, ${QUERIES} statements each)`, async () => {
    let answered = 0;
    for (let run = 0; run < RUNS; run++) {
      const grants = Array.from({ length: 1 + random.below(3) }, (_, i) => fitting(grant(`g${i}`)));
      const denials = maybe(0.4) ? [denial('d')] : [];
      const policy = engine({
        attributes: DECLARED,
        roles: { role: { doc: 'drawn', grants } },
        denials,
      });
      const { tables } = policy.scope(ASKER);
      const columnsOf = (table: Table): readonly string[] =>
        tables.find((one) => one.name === table.name)?.columns.map((column) => column.name) ?? [];
      // A table that is not shown at all is an error here and an empty table there: another test holds that.
      if (columnsOf(ESH.sites).length === 0 || columnsOf(ESH.incidents).length === 0) continue;
      await fill(grants, denials, columnsOf);
      for (let i = 0; i < QUERIES; i++) {
        const sql = query();
        const [found, expected] = [await underPolicy(policy, sql), await overCopy(sql)];
        assert.equal(found, expected, `${sql}\n${JSON.stringify({ grants, denials })}`);
        if (found !== 'an error') answered++;
      }
      await partition(policy);
    }
    assert.ok(answered > (RUNS * QUERIES) / 4, `${answered} answers that are not errors`);
  });

  /** Ternary logic partitioning: rows where p, where not p, and where p is not known, are all the rows. */
  async function partition(policy: ReturnType<typeof engine>): Promise<void> {
    for (const table of ['sites', 'incidents'] as const) {
      const p = predicate('t', ['site_id']);
      const count = async (where: string): Promise<number> => {
        const found = await underPolicy(policy, `select count(*) from esh.${table} t${where}`);
        if (found === 'an error') return NaN;
        const [row = '[0]'] = JSON.parse(found) as string[];
        return (JSON.parse(row) as number[])[0] ?? 0;
      };
      const parts = [
        await count(` where ${p}`),
        await count(` where not (${p})`),
        await count(` where (${p}) is null`),
      ];
      const sum = parts.reduce((a, b) => a + b, 0);
      if (!Number.isNaN(sum)) assert.equal(sum, await count(''), p);
    }
  }
});
