/** Runs what was authorised and streams Arrow. */
import { FractalError, unavailableError } from '../../base/index.ts';
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
    } catch (error) {
      // The clock's or the caller's own reason for stopping says nothing about the statement.
      throw signal.aborted && !(error instanceof FractalError) ? interrupted(error) : error;
    } finally {
      open.close();
    }
  })();
}

function interrupted(cause: unknown): FractalError {
  return unavailableError(
    'sql.interrupted',
    'the statement was stopped',
    'Give it more time with --timeout, or ask for less.',
    { cause },
  );
}

/** DuckDB's plan as text. */
export async function explainQuery(store: Store, query: AuthorizedQuery): Promise<string> {
  const { sql, params } = query.statement;
  const rows = await store.rows<{ explain_value: string }>(`explain ${sql}`, params);
  return rows.map((row) => row.explain_value).join('\n');
}
