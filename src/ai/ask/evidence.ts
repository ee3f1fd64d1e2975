/**
 * Sentences of provisions, weighed against a question.
 *
 * A word of the question counts by how well the best word of the sentence meets it (late interaction over the embedding
 * model's terms), weighed by how much the model makes of it. What stands around a sentence (headings, the words that an
 * item goes on with) counts less than its own words. For models without terms the share of the question's words counts.
 */
import { interact, type Embedder } from '../../query/index.ts';

export interface SentenceSpan {
  readonly start: number;
  readonly end: number;
  readonly role: 'sentence' | 'lead-in' | 'item' | 'heading';
  /** Index of the span whose words this item goes on with. */
  readonly leadIn: number | undefined;
}

/** Cuts a text into sentences, as obligations are found in them. */
export type SplitSentences = (text: string) => readonly SentenceSpan[];

/** A provision whose sentences may answer. */
export interface Source {
  readonly version_id: string;
  readonly section_id: string;
  readonly document_id: string;
  readonly citation: string;
  readonly heading: string;
  readonly text: string;
  readonly in_force_from: string | null;
  readonly in_force_to: string | null;
  /** Headings and lead-ins of the provisions around it. */
  readonly around: string;
}

export interface Sentence {
  readonly source: Source;
  /** Place of the source in the list. */
  readonly rank: number;
  readonly span: SentenceSpan;
  /** The lead-in of an item, where it has one in the same text. */
  readonly leadIn: SentenceSpan | undefined;
  readonly score: number;
  /** How well its own words meet the question's, 0 to 1. */
  readonly words: number;
}

/** What is known about how well the passages answer; each 0 to 1. See confidence.ts. */
export interface Signals {
  /** Own words of the best sentence. */
  readonly sentence: number;
  /** Words of the best passage, with what stands around it. */
  readonly passage: number;
  /** Share of the question that the best passage meets word for word, by weight of the words. */
  readonly exact: number;
  /** Cosine of question and best passage. */
  readonly vector: number;
}

const OWN = 0.65;
const AROUND = 0.2;
const VECTOR = 0.15;
/** A sentence that says a time where the question asks for one, or a quantity, counts so much more. */
const KIND = 0.1;
const TIME =
  /\b(?:annual\w*|(?:bi|semi)?-?(?:year|month|week|quarter|dai|hour)ly|daily|every|once|twice|(?:at least|within|not later than|no later than|before|after|until|for)\s+(?:\w+\s+){0,3}(?:years?|months?|weeks?|days?|hours?|minutes?|shifts?)|each (?:year|month|week|day|shift|use)|immediately|\d+[- ](?:years?|months?|weeks?|days?|hours?))\b/i;
const QUANTITY =
  /\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|half|third|quarter|maximum|minimum|at least|exceeds?|less than|more than)\b/i;
const KINDS: readonly (readonly [asks: RegExp, says: RegExp])[] = [
  [/\bhow (?:often|frequently|long|soon|quickly)\b|\bwhen\b|\b(?:deadline|interval|frequency)\b/i, TIME],
  [
    /\bhow (?:much|many|high|low|deep|far|wide|large|heavy|fast|close)\b|\bwhat (?:is the )?(?:maximum|minimum|limit)\b/i,
    QUANTITY,
  ],
];
const WORDS_MIN = 4;
/** A provision longer than this is weighed by so much of it. */
const SENTENCES_MAX = 400;

export interface Weighed {
  /** Best first. */
  readonly sentences: readonly Sentence[];
  readonly signals: Signals;
}

export async function weigh(
  embedder: Embedder,
  split: SplitSentences,
  question: string,
  sources: readonly Source[],
  signal?: AbortSignal,
): Promise<Weighed> {
  const found = sources
    .flatMap((source, rank) => sentencesOf(question, source, rank, split))
    .slice(0, SENTENCES_MAX);
  if (found.length === 0) return { sentences: [], signals: { sentence: 0, passage: 0, exact: 0, vector: 0 } };
  const own = found.map(textOf);
  const around = found.map((one, i) => `${own[i] ?? ''}\n${one.source.heading}\n${one.source.around}`);
  const stated = sources.map(({ text }) => statementsOf(question, text, split));
  const whole = sources.map(({ heading, around: above }, i) => `${stated[i] ?? ''}\n${heading}\n${above}`);
  const words = await meet(embedder, question, [...own, ...around, ...whole]);
  signal?.throwIfAborted();
  const cosines = await cosinesWith(embedder, question, [...own, ...stated], signal);
  const kind = KINDS.find(([asks]) => asks.test(question))?.[1];
  const at = (list: readonly number[], i: number): number => list[i] ?? 0;
  const sentences = found
    .map((one, i) => ({
      ...one,
      words: at(words, i),
      score:
        OWN * at(words, i) +
        AROUND * at(words, found.length + i) +
        VECTOR * at(cosines, i) +
        (kind?.test(own[i] ?? '') === true ? KIND : 0),
    }))
    .sort((a, b) => b.score - a.score || a.rank - b.rank || a.span.start - b.span.start);
  const passage = words.slice(2 * found.length);
  const best = passage.indexOf(Math.max(...passage));
  return {
    sentences,
    signals: {
      sentence: sentences[0]?.words ?? 0,
      passage: at(passage, best),
      exact: await exactShare(embedder, question, whole[best] ?? ''),
      vector: Math.max(0, ...cosines.slice(found.length)),
    },
  };
}

