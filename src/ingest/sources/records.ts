/** `node.feeds` and `node.fetches`: standing sources, and what was fetched from where. */
import type { Store, Transaction } from '../../store/index.ts';
import type { Validators } from './downloads.ts';

/** A standing source. Times are milliseconds since 1970. */
export interface Feed {
  readonly name: string;
  readonly source: string;
  readonly everyS: number;
  readonly kind: string | undefined;
  readonly jurisdiction: string | undefined;
  /** `YYYY-MM-DD`: nothing before it is fetched. */
  readonly since: string | undefined;
  /** Position up to which everything listed is in, or was given up. */
  readonly cursor: string | undefined;
  readonly dueAt: number;
  readonly runAt: number | undefined;
  readonly errorCode: string | undefined;
  readonly errorMessage: string | undefined;
  readonly documents: number;
  readonly refused: number;
}

export interface Fetch extends Validators {
  readonly feed: string;
  readonly item: string;
  readonly url: string;
  readonly sha256: string;
  readonly name: string;
  readonly bytes: number;
  readonly status: string;
  readonly errorCode: string | undefined;
  /** Runs in which it was refused. */
  readonly tries: number;
}

interface FeedRow {
  name: string;
  source: string;
  every_s: bigint;
  kind: string | null;
  jurisdiction: string | null;
  since: string | null;
  cursor: string | null;
  due_ms: bigint;
  run_ms: bigint | null;
  error_code: string | null;
  error_message: string | null;
  documents: bigint;
  refused: bigint;
}

export async function readFeeds(store: Store, name: string | undefined): Promise<readonly Feed[]> {
  const rows = await store.rows<FeedRow>(
    `select name, source, every_s, kind, jurisdiction, since::varchar since, cursor,
            epoch_ms(due_at) due_ms, epoch_ms(run_at) run_ms, error_code, error_message,
            (select count(*) from node.fetches x where x.feed = f.name and x.status <> 'rejected') documents,
            (select count(*) from node.fetches x where x.feed = f.name and x.status = 'rejected') refused
       from node.feeds f where $1 is null or name = $1 order by name`,
    [name ?? null],
  );
  return rows.map((row) => ({
    name: row.name,
    source: row.source,
    everyS: Number(row.every_s),
    kind: row.kind ?? undefined,
    jurisdiction: row.jurisdiction ?? undefined,
    since: row.since ?? undefined,
    cursor: row.cursor ?? undefined,
    dueAt: Number(row.due_ms),
    runAt: row.run_ms === null ? undefined : Number(row.run_ms),
    errorCode: row.error_code ?? undefined,
    errorMessage: row.error_message ?? undefined,
    documents: Number(row.documents),
    refused: Number(row.refused),
  }));
}

export async function addFeed(
  transaction: Transaction,
  feed: Pick<Feed, 'name' | 'source' | 'everyS' | 'kind' | 'jurisdiction' | 'since'>,
  now: number,
): Promise<void> {
  await transaction.bookkeep(
    `insert into node.feeds (name, source, every_s, kind, jurisdiction, since, added_at, due_at)
     values ($1, $2, $3, $4, $5, $6::date, make_timestamp($7), make_timestamp($7))`,
    [
      feed.name,
      feed.source,
      BigInt(feed.everyS),
      feed.kind ?? null,
      feed.jurisdiction ?? null,
      feed.since ?? null,
      BigInt(now) * 1000n,
    ],
  );
}

/** What it fetched stays, also the record of where from. */
export async function removeFeed(transaction: Transaction, name: string): Promise<number> {
  return await transaction.bookkeep('delete from node.feeds where name = $1', [name]);
}

/** Moves the cursor forwards, never back. */
export async function moveCursor(transaction: Transaction, name: string, position: string): Promise<void> {
  await transaction.bookkeep(
    `update node.feeds set cursor = $2 where name = $1 and (cursor is null or cursor < $2)`,
    [name, position],
  );
}

export async function endRun(
  transaction: Transaction,
  name: string,
  times: { readonly now: number; readonly dueAt: number },
  error: { readonly code: string; readonly message: string } | undefined,
): Promise<void> {
  await transaction.bookkeep(
    `update node.feeds set run_at = make_timestamp($2), due_at = make_timestamp($3), error_code = $4, error_message = $5
      where name = $1`,
    [
      name,
      BigInt(times.now) * 1000n,
      BigInt(times.dueAt) * 1000n,
      error?.code ?? null,
      error?.message ?? null,
    ],
  );
}

interface FetchRow {
  feed: string;
  item: string;
  url: string;
  etag: string | null;
  last_modified: string | null;
  source_sha256: string;
  source_name: string;
  source_bytes: bigint;
  status: string;
  error_code: string | null;
  tries: number;
}

/** By item. */
export async function readFetches(
  store: Store,
  feed: string,
  items: readonly string[],
): Promise<ReadonlyMap<string, Fetch>> {
  const rows = await store.rows<FetchRow>(
    'select * from node.fetches where feed = $1 and list_contains($2, item)',
    [feed, [...items]],
  );
  return new Map(
    rows.map((row) => [
      row.item,
      {
        feed: row.feed,
        item: row.item,
        url: row.url,
        etag: row.etag ?? undefined,
        lastModified: row.last_modified ?? undefined,
        sha256: row.source_sha256,
        name: row.source_name,
        bytes: Number(row.source_bytes),
        status: row.status,
        errorCode: row.error_code ?? undefined,
        tries: row.tries,
      },
    ]),
  );
}

/** In place of what was recorded of the item before. */
export async function recordFetch(transaction: Transaction, fetch: Fetch, now: number): Promise<void> {
  await transaction.bookkeep('delete from node.fetches where feed = $1 and item = $2', [
    fetch.feed,
    fetch.item,
  ]);
  await transaction.bookkeep(
    'insert into node.fetches values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, make_timestamp($12), $13)',
    [
      fetch.feed,
      fetch.item,
      fetch.url,
      fetch.etag ?? null,
      fetch.lastModified ?? null,
      fetch.sha256,
      fetch.name,
      BigInt(fetch.bytes),
      fetch.status,
      fetch.errorCode ?? null,
      fetch.tries,
      BigInt(now) * 1000n,
      transaction.stamp.commitVersion,
    ],
  );
}
