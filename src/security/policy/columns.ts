/** How a column is shown when several rules show its rows. */
import type { ReadableColumn } from '../../query/index.ts';
import { SPANS_COLUMN } from '../../schema/index.ts';
import { ALWAYS, all, any, columnSql, isFalse, isNever, toSql, type Resolved } from './condition.ts';
import type { ColumnRules, Mask } from './document.ts';
import { maskSql } from './masks.ts';
import type { ModelColumn } from './model.ts';

/** A rule that shows rows of a table, its condition resolved. */
export interface ActiveGrant {
  readonly id: string;
  readonly where: Resolved;
  readonly columns: ColumnRules | undefined;
}

/** A rule that hides rows or columns. */
export interface ActiveDenial {
  readonly id: string;
  readonly where: Resolved;
  readonly columns: readonly string[] | undefined;
}

/** The rules that bear on one table and action for one principal at one moment. */
export interface ActiveRules {
  readonly grants: readonly ActiveGrant[];
  readonly denials: readonly ActiveDenial[];
}

/** A column that is nowhere shown, with the rule that says so. */
export interface HiddenColumn {
  readonly hiddenBy: string;
}

/** What one rule makes of a column. */
export function howShown(rules: ColumnRules | undefined, column: ModelColumn): 'show' | 'hide' | Mask {
  if (rules === undefined) return 'show';
  const { only, hide, mask, personal } = rules;
  // Where the names stand tells how long they are.
  if (column.name === SPANS_COLUMN)
    for (const one of [...Object.values(mask ?? {}), ...Object.values(personal ?? {})])
      if (one !== 'hide' && one.mask === 'spans') return 'hide';
  if (hide?.includes(column.name) === true) return 'hide';
  if (only !== undefined && !only.includes(column.name)) return 'hide';
  const own = mask !== undefined && Object.hasOwn(mask, column.name) ? mask[column.name] : undefined;
  return own ?? (column.personal === undefined ? undefined : personal?.[column.personal]) ?? 'show';
}

/** The column where the row is shown by a rule that shows the column; else by one that masks it; else nothing. */
export function showColumn(
  column: ModelColumn,
  { grants, denials }: ActiveRules,
  key: string,
): ReadableColumn | HiddenColumn {
  const against = denials.filter((denial) => denial.columns?.includes(column.name) === true);
  const never = against.find((denial) => isNever(isFalse(denial.where)));
  if (never !== undefined) return { hiddenBy: never.id };
  const modes = grants.map((grant) => ({ grant, mode: howShown(grant.columns, column) }));
  if (modes.every(({ mode }) => mode === 'hide'))
    return { hiddenBy: modes.map(({ grant }) => grant.id).join(', ') };

  const plain = columnSql(column.name, 'duckdb');
  const branches: { when: Resolved; sql: string }[] = [];
  // Every row that is shown meets it: a rule with that very condition needs to ask no row.
  const rows = JSON.stringify(any(grants.map((grant) => grant.where)));
  const add = (condition: Resolved, sql: string): void => {
    const where = JSON.stringify(condition) === rows ? ALWAYS : condition;
    const same = branches.find((branch) => branch.sql === sql);
    if (same === undefined) branches.push({ when: where, sql });
    else same.when = any([same.when, where]);
  };
  for (const { grant, mode } of modes) if (mode === 'show') add(grant.where, plain);
  for (const { grant, mode } of modes)
    if (mode !== 'show' && mode !== 'hide') add(grant.where, maskSql(mode, column, key));

  const covering = modes.every(({ mode }) => mode !== 'hide');
  let sql = choose(branches, covering, column);
  const guard = all(against.map((denial) => isFalse(denial.where)));
  if (guard !== ALWAYS) sql = `case when ${toSql(guard, 'duckdb')} then ${sql} end`;
  return {
    name: column.name,
    type: column.type,
    sql,
    shown:
      sql === plain ? 'plain' : branches.some((branch) => branch.sql !== plain) ? 'masked' : 'in-some-rows',
    doc: column.doc,
    rules: [
      ...modes.filter(({ mode }) => mode !== 'hide').map(({ grant }) => grant.id),
      ...against.map(({ id }) => id),
    ],
  };
}

/** The last branch needs no condition when every rule that shows a row shows the column in it. */
function choose(
  branches: readonly { when: Resolved; sql: string }[],
  covering: boolean,
  column: ModelColumn,
): string {
  const [only] = branches;
  if (only !== undefined && (only.when === ALWAYS || (covering && branches.length === 1))) return only.sql;
  const until = branches.findIndex((branch) => branch.when === ALWAYS);
  const last = until >= 0 ? until : covering ? branches.length - 1 : branches.length;
  const cases = branches.slice(0, last).map((one) => `when ${toSql(one.when, 'duckdb')} then ${one.sql}`);
  const otherwise = branches[last]?.sql ?? `cast(null as ${column.type})`;
  return `case ${cases.join(' ')} else ${otherwise} end`;
}
