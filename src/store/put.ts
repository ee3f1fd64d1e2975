/**
 * Writing rows by the class of their table (rules C1–C7). One statement per step, over a staging table: the work is
 * done by the engine, never row by row here.
 */
import { DuckDBDataChunk, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api';
import { badInputError, type Limits } from '../base/index.ts';
import { allColumns, qualifiedName, type Table } from '../schema/index.ts';
import { execute, readRows } from './duckdb.ts';
import { toDuckValue, type Row } from './values.ts';

export interface Stamp {
  readonly nodeId: string;
  readonly hlc: bigint;
  readonly commitVersion: bigint;
}

export interface PutCounts {
  readonly added: number;
  readonly updated: number;
  readonly unchanged: number;
}

/** At most this many keys are named in a conflict. */
const KEYS_SHOWN = 3;

const list = (names: readonly string[], prefix = ''): string => names.map((name) => prefix + name).join(', ');
const sameKey = (table: Table): string => table.key.map((name) => `t.${name} = s.${name}`).join(' and ');

/** Appends rows with their stamp to `target` (a table with the columns of `table`). */
async function append(
  connection: DuckDBConnection,
  table: Table,
  target: { schema: string | undefined; name: string },
  rows: readonly Row[],
  stamp: Stamp,
  limits: Limits,
): Promise<void> {
  const name = qualifiedName(table);
  const known = new Set(table.columns.map((column) => column.name));
  for (const row of rows)
    for (const column in row)
      if (!known.has(column))
        throw badInputError(
          'row.column',
          `${name} has no column ${column}`,
          `Its columns are ${[...known].join(', ')}.`,
        );

  const appender = await connection.createAppender(target.name, target.schema ?? null);
  const types = allColumns(table).map((_, i) => appender.columnType(i));
  const system: DuckDBValue[] = [stamp.nodeId, stamp.hlc, stamp.commitVersion, false];
  try {
    for (let start = 0; start < rows.length; start += limits.append_rows) {
      const part = rows.slice(start, start + limits.append_rows);
      const chunk = DuckDBDataChunk.create(types, part.length);
      table.columns.forEach((column, i) => {
        chunk.setColumnValues(
          i,
          part.map((row, r) => toDuckValue(name, column, row[column.name], start + r + 1)),
        );
      });
      system.forEach((value, i) => {
        chunk.setColumnValues(table.columns.length + i, new Array<DuckDBValue>(part.length).fill(value));
      });
      appender.appendDataChunk(chunk);
    }
  } catch (error) {
    // Left alone, the appender writes what it holds when it is collected: into whatever transaction runs then.
    appender.clear();
    appender.closeSync();
    throw error;
  }
  appender.closeSync();
}

/** Appends rows that the caller knows to be new: no key of theirs is in the table. */
export async function insertFresh(
  connection: DuckDBConnection,
  table: Table,
  rows: readonly Row[],
  stamp: Stamp,
  limits: Limits,
): Promise<void> {
  if (rows.length > 0)
    await append(connection, table, { schema: table.schema, name: table.name }, rows, stamp, limits);
}

/** Writes rows by the rules of the table's class. */
export async function put(
  connection: DuckDBConnection,
  table: Table,
  rows: readonly Row[],
  stamp: Stamp,
  limits: Limits,
): Promise<PutCounts> {
  if (rows.length === 0) return { added: 0, updated: 0, unchanged: 0 };
  const name = qualifiedName(table);
  const stage = `stage_${table.schema}_${table.name}`;
  const own = table.columns.map((column) => column.name);
  await execute(connection, `create or replace temp table ${stage} as from ${name} limit 0`);
  await append(connection, table, { schema: undefined, name: stage }, rows, stamp, limits);

  await refuse(
    connection,
    `select ${list(table.key)} from ${stage} group by all having count(*) > 1`,
    table,
    'row.duplicate',
    'the same key comes twice in one batch',
    'Keep one row per key.',
  );
  const other = own.filter((column) => !table.key.includes(column));
  const rewrites =
    other.length === 0 ? 'false' : `((${list(other, 't.')}) is distinct from (${list(other, 's.')}))`;
  const differs = `(t.deleted or ${rewrites})`;
  const matched = `from ${stage} s join ${name} t on ${sameKey(table)}`;

  if (table.states !== undefined) await checkTransitions(connection, table, stage, matched);
  if (table.class !== 'mutable' && table.class !== 'state-machine')
    await refuse(
      connection,
      `select ${list(table.key, 's.')} ${matched} where ${rewrites}`,
      table,
      'row.conflict',
      `${name} already has this key with other content, and its rows are never rewritten`,
      'Give the new content a key of its own.',
    );
  // For a class that is never rewritten, what is left differs in its tombstone only: the row comes back as it was.
  const set = [...other, 'node_id', 'hlc', 'commit_version', 'deleted'].map(
    (column) => `${column} = s.${column}`,
  );
  const updated = await execute(
    connection,
    `update ${name} t set ${set.join(', ')} from ${stage} s where ${sameKey(table)} and ${differs}`,
  );
  const added = await execute(
    connection,
    `insert into ${name} select s.* from ${stage} s where not exists (select 1 from ${name} t where ${sameKey(table)})`,
  );
  await execute(connection, `drop table ${stage}`);
  return { added, updated, unchanged: rows.length - added - updated };
}

async function checkTransitions(
  connection: DuckDBConnection,
  table: Table,
  stage: string,
  matched: string,
): Promise<void> {
  const { column, initial, transitions } = table.states ?? { column: '', initial: [], transitions: {} };
  const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  const legal = Object.entries(transitions).flatMap(([from, targets]) =>
    [from, ...targets].map((to) => `(${quote(from)}, ${quote(to)})`),
  );
  await refuse(
    connection,
    `select ${list(table.key, 's.')} from ${stage} s
       where s.${column} not in (${initial.map(quote).join(', ')})
         and not exists (select 1 from ${qualifiedName(table)} t where ${sameKey(table)})`,
    table,
    'row.transition',
    `a new row starts in a status that is not one of ${initial.join(', ')}`,
    'Start there, then move on.',
  );
  await refuse(
    connection,
    `select ${list(table.key, 's.')} ${matched} where (t.${column}, s.${column}) not in (${legal.join(', ')})`,
    table,
    'row.transition',
    'a status moves where it may not',
    `Allowed: ${Object.entries(transitions)
      .map(([from, targets]) => `${from} → ${targets.join(' | ') || 'nothing'}`)
      .join('; ')}.`,
  );
}

/** Throws when the query finds keys, naming the first few. Keys are identities, not personal data. */
async function refuse(
  connection: DuckDBConnection,
  query: string,
  table: Table,
  code: string,
  message: string,
  cure: string,
): Promise<void> {
  const found = await readRows<Record<string, unknown>>(connection, `${query} limit $1`, [KEYS_SHOWN + 1]);
  if (found.length === 0) return;
  const keys = found
    .slice(0, KEYS_SHOWN)
    .map((row) => table.key.map((column) => keyText(row[column])).join('/'));
  const more = found.length > KEYS_SHOWN ? ', …' : '';
  throw badInputError(code, `${qualifiedName(table)}: ${message} (${keys.join(', ')}${more})`, cure);
}

function keyText(value: unknown): string {
  return value instanceof Date ? value.toISOString() : String(value);
}

/** Marks rows as deleted. The predicate is over the table's own columns. */
export async function remove(
  connection: DuckDBConnection,
  table: Table,
  where: string,
  params: readonly (string | number)[],
  stamp: Stamp,
): Promise<number> {
  const n = params.length;
  return await execute(
    connection,
    `update ${qualifiedName(table)} set deleted = true, node_id = $${n + 1}, hlc = $${n + 2}, commit_version = $${n + 3}
       where not deleted and (${where})`,
    [...params, stamp.nodeId, stamp.hlc, stamp.commitVersion],
  );
}
