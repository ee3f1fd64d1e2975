/**
 * A commit that is about to be made, for whoever must write it down first. Contents are told as keyed hashes: equal rows
 * hash alike whatever their order, and nobody without the key can try contents out.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { sha256 } from '../base/index.ts';
import { allColumns, qualifiedName, type Table } from '../schema/index.ts';
import { readRows, type Parameters } from './duckdb.ts';
import type { Stamp } from './put.ts';

export interface ContentHash {
  readonly rows: number;
  /** SHA-256 in hexadecimal. */
  readonly hash: string;
}

export interface ChangedTable {
  readonly table: string;
  /** Rows as they are after the commit. */
  readonly after: ContentHash;
  /** Those of them that were there, as they were before; none when all are new. */
  readonly before: ContentHash | undefined;
}

export interface PendingCommit {
  readonly stamp: Stamp;
  readonly principal: string;
  readonly tables: readonly ChangedTable[];
  /** Reads with the writes of the transaction. */
  rows<T>(sql: string, params?: Parameters): Promise<T[]>;
}

/**
 * Called inside the transaction, before its commit. When it throws, nothing is committed. Its answer is called when the
 * commit itself fails.
 */
export type CommitGuard = (commit: PendingCommit) => Promise<(error: unknown) => Promise<void>>;

/** Each value with its length before it: no two rows are the same text. */
const rowText = (table: Table): string =>
  allColumns(table)
    .map(({ name }) => `coalesce(length(t.${name}::varchar) || ':' || t.${name}::varchar, '-')`)
    .join(', ');

/** Hash of the rows that `from` gives as `t`. */
async function contentHash(
  connection: DuckDBConnection,
  table: Table,
  key: string,
  from: string,
  params: Parameters,
): Promise<ContentHash> {
  const [found] = await readRows<{ n: bigint; hash: string }>(
    connection,
    `select count(*) as n, sha256(coalesce(string_agg(h, '' order by h), '')) as hash
       from (select sha256(concat($${params.length + 1}::varchar, ${rowText(table)})) as h ${from})`,
    [...params, key],
  );
  return { rows: Number(found?.n ?? 0n), hash: found?.hash ?? '' };
}

/** What a transaction changes, as it goes: rows are read before they are written over. */
export class ChangeHashes {
  readonly #connection: DuckDBConnection;
  readonly #key: string;
  readonly #stamp: Stamp;
  readonly #before = new Map<string, ContentHash[]>();

  constructor(connection: DuckDBConnection, key: string, stamp: Stamp) {
    this.#connection = connection;
    this.#key = key;
    this.#stamp = stamp;
  }

  /** Rows of the table that are about to change, as `from … t where …`. */
  async before(table: Table, from: string, params: Parameters = []): Promise<void> {
    // What this very transaction wrote is nothing that was there before.
    const old = `from (select distinct t.* ${from}) t where t.commit_version <> ${this.#stamp.commitVersion}`;
    const found = await contentHash(this.#connection, table, this.#key, old, params);
    if (found.rows === 0) return;
    const name = qualifiedName(table);
    this.#before.set(name, [...(this.#before.get(name) ?? []), found]);
  }

  async changed(tables: readonly Table[]): Promise<ChangedTable[]> {
    const changed: ChangedTable[] = [];
    for (const table of tables) {
      const name = qualifiedName(table);
      const from = `from ${name} t where t.commit_version = $1`;
      changed.push({
        table: name,
        after: await contentHash(this.#connection, table, this.#key, from, [this.#stamp.commitVersion]),
        before: together(this.#before.get(name) ?? []),
      });
    }
    return changed;
  }
}

function together(hashes: readonly ContentHash[]): ContentHash | undefined {
  const [first] = hashes;
  if (first === undefined || hashes.length === 1) return first;
  return {
    rows: hashes.reduce((sum, one) => sum + one.rows, 0),
    hash: sha256(hashes.map((one) => one.hash).join('')),
  };
}
