/** Several reads of one answer, each an authorised query over the views of who asks, that all see one commit. */
import { unavailableError } from '../../base/index.ts';
import { readRows } from '../../store/index.ts';
import type { Principal } from '../ports.ts';
import { authorize, type AuthorizedQuery } from '../sql/authorize.ts';
import { leaseViews, transaction } from '../sql/execute.ts';
import { parseStatement } from '../sql/statement.ts';
import type { ReadRows } from './provisions.ts';
import type { ReferencePorts } from './references.ts';

export async function governedSnapshot<T>(
  { store, policy, limits }: ReferencePorts,
  principal: Principal,
  signal: AbortSignal,
  body: (rows: ReadRows) => Promise<T>,
): Promise<T> {
  const allowed = async (sql: string): Promise<AuthorizedQuery> =>
    authorize(await parseStatement(store, sql, [], limits), principal, policy);
  const first = await allowed('select 1');
  const lease = await leaseViews(store, first);
  try {
    const { connection, release } = await transaction(store, { catalogue: lease.catalogue, signal });
    try {
      return await body(async (sql, params) => {
        signal.throwIfAborted();
        const { scope } = await allowed(sql);
        if (scope.key !== first.scope.key)
          throw unavailableError(
            'sql.rights_changed',
            'what you may read has changed while the answer was made',
            'Ask again.',
          );
        return await readRows(connection, sql, params);
      });
    } finally {
      release();
    }
  } finally {
    lease.release();
  }
}
