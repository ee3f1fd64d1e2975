/** The one way from a statement to something that runs. */
import { deniedError } from '../../base/index.ts';
import type { AccessPolicy, Principal } from '../ports.ts';
import type { Statement } from './statement.ts';

declare const authorized: unique symbol;

/** Only `authorize` makes one: forgetting the policy does not compile. */
export interface AuthorizedQuery {
  readonly statement: Statement;
  readonly principal: Principal;
  readonly [authorized]: true;
}

/**
 * Until policies are built, a decision covers the whole catalogue: a principal with a row predicate is denied rather
 * than served without it.
 */
export function authorize(statement: Statement, principal: Principal, policy: AccessPolicy): AuthorizedQuery {
  const decision = policy.decide(principal, { action: 'read', tables: ['*'] });
  if (!decision.allowed)
    throw deniedError(
      'policy.denied',
      `${principal.id} may not run SQL (${decision.rule})`,
      'Ask an administrator for the right.',
    );
  if (decision.predicate !== undefined)
    throw deniedError(
      'policy.row_predicate',
      'SQL under a row predicate is not part of this version',
      'Use search, or ask an administrator.',
    );
  return { statement, principal } as unknown as AuthorizedQuery;
}
