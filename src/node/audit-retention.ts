/** Retention of the audit log and legal holds, under the rights of those who set and release them. */
import { readHolds, releaseHold, setHold, type AuditLog, type Retirement } from '../audit/index.ts';
import { badInputError } from '../base/index.ts';
import type { Principal } from '../query/index.ts';
import { demand, type NodePolicy } from './access.ts';
import type { RetentionAnswer, RetentionRequest } from './audit-api.ts';

const RIGHT = { show: 'audit', hold: 'hold', release: 'hold', retire: 'administer' } as const;

export async function retentionAnswer(
  { log, retirement }: { readonly log: AuditLog; readonly retirement: Retirement },
  policy: NodePolicy,
  principal: Principal,
  request: RetentionRequest,
): Promise<RetentionAnswer> {
  if (!Object.hasOwn(RIGHT, request.action))
    throw badInputError('audit.action', 'there is no such action', 'Write show, hold, release or retire.');
  demand(policy, principal, RIGHT[request.action]);
  const { retention } = retirement;
  if ('reason' in request && request.reason.trim() === '')
    throw badInputError('audit.reason', 'a hold is set and released for a reason', 'Give one.');
  switch (request.action) {
    case 'show':
      return { retention, holds: await readHolds(log) };
    case 'hold': {
      const { id, since, until } = request;
      const days = {
        ...(since === undefined ? {} : { from: since }),
        ...(until === undefined ? {} : { until }),
      };
      return { retention, holds: await setHold(log, { id, by: principal.id, ...days }) };
    }
    case 'release':
      return { retention, holds: await releaseHold(log, request.id) };
    case 'retire': {
      const { ranges } = await retirement.run(request.dry === true);
      return { retention, holds: await readHolds(log), ranges };
    }
  }
}
