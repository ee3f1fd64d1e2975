/** From names in a statement to tables that somebody may read. What they may not read does not exist for them. */
import { badInputError, deniedError, nearest } from '../../base/index.ts';
import type { ReadScope, ReadableTable } from '../ports.ts';
import { missingFunction, readBehind, type DomainScope } from './domain.ts';
import type { TableRef } from './guard.ts';
import { placeOf } from './place.ts';
import type { Statement } from './statement.ts';

/** Every table of the statement is in the scope; the views that will answer show only what it says. */
export interface BoundQuery {
  readonly statement: Statement;
  readonly scope: DomainScope;
  /** Those that it names. */
  readonly tables: readonly ReadableTable[];
  /** Those, and the ones that functions and searches in it read. */
  readonly reads: readonly ReadableTable[];
}

/** Names of one engine or the other, as the reference spells them. */
const ENGINE_SCHEMAS = ['duckdb', 'lance'];

/** Tables that describe the others; each scope has its own. */
export const CATALOGUE_TABLES = ['node.tables', 'node.columns'];

export function bind(statement: Statement, scope: DomainScope): BoundQuery {
  for (const called of statement.functions) {
    const rule = missingFunction(scope, called);
    if (rule !== undefined)
      throw deniedError(
        'policy.denied',
        `${called} reads records that are not all shown to you (${rule})`,
        'Ask an administrator for the right.',
      );
  }
  const byName = new Map(scope.tables.map((table) => [`${table.schema}.${table.name}`, table]));
  const tables = statement.tables.flatMap((ref) => {
    const name = `${ref.schema}.${ref.name}`;
    if (CATALOGUE_TABLES.includes(name)) return [];
    const found = byName.get(name) ?? engineTable(ref, scope);
    if (found === undefined) throw unknownTable(ref, [...byName.keys()], statement);
    return [found];
  });
  return { statement, scope, tables, reads: [...new Set([...tables, ...readBehind(scope, statement)])] };
}

function engineTable(ref: TableRef, scope: ReadScope): ReadableTable | undefined {
  if (!ENGINE_SCHEMAS.includes(ref.schema)) return undefined;
  return scope.tables.find((table) => table.name === ref.name && isOf(table, ref.schema));
}

/** Which engine holds a table: Lance the passages that search finds, DuckDB all tables of the model. */
export function isOf(table: ReadableTable, engine: string): boolean {
  return engine === 'lance'
    ? table.schema === 'law' && table.name === 'sections'
    : ['law', 'esh', 'ai'].includes(table.schema);
}

/** The same for a table that is not there and for one that is not shown: the answer must not tell them apart. */
export function unknownTable(
  ref: TableRef,
  known: readonly string[],
  statement: Statement | undefined,
): Error {
  const typed = ref.schema === '' ? ref.name : `${ref.schema}.${ref.name}`;
  const near = nearest(typed, known) ?? known.find((name) => name.endsWith(`.${ref.name}`));
  return badInputError(
    'sql.name',
    `there is no table ${JSON.stringify(typed)} that you may read`,
    `${near === undefined ? '' : `Did you mean ${near}? `}\`show tables\` lists them.`,
    ref.at === undefined || statement?.text.endsWith(statement.sql) !== true
      ? {}
      : { place: placeOf(statement.text, { bytes: ref.at, of: statement.sql }) },
  );
}
