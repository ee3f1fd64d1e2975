/**
 * Rows that a statement of somebody found, on their way into a table: by the rules of the table's class (C1–C9) and as
 * far as the writer's rights go. What a statement reads, it reads over views that show what its reader may see; what
 * is compared with the table itself here must not tell of the rest (rule W3).
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { FractalError, badInputError, unavailableError, type Limits } from '../base/index.ts';
import { qualifiedName, type Column, type Table } from '../schema/index.ts';
import { execute, interruptible, readRows, type Parameters } from './duckdb.ts';
import {
  checkKeys,
  isRewritten,
  legalMoves,
  putStaged,
  refuse,
  remove,
  type OnChange,
  type Stamp,
} from './put.ts';
import { Stage } from './stage.ts';
import { isBeyond, newRows, refused, type WriteRights, type WriteRule } from './rights.ts';

/** A query over the views of a reader. */
export interface ViewQuery {
  /** The catalogue of the views. */
  readonly catalogue: string;
  readonly sql: string;
  readonly params: Parameters;
}

export type Change =
  | {
      readonly kind: 'insert';
      /** Answers a value for each of `columns`, in their order. */
      readonly source: ViewQuery;
      readonly columns: readonly string[];
      readonly rights: WriteRights;
    }
  | {
      readonly kind: 'update';
      /** Answers the key of each row, then a value for each of `columns`. */
      readonly source: ViewQuery;
      readonly columns: readonly string[];
      readonly rule: WriteRule;
    }
  | {
      readonly kind: 'delete';
      /** Answers the key of each row. */
      readonly source: ViewQuery;
      readonly rule: WriteRule;
    };

export interface ChangeContext {
  readonly connection: DuckDBConnection;
  /** Moves the connection to a catalogue; to the data when none is named. */
  readonly stand: (catalogue?: string) => Promise<void>;
  readonly stamp: Stamp;
  readonly limits: Limits;
  readonly signal: AbortSignal;
  readonly onChange?: OnChange | undefined;
}

export interface ChangeCounts {
  /** Rows of the statement: new ones of an insert, those found of an update or a delete. */
  readonly rows: number;
  /** Rows that are not what they were. */
  readonly written: number;
}

/** Types of what was found, by place. */
type Types = readonly string[];

/** What a statement found: its columns are `c0`, `c1`, … */
const FOUND = 'temp.main.sql_found';

export async function change(context: ChangeContext, table: Table, what: Change): Promise<ChangeCounts> {
  const columns = what.kind === 'delete' ? [] : what.columns;
  const keys = what.kind === 'insert' ? 0 : table.key.length;
  const types = await find(context, what.source, keys + columns.length, keys);
  try {
    switch (what.kind) {
      case 'insert':
        return await insertFound(context, table, what, types);
      case 'update':
        return await updateFound(context, table, what, types);
      case 'delete':
        return await deleteFound(context, table, what);
    }
  } finally {
    // After an error the transaction is rolled back, and the table with it.
    await context.connection.run(`drop table if exists ${FOUND}`).catch(() => undefined);
  }
}

/** Runs the query where it may run, and keeps what it found. */
async function find(
  { connection, stand, limits, signal }: ChangeContext,
  { catalogue, sql, params }: ViewQuery,
  width: number,
  keys: number,
): Promise<Types> {
  const names = Array.from({ length: width }, (_, i) => `c${i}`).join(', ');
  await stand(catalogue);
  try {
    await interruptible(connection, signal, () =>
      execute(
        connection,
        `create or replace temp table sql_found as select * from (${sql}) as q(${names}) limit ${limits.sql_write_rows + 1}`,
        params,
      ),
    );
  } catch (error) {
    const [, fewer] = error instanceof FractalError ? (TOO_FEW.exec(error.message) ?? []) : [];
    throw fewer === undefined ? error : misfit(Number(fewer) - keys, width - keys);
  } finally {
    // In a transaction that an error has ended this fails; the pool knows where the connection stands.
    await stand().catch(() => undefined);
  }
  const types = await readRows<{ column_type: string }>(connection, `describe ${FOUND}`);
  if (types.length !== width) throw misfit(types.length - keys, width - keys);
  const [count] = await readRows<{ n: bigint }>(connection, `select count(*) as n from ${FOUND}`);
  if (count !== undefined && count.n > BigInt(limits.sql_write_rows))
    throw unavailableError(
      'sql.write_rows',
      `the statement writes more than ${limits.sql_write_rows} rows`,
      'Write them in several parts, or raise sql_write_rows in fractal.json.',
    );
  return types.map((one) => one.column_type);
}

