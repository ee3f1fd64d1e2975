/** Statements of SQL at a node, whatever they are: one that reads is answered, one that writes is written. */
import { deniedError } from '../base/index.ts';
import {
  authorize,
  authorizeWrite,
  changedAnswer,
  executeQuery,
  explainQuery,
  explainWrite,
  explainedAnswer,
  isWrite,
  parseSql,
  runWrites,
  type AccessPolicy,
  type AuthorizedQuery,
  type Federation,
  type Principal,
} from '../query/index.ts';
import type { Parameters, Store } from '../store/index.ts';

export interface SqlAsker {
  readonly store: Store;
  /** The engines beside the database. */
  readonly federation: Federation;
  readonly policy: AccessPolicy;
  /** Who asks, as they are now. */
  readonly principal: () => Promise<Principal>;
  /** Told of the query that runs, before it does. */
  readonly reads?: (query: AuthorizedQuery) => void;
  /** Refuses what writes. */
  readonly readOnly?: boolean;
}

export async function answerSql(
  { store, federation, policy, principal, reads, readOnly }: SqlAsker,
  sql: string,
  params: Parameters,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const statement = await parseSql(store, sql, params, store.options.limits);
  const asker = await principal();
  if (!isWrite(statement)) {
    const query = authorize(statement, asker, policy);
    reads?.(query);
    return await executeQuery(store, query, signal, federation);
  }
  if (readOnly === true)
    throw deniedError('sql.read_only', 'the call only reads', 'Write by another door, as a person.');
  // Refused at once, without waiting for other writes; asked again when it is written.
  const write = authorizeWrite(statement, asker, policy);
  if (statement.explain) return explainedAnswer(store, write);
  const authorized = async (one: typeof statement): Promise<typeof write> =>
    authorizeWrite(one, await principal(), policy);
  const [rows = 0] = await runWrites(store, asker, [statement], authorized, signal);
  return changedAnswer(store, rows);
}

export async function explainSql(
  { store, federation, policy, principal }: SqlAsker,
  sql: string,
  params: Parameters,
  signal: AbortSignal,
): Promise<string> {
  const statement = await parseSql(store, sql, params, store.options.limits);
  const asker = await principal();
  return isWrite(statement)
    ? await explainWrite(store, authorizeWrite(statement, asker, policy))
    : await explainQuery(store, authorize(statement, asker, policy), signal, federation);
}
