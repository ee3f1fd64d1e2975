/** What somebody may write, held against rows that are staged (rules W1, W2 of security). */
import type { DuckDBConnection } from '@duckdb/node-api';
import { deniedError, type FractalError } from '../base/index.ts';
import { qualifiedName, type Table } from '../schema/index.ts';
import { readRows, type Parameters } from './duckdb.ts';
import type { Stamp } from './put.ts';
import type { Stage } from './stage.ts';

/** What a rule lets somebody write of one table. */
export interface WriteRule {
  /** SQL over the table as `t`, with the store's own columns, that a row must meet; undefined: every row may. */
  readonly where: string | undefined;
  /** Names of the columns that `where` is over. */
  readonly over: readonly string[];
  /** Names of the columns that may be given a value. */
  readonly columns: readonly string[];
  /** The rules behind it, for errors. */
  readonly rules: readonly string[];
}

export interface WriteRights {
  readonly insert: WriteRule;
  /** For rows whose key is there with other content; undefined: they stay as they are. */
  readonly update: WriteRule | undefined;
  /** SQL over the table as `t`: the rows that the writer sees whole. Undefined: none. */
  readonly seen: string | undefined;
}

/** Rows as the table `t`: `from` is SQL, `params` its values. */
export interface RowsAsT {
  readonly from: string;
  readonly params: Parameters;
}

/** The staged rows as they will stand in their table. */
export function newRows({ name }: Pick<Stage, 'name'>, stamp: Stamp): RowsAsT {
  const system =
    '(select $1::varchar as node_id, $2::bigint as hlc, $3::bigint as commit_version, false as deleted)';
  return {
    from: `(select s.*, node_id, hlc, commit_version, deleted from ${name} s, ${system}) t`,
    params: [stamp.nodeId, stamp.hlc, stamp.commitVersion],
  };
}

/** Whether some row does not meet the condition. */
export async function isBeyond(
  connection: DuckDBConnection,
  { from, params }: RowsAsT,
  where: string | undefined,
): Promise<boolean> {
  if (where === undefined) return false;
  const text = `select 1 as beyond from ${from} where (${where}) is not true limit 1`;
  return (await readRows(connection, text, params)).length > 0;
}

export function refused(table: Table, what: string, rules: readonly string[]): FractalError {
  const by = rules.length === 0 ? 'no rule allows it' : `allowed by ${rules.join(', ')}`;
  return deniedError(
    'policy.denied',
    `${what} for ${qualifiedName(table)} is beyond what you may write (${by})`,
    'Send rows that the rule covers; nothing was written.',
  );
}
