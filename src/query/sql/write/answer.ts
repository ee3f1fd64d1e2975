/** What a statement that writes answers, as an Arrow stream like that of any other. */
import {
  toArrowMessages,
  toIpcStream,
  type ArrowMessages,
  type Parameters,
  type Store,
} from '../../../store/index.ts';
import { EXPLAIN_ROW } from '../execute.ts';
import type { AuthorizedWrite } from './authorize.ts';
import { explainWrite } from './execute.ts';

/** Metadata of the schema: how many rows were written. Only the answer to a statement that writes has it. */
export const ROWS_CHANGED = 'fractal.rows_changed';

/** One row and one column, `rows_changed`. */
export async function* changedAnswer(
  store: Store,
  rows: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const metadata = new Map([[ROWS_CHANGED, String(rows)]]);
  yield* oneRow(store, 'select $1::bigint as rows_changed', [BigInt(rows)], metadata);
}

/** The same form as EXPLAIN of a query. */
export async function* explainedAnswer(
  store: Store,
  write: AuthorizedWrite,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* oneRow(store, EXPLAIN_ROW, [await explainWrite(store, write)]);
}

export async function explainedMessages(store: Store, write: AuthorizedWrite): Promise<ArrowMessages> {
  const text = await explainWrite(store, write);
  const open = await store.stream(EXPLAIN_ROW, [text], new AbortController().signal);
  const { schema, messages } = toArrowMessages(open.result);
  async function* closing(): ArrowMessages['messages'] {
    try {
      yield* messages;
    } finally {
      open.close();
    }
  }
  return { schema, messages: closing() };
}

async function* oneRow(
  store: Store,
  sql: string,
  params: Parameters,
  metadata?: ReadonlyMap<string, string>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const open = await store.stream(sql, params, new AbortController().signal);
  try {
    yield* toIpcStream(open.result, metadata === undefined ? {} : { metadata });
  } finally {
    open.close();
  }
}
