/** Answers made of sentences of the law alone. */
import { childrenOf, type Principal, type ReferencePorts } from '../../query/index.ts';
import type { Sentence, SentenceSpan, Source, SplitSentences } from './evidence.ts';
import { speaksToModel } from './hostile.ts';
import type { Claim, Quote } from './types.ts';

const CLAIMS_MAX = 3;
/** A further sentence is quoted when it is nearly as good as the best. */
const NEAR = 0.93;
/** Of what a lead-in leads into, so many items are quoted. */
const ITEMS_MAX = 12;
/** A provision that the question cites is quoted up to here. */
const NAMED_CHARS = 2000;

export const quoteOf = (source: Source, span: { readonly start: number; readonly end: number }): Quote => ({
  section_id: source.section_id,
  version_id: source.version_id,
  document_id: source.document_id,
  citation: source.citation,
  quote: source.text.slice(span.start, span.end),
  start: span.start,
  end: span.end,
  in_force_from: source.in_force_from,
  in_force_to: source.in_force_to,
});

/** The claim that some quotes are. */
export function claimOf(quotes: readonly Quote[]): Claim {
  const text = quotes.map(({ quote }) => quote.replace(/\s+/g, ' ')).join(' ');
  return { text, citations: quotes, support: 1 };
}

const opens = (text: string): boolean => /[:—–-]\s*$/.test(text);

export class Extractor {
  readonly #ports: ReferencePorts;
  readonly #principal: Principal;
  readonly #split: SplitSentences;

  constructor(ports: ReferencePorts, principal: Principal, split: SplitSentences) {
    this.#ports = ports;
    this.#principal = principal;
    this.#split = split;
  }

  /** The best sentences, each with the words it goes on with or leads into. */
  async best(sentences: readonly Sentence[]): Promise<Claim[]> {
    const enough = (sentences[0]?.score ?? 0) * NEAR;
    const claims: Claim[] = [];
    const said = new Set<string>();
    for (const one of sentences) {
      if (claims.length === CLAIMS_MAX || one.score < enough) break;
      const quotes = await this.#quotes(one);
      const claim = claimOf(quotes);
      if ([...said].some((text) => text.includes(claim.text) || claim.text.includes(text))) continue;
      said.add(claim.text);
      claims.push(claim);
    }
    return claims;
  }

  /** What a provision says, for a question that cites it. */
  async whole(source: Source): Promise<Claim> {
    const end = source.text.length <= NAMED_CHARS ? source.text.length : this.#cut(source.text);
    const span = trimmed(source.text, 0, end);
    const items = opens(source.text) ? await this.#below(source) : [];
    return claimOf([quoteOf(source, span), ...items]);
  }

  /** A definition, with the rest of its sentence. */
  meaning(source: Source & { readonly span_start: number; readonly span_end: number }): Claim {
    const { text, span_start: start, span_end: end } = source;
    const touched = this.#split(text).filter((span) => span.start < end && span.end > start);
    const from = Math.min(start, ...touched.map((span) => span.start));
    const to = Math.max(end, ...touched.map((span) => span.end));
    return claimOf([quoteOf(source, trimmed(text, from, to))]);
  }

  async #quotes({ source, span, leadIn }: Sentence): Promise<Quote[]> {
    const own = quoteOf(source, span);
    if (leadIn !== undefined) return [quoteOf(source, leadIn), own];
    if (!opens(own.quote)) return [own];
    const spans = this.#split(source.text);
    const at = spans.findIndex(({ start }) => start === span.start);
    const items = spans.filter(({ leadIn: index }) => index === at).slice(0, ITEMS_MAX);
    if (items.length > 0) return [own, ...items.map((item) => quoteOf(source, item))];
    return span.end >= source.text.trimEnd().length ? [own, ...(await this.#below(source))] : [own];
  }

  async #below(source: Source): Promise<Quote[]> {
    const below = await childrenOf(this.#ports, this.#principal, source);
    return below
      .filter(({ text }) => !speaksToModel(text))
      .slice(0, ITEMS_MAX)
      .map((one) => {
        const whole = { ...one, around: '' };
        return quoteOf(whole, this.#split(one.text)[0] ?? trimmed(one.text, 0, one.text.length));
      });
  }

  /** End of the last sentence that fits. */
  #cut(text: string): number {
    const fitting = this.#split(text).filter(({ end }) => end <= NAMED_CHARS);
    return fitting.at(-1)?.end ?? NAMED_CHARS;
  }
}

function trimmed(text: string, from: number, to: number): Pick<SentenceSpan, 'start' | 'end'> {
  const part = text.slice(from, to);
  return { start: from + part.length - part.trimStart().length, end: from + part.trimEnd().length };
}
