/**
 * A write under policy does what the same write does to a copy that holds only what policy shows, laid back over the
 * rows that are hidden; those stay as they are, byte by byte. `WRITES_RUNS` sets how many policies are drawn.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { FractalError } from '../../src/base/index.ts';
import { ESH, allColumns, createStatement, type Table } from '../../src/schema/index.ts';
import { evaluate } from '../../src/security/policy/condition.ts';
import type { Condition } from '../../src/security/policy/document.ts';
import { MODEL } from '../../src/security/policy/model.ts';
import { resolve } from '../../src/security/policy/resolve.ts';
import { duckError } from '../../src/store/index.ts';
import { freshStore } from '../store/kit.ts';
import * as d from './drawn.ts';
import { NOON, engine } from './kit.ts';
import { write } from './writes-kit.ts';

const RUNS = Number(process.env['WRITES_RUNS'] ?? 20);
const WRITES = 6;
type Cells = Record<string, string | null>;
const STAMPS = ['node_id', 'hlc', 'commit_version'];
const SET = ['name', 'region', 'manager', 'employees', 'jurisdiction', 'industry_code'];
const VALUES = [
  "'new'",
  'null',
  '7',
  "'north'",
  'name',
  'region',
  "name || '+'",
  'employees + 1',
  '(select max(narrative) from esh.incidents)',
  '(select count(*) from esh.sites)',
  'manager',
  'cast(name as integer)',
];

const rule = (): Condition => {
  const one = (): Condition =>
    d.pick<Condition>([
      { eq: [{ column: 'region' }, d.pick(d.REGIONS)] },
      { ne: [{ column: 'region' }, { principal: 'region' }] },
      { in: [{ column: 'site_id' }, { principal: 'sites' }] },
      { not: { eq: [{ column: 'site_id' }, d.pick(d.SITES)] } },
    ]);
  return d.maybe(0.7) ? one() : { any: [one(), one()] };
};
const columnsIn = (where: Condition | undefined): string[] =>
  [...JSON.stringify(where ?? {}).matchAll(/"column":"(\w+)"/g)].map(([, name = '']) => name);
const quote = (value: string | null | undefined): string =>
  value === null || value === undefined ? 'null' : `'${value.replaceAll("'", "''")}'`;
const lit = (cells: Cells): Record<string, string | bigint | boolean | null> => ({
  ...cells,
  commit_version: BigInt(cells['commit_version'] ?? 0),
  deleted: cells['deleted'] === 'true',
});

it(`a write does what it does to a copy of what is shown (${RUNS} policies, ${WRITES} writes each)`, async (t) => {
  const { store } = await freshStore(t);
  const instance = await DuckDBInstance.create(':memory:');
  const copy = await instance.connect();
  t.after(() => {
    copy.closeSync();
    instance.closeSync();
  });
  await copy.run('create schema esh');
  await store.transact('test', (tx) =>
    tx.put(
      ESH.incidents,
      Array.from({ length: 12 }, (_, n) => d.incidentRow(n)),
    ),
  );
  const raw = async ({ name }: Table): Promise<Cells[]> =>
    await store.rows<Cells>(`select columns(*)::varchar from esh.${name} order by all`);
  const tally = { done: 0, refused: 0, changed: 0 };
  let fresh = 0;

  for (let run = 0; run < RUNS; run++) {
    await store.transact('test', (tx) => tx.put(ESH.sites, [...d.SITES, `r${run}`].map(d.siteRow)));
    const grants = Array.from({ length: 1 + d.random.below(2) }, (_, i) => d.fitting(d.grant(`g${i}`)));
    const denials = d.maybe(0.3) ? [d.denial('d')] : [];
    const where = d.maybe(0.7) ? rule() : undefined;
    const hide = ['manager', 'employees', 'region'].filter(() => d.maybe(0.15));
    const actions = ['insert', 'update', 'delete'].filter(() => d.maybe(0.9));
    const may = {
      id: 'w',
      actions,
      tables: ['esh.sites'],
      ...(where === undefined ? {} : { where }),
      columns: { hide },
    };
    const all = actions.length === 0 ? grants : [...grants, may];
    const policy = engine({
      attributes: d.DECLARED,
      roles: { role: { doc: 'drawn', grants: all } },
      denials,
    });
    const { tables } = policy.scope(d.ASKER);
    const seen = tables.find(({ name }) => name === 'sites');
    if (seen === undefined || !tables.some(({ name }) => name === 'incidents')) continue;
    const plain = seen.columns.filter((one) => one.shown === 'plain').map((one) => one.name);
    const meets = (cells: Cells): boolean =>
      where === undefined ||
      evaluate(
        resolve(where, {
          table: MODEL.find((one) => one.schema === 'esh' && one.name === 'sites'),
          declared: d.DECLARED,
          asker: { attributes: d.ATTRIBUTES, now: NOON },
          fail: (why) => new Error(why),
        }),
        lit(cells),
      ) === true;

    let isClean = false;
    for (let n = 0; n < WRITES; n++) {
      // A refused write leaves the copy as it was, unless it got as far as the copy. Incidents are only read.
      for (const table of isClean ? [] : n === 0 ? [ESH.sites, ESH.incidents] : [ESH.sites]) {
        const names = allColumns(table).map((one) => one.name);
        await copy.run(`drop table if exists esh.${table.name}`);
        await copy.run(createStatement(table).replaceAll(' NOT NULL', ''));
        const values = (await raw(table)).flatMap((row) => {
          const cells = d.shown(table, lit(row), grants, denials);
          if (cells === undefined) return [];
          return [
            `(${names.map((name) => (cells[name] === null ? 'null' : quote(String(cells[name] as string | bigint | boolean)))).join(', ')})`,
          ];
        });
        if (values.length > 0) await copy.run(`insert into esh.${table.name} values ${values.join(', ')}`);
        const keep = tables.find(({ name }) => name === table.name)?.columns.map((one) => one.name) ?? [];
        for (const name of names)
          if (!keep.includes(name)) await copy.run(`alter table esh.${table.name} drop column ${name}`);
      }
      isClean = true;
      const kind = d.pick(['insert', 'update', 'update', 'delete'] as const);
      const columns = [...new Set([d.pick(SET), d.pick(SET)])];
      const values = columns.map(() => d.pick(VALUES));
      const p = d.predicate('sites', d.COLUMNS['sites'] ?? []);
      const key = d.maybe(0.2) ? d.pick(d.SITES) : `n${fresh++}`;
      const added = ['site_id', 'region', 'name', 'jurisdiction', ...(d.maybe(0.5) ? ['manager'] : [])];
      const content = `${quote(d.pick(d.REGIONS))}, ${d.pick(["'fresh'", '(select min(name) from esh.sites)'])}, 'UK', 'm'`;
      const selected = `select ${quote(key)}, ${content
        .split(', ')
        .slice(0, added.length - 1)
        .join(', ')}`;
      const sql = {
        insert: `insert into esh.sites (${added.join(', ')}) ${selected}`,
        update: `update esh.sites set ${columns.map((name, i) => `${name} = ${values[i] ?? ''}`).join(', ')} where ${p}`,
        delete: `delete from esh.sites where ${p}`,
      }[kind];

      // What is meant: a code, or the rows as they then stand.
      const before = await raw(ESH.sites);
      const live = new Map(
        before.filter((row) => row['deleted'] === 'false').map((row) => [row['site_id'], row]),
      );
      const expected = async (): Promise<string | Map<string, Cells>> => {
        if (!actions.includes(kind)) return 'policy.denied';
        const blind = ['site_id', ...columnsIn(where)].some((name) => !plain.includes(name));
        if (kind !== 'insert' && blind) return 'policy.denied';
        const closed = (name: string): boolean =>
          hide.includes(name) || (kind === 'update' && !plain.includes(name));
        const given = kind === 'insert' ? added : kind === 'update' ? columns : [];
        if (given.some(closed)) return 'row.column';
        let found: Cells[];
        isClean = false;
        try {
          const names = ['site_id', ...given.filter((name) => name !== 'site_id')];
          const list = names.map((name) => `${name}::varchar as ${name}`).join(', ');
          const text =
            kind === 'insert' ? `select * from (${selected}) as q(${added.join(', ')})` : undefined;
          const answer = await copy.runAndReadAll(text ?? `${sql} returning ${list}`);
          found = answer.getRowObjects() as Cells[];
        } catch (error) {
          return duckError(error).code;
        }
        if (kind !== 'insert') found = found.filter((row) => live.has(row['site_id'] ?? ''));
        const required = ['region', 'name', 'jurisdiction'].filter((name) => given.includes(name));
        if (found.some((row) => required.some((name) => row[name] === null))) return 'row.missing';
        const after = new Map(
          found.map((row) => {
            const id = row['site_id'] ?? '';
            return [id, { ...live.get(id), ...row, deleted: String(kind === 'delete') }];
          }),
        );
        if (kind !== 'insert' && [...after.keys()].some((id) => !meets(live.get(id) ?? {})))
          return 'policy.denied';
        if (kind !== 'delete' && [...after.values()].some((row) => !meets(row))) return 'policy.denied';
        // Keys of removed rows are put back at each run's start, so a drawn key is taken by a row that is there, or was.
        if (kind === 'insert' && before.some((row) => row['site_id'] === key)) return 'row.conflict';
        return after;
      };
      const meant = await expected();
      const told = await write(store, policy, d.ASKER, sql).catch((error: unknown) => {
        assert.ok(error instanceof FractalError, String(error));
        return error.code;
      });
      const context = `${sql}\n${JSON.stringify({ grants: all, denials, told })}`;
      const isTombstone =
        meant === 'row.conflict' && before.some((row) => row['site_id'] === key && row['deleted'] === 'true');
      if (isTombstone && told === 1) continue;
      assert.equal(told, typeof meant === 'string' ? meant : meant.size, context);
      const left = await raw(ESH.sites);
      const found = typeof meant === 'string' ? new Map<string, Cells>() : meant;
      const untouched = (rows: Cells[]): Cells[] => rows.filter((row) => !found.has(row['site_id'] ?? ''));
      assert.deepEqual(untouched(left), untouched(before), context);
      for (const [id, cells] of found) {
        const row = left.find((one) => one['site_id'] === id) ?? {};
        for (const [name, value] of Object.entries(row))
          if (!STAMPS.includes(name)) assert.equal(value, cells[name] ?? null, `${name}: ${context}`);
      }
      tally[typeof meant === 'string' ? 'refused' : 'done']++;
      tally.changed += found.size;
    }
  }
  t.diagnostic(JSON.stringify(tally));
  assert.ok(
    tally.done > RUNS / 2 && tally.refused > RUNS / 4 && tally.changed > RUNS / 2,
    JSON.stringify(tally),
  );
});
