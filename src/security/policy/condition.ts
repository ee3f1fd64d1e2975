/**
 * Conditions whose principal and moment are known: what is left is about columns alone. Compiled to SQL for the
 * engines and evaluated here; the three answer alike on every row (test/security/condition.test.ts).
 */
import { badInputError, invariant } from '../../base/index.ts';
import type { Comparison } from './document.ts';

export type ScalarType = 'text' | 'number' | 'whole' | 'flag' | 'date';
export type Scalar = string | number | boolean;

export type Term =
  | { readonly column: string; readonly type: ScalarType }
  | { readonly value: Scalar; readonly type: ScalarType };

export type Truth = boolean | null;

export type Resolved =
  | { readonly op: 'const'; readonly value: Truth }
  | { readonly op: 'all' | 'any'; readonly of: readonly Resolved[] }
  | { readonly op: 'not' | 'is-false'; readonly of: Resolved }
  | { readonly op: 'compare'; readonly how: Comparison; readonly left: Term; readonly right: Term }
  | { readonly op: 'in'; readonly value: Term; readonly list: readonly string[] }
  | { readonly op: 'has'; readonly column: string; readonly value: Term }
  | { readonly op: 'starts'; readonly value: Term; readonly prefix: Term }
  | { readonly op: 'missing'; readonly column: string };

export const ALWAYS: Resolved = { op: 'const', value: true };
export const NEVER: Resolved = { op: 'const', value: false };
export const UNKNOWN: Resolved = { op: 'const', value: null };

/** One object per truth, so that they can be compared. */
export const constant = (value: Truth): Resolved => (value === null ? UNKNOWN : value ? ALWAYS : NEVER);

/** Whether it shows, without looking at rows, that none meets it. */
export function isNever(condition: Resolved): boolean {
  if (condition.op === 'all') return condition.of.some(isNever);
  if (condition.op === 'any') return condition.of.every(isNever);
  return condition === NEVER || condition === UNKNOWN;
}

/** A row as JavaScript: dates `YYYY-MM-DD`, integers as numbers or bigints. */
export type RowValues = Readonly<Record<string, unknown>>;

export function all(of: readonly Resolved[]): Resolved {
  const rest = of.filter((one) => one !== ALWAYS);
  if (rest.includes(NEVER)) return NEVER;
  const [only] = rest;
  if (only === undefined) return ALWAYS;
  return rest.length === 1 ? only : { op: 'all', of: rest };
}

export function any(of: readonly Resolved[]): Resolved {
  const different = new Map(of.map((one) => [JSON.stringify(one), one]));
  // `(a and b) or b` is b, also where something is not known.
  const isTaken = (one: Resolved): boolean =>
    one.op === 'all' && one.of.some((part) => different.has(JSON.stringify(part)));
  const rest = [...different.values()].filter((one) => one !== NEVER && !isTaken(one));
  if (rest.includes(ALWAYS)) return ALWAYS;
  const [only] = rest;
  if (only === undefined) return NEVER;
  return rest.length === 1 ? only : { op: 'any', of: rest };
}

export function not(of: Resolved): Resolved {
  if (of.op !== 'const') return { op: 'not', of };
  return constant(of.value === null ? null : !of.value);
}

/** True where the condition is certainly false: what a denial leaves. */
export function isFalse(of: Resolved): Resolved {
  return of.op === 'const' ? constant(of.value === false) : { op: 'is-false', of };
}

/** Folds what no column takes part in. */
export function folded(condition: Resolved): Resolved {
  return columnsOf(condition).length > 0 ? condition : constant(evaluate(condition, {}));
}

export function columnsOf(condition: Resolved): string[] {
  const ofTerm = (term: Term): string[] => ('column' in term ? [term.column] : []);
  switch (condition.op) {
    case 'const':
      return [];
    case 'all':
    case 'any':
      return condition.of.flatMap(columnsOf);
    case 'not':
    case 'is-false':
      return columnsOf(condition.of);
    case 'compare':
      return [...ofTerm(condition.left), ...ofTerm(condition.right)];
    case 'in':
      return ofTerm(condition.value);
    case 'has':
      return [condition.column, ...ofTerm(condition.value)];
    case 'starts':
      return [...ofTerm(condition.value), ...ofTerm(condition.prefix)];
    case 'missing':
      return [condition.column];
  }
}

// One row.

