/** Answers by way of the cache: from it when they are there, into it as they pass. */
import type { ArrowMessage, ArrowMessages, Store } from '../../../store/index.ts';
import type { AuthorizedQuery } from '../authorize.ts';
import { deskOf } from './desk.ts';
import { droppable } from './droppable.ts';
import { cacheOf } from './result-cache.ts';

/** What an answer is made of. Nobody else holds a copy, so nobody can change what is kept. */
interface Pieces<T> {
  readonly bytes: (piece: T) => number;
  readonly copy: (piece: T) => T;
}

/** Bytes of an Arrow IPC stream. */
export const IPC: Pieces<Uint8Array> = {
  bytes: (piece) => piece.byteLength,
  copy: (piece) => piece.slice(),
};

const MESSAGES: Pieces<ArrowMessage> = {
  bytes: ({ header, bodyLength }) => header.byteLength + bodyLength,
  copy: (message) => ({
    ...message,
    header: message.header.slice(),
    body: message.body.map((buffer) => buffer.slice()),
  }),
};

/** The answer that is kept, or the one that `run` gives, kept if it may be. */
export async function keptOr(
  store: Store,
  query: AuthorizedQuery,
  pieces: typeof IPC,
  run: () => Promise<AsyncGenerator<Uint8Array, void, undefined>>,
): Promise<AsyncGenerator<Uint8Array, void, undefined>> {
  const key = cacheOf(store)?.keyOf(query, 'ipc');
  if (key === undefined) return await run();
  const kept = find<Uint8Array>(store, query, key);
  if (kept !== undefined) return replay(kept, pieces);
  const version = store.commitVersion;
  return recording({ store, key, version, extra: undefined, query }, await run(), pieces);
}

export async function keptMessagesOr(
  store: Store,
  query: AuthorizedQuery,
  batchBytes: number,
  run: () => Promise<ArrowMessages>,
): Promise<ArrowMessages> {
  const key = cacheOf(store)?.keyOf(query, `messages ${batchBytes}`);
  if (key === undefined) return await run();
  const kept = find<ArrowMessage>(store, query, key);
  if (kept !== undefined)
    return { schema: kept.extra as ArrowMessages['schema'], messages: replay(kept, MESSAGES) };
  const version = store.commitVersion;
  const { schema, messages } = await run();
  return { schema, messages: recording({ store, key, version, extra: schema, query }, messages, MESSAGES) };
}

interface Kept<T> {
  readonly pieces: readonly T[];
  readonly extra: unknown;
  readonly rows: number;
}

function find<T>(store: Store, query: AuthorizedQuery, key: string): Kept<T> | undefined {
  const kept = cacheOf(store)?.find<Kept<T>>(key, store.commitVersion);
  if (kept === undefined) return undefined;
  deskOf(store).answered(query.principal, query.statement.text);
  query.tally.rows += kept.rows;
  return kept;
}

async function* replay<T>({ pieces }: Kept<T>, { copy }: Pieces<T>): AsyncGenerator<T, void, undefined> {
  for (const piece of pieces) yield copy(piece);
}

interface Recorded {
  readonly store: Store;
  readonly key: string;
  readonly version: bigint;
  readonly extra: unknown;
  readonly query: AuthorizedQuery;
}

/** An answer as it passes. It is kept once it is whole, if the data did not change since it was asked for. */
function recording<T>(
  at: Recorded,
  items: AsyncGenerator<T, void, undefined>,
  of: Pieces<T>,
): AsyncGenerator<T, void, undefined> {
  return droppable(record(at, items, of), () => void items.return());
}

async function* record<T>(
  { store, key, version, extra, query }: Recorded,
  items: AsyncIterable<T>,
  of: Pieces<T>,
): AsyncGenerator<T, void, undefined> {
  const most = store.options.limits.result_cache_answer_bytes;
  let pieces: T[] | undefined = [];
  let bytes = 0;
  for await (const item of items) {
    bytes += of.bytes(item);
    if (bytes > most) pieces = undefined;
    pieces?.push(of.copy(item));
    yield item;
  }
  if (pieces !== undefined && store.commitVersion === version)
    cacheOf(store)?.keep(key, { pieces, extra, rows: query.tally.rows } satisfies Kept<T>, bytes, version);
}
