/** Runs what was authorised and streams Arrow. */
import { toIpcStream } from '../../store/index.ts';
import type { Store } from '../../store/index.ts';
import type { AuthorizedQuery } from './authorize.ts';

/** An Arrow IPC stream. The connection is given back when the stream ends, fails or is dropped. */
export async function executeQuery(
  store: Store,
  query: AuthorizedQuery,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const { sql, params } = query.statement;
  const open = await store.stream(sql, params, signal);
  return (async function* () {
    try {
      yield* toIpcStream(open.result, { signal });
    } finally {
      open.close();
    }
  })();
}

/** DuckDB's plan as text. */
export async function explainQuery(store: Store, query: AuthorizedQuery): Promise<string> {
  const { sql, params } = query.statement;
  const rows = await store.rows<{ explain_value: string }>(`explain ${sql}`, params);
  return rows.map((row) => row.explain_value).join('\n');
}
