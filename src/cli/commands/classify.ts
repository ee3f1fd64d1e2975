import type { Classification, ClassifyRequest } from '../../node/index.ts';
import { oneLine } from '../output/text.ts';
import { withNode, writeJson, writeLine, type Run, type Session } from '../session.ts';

const SHOWN = 3;

export const runClassify: Run<'classify'> = async (session) => {
  const { values, signal } = session;
  const text = session.arguments.join(' ');
  const request: ClassifyRequest = {
    ...(text === '' ? {} : { texts: [text] }),
    ...(values.incident.length === 0 ? {} : { incidents: values.incident }),
    ...(values.taxonomy === undefined ? {} : { taxonomy: values.taxonomy }),
    ...(values.labels.length === 0 ? {} : { labels: values.labels }),
    ...(values.regulations ? { regulations: true } : {}),
    ...(values.at === undefined ? {} : { at: values.at }),
  };
  await withNode(session, async (node) => {
    const { results } = await node.classify(request, signal);
    if (values.json) return writeJson(session, results.length === 1 ? results[0] : { results });
    for (const one of results) await show(session, one);
  });
  return 0;
};

async function show(session: Session, one: Classification): Promise<void> {
  const { style } = session;
  const about = one.incident === null ? '' : `${oneLine(one.incident)}  `;
  const isSaid = one.threshold !== null || one.evidence !== undefined;
  const verdict = isSaid ? `: ${style.bold(oneLine(one.verdict))}` : '';
  await writeLine(session, `${about}${one.taxonomy ?? 'your labels'}${verdict}`);
  if (one.evidence !== undefined) await writeLine(session, `    “${oneLine(one.evidence.text)}”`);
  for (const { category, score } of one.labels.slice(0, one.evidence === undefined ? SHOWN : 0))
    await writeLine(session, `    ${score.toFixed(3).padStart(6)}  ${oneLine(category)}`);
  if (one.regulations !== undefined)
    await writeLine(
      session,
      one.regulations.length === 0 ? '    no law here' : '    nearest provisions of the law here:',
    );
  for (const { citation, heading, score } of one.regulations ?? [])
    await writeLine(
      session,
      `    ${score.toFixed(3).padStart(6)}  ${oneLine(citation)}  ${oneLine(heading)}`,
    );
  const threshold = one.threshold === null ? '' : `, unsure below ${one.threshold}`;
  if (one.badge !== null) await writeLine(session, style.yellow(`    ${one.badge}`));
  await writeLine(
    session,
    style.dim(`    ${one.label}; ${one.model}${threshold}; inference ${one.inference_id}`),
  );
}
