/** Where a store stands, as DuckDB tells it: the last commit, and the Lance version that belongs to it per table. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { execute, readRows } from './duckdb.ts';

/** Names the Lance version that belongs to the last commit. */
export async function moveHead(
  connection: DuckDBConnection,
  name: string,
  version: number,
  commitVersion?: bigint,
): Promise<void> {
  const changed = await execute(
    connection,
    'update node.lance_heads set version = $2, commit_version = coalesce($3, commit_version) where name = $1',
    [name, BigInt(version), commitVersion ?? null],
  );
  if (changed === 0)
    await execute(connection, 'insert into node.lance_heads values ($1, $2, $3)', [
      name,
      BigInt(version),
      commitVersion ?? 0n,
    ]);
}

/** Gives a new node its identity; an old one keeps its own. */
export async function nameNode(connection: DuckDBConnection, id: string): Promise<void> {
  await execute(
    connection,
    `insert into node.meta select $1, $2 where not exists (select 1 from node.meta where name = $1)`,
    ['node_id', id],
  );
}

export interface Head {
  readonly nodeId: string;
  readonly commitVersion: bigint;
  readonly hlc: bigint;
  readonly lanceHeads: readonly { readonly name: string; readonly version: bigint }[];
}

export async function readHead(connection: DuckDBConnection): Promise<Head> {
  const [meta] = await readRows<{ value: string }>(
    connection,
    'select value from node.meta where name = $1',
    ['node_id'],
  );
  const [commit] = await readRows<{ version: bigint | null; hlc: bigint | null }>(
    connection,
    'select max(commit_version) as version, max(hlc) as hlc from node.commits where commit_version > $1',
    [0n],
  );
  const lanceHeads = await readRows<{ name: string; version: bigint }>(
    connection,
    'select name, version from node.lance_heads where version > $1',
    [0n],
  );
  return {
    nodeId: meta?.value ?? '',
    commitVersion: commit?.version ?? 0n,
    hlc: commit?.hlc ?? 0n,
    lanceHeads,
  };
}
