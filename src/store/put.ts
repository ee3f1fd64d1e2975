/**
 * Writing rows by the class of their table (rules C1–C7). One statement per step, over a staging table: the work is
 * done by the engine, never row by row here.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { FIXED_LIMITS, badInputError } from '../base/index.ts';
import { qualifiedName, type Column, type StateMachine, type Table } from '../schema/index.ts';
import { execute, readRows, type Parameters } from './duckdb.ts';
import type { Stage } from './stage.ts';

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

type Staged = Pick<Stage, 'table' | 'name'>;

const list = (names: readonly string[], prefix = ''): string => names.map((name) => prefix + name).join(', ');
const sameKey = (table: Table): string => table.key.map((name) => `t.${name} = s.${name}`).join(' and ');
const stamped = ({ nodeId, hlc, commitVersion }: Stamp): Parameters => [nodeId, hlc, commitVersion];

/** Adds staged rows that the caller knows to be new: no key of theirs is in the table. */
async function insertStaged(connection: DuckDBConnection, stage: Staged, stamp: Stamp): Promise<number> {
  return await execute(
    connection,
    `insert into ${qualifiedName(stage.table)} select s.*, $1, $2::bigint, $3::bigint, false from ${stage.name} s`,
    stamped(stamp),
  );
}

/** Takes staged rows out whose keys the table has already, be it under a tombstone. */
export async function keepNew(connection: DuckDBConnection, { table, name }: Staged): Promise<number> {
  return await execute(
    connection,
    `delete from ${name} s where exists (select 1 from ${qualifiedName(table)} t where ${sameKey(table)})`,
  );
}

/** How staged rows `s` differ from those of the table `t` that have their keys, as SQL. */
function comparison(stage: Staged): {
  /** Columns beside the key. */
  readonly other: readonly Column[];
  /** What a column becomes. */
  readonly value: (column: Column) => string;
  /** Whether the row says something else. */
  readonly rewrites: string;
  /** Whether anything of the row changes. */
  readonly differs: string;
  /** The rows side by side. */
  readonly matched: string;
} {
  const { table, name: staged } = stage;
  const other = table.columns.filter((column) => !table.key.includes(column.name));
  // Of a row that is never rewritten, what is derived may come anew; nothing found anew leaves what was found before.
  const value = ({ name: column, derived }: Column): string =>
    derived === true && !isRewritten(table) ? `coalesce(s.${column}, t.${column})` : `s.${column}`;
  const differ = (columns: readonly Column[]): string =>
    columns.length === 0
      ? 'false'
      : `((${list(
          columns.map((column) => column.name),
          't.',
        )}) is distinct from (${columns.map(value).join(', ')}))`;
  return {
    other,
    value,
    rewrites: differ(other.filter((column) => column.derived !== true)),
    differs: `(t.deleted or ${differ(other)})`,
    matched: `from ${staged} s join ${qualifiedName(table)} t on ${sameKey(table)}`,
  };
}

const REWRITTEN: readonly Table['class'][] = ['mutable', 'state-machine'];

/** Whether rows of the table may come to say something else. */
export const isRewritten = (table: Table): boolean => REWRITTEN.includes(table.class);

/** The rows `t` of the table that staged rows `s` would change, as `from … where …`. */
export function changedRows(stage: Staged): string {
  const { matched, differs } = comparison(stage);
  return `${matched} where ${differs}`;
}

/** Those, and the rows that `seen` does not hold for: whether they would change must make no difference. */
export function touchedRows(stage: Staged, seen: string | undefined): string {
  const hidden = seen === undefined ? 'true' : `(${seen}) is not true`;
  return `${changedRows(stage)} or ${hidden}`;
}

/** Told of rows `t` of the table before they are changed, as `from … where …`. */
export type OnChange = (table: Table, from: string) => Promise<void>;

/** Writes staged rows by the rules of the table's class. */
export async function putStaged(
  connection: DuckDBConnection,
  stage: Staged,
  stamp: Stamp,
  onChange?: OnChange,
): Promise<PutCounts> {
  const { table, name: staged } = stage;
  const name = qualifiedName(table);
  const rows = await checkKeys(connection, stage);
  if (rows === 0) return { added: 0, updated: 0, unchanged: 0 };

  const { other, value, rewrites, differs, matched } = comparison(stage);
  const [known] = await readRows<{ n: bigint; rewritten: bigint; differing: bigint }>(
    connection,
    `select count(*) as n, count(*) filter (${rewrites}) as rewritten, count(*) filter (${differs}) as differing ${matched}`,
  );
  const { n = 0n, rewritten = 0n, differing = 0n } = known ?? {};

  if (table.states !== undefined) await checkTransitions(connection, stage, table.states, matched);
  if (!isRewritten(table) && rewritten > 0n)
    await refuse(
      connection,
      `select ${list(table.key, 's.')} ${matched} where ${rewrites}`,
      table,
      'row.conflict',
      `${name} already has this key with other content, and its rows are never rewritten`,
      'Give the new content a key of its own.',
    );
  // For a class that is never rewritten, what is left differs in its tombstone or in what is derived.
  const set = other.map((column) => `${column.name} = ${value(column)}, `).join('');
  if (differing > 0n) await onChange?.(table, changedRows(stage));
  const updated =
    differing === 0n
      ? 0
      : await execute(
          connection,
          `update ${name} t set ${set}node_id = $1, hlc = $2, commit_version = $3, deleted = false
             from ${staged} s where ${sameKey(table)} and ${differs}`,
          stamped(stamp),
        );
  if (n > 0n) await keepNew(connection, stage);
  const added = n === BigInt(rows) ? 0 : await insertStaged(connection, stage, stamp);
  return { added, updated, unchanged: rows - added - updated };
}

