/** Rows, policies and conditions drawn by chance, and what a row is by nothing but the meaning of the rules. */
import assert from 'node:assert/strict';
import { SeededRandom } from '../../src/base/index.ts';
import type { Principal } from '../../src/query/index.ts';
import { allColumns, type Table } from '../../src/schema/index.ts';
import { evaluate, isFalse, type RowValues } from '../../src/security/policy/condition.ts';
import type { Condition, Denial, Grant, Mask } from '../../src/security/policy/document.ts';
import { MODEL } from '../../src/security/policy/model.ts';
import { resolve } from '../../src/security/policy/resolve.ts';
import type { Row } from '../../src/store/index.ts';
import { NOON } from './kit.ts';

export const random = new SeededRandom(Number(process.env['GOVERNED_SEED'] ?? 11));
export const pick = <T>(values: readonly T[]): T => {
  const value = values[random.below(values.length)];
  assert.ok(value !== undefined);
  return value;
};
export const maybe = (chance: number): boolean => random.float() < chance;

// Rows.

export const SITES = ['s1', 's2', 's3', `s'4`, 'ß5', '😀6'];
export const REGIONS = ['north', 'south', 'east'];
export const WORDS = ['fell', 'burned', 'slipped', `o'clock`, 'naïve', '', '🙂', 'CANARY', '12', '-7'];

export const siteRow = (id: string): Row => ({
  site_id: id,
  region: pick(REGIONS),
  name: `${pick(WORDS)} works`,
  jurisdiction: pick(['UK', 'US']),
  industry_code: maybe(0.4) ? null : pick(['31', '32', 'x']),
  employees: maybe(0.3) ? null : random.below(50),
  manager: maybe(0.3) ? null : pick(WORDS),
  opened_on: maybe(0.3) ? null : `20${10 + random.below(15)}-0${1 + random.below(9)}-15`,
});
export const incidentRow = (n: number): Row => ({
  incident_id: `i${n}`,
  region: pick(REGIONS),
  site_id: pick(SITES),
  occurred_at: new Date(NOON - random.below(1000) * 86_400_000).toISOString(),
  kind: pick(['injury', 'fire', 'release']),
  severity: pick(['low', 'medium', 'high']),
  narrative: pick(WORDS),
  personal_spans: null,
  substance: maybe(0.5) ? null : pick(['chlorine', 'dust']),
  quantity: maybe(0.5) ? null : random.below(100) / 4,
});

// Policies.

export const CONDITIONS: readonly (() => Condition)[] = [
  () => ({ in: [{ column: 'site_id' }, [pick(SITES), pick(SITES), pick(SITES)]] }),
  () => ({ in: [{ column: 'site_id' }, { principal: 'sites' }] }),
  () => ({ eq: [{ column: 'region' }, pick(REGIONS)] }),
  () => ({ ne: [{ column: 'region' }, { principal: 'region' }] }),
  () => ({ starts: [{ column: 'site_id' }, 's'] }),
  () => ({ gt: [{ column: 'commit_version' }, random.below(3)] }),
  () => ({ not: { eq: [{ column: 'site_id' }, pick(SITES)] } }),
  () => ({ in: [{ column: 'region' }, { principal: 'absent' }] }),
];
export function condition(depth = 2): Condition {
  if (depth === 0 || maybe(0.5)) return pick(CONDITIONS)();
  const parts = [condition(depth - 1), condition(depth - 1)];
  return maybe(0.5) ? { all: parts } : { any: parts };
}

export const MASKABLE = ['name', 'manager', 'narrative', 'substance', 'severity', 'region'];
export const mask = (): Mask =>
  maybe(0.5) ? { mask: 'null' } : { mask: 'constant', value: `masked '${random.below(2)}'` };

export function grant(id: string): Grant {
  const hide = ['employees', 'quantity', 'manager', 'kind', 'region'].filter(() => maybe(0.25));
  const masks = Object.fromEntries(MASKABLE.filter(() => maybe(0.2)).map((name) => [name, mask()]));
  return {
    id,
    actions: ['read'],
    tables: maybe(0.7) ? ['esh.sites', 'esh.incidents'] : [pick(['esh.sites', 'esh.incidents'])],
    ...(maybe(0.85) ? { where: condition() } : {}),
    ...(maybe(0.8) ? { columns: { hide, mask: masks } } : {}),
  };
}
export const denial = (id: string): Denial => ({
  id,
  actions: ['read'],
  tables: ['esh.sites', 'esh.incidents'],
  ...(maybe(0.8) ? { where: condition(1) } : {}),
  ...(maybe(0.6) ? { columns: [pick(['name', 'kind', 'region', 'severity'])] } : {}),
});

