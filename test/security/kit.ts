/** What the tests of policy share: statements asked as somebody, answers as plain values. */
import { FractalError, ManualClock } from '../../src/base/index.ts';
import {
  authorize,
  executeQuery,
  parseStatement,
  type AccessPolicy,
  type Principal,
} from '../../src/query/index.ts';
import { PolicyEngine, checkPolicy } from '../../src/security/index.ts';
import { readRows } from '../../src/server/index.ts';
import type { Store } from '../../src/store/index.ts';

export const NOON = Date.UTC(2026, 2, 4, 12);

/** A policy at work on a clock that stands still. `more`: members of the document. */
export function engine(more: object, clock = new ManualClock(NOON)): PolicyEngine {
  const document = checkPolicy({
    format: 'fractal.policy/1',
    version: 'test',
    attributes: {},
    roles: {},
    denials: [],
    ...more,
  });
  return new PolicyEngine({ document, clock, hashKey: 'key' });
}

export interface Answer {
  readonly columns: readonly string[];
  readonly rows: readonly string[];
}

export async function ask(
  store: Store,
  policy: AccessPolicy,
  principal: Principal,
  sql: string,
  params: readonly (string | number)[] = [],
): Promise<Answer> {
  const statement = await parseStatement(store, sql, params, store.options.limits);
  const query = authorize(statement, principal, policy);
  const reader = await readRows(await executeQuery(store, query, AbortSignal.timeout(20_000)));
  const rows: string[] = [];
  for await (const row of reader.rows) rows.push(JSON.stringify(row));
  return { columns: reader.columns.map((column) => column.name), rows: rows.sort() };
}

/** The answer, or the error as a caller sees it. Anything that is not a FractalError is a defect. */
export async function outcome(...question: Parameters<typeof ask>): Promise<string> {
  try {
    return JSON.stringify(await ask(...question));
  } catch (error) {
    if (!(error instanceof FractalError)) throw error;
    if (error.kind === 'internal') throw error;
    const { code, message, cure, place } = error;
    return JSON.stringify({ code, message, cure, place });
  }
}