/** How the engine says that a query answers fewer columns than it should. */
const TOO_FEW = /has (\d+) columns available but \d+ columns specified/;

const misfit = (values: number, columns: number): FractalError =>
  badInputError(
    'sql.columns',
    `there are ${values} values for ${columns} columns`,
    'Give as many values as there are columns.',
  );

/** A value as its column takes it: SQL's own assignment, times with a zone as UTC. */
function assigned(column: Column, value: string, type: string): string {
  return column.type === 'TIMESTAMP' && type === 'TIMESTAMP WITH TIME ZONE'
    ? `make_timestamp(epoch_us(${value}))`
    : `try_cast(${value} as ${column.type})`;
}

/** The values as their columns take them. Throws `row.type` and `row.missing` by the name of the column. */
async function takeValues(
  connection: DuckDBConnection,
  table: Table,
  columns: readonly string[],
  types: Types,
  found = FOUND,
): Promise<ReadonlyMap<string, string>> {
  const first = types.length - columns.length;
  const values = new Map<string, string>();
  const checks = columns.flatMap((name, i) => {
    const column = table.columns.find((one) => one.name === name);
    const from = `c${first + i}`;
    const type = types[first + i];
    if (column === undefined || type === undefined) return [];
    const value = assigned(column, from, type);
    values.set(name, value);
    const lost = { column, missing: false, sql: `${from} is not null and ${value} is null` };
    return column.nullable ? [lost] : [lost, { column, missing: true, sql: `${from} is null` }];
  });
  if (checks.length === 0) return values;
  const sums = checks.map(({ sql }, i) => `count(*) filter (where ${sql}) as n${i}`);
  const [row] = await readRows<Record<string, bigint>>(connection, `select ${sums.join(', ')} from ${found}`);
  checks.forEach(({ column: { name, type }, missing }, i) => {
    const count = row?.[`n${i}`] ?? 0n;
    if (count === 0n) return;
    const what = missing ? `no value for ${name}` : `a value that is not ${type} for ${name}`;
    throw badInputError(
      missing ? 'row.missing' : 'row.type',
      `${count} ${count === 1n ? 'row' : 'rows'} for ${qualifiedName(table)} would have ${what}`,
      'Correct the statement; nothing was written.',
    );
  });
  return values;
}

const list = (names: readonly string[], prefix = ''): string => names.map((name) => prefix + name).join(', ');
const same = (table: Table, left: string, right: string): string =>
  table.key.map((name) => `${left}.${name} = ${right}.${name}`).join(' and ');
/** What a row says, without what is worked out of it. */
const content = (table: Table): string[] =>
  table.columns.filter((column) => column.derived !== true).map((column) => column.name);

async function insertFound(
  { connection, stamp, limits, onChange }: ChangeContext,
  table: Table,
  { columns, rights }: Extract<Change, { kind: 'insert' }>,
  types: Types,
): Promise<ChangeCounts> {
  const values = await takeValues(connection, table, columns, types);
  for (const column of table.columns)
    if (!column.nullable && !values.has(column.name))
      throw badInputError(
        'row.missing',
        `${qualifiedName(table)} needs column ${column.name}`,
        `It is ${column.doc}.`,
      );
  const stage = await Stage.open(connection, table, 'stage_sql', limits);
  const row = table.columns.map(({ name, type }) => values.get(name) ?? `null::${type}`);
  await execute(connection, `insert into ${stage.name} select ${row.join(', ')} from ${FOUND}`);
  await checkKeys(connection, stage);
  const own = newRows(stage, stamp);
  if (await isBeyond(connection, own, rights.insert.where))
    throw refused(table, 'a row', rights.insert.rules);
  await refuseTaken(connection, stage, rights, own);
  const counts = await putStaged(connection, stage, stamp, onChange);
  await stage.drop();
  return { rows: counts.added + counts.updated, written: counts.added + counts.updated };
}

/**
 * A key that is there is taken, unless its row is the same and the writer sees it whole, or it was removed and they
 * may change it. All else is answered in the same words: what a hidden row holds makes no difference.
 */
