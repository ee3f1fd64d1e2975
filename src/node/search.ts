/** Search as the node offers it. A weaker mode answers only where it says so. */
import { FractalError, today } from '../base/index.ts';
import type { Principal, SectionHit } from '../query/index.ts';
import type { SearchAnswer, SearchMode, SearchRequest } from './api.ts';
import type { NodeParts } from './parts.ts';

const DEFAULT_K = 10;

const BADGE = {
  textOnly: (why: FractalError): string =>
    `Found by words alone, not by meaning: ${why.message} (${why.code}). ${why.cure}`,
  notReranked: (mode: SearchMode): string =>
    `Not ordered again: that is for hybrid searches, and this is one by ${mode}.`,
  noTerms: 'Single words were not compared: the embedding model has no vectors of terms.',
} as const;

/** A model that is not there, or finds no memory. One whose bytes are wrong is an error: that is no matter of doing without. */
const isModelAbsent = (error: unknown): error is FractalError =>
  error instanceof FractalError && error.kind === 'unavailable' && error.code.startsWith('model.');

export async function searchNode(
  { search, embedder, outside }: NodeParts,
  principal: Principal,
  request: SearchRequest,
  signal: AbortSignal | undefined,
): Promise<SearchAnswer> {
  const at = request.at ?? today(outside.clock);
  const { query, jurisdiction, document, rerank = false, k = DEFAULT_K } = request;
  const find = (mode: SearchMode): Promise<SectionHit[]> =>
    search.find(principal, { query, mode, k, at, jurisdiction, document, rerank }, signal);
  let mode = request.mode ?? 'hybrid';
  const badges: string[] = [];
  let hits: SectionHit[];
  try {
    hits = await find(mode);
  } catch (error) {
    // By vector alone there is nothing left to search with.
    if (mode !== 'hybrid' || !isModelAbsent(error)) throw error;
    hits = await find('text');
    mode = 'text';
    badges.push(BADGE.textOnly(error));
  }
  if (rerank && mode !== 'hybrid') badges.push(BADGE.notReranked(mode));
  if (mode === 'hybrid' && embedder.terms === undefined) badges.push(BADGE.noTerms);
  const { model } = embedder;
  return {
    query,
    mode,
    at,
    model: mode === 'text' ? null : `${model.id} ${model.version}`,
    badges,
    hits: hits.map((hit, i) => ({
      rank: i + 1,
      section_id: hit.section_id,
      document_id: hit.document_id,
      citation: hit.citation,
      heading: hit.heading,
      text: hit.text,
      score: hit.score,
      scores: { vector: hit.vector_score, text: hit.text_score, fused: hit.fused_score },
      in_force_from: hit.in_force_from,
      in_force_to: hit.in_force_to,
    })),
  };
}
