import { usageError } from '../../base/index.ts';
import { oneLine } from '../output/text.ts';
import { withNode, writeJson, writeLine, type Run } from '../session.ts';

export const runDecide: Run<'decide'> = async (session) => {
  const { values } = session;
  const [inference = ''] = session.arguments;
  const chosen = [
    ...(values.accept ? ['accept' as const] : []),
    ...(values.reject ? ['reject' as const] : []),
    ...(values.amend === undefined ? [] : ['amend' as const]),
  ];
  const [decision] = chosen;
  if (decision === undefined || chosen.length > 1)
    throw usageError(
      'usage.decision',
      'one of --accept, --reject and --amend is needed',
      'Give exactly one.',
    );
  if (values.reason === undefined)
    throw usageError('usage.missing_flag', '--reason is needed', 'Say why, for whoever reads the record.');
  const { reason, amend } = values;
  await withNode(session, async (node) => {
    const answer = await node.decide({
      inference_id: inference,
      decision,
      reason,
      ...(amend === undefined ? {} : { amendment: amend }),
    });
    if (values.json) return writeJson(session, answer);
    await writeLine(
      session,
      `${answer.decision} recorded as ${answer.decision_id} by ${oneLine(answer.decided_by)}`,
    );
  });
  return 0;
};
