/**
 * Single-user mode: whoever sits at the keyboard of a new node has all rights, and no one else has any. Roles and
 * attributes come with the policy language; this implements its port until then.
 */
import { usageError } from '../base/index.ts';
import type { AccessPolicy, Principal } from '../query/index.ts';

export const LOCAL_OPERATOR: Principal = { id: 'local-operator', roles: ['system-admin'] };

export const localOperatorPolicy: AccessPolicy = {
  decide: (principal) =>
    principal.id === LOCAL_OPERATOR.id
      ? { allowed: true, predicate: undefined }
      : { allowed: false, rule: 'single-user mode: only the local operator has rights' },
};

export function principalNamed(id: string): Principal {
  if (id === LOCAL_OPERATOR.id) return LOCAL_OPERATOR;
  throw usageError(
    'principal.unknown',
    `there is no principal ${id}: the node is in single-user mode`,
    `Leave --as away, or give ${LOCAL_OPERATOR.id}.`,
  );
}