/**
 * Writes the staged rows of a state machine, several of one key one after the other in the order they were staged: a
 * status that has moved on. Steps up to the one where the table stands are known already and are passed over.
 */
export async function putSteps(
  connection: DuckDBConnection,
  stage: Stage,
  states: StateMachine,
  stamp: Stamp,
  onChange?: OnChange,
): Promise<PutCounts> {
  const { table, name: staged } = stage;
  const own = table.columns.map((column) => column.name);
  const content = table.columns.filter((column) => column.derived !== true).map((column) => column.name);
  const keys = list(table.key);
  await refuseMoves(
    connection,
    `select ${keys} from (
       select ${keys}, ${states.column} as moved_to,
              lag(${states.column}) over (partition by ${keys} order by rowid) as moved_from from ${staged}
     ) where moved_from is not null and (moved_from, moved_to) not in (${legalMoves(states)})`,
    table,
    states,
  );
  await execute(
    connection,
    `delete from ${staged} s using (
       select ${list(table.key, 's.')}, max(s.rowid) as known
         from ${staged} s join ${qualifiedName(table)} t on ${sameKey(table)}
        where not t.deleted and (${list(content, 't.')}) is not distinct from (${list(content, 's.')}) group by all
     ) t where ${sameKey(table)} and s.rowid < t.known`,
  );
  const [most] = await readRows<{ n: bigint | null }>(
    connection,
    `select max(n) as n from (select count(*) as n from ${staged} group by ${keys})`,
  );
  const steps = Number(most?.n ?? 0n);
  const bound = FIXED_LIMITS.state_steps.value;
  if (steps > bound)
    throw badInputError(
      'limit.state_steps',
      `a key of ${qualifiedName(table)} comes ${steps} times; the bound is ${bound} steps`,
      'Import the older part of the history first.',
    );
  const step = { table, name: `${staged}_step` };
  let [added, updated] = [0, 0];
  for (let i = 1; i <= steps; i++) {
    await execute(
      connection,
      `create or replace temp table ${step.name} as select ${list(own)} from ${staged}
         qualify row_number() over (partition by ${keys} order by rowid) = ${i}`,
    );
    const counts = await putStaged(connection, step, stamp, onChange);
    added += counts.added;
    updated += counts.updated;
  }
  await execute(connection, `drop table if exists ${step.name}`);
  return { added, updated, unchanged: stage.rows - added - updated };
}

/** Throws `row.duplicate`; gives the number of rows. As many hashes as rows: then no key comes twice. */
export async function checkKeys(connection: DuckDBConnection, { table, name }: Staged): Promise<number> {
  const [count] = await readRows<{ n: bigint; keys: bigint }>(
    connection,
    `select count(*) as n, count(distinct hash(${list(table.key)})) as keys from ${name}`,
  );
  const { n = 0n, keys = 0n } = count ?? {};
  if (n !== keys)
    await refuse(
      connection,
      `select ${list(table.key)} from ${name} group by all having count(*) > 1`,
      table,
      'row.duplicate',
      'the same key comes twice in one batch',
      'Keep one row per key.',
    );
  return Number(n);
}

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Every move of a status that may be, staying where it is among them, as a list of pairs. */
export const legalMoves = ({ transitions }: StateMachine): string =>
  Object.entries(transitions)
    .flatMap(([from, targets]) => [from, ...targets].map((to) => `(${quote(from)}, ${quote(to)})`))
    .join(', ');

/** Throws `row.transition` when the query finds keys. */
async function refuseMoves(
  connection: DuckDBConnection,
  query: string,
  table: Table,
  { transitions }: StateMachine,
): Promise<void> {
  await refuse(
    connection,
    query,
    table,
    'row.transition',
    'a status moves where it may not',
    `Allowed: ${Object.entries(transitions)
      .map(([from, targets]) => `${from} → ${targets.join(' | ') || 'nothing'}`)
      .join('; ')}.`,
  );
}

async function checkTransitions(
  connection: DuckDBConnection,
  { table, name: staged }: Staged,
  states: StateMachine,
  matched: string,
): Promise<void> {
  const { column, initial } = states;
  await refuse(
    connection,
    `select ${list(table.key, 's.')} from ${staged} s
       where s.${column} not in (${initial.map(quote).join(', ')})
         and not exists (select 1 from ${qualifiedName(table)} t where ${sameKey(table)})`,
    table,
    'row.transition',
    `a new row starts in a status that is not one of ${initial.join(', ')}`,
    'Start there, then move on.',
  );
  await refuseMoves(
    connection,
    `select ${list(table.key, 's.')} ${matched} where (t.${column}, s.${column}) not in (${legalMoves(states)})`,
    table,
    states,
  );
}

/** Throws when the query finds keys, naming the first few. Keys are identities, not personal data. */
export async function refuse(
  connection: DuckDBConnection,
  query: string,
  table: Table,
  code: string,
  message: string,
  cure: string,
  params: Parameters = [],
): Promise<void> {
  const found = await readRows<Record<string, unknown>>(
    connection,
    `from (${query}) order by all limit ${KEYS_SHOWN + 1}`,
    params,
  );
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
