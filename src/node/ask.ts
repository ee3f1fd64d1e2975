/** Answers as the node offers them: whoever may search may ask. */
import { Asker, type AskEvent, type AskRequest } from '../ai/index.ts';
import { splitSentences } from '../ingest/index.ts';
import type { AccessPolicy, Principal } from '../query/index.ts';
import type { NodeParts } from './parts.ts';

export function askNode(
  parts: NodeParts,
  principal: Principal,
  policy: AccessPolicy,
  request: AskRequest,
  signal: AbortSignal,
): AsyncGenerator<AskEvent> {
  const { outside, ...rest } = parts;
  const asker = new Asker({ ...rest, policy, clock: outside.clock, split: splitSentences });
  return asker.ask(principal, request, signal);
}
