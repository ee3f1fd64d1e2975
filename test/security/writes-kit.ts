/** What the tests of writing share: statements that write, run as somebody, and what is there afterwards. */
import { FractalError } from '../../src/base/index.ts';
import {
  authorizeWrite,
  explainWrite,
  isWrite,
  parseSql,
  runWrites,
  type AccessPolicy,
  type Principal,
  type WriteStatement,
} from '../../src/query/index.ts';
import type { Parameters as Values, Store } from '../../src/store/index.ts';
import { ask } from './kit.ts';

export async function parseWrite(store: Store, sql: string, params: Values = []): Promise<WriteStatement> {
  const statement = await parseSql(store, sql, params, store.options.limits);
  if (!isWrite(statement)) throw new Error(`this does not write: ${sql}`);
  return statement;
}

/** Gives the number of rows. */
export async function write(
  store: Store,
  policy: AccessPolicy,
  principal: Principal,
  sql: string,
  params: Values = [],
): Promise<number> {
  const statement = await parseWrite(store, sql, params);
  const authorized = (one: WriteStatement): Promise<ReturnType<typeof authorizeWrite>> =>
    Promise.resolve(authorizeWrite(one, principal, policy));
  const signal = AbortSignal.timeout(20_000);
  const [rows = 0] = await runWrites(store, principal, [statement], authorized, signal);
  return rows;
}

export async function explain(...[store, policy, principal, sql]: Question): Promise<string> {
  return await explainWrite(store, authorizeWrite(await parseWrite(store, sql), principal, policy));
}
type Question = readonly [Store, AccessPolicy, Principal, string];

/** What a caller hears: a number, or an error's words. Anything that is not a FractalError is a defect. */
export async function heard(work: Promise<unknown>): Promise<string> {
  try {
    return JSON.stringify(await work);
  } catch (error) {
    if (!(error instanceof FractalError)) throw error;
    if (error.kind === 'internal') throw error;
    return JSON.stringify({ code: error.code, message: error.message, cure: error.cure });
  }
}

/** All that somebody sees of the tables of esh. */
export async function sight(store: Store, policy: AccessPolicy, principal: Principal): Promise<string> {
  const tables = policy.scope(principal).tables.filter((table) => table.schema === 'esh');
  const seen: unknown[] = [];
  for (const { schema, name } of tables)
    seen.push([name, await ask(store, policy, principal, `from ${schema}.${name}`)]);
  return JSON.stringify(seen, null, 1);
}
