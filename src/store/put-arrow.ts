/** Arrow streams from outside into tables of the model, by the rules of their class (rules C1–C7). */
import type { DuckDBConnection } from '@duckdb/node-api';
import { badInputError, type Limits } from '../base/index.ts';
import { qualifiedName, type Table } from '../schema/index.ts';
import { execute, readRows } from './duckdb.ts';
import { putStaged, touchedRows, type OnChange, type PutCounts, type Stamp } from './put.ts';
import { isBeyond, newRows, refused, type WriteRights } from './rights.ts';
import { Stage } from './stage.ts';
import { dropStage, stageArrow, type Staged } from './staging.ts';

/** Whether a stream could be put: its columns, its types, its required values. Gives the number of rows. */
export async function checkArrow(
  connection: DuckDBConnection,
  table: Table,
  ipc: AsyncIterable<Uint8Array>,
  { rights, limits, signal }: Omit<PutArrowOptions, 'stamp' | 'onChange'>,
): Promise<number> {
  const staged = await stageArrow(connection, ipc, { rowsMax: limits.flight_ingest_rows, signal });
  try {
    await checkValues(connection, table, staged, matchColumns(table, staged, rights.insert.columns));
    return staged.rows;
  } finally {
    await dropStage(connection, staged);
  }
}

export interface PutArrowOptions {
  readonly rights: WriteRights;
  readonly stamp: Stamp;
  readonly limits: Limits;
  readonly signal: AbortSignal;
  readonly onChange?: OnChange | undefined;
}

/** Columns are matched by name. Throws `policy.denied` when a row or a change is beyond the rights. */
export async function putArrow(
  connection: DuckDBConnection,
  table: Table,
  ipc: AsyncIterable<Uint8Array>,
  { rights, stamp, limits, signal, onChange }: PutArrowOptions,
): Promise<PutCounts> {
  const staged = await stageArrow(connection, ipc, { rowsMax: limits.flight_ingest_rows, signal });
  const sources = matchColumns(table, staged, rights.insert.columns);
  await checkValues(connection, table, staged, sources);
  const stage = await Stage.open(connection, table, 'stage_upload', limits);
  const values = table.columns.map(({ name, type }) => {
    const source = sources.get(name);
    return source === undefined ? `null::${type}` : castTo(type, source);
  });
  await execute(connection, `insert into ${stage.name} select ${values.join(', ')} from ${staged.table}`);
  await dropStage(connection, staged);
  await checkRights(connection, stage, rights, stamp);
  const counts = await putStaged(connection, stage, stamp, onChange);
  await stage.drop();
  return counts;
}

/**
 * Every row meets the rule for new rows; what changes a row also meets the rule for changes, before and after. Without
 * this, a row of one's own under the key of another's would take that one's place.
 */
async function checkRights(
  connection: DuckDBConnection,
  stage: Stage,
  { insert, update, seen }: WriteRights,
  stamp: Stamp,
): Promise<void> {
  const { table } = stage;
  const own = newRows(stage, stamp);
  if (await isBeyond(connection, own, insert.where)) throw refused(table, 'a row', insert.rules);
  // A column that may not be written would lose what it holds.
  const all = update !== undefined && table.columns.every((column) => update.columns.includes(column.name));
  if (all && update.where === undefined) return;
  // Of a row that is hidden it must not be told whether it is the same.
  const changed = touchedRows(stage, seen);
  const [found] = await readRows(connection, `select 1 as found ${changed} limit 1`);
  if (found === undefined) return;
  const keys = table.key.map((key) => `t.${key} = c.${key}`).join(' and ');
  const changing = `(select ${table.key.map((key) => `t.${key}`).join(', ')} ${changed}) c`;
  if (
    !all ||
    (await isBeyond(connection, { from: `(select t.* ${changed}) t`, params: [] }, update.where)) ||
    (await isBeyond(
      connection,
      { ...own, from: `(select t.* from ${own.from} join ${changing} on ${keys}) t` },
      update.where,
    ))
  )
    throw refused(table, 'the change of a row that is there', update?.rules ?? []);
}

type Sources = ReadonlyMap<string, Staged['columns'][number]>;

/** A column that may not be written is refused in the same words as one that is not there. */
function matchColumns(table: Table, staged: Staged, writable: readonly string[]): Sources {
  const known = table.columns.map((column) => column.name).filter((column) => writable.includes(column));
  const name = qualifiedName(table);
  const sources = new Map<string, Staged['columns'][number]>();
  for (const column of staged.columns) {
    if (!known.includes(column.name) || sources.has(column.name))
      throw badInputError(
        'row.column',
        sources.has(column.name)
          ? `column ${column.name} comes twice`
          : `${name} has no column ${JSON.stringify(column.name)} that can be written`,
        `Its columns are ${known.join(', ')}.`,
      );
    sources.set(column.name, column);
  }
  for (const column of table.columns)
    if (!column.nullable && !sources.has(column.name))
      throw badInputError('row.missing', `${name} needs column ${column.name}`, `It is ${column.doc}.`);
  return sources;
}

/** Times with a zone are kept as UTC; SQL's own cast would go by the zone of the session. */
function castTo(type: string, source: Staged['columns'][number]): string {
  return type === 'TIMESTAMP' && source.type === 'TIMESTAMPTZ'
    ? `make_timestamp(epoch_us(${source.column}))`
    : `cast(${source.column} as ${type})`;
}

/** Required values are there, and no value is changed by its cast to the column's type. */
async function checkValues(
  connection: DuckDBConnection,
  table: Table,
  staged: Staged,
  sources: Sources,
): Promise<void> {
  const checks = table.columns.flatMap(({ name, type, nullable }) => {
    const source = sources.get(name);
    if (source === undefined) return [];
    const { column } = source;
    const changed = `${column} is not null and (try_cast(${column} as ${type}) is null or cast(try_cast(${column} as ${type}) as ${source.type}) is distinct from ${column})`;
    return [
      ...(nullable ? [] : [{ name, type, missing: true, sql: `${column} is null` }]),
      ...(source.type === type || source.type === 'TIMESTAMPTZ'
        ? []
        : [{ name, type, missing: false, sql: changed }]),
    ];
  });
  if (checks.length === 0) return;
  const sums = checks.map(({ sql }, i) => `count(*) filter (where ${sql}) as n${i}`);
  const [row] = await readRows<Record<string, bigint>>(
    connection,
    `select ${sums.join(', ')} from ${staged.table}`,
  );
  checks.forEach(({ name, type, missing }, i) => {
    const count = row?.[`n${i}`] ?? 0n;
    if (count === 0n) return;
    throw badInputError(
      missing ? 'row.missing' : 'row.type',
      `${count} rows for ${qualifiedName(table)} have ${missing ? 'no value for' : 'a value that is not'} ${missing ? name : `${type} for ${name}`}`,
      'Correct the rows; nothing was written.',
    );
  });
}
