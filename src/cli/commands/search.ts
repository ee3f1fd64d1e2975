import type { SearchAnswer, SearchHit, SearchRequest } from '../../node/index.ts';
import { markWords, snippet } from '../output/snippet.ts';
import { oneLine, wrap } from '../output/text.ts';
import { note, showBadges, withNode, writeJson, writeLine, type Run, type Session } from '../session.ts';

const SNIPPET_LINES = 3;
const WIDTH_MAX = 100;

export const runSearch: Run<'search'> = async (session) => {
  const { values, signal } = session;
  const request: SearchRequest = {
    query: session.arguments.join(' '),
    k: values.k,
    mode: values.mode,
    ...(values.rerank ? { rerank: true } : {}),
    ...(values.at === undefined ? {} : { at: values.at }),
    ...(values.jurisdiction === undefined ? {} : { jurisdiction: values.jurisdiction }),
    ...(values.document === undefined ? {} : { document: values.document }),
  };
  await withNode(session, async (node) => {
    const answer = await node.search(request, signal);
    if (values.json) return writeJson(session, answer);
    await showBadges(session, answer.badges);
    await showHits(session, answer);
    if (answer.hits.length === 0) await nothingFound(session, request, (await node.status()).search.sections);
  });
  return 0;
};

export async function showHits(session: Session, answer: SearchAnswer): Promise<void> {
  const { style, io } = session;
  const width = Math.min(io.stdout.columns, WIDTH_MAX) - 4;
  for (const hit of answer.hits) {
    const heading = hit.heading === '' ? '' : `  ${oneLine(hit.heading)}`;
    await writeLine(
      session,
      `${String(hit.rank).padStart(2)}. ${style.bold(oneLine(hit.citation))}${heading}`,
    );
    const text = snippet(hit.text, answer.query, width * SNIPPET_LINES);
    for (const line of wrap(text, width))
      await writeLine(session, `    ${markWords(line, answer.query, style, io.stdout.isTty)}`);
    await writeLine(session, style.dim(`    ${inForce(hit)}  ${scores(hit)}`));
  }
}

function inForce(hit: SearchHit): string {
  if (hit.in_force_from === null && hit.in_force_to === null) return 'dates of force unknown';
  const from = hit.in_force_from === null ? 'in force' : `in force from ${hit.in_force_from}`;
  return hit.in_force_to === null ? from : `${from} to ${hit.in_force_to}`;
}

function scores(hit: SearchHit): string {
  const parts = (['vector', 'text'] as const).flatMap((name) => {
    const score = hit.scores[name];
    return score === null ? [] : [`${name} ${score.toFixed(3)}`];
  });
  return `score ${hit.score.toFixed(4)}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`;
}

async function nothingFound(session: Session, request: SearchRequest, sections: number): Promise<void> {
  await writeLine(session, 'Nothing was found.');
  const tries: string[] = [];
  if (sections === 0) tries.push('Nothing has been imported yet: `fractal import PATH`.');
  else {
    if (request.at !== undefined) tries.push('Leave out --at to search the law of today.');
    if (request.jurisdiction !== undefined || request.document !== undefined)
      tries.push('Leave out --jurisdiction and --document to search everything.');
    if (request.mode === 'text') tries.push('Use --mode hybrid to search by meaning too.');
    tries.push('Use fewer or more general words.');
  }
  for (const line of tries) await note(session, `  try: ${line}`);
}