/**
 * A question answers nothing, so a text that repeats the one asked is not near to it. Nor does a sentence about the force
 * of a provision, unless that is asked: what is in force is known from dates, not from what some document says of another.
 */
const mayAnswer = (question: string, sentence: string): boolean =>
  !ENDS_ASKING.test(sentence) &&
  (!(ENDS_FORCE.test(sentence) && PROVISION.test(sentence)) || ASKS_FORCE.test(question));
const ENDS_ASKING = /[?？]["'”’)\]\s]*$/;
const ENDS_FORCE =
  /\b(?:repeal(?:s|ed)|revoked|rescinded|superseded|no longer (?:in force|appl(?:y|ies|icable)|valid))\b/i;
const PROVISION =
  /(?:§+|\b(?:sections?|articles?|art\.|paragraphs?|para\.|regulations?|reg\.|rules?|parts?|CFR))\s*[\d(]/i;
const ASKS_FORCE =
  /\b(?:repeal\w*|revo(?:ke|ca)\w*|rescind\w*|supersed\w*|replac\w*|in force|appl(?:y|ies|icable)|valid)\b/i;

/** The text without sentences that may not answer. */
function statementsOf(question: string, text: string, split: SplitSentences): string {
  if (!/[?？]/.test(text) && !ENDS_FORCE.test(text)) return text;
  return split(text)
    .map(({ start, end }) => text.slice(start, end))
    .filter((sentence) => mayAnswer(question, sentence))
    .join(' ');
}

function sentencesOf(
  question: string,
  source: Source,
  rank: number,
  split: SplitSentences,
): Omit<Sentence, 'score' | 'words'>[] {
  const spans = split(source.text);
  return spans.flatMap((span) => {
    const words = source.text.slice(span.start, span.end).split(/\s+/).length;
    if (
      span.role === 'heading' ||
      words < WORDS_MIN ||
      !mayAnswer(question, source.text.slice(span.start, span.end))
    )
      return [];
    const leadIn = span.leadIn === undefined ? undefined : spans[span.leadIn];
    return [{ source, rank, span, leadIn }];
  });
}

/** The words of a sentence, an item with those it goes on with. */
export function textOf({ source, span, leadIn }: Pick<Sentence, 'source' | 'span' | 'leadIn'>): string {
  const own = source.text.slice(span.start, span.end);
  return leadIn === undefined ? own : `${source.text.slice(leadIn.start, leadIn.end)} ${own}`;
}

/** How well each text meets the words of the question, 0 to 1. */
export async function meet(
  embedder: Embedder,
  question: string,
  texts: readonly string[],
): Promise<number[]> {
  if (texts.length === 0) return [];
  const { terms } = embedder;
  if (terms !== undefined) return await interact(terms, question, await terms.termsOf(texts));
  const asked = contentWords(question);
  return texts.map((text) => {
    const there = contentWords(text);
    return asked.size === 0 ? 0 : [...asked].filter((word) => there.has(word)).length / asked.size;
  });
}

async function exactShare(embedder: Embedder, question: string, text: string): Promise<number> {
  const { terms } = embedder;
  if (terms === undefined) return (await meet(embedder, question, [text]))[0] ?? 0;
  const [asked = new Uint16Array(0), there = new Uint16Array(0)] = await terms.termsOf([question, text]);
  const weights = await terms.weightsOf(asked);
  const held = new Set(there);
  let sum = 0;
  let met = 0;
  asked.forEach((id, i) => {
    sum += weights[i] ?? 0;
    if (held.has(id)) met += weights[i] ?? 0;
  });
  return sum === 0 ? 0 : met / sum;
}

async function cosinesWith(
  embedder: Embedder,
  question: string,
  texts: readonly string[],
  signal?: AbortSignal,
): Promise<number[]> {
  const { dimension } = embedder.model;
  const [asked, all] = [
    await embedder.embed([question], 'query', signal),
    await embedder.embed(texts, 'passage', signal),
  ];
  return texts.map((_, row) => {
    let sum = 0;
    for (let i = 0; i < dimension; i++) sum += (asked[i] ?? 0) * (all[row * dimension + i] ?? 0);
    return sum;
  });
}

const STOP_WORDS = new Set(
  (
    'a an and are as at be been before being by can could did do does for from had has have how i if in into is it its ' +
    'may must not of on or our shall should that the their them then there these they this those to under was were what ' +
    'when where which who whom whose why will with would you your'
  ).split(' '),
);

/** Words that carry meaning, in lower case without a plural's s. */
export function contentWords(text: string): Set<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return new Set(
    words
      .filter((word) => !STOP_WORDS.has(word))
      .map((word) => (word.length > 4 ? word.replace(/s$/, '') : word)),
  );
}
