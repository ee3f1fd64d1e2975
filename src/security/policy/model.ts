/** The tables that a policy speaks about: the ESH model, and of the node's own tables those that are no secret. */
import { NODE_TABLES, TABLES, allColumns, type ColumnType, type PersonalData } from '../../schema/index.ts';

export interface ModelColumn {
  readonly name: string;
  /** DuckDB type; of the node's tables not all are types of the model. */
  readonly type: ColumnType | (string & {});
  readonly doc: string;
  readonly personal: PersonalData | undefined;
}

export interface ModelTable {
  readonly schema: string;
  readonly name: string;
  readonly doc: string;
  readonly columns: readonly ModelColumn[];
  /** Column with the region that a row belongs to. */
  readonly region: string | undefined;
}

/** Never read by SQL, whatever a policy says. */
const SECRET_TABLES = ['credentials'];

const CREATE = /^CREATE TABLE node\.(\w+) \(\n([\s\S]*)\n\)$/;

function nodeTable(statement: string): ModelTable | undefined {
  const [, name = '', body = ''] = CREATE.exec(statement) ?? [];
  if (name === '' || SECRET_TABLES.includes(name)) return undefined;
  const columns = body.split(',\n').map((line) => {
    const [, column = '', type = ''] = /^ *(\w+) (\S+)/.exec(line) ?? [];
    return { name: column, type, doc: '', personal: undefined };
  });
  return { schema: 'node', name, doc: "the node's own bookkeeping", columns, region: undefined };
}

export const MODEL: readonly ModelTable[] = [
  ...TABLES.map((table) => ({
    schema: table.schema,
    name: table.name,
    doc: table.doc,
    columns: allColumns(table).map(({ name, type, doc, personal }) => ({ name, type, doc, personal })),
    region: table.partition.region,
  })),
  ...NODE_TABLES.map(nodeTable).filter((table) => table !== undefined),
];

/** Schema of files that SQL reads as tables: which there are is for administrators to say while the node runs. */
const EXTERNAL = 'ext';

export interface ExternalColumns {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

export function externalTable({ name, columns }: ExternalColumns): ModelTable {
  return {
    schema: EXTERNAL,
    name,
    doc: 'files outside the node',
    columns: columns.map((column) => ({ ...column, doc: '', personal: undefined })),
    region: undefined,
  };
}

/** Whether a pattern speaks of external tables alone, there or not there yet. */
export const isExternalPattern = (pattern: string): boolean => /^ext\.(?:\*|[a-z][a-z0-9_]*)$/.test(pattern);

export const tableName = (table: ModelTable): string => `${table.schema}.${table.name}`;

/** Whether a pattern (`esh.sites`, `esh.*`, `*`) covers a table. */
export function covers(pattern: string, table: ModelTable): boolean {
  return pattern === '*' || pattern === `${table.schema}.*` || pattern === tableName(table);
}