export function evaluate(condition: Resolved, row: RowValues): Truth {
  switch (condition.op) {
    case 'const':
      return condition.value;
    case 'all': {
      const found = condition.of.map((one) => evaluate(one, row));
      return found.includes(false) ? false : found.includes(null) ? null : true;
    }
    case 'any': {
      const found = condition.of.map((one) => evaluate(one, row));
      return found.includes(true) ? true : found.includes(null) ? null : false;
    }
    case 'not': {
      const found = evaluate(condition.of, row);
      return found === null ? null : !found;
    }
    case 'is-false':
      return evaluate(condition.of, row) === false;
    case 'compare': {
      const left = valueOf(condition.left, row);
      const right = valueOf(condition.right, row);
      return left === null || right === null ? null : holds(condition.how, order(left, right));
    }
    case 'in': {
      const value = valueOf(condition.value, row);
      return value === null ? null : condition.list.includes(String(value));
    }
    case 'has': {
      const list = row[condition.column] as readonly unknown[] | null | undefined;
      const value = valueOf(condition.value, row);
      return list === null || list === undefined || value === null ? null : list.includes(value);
    }
    case 'starts': {
      const value = valueOf(condition.value, row);
      const prefix = valueOf(condition.prefix, row);
      return value === null || prefix === null ? null : String(value).startsWith(String(prefix));
    }
    case 'missing':
      return (row[condition.column] ?? null) === null;
  }
}

function valueOf(term: Term, row: RowValues): Scalar | bigint | null {
  return 'value' in term ? term.value : ((row[term.column] ?? null) as Scalar | bigint | null);
}

/** Texts are ordered by their bytes in UTF-8, as the engines do; JavaScript's own order differs beyond U+FFFF. */
function order(left: Scalar | bigint, right: Scalar | bigint): number {
  if (typeof left === 'string' && typeof right === 'string')
    return Buffer.compare(Buffer.from(left), Buffer.from(right));
  return left < right ? -1 : left > right ? 1 : 0;
}

function holds(how: Comparison, sign: number): boolean {
  switch (how) {
    case 'eq':
      return sign === 0;
    case 'ne':
      return sign !== 0;
    case 'lt':
      return sign < 0;
    case 'le':
      return sign <= 0;
    case 'gt':
      return sign > 0;
    case 'ge':
      return sign >= 0;
  }
}

// SQL.

/** `duckdb`: columns of the table `t`. `lance`: the filter language of LanceDB, columns by their plain names. */
export type Dialect = 'duckdb' | 'lance';

const SIGNS: Readonly<Record<Comparison, string>> = {
  eq: '=',
  ne: '<>',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
};

export function toSql(condition: Resolved, dialect: Dialect): string {
  const sql = (one: Resolved): string => toSql(one, dialect);
  const term = (one: Term): string => termSql(one, dialect);
  switch (condition.op) {
    case 'const':
      return condition.value === null ? 'cast(null as boolean)' : String(condition.value);
    case 'all':
      return `(${condition.of.map(sql).join(' and ')})`;
    case 'any':
      return `(${condition.of.map(sql).join(' or ')})`;
    case 'not':
      return `(not ${sql(condition.of)})`;
    case 'is-false':
      return `(${sql(condition.of)} is false)`;
    case 'compare':
      return `(${term(condition.left)} ${SIGNS[condition.how]} ${term(condition.right)})`;
    case 'in':
      // An empty list has no spelling of its own.
      if (condition.list.length === 0) return `(${term(condition.value)} is null and cast(null as boolean))`;
      return `(${term(condition.value)} in (${condition.list.map(textSql).join(', ')}))`;
    case 'has':
      if (dialect === 'lance')
        throw badInputError(
          'policy.search_condition',
          'a condition on a list cannot be kept in search',
          'Write the rule for law tables without `has`.',
        );
      return `list_contains(${columnSql(condition.column, dialect)}, ${term(condition.value)})`;
    case 'starts':
      return `starts_with(${term(condition.value)}, ${term(condition.prefix)})`;
    case 'missing':
      return `(${columnSql(condition.column, dialect)} is null)`;
  }
}

/** Columns of external tables have the names that their files give them; Lance has columns of the model alone. */
export function columnSql(column: string, dialect: Dialect): string {
  if (dialect === 'duckdb') return `t."${column.replaceAll('"', '""')}"`;
  invariant(/^[a-z][a-z0-9_]*$/.test(column), 'a column of the model');
  return column;
}

export function textSql(text: string): string {
  invariant(isText(text), 'a text that SQL can hold');
  return `'${text.replaceAll("'", "''")}'`;
}

/** Texts that reach both engines as they are. */
export const isText = (text: string): boolean => !text.includes('\0') && text.isWellFormed();

function termSql(term: Term, dialect: Dialect): string {
  if ('column' in term) return columnSql(term.column, dialect);
  const { type, value } = term;
  switch (type) {
    case 'text':
      return textSql(String(value));
    case 'date':
      return `date ${textSql(String(value))}`;
    case 'flag':
    case 'whole':
      return String(value);
    case 'number':
      // With an exponent a literal is a double in both.
      return String(value).includes('e') ? String(value) : `${value}e0`;
  }
}
