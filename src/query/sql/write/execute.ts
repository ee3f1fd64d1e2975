/** Writes what was authorised, in a transaction of the store. */
import { qualifiedName } from '../../../schema/index.ts';
import type { Change, Store, Transaction } from '../../../store/index.ts';
import { FractalError, asFractalError } from '../../../base/index.ts';
import { interrupted, isLimited, leaseViews, openQuery, plainPlan, type PinnedViews } from '../execute.ts';
import { deskOf } from '../desk/desk.ts';
import { named } from '../named.ts';
import type { Principal } from '../../ports.ts';
import type { WriteStatement } from '../statement.ts';
import type { AuthorizedWrite } from './authorize.ts';

/**
 * Runs statements in one transaction, each seeing what those before it wrote. Rights are asked for in it, when no other
 * write can come between. Gives the number of rows of each.
 */
export async function runWrites(
  store: Store,
  principal: Principal,
  statements: readonly WriteStatement[],
  authorized: (statement: WriteStatement) => Promise<AuthorizedWrite>,
  stop: AbortSignal,
): Promise<readonly number[]> {
  const ticket = await deskOf(store).enter(principal, statements[0]?.source.text ?? '', stop);
  const { signal } = ticket;
  let code: string | undefined;
  try {
    const { value } = await store.transact(principal.id, async (transaction) => {
      const rows: number[] = [];
      for (const statement of statements) {
        signal.throwIfAborted();
        rows.push(await executeWrite(store, transaction, await authorized(statement), signal));
      }
      return rows;
    });
    ticket.read(value.reduce((sum, count) => sum + count, 0));
    return value;
  } catch (error) {
    // The clock's or the caller's own reason for stopping says nothing about the statement; a canceller's does.
    const reason: unknown = signal.reason;
    const shown = !signal.aborted
      ? error
      : reason instanceof FractalError
        ? reason
        : error instanceof FractalError && error.kind !== 'internal'
          ? error
          : interrupted(error);
    code = asFractalError(shown).code;
    throw shown;
  } finally {
    ticket.end(code);
  }
}

/**
 * Gives the number of rows: new ones of an INSERT, those that UPDATE or DELETE found, changed or not. What it reads, it
 * reads as the transaction has left it.
 */
export async function executeWrite(
  store: Store,
  transaction: Transaction,
  write: AuthorizedWrite,
  signal: AbortSignal,
): Promise<number> {
  const { sql, params } = write.query.statement;
  const lease = await leaseViews(store, write.query);
  try {
    const source = { catalogue: lease.catalogue, sql, params };
    return (await transaction.change(write.table, changeOf(write, source), signal)).rows;
  } catch (error) {
    throw await named(store, error, write.query);
  } finally {
    lease.release();
  }
}

function changeOf(write: AuthorizedWrite, source: Change['source']): Change {
  switch (write.kind) {
    case 'insert':
      return { kind: 'insert', source, columns: write.columns, rights: write.rights };
    case 'update':
      return { kind: 'update', source, columns: write.columns, rule: write.rule };
    case 'delete':
      return { kind: 'delete', source, rule: write.rule };
  }
}

/** How many rows it would find now, or in the state that is pinned; writes nothing. */
export async function countFound(
  store: Store,
  { query }: AuthorizedWrite,
  signal: AbortSignal,
  pinned?: PinnedViews,
): Promise<number> {
  const open = await openQuery(store, query, signal, { pinned });
  let rows = 0;
  try {
    for await (const chunk of open.source.chunks) {
      rows += chunk.rowCount;
      chunk.reset();
    }
    open.close();
  } catch (error) {
    open.close(asFractalError(error).code);
    throw error;
  }
  return rows;
}

/** What would be done, without doing it. */
export async function explainWrite(store: Store, write: AuthorizedWrite): Promise<string> {
  const { table, query } = write;
  const seen = query.tables.find((one) => one.schema === table.schema && one.name === table.name);
  const isSome = seen !== undefined && isLimited(seen);
  const rule = write.kind === 'insert' ? write.rights.insert : write.rule;
  const some = rule.where === undefined ? 'every row' : 'rows that meet the condition of the rule';
  const lease = await leaseViews(store, query);
  try {
    return [
      {
        insert: () => `insert into ${qualifiedName(table)}: a new row for each row of the query`,
        update: () =>
          `update ${qualifiedName(table)}: the rows that the query finds${isSome ? ', of those you may read' : ''}`,
        delete: () =>
          `delete from ${qualifiedName(table)}: a tombstone for each row that the query finds${isSome ? ', of those you may read' : ''}`,
      }[write.kind](),
      ...(write.kind === 'delete' ? [] : [`columns: ${write.columns.join(', ')}`]),
      `rights: ${some}${write.kind === 'update' ? ', before and after' : ''}, by ${rule.rules.join(', ')}; else nothing is written`,
      `class: ${CLASSES[table.class]}`,
      'query:',
      await plainPlan(store, query, lease.catalogue),
    ].join('\n');
  } catch (error) {
    throw await named(store, error, query);
  } finally {
    lease.release();
  }
}

const CLASSES: Readonly<Record<AuthorizedWrite['table']['class'], string>> = {
  mutable: 'mutable, rows may change',
  'state-machine': 'state-machine, the status moves along its transitions only',
  'write-once': 'write-once, rows are added and removed, never rewritten',
  'append-only': 'append-only, rows are added and removed, never rewritten',
  audit: 'audit, rows are never changed',
};
