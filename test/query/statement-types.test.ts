/** What must not compile is a promise too: nothing runs that was not authorised. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  executeQuery,
  explainQuery,
  openQuery,
  type AuthorizedQuery,
  type Statement,
} from '../../src/query/index.ts';
import type { Store } from '../../src/store/index.ts';

declare const store: Store;
declare const statement: Statement;
declare const bound: Omit<AuthorizedQuery, never>;
const signal = new AbortController().signal;

/** Never called: the compiler reads it. */
export function mustNotCompile(): unknown[] {
  const made = { statement, scope: bound.scope, tables: [], principal: { id: 'x', roles: [] } };
  return [
    // @ts-expect-error: a statement is not authorised
    executeQuery(store, statement, signal),
    // @ts-expect-error: nor is an object of the same form
    executeQuery(store, made, signal),
    // @ts-expect-error: the same for the other two ways
    openQuery(store, made, signal),
    // @ts-expect-error: explaining shows what is there
    explainQuery(store, made),
  ];
}

it('only `authorize` makes what `executeQuery` takes (the compiler has checked it)', () => {
  assert.equal(typeof mustNotCompile, 'function');
});
