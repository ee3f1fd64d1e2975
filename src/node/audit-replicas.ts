/** Logs of other nodes, under the rights of those who send, accept and read them. */
import type { Replicas } from '../audit/index.ts';
import { badInputError } from '../base/index.ts';
import type { Principal } from '../query/index.ts';
import { demand, type NodePolicy } from './access.ts';
import type { ReplicaAnswer, ReplicaRequest } from './audit-api.ts';

const RIGHT = { list: 'audit', verify: 'audit', accept: 'administer', receive: 'replicate' } as const;

export async function replicaAnswer(
  replicas: Replicas,
  policy: NodePolicy,
  principal: Principal,
  request: ReplicaRequest,
): Promise<ReplicaAnswer> {
  if (!Object.hasOwn(RIGHT, request.action))
    throw badInputError('audit.action', 'there is no such action', 'Write list, accept, verify or receive.');
  demand(policy, principal, RIGHT[request.action]);
  switch (request.action) {
    case 'list':
      return { replicas: await replicas.list() };
    case 'accept':
      return { replicas: [await replicas.accept(request.key)] };
    case 'verify': {
      const verdict = await replicas.verify(request.origin);
      return { replicas: (await replicas.list()).filter((one) => one.origin === request.origin), verdict };
    }
    case 'receive':
      return { replicas: [await replicas.receive(request)] };
  }
}
