/** The provisions of law that come nearest to what happened: whoever may search is told them. */
import { SectionSearch, type AccessPolicy, type Principal, type SectionQuery } from '../query/index.ts';
import type { NearProvision } from './classify-api.ts';
import type { NodeParts } from './parts.ts';

/** Hits read, and sections told: several paragraphs of one section count once. */
const HITS = 60;
const TOLD = 5;

/** Of each narrative the sections or articles nearest to it, in force on a day. */
export async function regulationsFor(
  { store, embedder, limits }: NodeParts,
  principal: Principal,
  policy: AccessPolicy,
  narratives: readonly string[],
  at: string,
  signal: AbortSignal | undefined,
): Promise<NearProvision[][]> {
  const search = new SectionSearch({ store, embedder, policy, limits });
  const queries = narratives.map((text): SectionQuery => ({
    query: text.slice(0, limits.search_query_chars),
    mode: 'hybrid',
    k: HITS,
    at,
    jurisdiction: undefined,
    document: undefined,
    rerank: true,
  }));
  const found = await search.findMany(principal, queries, { signal });
  return found.map((hits) => {
    const told = new Map<string, NearProvision>();
    for (const { section_id, citation, heading, vector_score: score } of hits) {
      // `29 CFR 1910.147(c)(7)` and what stands beside it are of one section.
      const unit = citation.replace(/\s*\(.*$/s, '');
      if (told.size < TOLD && !told.has(unit))
        told.set(unit, { section_id, citation, heading, score: score ?? 0 });
    }
    return [...told.values()];
  });
}
