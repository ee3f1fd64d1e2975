import type { AskAnswer, AskRequest, Claim, NodeApi } from '../../node/index.ts';
import { internalError } from '../../base/index.ts';
import { snippet } from '../output/snippet.ts';
import { oneLine, wrap } from '../output/text.ts';
import { note, showBadges, withNode, writeJson, writeLine, type Run, type Session } from '../session.ts';

const WIDTH_MAX = 100;
/** Of the passages that were read, so many are shown when there is no answer. */
const NEAREST = 3;

export const runAsk: Run<'ask'> = async (session) => {
  const { values } = session;
  const request: AskRequest = {
    question: session.arguments.join(' '),
    k: values.k,
    ...(values.model === undefined ? {} : { model: values.model }),
    ...(values.at === undefined ? {} : { at: values.at }),
    ...(values.jurisdiction === undefined ? {} : { jurisdiction: values.jurisdiction }),
    ...(values.document === undefined ? {} : { document: values.document }),
  };
  await withNode(session, async (node) => {
    if (values.json) return writeJson(session, await answerTo(session, node, request));
    await showAnswer(session, await answerTo(session, node, request, (claim) => showClaim(session, claim)));
  });
  return 0;
};

/** The whole answer; each claim is told as soon as it was checked. */
export async function answerTo(
  session: Session,
  node: NodeApi,
  request: AskRequest,
  onClaim?: (claim: Claim) => Promise<void>,
): Promise<AskAnswer> {
  for await (const event of node.ask(request, session.signal)) {
    if (event.type === 'claim') await onClaim?.(event.claim);
    if (event.type === 'answer') return event.answer;
  }
  throw internalError('ask.no_answer', 'a question ended without an answer');
}

export async function showClaim(session: Session, { text, citations }: Claim): Promise<void> {
  const { style } = session;
  const width = widthOf(session);
  for (const line of wrap(oneLine(text), width)) await writeLine(session, `  ${line}`);
  const quoted = citations.map(({ quote }) => oneLine(quote)).join(' ');
  for (const { citation, start, end, in_force_from: from, in_force_to: to } of citations) {
    const force = from === null ? '' : `, in force from ${from}${to === null ? '' : ` to ${to}`}`;
    await writeLine(
      session,
      `    ${style.bold(oneLine(citation))} ${style.dim(`(${start}–${end}${force})`)}`,
    );
  }
  // A claim that is its quotes is not told twice.
  if (quoted.replace(/\s+/g, ' ') !== oneLine(text).replace(/\s+/g, ' '))
    for (const line of wrap(`“${quoted}”`, width - 2)) await writeLine(session, style.dim(`    ${line}`));
}

/** What is to be said of an answer besides its claims. */
export async function showAnswer(session: Session, answer: AskAnswer): Promise<void> {
  const { style } = session;
  if (answer.abstained) {
    await writeLine(session, answer.answer);
    for (const { citation, heading, text } of answer.passages.slice(0, NEAREST)) {
      await writeLine(session, `  ${style.bold(oneLine(citation))}  ${oneLine(heading)}`);
      const shown = snippet(text, answer.question, widthOf(session) * 2);
      for (const line of wrap(shown, widthOf(session))) await writeLine(session, `    ${line}`);
    }
  }
  const sure = `confidence ${answer.confidence.toFixed(2)}`;
  await writeLine(
    session,
    style.dim(`${answer.label}, ${sure}, ${answer.model}, record ${answer.inference_id}`),
  );
  await showBadges(session, answer.badges);
  if (answer.dropped.length > 0)
    await note(session, `  note: statements of the model left out: ${answer.dropped.join(', ')}`);
}

const widthOf = (session: Session): number => Math.min(session.io.stdout.columns, WIDTH_MAX) - 4;
