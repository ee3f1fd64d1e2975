/**
 * A table as data: what DuckDB, Arrow, sync, policy and the documentation need to know about it, said once.
 */

/** Column types, by their DuckDB name. Timestamps are UTC with microseconds; dates have no zone. */
export type ColumnType =
  | 'VARCHAR'
  | 'VARCHAR[]'
  | 'BOOLEAN'
  | 'INTEGER'
  | 'BIGINT'
  | 'DOUBLE'
  | 'DECIMAL(18,2)'
  | 'DATE'
  | 'TIMESTAMP';

/** What kind of personal data a column holds. Policy masks it, sealing encrypts it per person. */
export type PersonalData = 'name' | 'contact' | 'identifier' | 'health' | 'narrative';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly doc: string;
  readonly personal?: PersonalData;
  /** Worked out from the other columns: it may be worked out better later, and that rewrites no row. */
  readonly derived?: true;
}

/**
 * How rows may change, and so how two nodes settle a difference.
 * - `append-only`: new versions only; a row may be closed (its end date set), never rewritten
 * - `write-once`: the same key with the same content is accepted again, different content is refused
 * - `mutable`: last writer wins per field, history kept
 * - `state-machine`: `status` moves along declared transitions only
 * - `audit`: hash-chained, never changed
 */
export type TableClass = 'append-only' | 'write-once' | 'mutable' | 'state-machine' | 'audit';

export interface StateMachine {
  readonly column: string;
  readonly initial: readonly string[];
  readonly transitions: Readonly<Record<string, readonly string[]>>;
}

/** Where the four parts of a row's partition key come from: a column, or nothing. The category is the table's own. */
export interface PartitionRule {
  readonly region?: string;
  readonly site?: string;
  readonly category: string;
  /** A DATE or TIMESTAMP column; the period is its month, `YYYY-MM`. */
  readonly period?: string;
}

export interface Table {
  readonly schema: 'law' | 'esh' | 'ai';
  readonly name: string;
  readonly class: TableClass;
  readonly doc: string;
  readonly key: readonly string[];
  readonly partition: PartitionRule;
  readonly columns: readonly Column[];
  readonly states?: StateMachine;
}

/** Columns that every table has besides its own; written by the store, never by callers. */
export const SYSTEM_COLUMNS: readonly Column[] = [
  { name: 'node_id', type: 'VARCHAR', nullable: false, doc: 'node where the row was last written' },
  {
    name: 'hlc',
    type: 'BIGINT',
    nullable: false,
    doc: 'hybrid logical clock of that write: 48 bits of milliseconds, 16 of counter',
  },
  {
    name: 'commit_version',
    type: 'BIGINT',
    nullable: false,
    doc: 'commit on this node that last wrote the row',
  },
  {
    name: 'deleted',
    type: 'BOOLEAN',
    nullable: false,
    doc: 'tombstone: the row is gone but the change feed still tells of it',
  },
];

interface ColumnOptions {
  readonly null?: boolean;
  readonly personal?: PersonalData;
  readonly derived?: true;
}
type ColumnSpec = Omit<Column, 'name'>;

const of =
  (type: ColumnType) =>
  (doc: string, options: ColumnOptions = {}): ColumnSpec => ({
    type,
    nullable: options.null ?? false,
    doc,
    ...(options.personal === undefined ? {} : { personal: options.personal }),
    ...(options.derived === undefined ? {} : { derived: options.derived }),
  });

/** Column makers: `c.text('what it means', { null: true })`. */
export const c = {
  text: of('VARCHAR'),
  list: of('VARCHAR[]'),
  flag: of('BOOLEAN'),
  int: of('INTEGER'),
  bigint: of('BIGINT'),
  number: of('DOUBLE'),
  money: of('DECIMAL(18,2)'),
  date: of('DATE'),
  time: of('TIMESTAMP'),
};

export function defineTable(
  table: Omit<Table, 'columns'> & { readonly columns: Readonly<Record<string, ColumnSpec>> },
): Table {
  return { ...table, columns: Object.entries(table.columns).map(([name, spec]) => ({ name, ...spec })) };
}

/** `law.sections` */
export function qualifiedName(table: Table): string {
  return `${table.schema}.${table.name}`;
}

export function allColumns(table: Table): readonly Column[] {
  return [...table.columns, ...SYSTEM_COLUMNS];
}

/** The table's CREATE statement. Migrations hold frozen copies of it; a test compares the two. */
export function createStatement(table: Table): string {
  const columns = allColumns(table).map(
    (column) => `  ${column.name} ${column.type}${column.nullable ? '' : ' NOT NULL'}`,
  );
  return `CREATE TABLE ${qualifiedName(table)} (\n${columns.join(',\n')}\n)`;
}
