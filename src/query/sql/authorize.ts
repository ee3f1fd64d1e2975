/** The one way from a statement to something that runs. */
import { deniedError } from '../../base/index.ts';
import { isAuditLog } from './audit-table.ts';
import type { AccessPolicy, Principal } from '../ports.ts';
import { bind, type BoundQuery } from './bind.ts';
import { scopeOf } from './domain.ts';
import type { Statement } from './statement.ts';

declare const authorized: unique symbol;

/** Only `authorize` makes one: forgetting the policy does not compile. */
export interface AuthorizedQuery extends BoundQuery {
  readonly principal: Principal;
  /** Rows read so far by whoever runs it. */
  readonly tally: { rows: number };
  readonly [authorized]: true;
}

/** Asks policy what the principal may read now, and binds the statement to that and nothing else. */
export function authorize(statement: Statement, principal: Principal, policy: AccessPolicy): AuthorizedQuery {
  const decision = policy.decide(principal, { action: 'read', tables: ['*'] });
  const scope = scopeOf(policy, principal);
  // Who may only audit reads the audit log, and nothing else is there for them.
  if (!decision.allowed && !scope.tables.some(isAuditLog))
    throw deniedError(
      'policy.denied',
      `${principal.id} may not run SQL (${decision.rule})`,
      'Ask an administrator for the right.',
    );
  return {
    ...bind(statement, scope),
    principal,
    tally: { rows: 0 },
  } as unknown as AuthorizedQuery;
}
