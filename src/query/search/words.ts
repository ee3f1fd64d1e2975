/**
 * What of a question stands in texts: its words, its pairs of neighbouring words and the runs of letters in its words. Each
 * text is read once, and each different word of a list of texts is cut once: cutting them took most of a search's time.
 */

/** Longer texts are weighed by their beginning. */
const TEXT_CHARS = 8000;
const PART_CHARS = 4;

/** Of one kind of thing that is counted: what is asked, and how often each text has it. */
export interface Counts {
  /** How often the question itself has each of them. */
  readonly asked: readonly number[];
  /** Row-major, `texts × asked.length`. */
  readonly found: Uint32Array;
  /** How many things of this kind each text has in all. */
  readonly lengths: Float64Array;
}

export interface Overlap {
  readonly words: Counts;
  readonly pairs: Counts;
  readonly parts: Counts;
}

/** One different word. */
interface Word {
  /** Which of the question's words it is; -1: none. */
  readonly place: number;
  /** The question's parts that it has, with repeats. */
  readonly parts: readonly number[];
  /** How many parts it has in all. */
  readonly cut: number;
}

export function overlapOf(question: string, texts: readonly string[]): Overlap {
  const asked = wordsOf(question);
  const words = numbered(asked);
  const parts = numbered(asked.flatMap(partsOf));
  const width = words.asked.length;
  // Of two neighbouring words of the question the number of their pair.
  const pairOf = new Int32Array(width * width).fill(-1);
  const pairs: number[] = [];
  asked.slice(1).forEach((word, i) => {
    const at = (words.places.get(asked[i] ?? '') ?? 0) * width + (words.places.get(word) ?? 0);
    if (pairOf[at] === -1) pairOf[at] = pairs.push(0) - 1;
    const pair = pairOf[at] ?? 0;
    pairs[pair] = (pairs[pair] ?? 0) + 1;
  });
  const rows = texts.length;
  const counts = (of: readonly number[]): Counts => ({
    asked: of,
    found: new Uint32Array(rows * of.length),
    lengths: new Float64Array(rows),
  });
  const out = { words: counts(words.asked), pairs: counts(pairs), parts: counts(parts.asked) };
  const add = ({ asked: of, found }: Counts, row: number, place: number): void => {
    const at = row * of.length + place;
    found[at] = (found[at] ?? 0) + 1;
  };
  const known = new Map<string, Word | undefined>();
  const wordOf = (raw: string): Word | undefined => {
    if (STOP_WORDS.has(raw)) return undefined;
    const word = stem(raw);
    const cut = partsOf(word);
    return {
      place: words.places.get(word) ?? -1,
      parts: cut.flatMap((part) => parts.places.get(part) ?? []),
      cut: cut.length,
    };
  };
  texts.forEach((text, row) => {
    let before = -1;
    let length = 0;
    let cut = 0;
    for (const raw of rawWordsOf(text.slice(0, TEXT_CHARS))) {
      let word = known.get(raw);
      if (word === undefined && !known.has(raw)) known.set(raw, (word = wordOf(raw)));
      if (word === undefined) continue;
      length++;
      cut += word.cut;
      if (word.place >= 0) {
        add(out.words, row, word.place);
        const pair = before < 0 ? -1 : (pairOf[before * width + word.place] ?? -1);
        if (pair >= 0) add(out.pairs, row, pair);
      }
      before = word.place;
      for (const part of word.parts) add(out.parts, row, part);
    }
    out.words.lengths[row] = length;
    out.pairs.lengths[row] = Math.max(0, length - 1);
    out.parts.lengths[row] = cut;
  });
  return out;
}

/** Each different thing with its number, and how often it is there. */
function numbered(list: readonly string[]): {
  readonly places: ReadonlyMap<string, number>;
  readonly asked: readonly number[];
} {
  const places = new Map<string, number>();
  const asked: number[] = [];
  for (const one of list) {
    const place = places.get(one) ?? places.size;
    places.set(one, place);
    asked[place] = (asked[place] ?? 0) + 1;
  }
  return { places, asked };
}

const STOP_WORDS = new Set(
  (
    'a about above after again against all am an and any are as at be because been before being below between both but by ' +
    'can could did do does doing down during each few for from further had has have having he her here how i if in into is ' +
    'it its just me more most my no nor not now of off on once only or other our out over own same she should so some such ' +
    'than that the their them then there these they this those through to too under until up very was we were what when ' +
    'where which while who whom why will with would you your'
  ).split(' '),
);

const rawWordsOf = (text: string): readonly string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/** Words in lower case without those that are everywhere, and without common endings. */
const wordsOf = (text: string): string[] =>
  rawWordsOf(text).flatMap((word) => (STOP_WORDS.has(word) ? [] : [stem(word)]));

/** Endings of plural, past and going on, where enough of the word is left. */
function stem(word: string): string {
  if (word.length < 5) return word;
  const cut = word.replace(/(?:ations?|ments?|ings?|edly|ies|ed|es|ly|s)$/, '');
  const base = cut.length >= 3 ? cut : word;
  return base.replace(/(?:e|y|i)$/, '');
}

/** Runs of a few letters, with marks where the word begins and ends: what words of one root share. */
function partsOf(word: string): string[] {
  const marked = `_${word}_`;
  const out: string[] = [];
  for (let i = 0; i === 0 || i + PART_CHARS <= marked.length; i++) out.push(marked.slice(i, i + PART_CHARS));
  return out;
}
