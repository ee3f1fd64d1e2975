/** What must not compile is a promise too: nothing runs that was not authorised. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  authorizeWrite,
  executeQuery,
  executeWrite,
  explainQuery,
  explainWrite,
  openQuery,
  runWrites,
  type AccessPolicy,
  type AuthorizedQuery,
  type AuthorizedWrite,
  type Statement,
  type WriteStatement,
} from '../../src/query/index.ts';
import type { Store, Transaction, WriteRule } from '../../src/store/index.ts';

declare const store: Store;
declare const statement: Statement;
declare const bound: Omit<AuthorizedQuery, never>;
declare const transaction: Transaction;
declare const policy: AccessPolicy;
declare const writing: WriteStatement;
declare const reading: AuthorizedQuery;
declare const written: AuthorizedWrite;
declare const rule: WriteRule;
const signal = new AbortController().signal;

/** Never called: the compiler reads it. */
export function mustNotCompile(): unknown[] {
  const made = { statement, scope: bound.scope, tables: [], principal: { id: 'x', roles: [] } };
  const madeWrite = {
    kind: 'update',
    table: written.table,
    query: reading,
    principal: reading.principal,
    columns: [],
    rule,
  } as const;
  return [
    // @ts-expect-error: a statement is not authorised
    executeQuery(store, statement, signal),
    // @ts-expect-error: nor is an object of the same form
    executeQuery(store, made, signal),
    // @ts-expect-error: the same for the other two ways
    openQuery(store, made, signal),
    // @ts-expect-error: explaining shows what is there
    explainQuery(store, made),
    // @ts-expect-error: a statement that writes is not authorised
    executeWrite(store, transaction, writing, signal),
    // @ts-expect-error: the right to read is none to write
    executeWrite(store, transaction, reading, signal),
    // @ts-expect-error: nor is an object of the same form
    executeWrite(store, transaction, madeWrite, signal),
    // @ts-expect-error: the same for the other two ways
    runWrites(store, reading.principal, [writing], (one) => Promise.resolve(one), signal),
    // @ts-expect-error: explaining shows what is there
    explainWrite(store, writing),
    // @ts-expect-error: a statement that reads writes nothing
    authorizeWrite(statement, reading.principal, policy),
    // @ts-expect-error: what writes is not run as a query, whoever may write it
    executeQuery(store, written, signal),
  ];
}

it('only `authorize` and `authorizeWrite` make what is run (the compiler has checked it)', () => {
  assert.equal(typeof mustNotCompile, 'function');
});
