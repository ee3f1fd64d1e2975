/** A scope as statements that make its catalogue: a view per table, and the two tables that describe them. */
import type { ReadScope, ReadableTable } from '../ports.ts';
import { isOf } from './bind.ts';
import { domainStatements, isDerived, type DomainScope } from './domain.ts';
import { EXTERNAL_SCHEMA } from './guard.ts';
import { isAuditLog } from './audit-table.ts';

const name = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** What a view selects; `t` is the table. `from` names where the data lie, with a dot behind it. */
export function viewQuery(table: ReadableTable, from: string): string {
  const columns = table.columns.map((column) =>
    column.sql === `t.${name(column.name)}` ? column.sql : `${column.sql} as ${name(column.name)}`,
  );
  const where = table.where === undefined ? '' : ` where ${table.where}`;
  return `select ${columns.join(', ')} from ${from}${name(table.schema)}.${name(table.name)} as t${where}`;
}

export function viewStatements(scope: DomainScope, catalogue: string, data: string): string[] {
  // External tables and the audit log lie elsewhere: what a statement reads of one is put beside the views when it runs.
  const stored = scope.tables.filter(
    (table) => table.schema !== EXTERNAL_SCHEMA && !isAuditLog(table) && !isDerived(table),
  );
  const schemas = [...new Set(['node', 'duckdb', 'lance', ...stored.map((table) => table.schema)])];
  return [
    ...schemas.map((schema) => `create schema ${catalogue}.${name(schema)}`),
    ...stored.flatMap((table) => {
      const view = `${catalogue}.${name(table.schema)}.${name(table.name)}`;
      return [
        `create view ${view} as ${viewQuery(table, `${data}.`)}`,
        ...['duckdb', 'lance']
          .filter((engine) => isOf(table, engine))
          .map((engine) => `create view ${catalogue}.${engine}.${name(table.name)} as from ${view}`),
      ];
    }),
    ...domainStatements(scope, catalogue, data),
    ...scope.tables
      .filter(isDerived)
      .map(
        (table) =>
          `create view ${catalogue}.duckdb.${name(table.name)} as from ${catalogue}.${name(table.schema)}.${name(table.name)}`,
      ),
    ...describing(scope, catalogue),
  ];
}

function describing(scope: ReadScope, catalogue: string): string[] {
  const columns = scope.tables.flatMap((table) =>
    table.columns.map((column) => [
      table.schema,
      table.name,
      column.name,
      column.type,
      column.shown,
      column.doc,
    ]),
  );
  return [
    table(
      `${catalogue}.node.tables`,
      ['schema_name', 'table_name', 'doc'],
      scope.tables.map((one) => [one.schema, one.name, one.doc]),
    ),
    table(
      `${catalogue}.node.columns`,
      ['schema_name', 'table_name', 'column_name', 'data_type', 'shown', 'doc'],
      columns,
    ),
  ];
}

function table(target: string, columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const empty = `select ${columns.map((column) => `null::varchar as ${column}`).join(', ')} where false`;
  if (rows.length === 0) return `create table ${target} as ${empty}`;
  const values = rows.map((row) => `(${row.map(literal).join(', ')})`);
  return `create table ${target} as from (values ${values.join(', ')}) t(${columns.join(', ')})`;
}
