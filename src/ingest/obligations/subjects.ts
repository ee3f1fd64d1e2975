/**
 * What a text is about (topics) and to what it applies (sectors, substances, sizes), by the words that say so. One look
 * per token; each name is told once, where it is said first.
 */
import { SECTORS, SIZES, SUBSTANCES, TOPICS } from './subject-words.ts';
import { lowerAt, tokenize, type Token } from './tokens.ts';

export const SUBJECT_KINDS = ['topic', 'sector', 'substance', 'size'] as const;
export type SubjectKind = (typeof SUBJECT_KINDS)[number];

export interface Subject {
  readonly kind: SubjectKind;
  readonly name: string;
  /** The words that say so: offsets in the text. */
  readonly start: number;
  readonly end: number;
}

interface Entry {
  readonly kind: SubjectKind;
  readonly name: string;
  readonly words: readonly string[];
}

/** More of one kind say little of one sentence. */
const MOST = 6;

const exact = new Map<string, Entry[]>();
const stems = new Map<string, Entry[]>();
const stemLengths = new Set<number>();
for (const [kind, list] of [
  ['topic', TOPICS],
  ['sector', SECTORS],
  ['substance', SUBSTANCES],
  ['size', SIZES],
] as const)
  for (const [name, phrases] of list)
    for (const phrase of phrases) {
      const words = phrase.split(' ');
      const [first = ''] = words;
      const isStem = first.endsWith('*');
      const key = isStem ? first.slice(0, -1) : first;
      const map = isStem ? stems : exact;
      if (isStem) stemLengths.add(key.length);
      map.set(key, [...(map.get(key) ?? []), { kind, name, words }]);
    }

/** All of a text's subjects, in the order in which they are said. */
export function subjectsIn(tokens: readonly Token[]): readonly Subject[] {
  const found: Subject[] = [];
  const counts = new Map<SubjectKind, number>();
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i]?.kind !== 'word') continue;
    for (const entry of entriesAt(lowerAt(tokens, i))) {
      const { kind, name, words } = entry;
      if (!standsAt(tokens, i, words)) continue;
      if (found.some((one) => one.kind === kind && one.name === name)) continue;
      const count = counts.get(kind) ?? 0;
      if (count >= MOST) continue;
      counts.set(kind, count + 1);
      const [first, last] = [tokens[i], tokens[i + words.length - 1]];
      if (first !== undefined && last !== undefined)
        found.push({ kind, name, start: first.start, end: last.end });
    }
  }
  return found;
}

export function subjectsOf(text: string): readonly Subject[] {
  return subjectsIn(tokenize(text));
}

/** Law uses few words many times: what a word may open is remembered. */
const KNOWN_WORDS = 20_000;
const KNOWN_CHARS = 32;
const known = new Map<string, readonly Entry[]>();

function entriesAt(word: string): readonly Entry[] {
  let found = known.get(word);
  if (found !== undefined) return found;
  found = [...stemLengths].reduce<readonly Entry[]>(
    (all, length) => (word.length >= length ? [...all, ...(stems.get(word.slice(0, length)) ?? [])] : all),
    exact.get(word) ?? [],
  );
  if (word.length > KNOWN_CHARS) return found;
  if (known.size >= KNOWN_WORDS) known.clear();
  // A copy: a slice would keep the whole text it is of.
  known.set(Buffer.from(word).toString(), found);
  return found;
}

/** A phrase may run over a line, but not over a sign. */
function standsAt(tokens: readonly Token[], at: number, words: readonly string[]): boolean {
  return words.every((word, k) => {
    const found = lowerAt(tokens, at + k);
    return word.endsWith('*') ? found.startsWith(word.slice(0, -1)) : found === word;
  });
}
