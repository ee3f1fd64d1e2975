/**
 * A statement that writes, with its queries and expressions as one query that the engine's parser has read and the
 * guard has passed: what it finds is what will be written. The tree of that query must be exactly what was meant;
 * parts that were cut in the wrong place give another one, or none.
 */
import { badInputError } from '../../../base/index.ts';
import { TABLES, type Table } from '../../../schema/index.ts';
import { visitAst, type AstNode } from '../ast.ts';
import type { TableRef } from '../guard.ts';
import type { WriteParts } from './parse.ts';

/** What is written where, and by which query. */
export interface WriteForm {
  readonly kind: WriteParts['kind'];
  readonly target: TableRef;
  /** The table of the model; undefined when it has none of this name. */
  readonly table: Table | undefined;
  /** Columns that get a value, in the order in which the query answers them. */
  readonly columns: readonly string[];
  /** Whether the statement names them. */
  readonly isListed: boolean;
  /** Answers the key of each row (not for INSERT), then the values. */
  readonly query: string;
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export function formOf(parts: WriteParts): WriteForm {
  const target = meant(parts.target);
  const table = TABLES.find((one) => one.schema === target.schema && one.name === target.name);
  const from = `${target.schema === '' ? '' : `${quote(target.schema)}.`}${quote(target.name)}`;
  const base = { kind: parts.kind, target, table };
  // In brackets and on lines of its own, a text is one expression or none, whatever comments it ends with.
  const value = (column: string, sql: string | undefined): string =>
    `cast((\n${sql ?? 'null'}\n) as ${table?.columns.find((one) => one.name === column)?.type ?? 'VARCHAR'})`;
  switch (parts.kind) {
    case 'insert': {
      const { source } = parts;
      const isListed = parts.columns !== undefined;
      const columns = parts.columns ?? (table === undefined ? [] : ownColumns(table));
      if ('query' in source)
        return { ...base, columns, isListed, query: `select * from (\n${source.query}\n) as q` };
      for (const row of source.rows)
        if (table !== undefined && row.length !== columns.length)
          throw badInputError(
            'sql.columns',
            `there are ${row.length} values for ${columns.length} columns`,
            'Give as many values as there are columns.',
          );
      const rows = source.rows.map(
        (row) => `(${row.map((sql, i) => value(columns[i] ?? '', sql)).join(', ')})`,
      );
      return { ...base, columns, isListed, query: `values ${rows.join(', ')}` };
    }
    case 'update':
    case 'delete': {
      const set = parts.kind === 'update' ? parts.set : [];
      const name = quote(parts.alias ?? target.name);
      const keys = table === undefined ? [`1`] : table.key.map((key) => `${name}.${quote(key)}`);
      const items = [...keys, ...set.map((one) => value(one.column, one.value))];
      const as = parts.alias === undefined ? '' : ` as ${name}`;
      const where = parts.where === undefined ? '' : ` where (\n${parts.where}\n)`;
      return {
        ...base,
        columns: set.map(({ column }) => column),
        isListed: true,
        query: `select ${items.join(', ')} from ${from}${as}${where}`,
      };
    }
  }
}

/** Columns that a value can be given: what is worked out of the others is not. */
export const ownColumns = (table: Table): string[] =>
  table.columns.filter((column) => column.derived !== true).map((column) => column.name);

/** `duckdb.sites` is another name of `esh.sites`. */
function meant(target: TableRef): TableRef {
  if (target.schema !== 'duckdb') return target;
  const table = TABLES.find((one) => one.name === target.name);
  return table === undefined ? target : { schema: table.schema, name: table.name };
}

/** Throws unless the tree is what `formOf` meant. */
export function checkForm(form: WriteForm, parts: WriteParts, node: AstNode): void {
  if (form.table === undefined) return;
  const wrong = (): Error =>
    badInputError(
      'sql.syntax',
      `the parts of the ${form.kind.toUpperCase()} cannot be told apart`,
      'Write each value and the condition in brackets, and leave comments out.',
    );
  if (!isPlainSelect(node)) throw wrong();
  const list = node['select_list'] as AstNode[];
  const from = node['from_table'] as AstNode;
  const hasWhere = node['where_clause'] !== null;
  if (parts.kind === 'insert') {
    if (hasWhere || list.length !== 1 || list[0]?.['class'] !== 'STAR') throw wrong();
    if ('query' in parts.source) {
      if (from['type'] !== 'SUBQUERY' || from['alias'] !== 'q') throw wrong();
      return;
    }
    const rows = from['values'];
    if (
      from['type'] !== 'EXPRESSION_LIST' ||
      !Array.isArray(rows) ||
      rows.length !== parts.source.rows.length
    )
      throw wrong();
    for (const row of rows as AstNode[][]) {
      if (row.length !== form.columns.length || !row.every(isCast)) throw wrong();
      row.forEach(checkValue);
    }
    return;
  }
  const { key } = form.table;
  const name = parts.alias ?? form.target.name;
  const isTarget =
    from['type'] === 'BASE_TABLE' &&
    from['schema_name'] === form.target.schema &&
    from['table_name'] === form.target.name &&
    from['catalog_name'] === '' &&
    from['sample'] === null &&
    (from['alias'] === name || (parts.alias === undefined && from['alias'] === ''));
  if (!isTarget || hasWhere !== (parts.where !== undefined)) throw wrong();
  if (list.length !== key.length + form.columns.length) throw wrong();
  list.forEach((item, i) => {
    const isKey =
      item['class'] === 'COLUMN_REF' && String(item['column_names']) === `${name},${key[i] ?? ''}`;
    if (i < key.length ? !isKey : !isCast(item)) throw wrong();
    if (i >= key.length) checkValue(item);
  });
}

const isCast = (node: AstNode): boolean => node['class'] === 'CAST' && node['alias'] === '';

/** A value of one row: nothing that speaks of several, or makes several of one. */
function checkValue(item: AstNode): void {
  visitAst(item, (node) => {
    const kind = node['class'];
    if (kind === 'SUBQUERY') return 'skip';
    const name = kind === 'FUNCTION' ? String(node['function_name']) : '';
    if (kind === 'STAR' || kind === 'WINDOW' || MANY_ROWS.includes(name))
      throw badInputError(
        'sql.unsupported',
        'a value stands for several rows or columns',
        'Write it as a query in brackets.',
      );
    return 'enter';
  });
}
const MANY_ROWS = ['unnest', 'generate_subscripts'];

/** What a query has that is more than columns, a table and a condition. */
const EMPTY: Readonly<Record<string, unknown>> = { having: null, sample: null, qualify: null };
const LISTS = ['modifiers', 'group_expressions', 'group_sets'];

function isPlainSelect(node: AstNode): boolean {
  const ctes = (node['cte_map'] as { map?: unknown } | undefined)?.map;
  return (
    node['type'] === 'SELECT_NODE' &&
    Array.isArray(ctes) &&
    ctes.length === 0 &&
    Object.entries(EMPTY).every(([name, value]) => node[name] === value) &&
    LISTS.every((name) => Array.isArray(node[name]) && (node[name] as unknown[]).length === 0) &&
    node['aggregate_handling'] === 'STANDARD_HANDLING'
  );
}