async function refuseTaken(
  connection: DuckDBConnection,
  stage: Stage,
  { update, seen }: WriteRights,
  own: ReturnType<typeof newRows>,
): Promise<void> {
  const { table, name } = stage;
  const names = content(table);
  const equal = `(${list(names, 't.')}) is not distinct from (${list(names, 's.')})`;
  const isWhole = update !== undefined && names.every((column) => update.columns.includes(column));
  const may = (where: string | undefined): string => (where === undefined ? 'true' : `(${where}) is true`);
  const after = `(${list(table.key, 's.')}) in (select ${list(table.key, 't.')} from ${own.from} where ${may(update?.where)})`;
  const returns = [
    `t.deleted and ${may(update?.where)} and ${after}`,
    ...(isRewritten(table) ? [] : [equal]),
    ...(table.states === undefined
      ? []
      : [`(t.${table.states.column}, s.${table.states.column}) in (${legalMoves(table.states)})`]),
  ].join(' and ');
  const free = [
    ...(seen === undefined ? [] : [`(not t.deleted and (${seen}) is true and ${equal})`]),
    ...(isWhole ? [`(${returns})`] : []),
  ];
  await refuse(
    connection,
    `select ${list(table.key, 's.')} from ${name} s join ${qualifiedName(table)} t on ${same(table, 't', 's')}
       where ${free.length === 0 ? 'true' : `not (${free.join(' or ')})`}`,
    table,
    'row.conflict',
    'the key is taken',
    'Give the row a key of its own, or change the row that is there with UPDATE.',
    isWhole ? own.params : [],
  );
}

async function updateFound(
  { connection, stamp, limits, onChange }: ChangeContext,
  table: Table,
  { columns, rule }: Extract<Change, { kind: 'update' }>,
  types: Types,
): Promise<ChangeCounts> {
  const found = `${FOUND} f ${foundOf(table)}`;
  const values = await takeValues(connection, table, columns, types, found);
  const stage = await Stage.open(connection, table, 'stage_sql', limits);
  const set = [...values].map(([name, value]) => ({ name, value }));
  const differs = `(${set.map(({ name }) => `t.${name}`).join(', ')}) is distinct from (${set.map(({ value }) => value).join(', ')})`;
  // What is worked out of a row says nothing about the row that takes its place.
  const row = table.columns.map(
    ({ name, derived, type }) =>
      values.get(name) ??
      (derived === true && isRewritten(table)
        ? `case when ${differs} then null::${type} else t.${name} end`
        : `t.${name}`),
  );
  await execute(connection, `insert into ${stage.name} select ${row.join(', ')} from ${found}`);
  await checkKeys(connection, stage);
  const before = {
    from: `(select t.* from ${qualifiedName(table)} t join ${stage.name} s on ${same(table, 't', 's')}) t`,
    params: [],
  };
  if (
    (await isBeyond(connection, before, rule.where)) ||
    (await isBeyond(connection, newRows(stage, stamp), rule.where))
  )
    throw refused(table, 'the change of a row', rule.rules);
  const { updated, unchanged } = await putStaged(connection, stage, stamp, onChange);
  await stage.drop();
  return { rows: updated + unchanged, written: updated };
}

async function deleteFound(
  { connection, stamp, onChange }: ChangeContext,
  table: Table,
  { rule }: Extract<Change, { kind: 'delete' }>,
): Promise<ChangeCounts> {
  const before = { from: `(select t.* from ${FOUND} f ${foundOf(table)}) t`, params: [] };
  if (await isBeyond(connection, before, rule.where))
    throw refused(table, 'the removal of a row', rule.rules);
  await onChange?.(table, `from ${FOUND} f ${foundOf(table)}`);
  const keys = list(table.key.map((_, i) => `c${i}`));
  const rows = await remove(
    connection,
    table,
    `(${list(table.key)}) in (select ${keys === 'c0' ? keys : `(${keys})`} from ${FOUND})`,
    [],
    stamp,
  );
  return { rows, written: rows };
}

/** The rows `t` that are found; a tombstone is no row. */
const foundOf = (table: Table): string =>
  `join ${qualifiedName(table)} t on not t.deleted and ${table.key.map((name, i) => `t.${name} = f.c${i}`).join(' and ')}`;
