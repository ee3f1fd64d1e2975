/** What people decide about recommendations: rows of `esh.human_decisions` beside those of `ai.inferences`. */
import { deniedError, newId, notFoundError, usageError } from '../base/index.ts';
import type { AccessPolicy, Principal } from '../query/index.ts';
import { ESH } from '../schema/index.ts';
import { denied } from './access.ts';
import type { NodeParts } from './parts.ts';

export interface DecideRequest {
  readonly inference_id: string;
  readonly decision: 'accept' | 'reject' | 'amend';
  /** Why. A decision without a reason is refused. */
  readonly reason: string;
  /** What stands in place of the recommendation; with `amend`, and only then. */
  readonly amendment?: string;
}

export interface Decision {
  readonly decision_id: string;
  readonly inference_id: string;
  readonly decision: DecideRequest['decision'];
  readonly amendment: string | null;
  readonly reason: string;
  readonly decided_by: string;
  /** ISO 8601, UTC. */
  readonly decided_at: string;
}

interface Subject {
  readonly region: string;
  readonly site_id: string;
  readonly asked_by: string;
}

/**
 * Records a decision. Whoever asked may decide about an answer that is about no site; about all others decides whom
 * policy lets insert the row. An answer that the caller may not read does not exist for them.
 */
export async function decide(
  parts: NodeParts,
  policy: AccessPolicy,
  principal: Principal,
  request: DecideRequest,
): Promise<Decision> {
  if (principal.kind === 'app')
    throw deniedError(
      'decision.person',
      'only a person decides about a recommendation',
      'Show the recommendation to a person, and let them decide with their own credentials.',
    );
  const { inference_id: id, decision, reason, amendment } = request;
  if (reason.trim() === '')
    throw usageError('decision.reason', 'a decision needs a reason', 'Say why in a few words.');
  if ((decision === 'amend') !== (amendment !== undefined && amendment.trim() !== ''))
    throw usageError(
      'decision.amendment',
      'an amendment goes with `amend`, and only with it',
      'Give the text that stands in place of the recommendation.',
    );
  const subject = await visible(parts, policy, principal, id);
  const { clock, random } = parts.outside;
  const row = {
    decision_id: newId(clock, random),
    region: subject.region,
    site_id: subject.site_id,
    inference_id: id,
    subject_table: 'ai.inferences',
    subject_id: id,
    decision,
    amendment: amendment ?? null,
    reason,
    decided_by: principal.id,
    decided_at: new Date(clock.now()).toISOString(),
  };
  const own = subject.asked_by === principal.id && subject.site_id === '';
  const right = policy.writing(principal, 'insert', 'esh.human_decisions');
  if (!own && !right.allowed)
    throw denied(`${principal.id} may not decide about this recommendation`, right.rule);
  await parts.store.transact(principal.id, async (transaction) => {
    await transaction.put(ESH.humanDecisions, [row]);
    if (own || !right.allowed || right.may.where === undefined) return;
    const met = await transaction.rows(
      `select 1 from esh.human_decisions t where decision_id = $1 and (${right.may.where})`,
      [row.decision_id],
    );
    // Thrown here, the row goes with the transaction.
    if (met.length === 0)
      throw denied(`${principal.id} may not decide about this recommendation`, right.may.rules.join(', '));
  });
  const { decision_id, decided_by, decided_at } = row;
  return {
    decision_id,
    inference_id: id,
    decision,
    amendment: row.amendment,
    reason,
    decided_by,
    decided_at,
  };
}

async function visible(
  { store }: NodeParts,
  policy: AccessPolicy,
  principal: Principal,
  id: string,
): Promise<Subject> {
  const read = policy.decide(principal, { action: 'read', tables: ['ai.inferences'] });
  const seen = read.allowed ? (read.predicate ?? 'true') : 'false';
  const [found] = await store.rows<Subject>(
    `select region, site_id, asked_by from ai.inferences
      where inference_id = $1 and not deleted and (asked_by = $2 or (${seen}))`,
    [id, principal.id],
  );
  if (found === undefined)
    throw notFoundError(
      'inference.unknown',
      'there is no inference of this id that you may see',
      'Answers of models carry their inference_id.',
    );
  return found;
}
