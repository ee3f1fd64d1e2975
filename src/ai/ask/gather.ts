/** Provisions for an answer: those that a search finds, with what stands around them, defines their terms, or is cited. */
import {
  ancestorsOf,
  citedBySome,
  definitionsIn,
  namedIn,
  type Principal,
  type ReferencePorts,
  type SectionHit,
  type SectionSearch,
} from '../../query/index.ts';
import { contentWords, type Source } from './evidence.ts';
import { speaksToModel } from './hostile.ts';
import type { AskPassage } from './types.ts';

export interface GatherPorts extends ReferencePorts {
  readonly search: SectionSearch;
}

export interface GatherQuery {
  readonly question: string;
  readonly at: string;
  readonly k: number;
  readonly jurisdiction: string | undefined;
  readonly document: string | undefined;
}

export interface GatheredSource extends Source {
  readonly role: AskPassage['role'];
  readonly score: number;
}

export interface Gathered {
  /** Best first: what was found, then definitions and cited provisions. */
  readonly sources: readonly GatheredSource[];
  /** Of the first ones, so many are cited by the question itself. */
  readonly named: number;
  /** Definitions of the very term that the question asks for. */
  readonly asked: readonly AskedTerm[];
  /** Provisions left out of everything because they speak to a model. */
  readonly hostile: number;
}

export async function gather(
  ports: GatherPorts,
  principal: Principal,
  query: GatherQuery,
  signal?: AbortSignal,
): Promise<Gathered> {
  const { question, at, k, jurisdiction, document } = query;
  const hits = await ports.search.find(
    principal,
    { query: question, mode: 'hybrid', rerank: true, k, at, jurisdiction, document },
    signal,
  );
  const [above, defined, cited] = await Promise.all([
    ancestorsOf(ports, principal, hits),
    definitionsIn(ports, principal, question, [...new Set(hits.map(({ version_id }) => version_id))]),
    citedBySome(ports, principal, hits.slice(0, CITING_HITS), at),
  ]);
  const asksFor = askedTerm(question);
  const key = (one: { version_id: string; section_id: string }): string =>
    `${one.version_id} ${one.section_id}`;
  const around = new Map<string, string[]>();
  for (const one of above)
    around.set(`${one.version_id} ${one.origin}`, [
      ...(around.get(`${one.version_id} ${one.origin}`) ?? []),
      one.heading,
      // Of long texts above, the end is what leads in.
      one.text.slice(-AROUND_CHARS),
    ]);
  const sources = new Map<string, GatheredSource>();
  for (const hit of hits)
    sources.set(key(hit), {
      ...hit,
      role: 'found',
      around: (around.get(key(hit)) ?? []).join('\n'),
    });
  const least = hits.at(-1)?.score ?? 0;
  const add = (role: AskPassage['role'], list: readonly Omit<Source, 'around'>[]): void => {
    for (const one of list)
      if (!sources.has(key(one))) sources.set(key(one), { ...one, role, around: '', score: least });
  };
  const asked = asksFor === undefined ? [] : defined.filter(({ term }) => sameWords(term, asksFor));
  add('definition', [...asked, ...defined].slice(0, DEFINITIONS));
  add('cited', cited.slice(0, CITED));
  const all = [...sources.values()];
  const kept = all.filter(({ text, heading }) => !speaksToModel(text) && !speaksToModel(heading));
  return {
    sources: kept,
    named: namedIn(question).length === 0 ? 0 : kept.findIndex((one) => !isNamed(one, hits)),
    asked: asked.filter(({ text }) => !speaksToModel(text)).map((one) => ({ ...one, around: '' })),
    hostile: all.length - kept.length,
  };
}

/** A definition: the span of its words in the provision. */
export type AskedTerm = Source & { readonly span_start: number; readonly span_end: number };

const TERM_ASKED =
  /^(?:please )?(?:what|who) (?:is|are) (?:meant by )?(?:an? |the |any )?(.{2,80}?)\??$|^what does (?:an? |the |the term )?(.{2,80}?) mean\b.*$|^(?:define|definition of|(?:the )?meaning of)(?: the term| an?| the)? (.{2,80}?)\??$/i;

/** The term that a question asks the meaning of. */
function askedTerm(question: string): string | undefined {
  const [, a, b, c] = TERM_ASKED.exec(question.replace(/["“”‘’]/g, '').trim()) ?? [];
  return a ?? b ?? c;
}

function sameWords(a: string, b: string): boolean {
  const [one, other] = [contentWords(a), contentWords(b)];
  return one.size > 0 && one.size === other.size && [...one].every((word) => other.has(word));
}

/** Of so many of the best hits, cited provisions are read too. */
const CITING_HITS = 3;
const DEFINITIONS = 3;
const CITED = 4;
const AROUND_CHARS = 400;

/** Search gives 1 to what the question cites, and only there without a score of its own. */
const isNamed = (one: GatheredSource, hits: readonly SectionHit[]): boolean =>
  hits.some((hit) => hit.section_id === one.section_id && hit.fused_score === 1 && hit.vector_score === null);

export function passagesOf(sources: readonly GatheredSource[], chars: number): AskPassage[] {
  return sources.map((one, i) => ({
    rank: i + 1,
    section_id: one.section_id,
    document_id: one.document_id,
    citation: one.citation,
    heading: one.heading,
    text: one.text.slice(0, chars),
    score: one.score,
    role: one.role,
    in_force_from: one.in_force_from,
    in_force_to: one.in_force_to,
  }));
}
