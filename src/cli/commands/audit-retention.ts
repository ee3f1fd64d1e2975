/** How long texts of the log are kept, and holds that keep them longer. */
import { usageError } from '../../base/index.ts';
import type { RetentionRequest } from '../../node/index.ts';
import { note, withNode, writeJson, writeLine } from '../session.ts';
import type { AuditSession } from './audit-outside.ts';

export async function retention(
  session: AuditSession,
  action: string,
  id: string | undefined,
): Promise<number> {
  const request = requestOf(session, action, id);
  const answer = await withNode(session, (node) => node.auditRetention(request));
  if (session.values.json) {
    await writeJson(session, answer);
    return 0;
  }
  for (const { first, end } of answer.ranges ?? [])
    await writeLine(
      session,
      `texts of entries ${first}–${end - 1} ${session.values['dry-run'] ? 'would go' : 'are gone'}`,
    );
  if (answer.ranges?.length === 0) await note(session, 'No text is past its time and free of holds.');
  if (request.action === 'retire') return 0;
  const months = Object.entries(answer.retention).map(([name, count]) => `${name} ${count} months`);
  await writeLine(session, `kept: ${months.length === 0 ? 'for ever' : months.join(', ')}`);
  for (const hold of answer.holds)
    await writeLine(
      session,
      `hold ${hold.id} by ${hold.by}: ${hold.from ?? 'the beginning'} to ${hold.until ?? 'the end'}`,
    );
  return 0;
}

function requestOf({ values }: AuditSession, action: string, id: string | undefined): RetentionRequest {
  if (action === 'holds') return { action: 'show' };
  if (action === 'retire') return { action, dry: values['dry-run'] };
  const { reason, since, until } = values;
  if (id === undefined || reason === undefined)
    throw usageError(
      'usage.argument',
      `\`fractal audit ${action}\` needs a name and --reason`,
      'fractal audit hold CASE-7 --reason "claim of 3 May"',
    );
  if (action === 'release') return { action, id, reason };
  return {
    action: 'hold',
    id,
    reason,
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}