/** A grant may name a column that only one of its tables has; every table must then be known to have it. */
export const hasColumn = (rule: Grant, name: string): boolean =>
  rule.tables.some((table) =>
    MODEL.some(
      (one) => `${one.schema}.${one.name}` === table && one.columns.some((column) => column.name === name),
    ),
  );
export function fitting(rule: Grant): Grant {
  if (rule.columns === undefined) return rule;
  const { hide = [], mask: masks = {} } = rule.columns;
  return {
    ...rule,
    columns: {
      hide: hide.filter((name) => hasColumn(rule, name)),
      mask: Object.fromEntries(Object.entries(masks).filter(([name]) => hasColumn(rule, name))),
    },
  };
}

export const ATTRIBUTES = { sites: ['s1', '😀6'], region: 'north' };
export const DECLARED = { sites: 'text[]', region: 'text', absent: 'text[]' } as const;
export const ASKER: Principal = { id: 'asker', roles: ['role'], attributes: ATTRIBUTES };

/** What a row is for a set of rules, cell by cell; undefined when it is not shown. Columns never shown are absent. */
export function shown(
  table: Table,
  row: RowValues,
  grants: readonly Grant[],
  denials: readonly Denial[],
): Record<string, unknown> | undefined {
  const name = `${table.schema}.${table.name}`;
  const model = MODEL.find((one) => `${one.schema}.${one.name}` === name);
  const holds = (where: Condition | undefined): ReturnType<typeof resolve> =>
    where === undefined
      ? { op: 'const', value: true }
      : resolve(where, {
          table: model,
          declared: DECLARED,
          asker: { attributes: ATTRIBUTES, now: NOON },
          fail: (why) => new Error(why),
        });
  const bearing = grants.filter(
    (one) => one.tables.includes(name) && evaluate(holds(one.where), row) === true,
  );
  const against = denials.filter((one) => evaluate(isFalse(holds(one.where)), row) !== true);
  if (bearing.length === 0 || against.some((one) => one.columns === undefined)) return undefined;
  const cells: Record<string, unknown> = {};
  for (const { name: column } of allColumns(table)) {
    const modes = bearing.map((one) => {
      if (one.columns?.hide?.includes(column) === true) return 'hide';
      return one.columns?.mask?.[column] ?? 'show';
    });
    const masked = modes.find((mode): mode is Mask => typeof mode === 'object');
    if (against.some((one) => one.columns?.includes(column) === true)) cells[column] = null;
    else if (modes.includes('show')) cells[column] = row[column] ?? null;
    else if (masked?.mask === 'constant')
      cells[column] = (row[column] ?? null) === null ? null : masked.value;
    else cells[column] = null;
  }
  return cells;
}

// Statements.

export const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  sites: ['site_id', 'region', 'name', 'jurisdiction', 'industry_code', 'employees', 'manager', 'opened_on'],
  incidents: ['incident_id', 'site_id', 'region', 'kind', 'severity', 'narrative', 'substance', 'quantity'],
};
export const tableOf = (): 'sites' | 'incidents' => (maybe(0.5) ? 'sites' : 'incidents');
export const predicate = (alias: string, columns: readonly string[]): string => {
  const one = `${alias}.${pick(columns)}`;
  return pick([
    `${one} is null`,
    `${one} is not null`,
    `${one}::varchar like '%e%'`,
    `${one}::varchar > 'm'`,
    `length(${one}::varchar) > ${random.below(6)}`,
    `${alias}.site_id in ('s1', 'ß5', $$s'4$$)`,
    `${alias}.site_id in (select site_id from esh.${tableOf()})`,
    `exists (from esh.incidents e where e.site_id = ${alias}.site_id and e.severity = 'high')`,
    `cast(${one} as integer) > 0`,
    `try_cast(${one}::varchar as integer) > 0`,
    `${alias}.site_id = any(select site_id from esh.sites)`,
    `not (${alias}.region = 'north')`,
  ]);
};
