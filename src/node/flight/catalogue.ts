/** The tables that a principal may read, as Flight SQL tells them: those that `node.tables` lists for them. */
import type { DuckDBType } from '@duckdb/node-api';
import { Field, Null, Schema } from 'apache-arrow';
import { FractalError } from '../../base/index.ts';
import type { ForeignKey, TableInfo, TableType } from '../../flight/index.ts';
import { isAuditLog, isDerived, type ReadScope, type ReadableTable } from '../../query/index.ts';
import { TABLES, allColumns, arrowSchema, type Column, type Table } from '../../schema/index.ts';
import { arrowShape, type Store } from '../../store/index.ts';

/** Name of the engine's database: that of its file. */
export const CATALOG = 'fractal';

/** Nothing in the engine enforces it: the table has columns that are named as the key of another. */
function foreignKey(table: Table, other: Table): ForeignKey[] {
  const has = (name: string): boolean => {
    const type = other.columns.find((column) => column.name === name)?.type;
    return table.columns.some((column) => column.name === name && column.type === type);
  };
  // The table that a key is named after is the one whose own key has nothing more.
  const sameKey =
    other.key.length === table.key.length && other.key.every((name) => table.key.includes(name));
  if (other === table || sameKey || !other.key.every(has)) return [];
  return [
    {
      name: `${table.name}_${other.name}_fkey`,
      schema: other.schema,
      table: other.name,
      columns: other.key.map((name) => ({ from: name, to: name })),
    },
  ];
}

const DECIMAL = /^DECIMAL\((\d+),(\d+)\)$/;
const PRECISION: Readonly<Record<string, readonly [string, string]>> = {
  INTEGER: ['10', '0'],
  BIGINT: ['19', '0'],
  DOUBLE: ['15', '0'],
};

/** Some of a table's columns, as a principal is told of them. */
function columnsOf(table: Table, seen: ReadableTable, writable: readonly string[]): Schema {
  const { fields, metadata } = arrowSchema(table);
  const told = seen.columns.map(({ name, shown }) => {
    const at = allColumns(table).findIndex((column) => column.name === name);
    const [field, column] = [fields[at]!, allColumns(table)[at]!];
    return new Field(
      field.name,
      field.type,
      // A masked value may be none.
      field.nullable || shown !== 'plain',
      remarks(table, column, !(at < table.columns.length && writable.includes(name))),
    );
  });
  return new Schema(told, metadata);
}

/** Columns of a table that is not of the model: an external one, one that is worked out, one of the node's own. */
function columnsBeside(table: ReadableTable, types: ReadonlyMap<string, DuckDBType>): Schema {
  return new Schema(
    table.columns.map((column) => {
      const field = fieldOf(column.name, types.get(column.type)!);
      const metadata = new Map([...field.metadata, ...remarks(table, column, true)]);
      return new Field(field.name, field.type, true, metadata);
    }),
  );
}

/** One that Arrow has no type for is told without: it is in the way of nobody who does not ask for it. */
function fieldOf(name: string, type: DuckDBType): Field {
  try {
    return arrowShape([{ name, type }]).schema.fields[0]!;
  } catch (error) {
    if (!(error instanceof FractalError)) throw error;
    return new Field(name, new Null(), true);
  }
}

/** Types by their names. */
async function typesNamed(store: Store, names: readonly string[]): Promise<ReadonlyMap<string, DuckDBType>> {
  const all = [...new Set(names)];
  if (all.length === 0) return new Map();
  return await store.withConnection(async (connection) => {
    const prepared = await connection.prepare(`select ${all.map((name) => `null::${name}`).join(', ')}`);
    try {
      return new Map(all.map((name, i) => [name, prepared.columnType(i)]));
    } finally {
      prepared.destroySync();
    }
  });
}

interface Told {
  readonly schema: string;
  readonly name: string;
}

function remarks(
  table: Told,
  column: Pick<Column, 'name' | 'doc'> & { readonly type: string },
  isReadOnly: boolean,
): Map<string, string> {
  const [precision, scale] = PRECISION[column.type] ?? DECIMAL.exec(column.type)?.slice(1) ?? [];
  const told = new Map([
    ['ARROW:FLIGHT:SQL:CATALOG_NAME', CATALOG],
    ['ARROW:FLIGHT:SQL:DB_SCHEMA_NAME', table.schema],
    ['ARROW:FLIGHT:SQL:TABLE_NAME', table.name],
    ['ARROW:FLIGHT:SQL:TYPE_NAME', column.type],
    ['ARROW:FLIGHT:SQL:REMARKS', column.doc],
    ['ARROW:FLIGHT:SQL:IS_AUTO_INCREMENT', '0'],
    ['ARROW:FLIGHT:SQL:IS_CASE_SENSITIVE', column.type.startsWith('VARCHAR') ? '1' : '0'],
    ['ARROW:FLIGHT:SQL:IS_READ_ONLY', isReadOnly ? '1' : '0'],
    ['ARROW:FLIGHT:SQL:IS_SEARCHABLE', '1'],
  ]);
  if (precision !== undefined) told.set('ARROW:FLIGHT:SQL:PRECISION', precision);
  if (scale !== undefined) told.set('ARROW:FLIGHT:SQL:SCALE', scale);
  return told;
}

/** The tables that a scope shows. `writable`: columns of a table that may be given values. */
export async function tableInfos(
  store: Store,
  scope: ReadScope,
  writable: (table: Table) => readonly string[],
): Promise<TableInfo[]> {
  const seenAs = (table: Table): ReadableTable | undefined =>
    scope.tables.find((seen) => isSame(seen, table));
  /** Masked values are no keys. */
  const isPlain = (table: Table, names: readonly string[]): boolean =>
    names.every((name) =>
      seenAs(table)?.columns.some((column) => column.name === name && column.shown === 'plain'),
    );
  const ofModel = (table: Table, seen: ReadableTable): TableInfo => ({
    schema: table.schema,
    name: table.name,
    type: 'TABLE',
    columns: columnsOf(table, seen, writable(table)),
    key: isPlain(table, table.key) ? table.key : [],
    foreignKeys: TABLES.filter((other) => isPlain(other, other.key))
      .flatMap((other) => foreignKey(table, other))
      .filter(({ columns }) =>
        isPlain(
          table,
          columns.map(({ from }) => from),
        ),
      ),
  });
  const tableOf = (seen: ReadableTable): Table | undefined => TABLES.find((table) => isSame(table, seen));
  const beside = scope.tables.filter((seen) => tableOf(seen) === undefined);
  const types = await typesNamed(
    store,
    beside.flatMap((seen) => seen.columns.map((column) => column.type)),
  );
  return scope.tables.map((seen) => {
    const table = tableOf(seen);
    if (table !== undefined) return ofModel(table, seen);
    const { schema, name } = seen;
    const columns = columnsBeside(seen, types);
    return { schema, name, type: typeOf(seen), columns, key: [], foreignKeys: [] };
  });
}

const typeOf = (seen: ReadableTable): TableType =>
  isDerived(seen) ? 'VIEW' : seen.schema === 'node' || isAuditLog(seen) ? 'SYSTEM TABLE' : 'TABLE';

const isSame = (a: Told, b: Told): boolean => a.schema === b.schema && a.name === b.name;
