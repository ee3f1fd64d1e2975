/** Catalogue commands of Flight SQL: exact columns, types and nullability, or drivers fail. */
import { Binary, Int32, Uint8, Utf8 } from 'apache-arrow';
import {
  TABLE_TYPES,
  schemaBytes,
  type FlightBackend,
  type ForeignKey,
  type TableInfo,
} from '../../flight/index.ts';
import type { ArrowMessages } from '../../store/index.ts';
import { like } from './like.ts';
import { column, smallTable } from './small-table.ts';

const text = new Utf8();
/** `NO_ACTION` of UpdateDeleteRules: the engine enforces nothing. */
const NO_ACTION = 3;

export interface SchemaFilter {
  readonly catalog: string | undefined;
  readonly dbSchemaFilterPattern: string | undefined;
}

export interface TableFilter extends SchemaFilter {
  readonly tableNameFilterPattern: string | undefined;
  readonly tableTypes: readonly string[];
  readonly includeSchema: boolean;
}

export interface TableName {
  readonly catalog: string | undefined;
  readonly dbSchema: string | undefined;
  readonly table: string;
}

export function catalogs(backend: FlightBackend): ArrowMessages {
  return smallTable([column('catalog_name', text)], [{ catalog_name: backend.catalog }]);
}

export async function schemas(
  backend: FlightBackend,
  principal: string,
  filter: SchemaFilter,
): Promise<ArrowMessages> {
  const matches = like(filter.dbSchemaFilterPattern);
  const names = [...new Set((await backend.tables(principal)).map((table) => table.schema))]
    .filter((name) => inCatalog(backend, filter.catalog) && matches(name))
    .sort();
  return smallTable(
    [column('catalog_name', text, true), column('db_schema_name', text)],
    names.map((name) => ({ catalog_name: backend.catalog, db_schema_name: name })),
  );
}

export async function tables(
  backend: FlightBackend,
  principal: string,
  filter: TableFilter,
): Promise<ArrowMessages> {
  const schema = like(filter.dbSchemaFilterPattern);
  const name = like(filter.tableNameFilterPattern);
  const isWanted = (table: TableInfo): boolean =>
    filter.tableTypes.length === 0 || filter.tableTypes.includes(table.type);
  const found = (await backend.tables(principal)).filter(
    (table) =>
      isWanted(table) && inCatalog(backend, filter.catalog) && schema(table.schema) && name(table.name),
  );
  return smallTable(
    [
      column('catalog_name', text, true),
      column('db_schema_name', text, true),
      column('table_name', text),
      column('table_type', text),
      ...(filter.includeSchema ? [column('table_schema', new Binary())] : []),
    ],
    sorted(found).map((table) => ({
      catalog_name: backend.catalog,
      db_schema_name: table.schema,
      table_name: table.name,
      table_type: table.type,
      table_schema: schemaBytes(table.columns),
    })),
  );
}

export function tableTypes(): ArrowMessages {
  return smallTable(
    [column('table_type', text)],
    TABLE_TYPES.map((type) => ({ table_type: type })),
  );
}

export async function primaryKeys(
  backend: FlightBackend,
  principal: string,
  wanted: TableName,
): Promise<ArrowMessages> {
  return smallTable(
    [
      column('catalog_name', text, true),
      column('db_schema_name', text, true),
      column('table_name', text),
      column('column_name', text),
      column('key_name', text, true),
      column('key_sequence', new Int32()),
    ],
    sorted(await backend.tables(principal))
      .filter((table) => isNamed(backend, table, wanted))
      .flatMap((table) =>
        table.key.map((name, i) => ({
          catalog_name: backend.catalog,
          db_schema_name: table.schema,
          table_name: table.name,
          column_name: name,
          key_name: keyName(table.name),
          key_sequence: i + 1,
        })),
      ),
  );
}

/** Foreign keys from and to the tables named; undefined: any table. */
export async function foreignKeys(
  backend: FlightBackend,
  principal: string,
  from: TableName | undefined,
  to: TableName | undefined,
): Promise<ArrowMessages> {
  const rows = sorted(await backend.tables(principal)).flatMap((table) =>
    table.foreignKeys
      .filter(() => from === undefined || isNamed(backend, table, from))
      .filter((key) => to === undefined || isNamed(backend, { schema: key.schema, name: key.table }, to))
      .flatMap((key) => keyRows(backend, table, key)),
  );
  return smallTable(
    [
      column('pk_catalog_name', text, true),
      column('pk_db_schema_name', text, true),
      column('pk_table_name', text),
      column('pk_column_name', text),
      column('fk_catalog_name', text, true),
      column('fk_db_schema_name', text, true),
      column('fk_table_name', text),
      column('fk_column_name', text),
      column('key_sequence', new Int32()),
      column('fk_key_name', text, true),
      column('pk_key_name', text, true),
      column('update_rule', new Uint8()),
      column('delete_rule', new Uint8()),
    ],
    rows,
  );
}

function keyRows(backend: FlightBackend, table: TableInfo, key: ForeignKey): Record<string, unknown>[] {
  return key.columns.map(({ from, to }, i) => ({
    pk_catalog_name: backend.catalog,
    pk_db_schema_name: key.schema,
    pk_table_name: key.table,
    pk_column_name: to,
    fk_catalog_name: backend.catalog,
    fk_db_schema_name: table.schema,
    fk_table_name: table.name,
    fk_column_name: from,
    key_sequence: i + 1,
    fk_key_name: key.name,
    pk_key_name: keyName(key.table),
    update_rule: NO_ACTION,
    delete_rule: NO_ACTION,
  }));
}

const keyName = (table: string): string => `${table}_pkey`;

const inCatalog = (backend: FlightBackend, wanted: string | undefined): boolean =>
  wanted === undefined || wanted === backend.catalog;

function isNamed(
  backend: FlightBackend,
  table: { schema: string; name: string },
  wanted: TableName,
): boolean {
  return (
    inCatalog(backend, wanted.catalog) &&
    (wanted.dbSchema === undefined || wanted.dbSchema === table.schema) &&
    wanted.table === table.name
  );
}

function sorted(found: readonly TableInfo[]): TableInfo[] {
  const order = (table: TableInfo): string => `${table.schema}\0${table.name}`;
  return [...found].sort((a, b) => (order(a) < order(b) ? -1 : 1));
}
