/** Cuts the parts of an obligation out of a clause, in the words of the text. */
import { findAdjuncts, type Adjunct, type AdjunctKind } from './adjuncts.ts';
import type { Clause } from './clause.ts';
import { headOf } from './noun-phrase.ts';
import { byActor, subjectKind } from './features.ts';
import {
  agency,
  ARTICLES,
  CONJUNCTIONS,
  DETERMINERS,
  isAdverb,
  isParticiple,
  PREPOSITIONS,
  PRONOUNS,
  RELATIVES,
} from './lexicon.ts';
import type { SentenceReading } from './read.ts';
import { triggerAt } from './modal.ts';
import { lowerAt, type Range, type Token } from './tokens.ts';

export type PartName =
  'addressee' | 'modality' | 'action' | 'object' | 'condition' | 'threshold' | 'deadline' | 'exception';

/** Where the words of a part stand in the text of the reading. */
export interface PartPlace {
  readonly part: PartName;
  readonly start: number;
  readonly end: number;
}

export interface FoundParts {
  readonly parts: ObligationParts;
  readonly places: readonly PartPlace[];
}

export interface ObligationParts {
  readonly addressee: string | undefined;
  readonly action: string | undefined;
  /** What is acted on, or what must be so. */
  readonly object: string | undefined;
  readonly condition: string | undefined;
  readonly threshold: string | undefined;
  readonly deadline: string | undefined;
  readonly exception: string | undefined;
}

const EDGE_SIGNS = ',;:.—–-‘’“”"';
/** Words that only join what an item would go on with. */
const OPEN_ENDS = /^(?:and|or|but|nor|and\/or|if|where|when|unless)$/;
const ACTOR_TOKENS = 24;
const OBJECT_TOKENS = 12;

const isEdge = (token: Token | undefined): boolean =>
  token === undefined || token.kind === 'gap' || EDGE_SIGNS.includes(token.text);

/** Words of the text, on one line, and where they stand in it. */
interface Phrase {
  readonly words: string;
  readonly start: number;
  readonly end: number;
}

/** The text of a range without signs and joints at its ends. */
function words(reading: SentenceReading, range: Range): Phrase | undefined {
  const { tokens, text } = reading;
  let { from, to } = range;
  to = Math.min(to, tokens.length);
  while (from < to && (isEdge(tokens[from]) || lowerAt(tokens, from) === ')')) from++;
  while (to > from && (isEdge(tokens[to - 1]) || OPEN_ENDS.test(lowerAt(tokens, to - 1)))) to--;
  const [first, last] = [tokens[from], tokens[to - 1]];
  if (first === undefined || last === undefined || from >= to) return undefined;
  const { start } = first;
  const { end } = last;
  return { words: text.slice(start, end).replace(/\s+/g, ' '), start, end };
}

/** An actor: without its article, and without what is said about it. */
function actorWords(reading: SentenceReading, range: Range): Phrase | undefined {
  const { tokens } = reading;
  let from = range.from;
  while (from < range.to && (ARTICLES.has(lowerAt(tokens, from)) || isEdge(tokens[from]))) from++;
  const stop = Math.min(range.to, from + ACTOR_TOKENS);
  const head = headOf(tokens, range);
  let to = from;
  for (; to < stop; to++) {
    const word = lowerAt(tokens, to);
    if (tokens[to]?.kind === 'gap' || word === ';' || word === '(') break;
    if (to > from && (RELATIVES.has(word) || /^(?:referred|pursuant|desiring|wishing)$/.test(word))) break;
    if (head !== undefined && to > head && isParticiple(word)) break;
    if (word === ',' && !isList(tokens, to, stop)) break;
  }
  // `an employee to whom`
  while (to > from + 1 && PREPOSITIONS.has(lowerAt(tokens, to - 1))) to--;
  return words(reading, { from, to });
}

/** Whether a comma goes on with a list of actors: `undertakings, managers and operators`. */
function isList(tokens: readonly Token[], comma: number, end: number): boolean {
  for (let i = comma + 1; i < end; i++) {
    const word = lowerAt(tokens, i);
    if (CONJUNCTIONS.has(word)) return i > comma + 1 || agencyAfter(tokens, i);
    if (PREPOSITIONS.has(word) && word !== 'of') return false;
    if (RELATIVES.has(word)) return false;
  }
  return false;
}

function agencyAfter(tokens: readonly Token[], at: number): boolean {
  for (let i = at + 1; i < at + 4; i++) if (agency(tokens[i]?.text ?? '') > 0) return true;
  return false;
}

/** Who `it` or `they` is: the first actor named before it in the sentence. */
function antecedent(reading: SentenceReading, before: number): Phrase | undefined {
  const { tokens } = reading;
  for (let i = 0; i < before; i++) {
    if (agency(tokens[i]?.text ?? '') !== 2) continue;
    let from = i;
    while (from > 0 && isNameWord(tokens, from - 1)) from--;
    return words(reading, { from, to: i + 1 });
  }
  return undefined;
}

function isNameWord(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  if (token?.kind !== 'word') return false;
  const word = token.lower;
  return !(
    PREPOSITIONS.has(word) ||
    DETERMINERS.has(word) ||
    CONJUNCTIONS.has(word) ||
    RELATIVES.has(word) ||
    /^(?:if|where|when|whenever|once|unless)$/.test(word)
  );
}

function addresseeOf(reading: SentenceReading, clause: Clause): Phrase | undefined {
  const { tokens } = reading;
  if (clause.named !== undefined) return actorWords(reading, clause.named);
  const by = byActor(tokens, clause);
  if (by !== undefined) return actorWords(reading, by);
  // `Each employee shall be trained` says who it is done to, not who does it.
  if (clause.voice === 'passive' || clause.forbidsSubject) return undefined;
  const kind = subjectKind(tokens, clause);
  if (kind === 'pronoun') return antecedent(reading, clause.subject.from) ?? words(reading, clause.subject);
  return kind === 'agent' || kind === 'likely-agent' ? actorWords(reading, clause.subject) : undefined;
}

/** The words after an active verb, up to what begins another part. */
function objectOf(
  reading: SentenceReading,
  clause: Clause,
  end: number,
  hasActor: boolean,
): Phrase | undefined {
  const { tokens } = reading;
  if (clause.forbidsSubject) return undefined;
  if (clause.voice !== 'active' || !hasActor) return actorWordsOrUndefined(reading, clause);
  let from = clause.verb + 1;
  if (/^(?:out|up|off|down|away|back)$/.test(lowerAt(tokens, from)) && lowerAt(tokens, from + 1) !== 'to')
    from++;
  // `obtain and complete a manifest`
  if (CONJUNCTIONS.has(lowerAt(tokens, from))) from += 2;
  if (/^(?:whether|to|that|how|up|so)$/.test(lowerAt(tokens, from))) return undefined;
  let to = from;
  for (; to < Math.min(end, from + OBJECT_TOKENS); to++) {
    const word = lowerAt(tokens, to);
    const isListed = word === 'following' && DETERMINERS.has(lowerAt(tokens, to - 1));
    if (PREPOSITIONS.has(word) && word !== 'of' && !isListed) break;
    if (RELATIVES.has(word) || isEdge(tokens[to]) || word === '(' || (isAdverb(word) && to > from)) break;
  }
  return words(reading, { from, to });
}

function actorWordsOrUndefined(reading: SentenceReading, clause: Clause): Phrase | undefined {
  const first = lowerAt(reading.tokens, clause.subject.from);
  const isBare = clause.subject.to - clause.subject.from === 1 && PRONOUNS.has(first);
  return isBare || clause.subject.to <= clause.subject.from ? undefined : words(reading, clause.subject);
}

/** `may only transfer`: the one adverb that changes what is allowed. */
function actionStart(tokens: readonly Token[], { predicate }: Clause): number {
  return lowerAt(tokens, predicate.from - 1) === 'only' ? predicate.from - 1 : predicate.from;
}

/** Where the action ends: at the first limit that is not in the middle of it. */
function actionEnd(tokens: readonly Token[], clause: Clause, adjuncts: readonly Adjunct[]): number {
  const end = clause.predicate.to;
  for (const { kind, from, to } of adjuncts) {
    // `ensure that before any employee …`, `include consideration of, so far as …`: the action goes on after it.
    const before = lowerAt(tokens, from - 1) === ',' ? lowerAt(tokens, from - 2) : lowerAt(tokens, from - 1);
    if (before === 'that') return end;
    if (PREPOSITIONS.has(before)) continue;
    // `and, if so, whether`, `, where applicable,`: an insertion.
    const isInserted = to - from <= 4 || lowerAt(tokens, from) === 'other';
    if (isInserted && lowerAt(tokens, to) === ',' && to + 1 < end) continue;
    if ((tokens[from]?.depth ?? 0) > (tokens[clause.verb]?.depth ?? 0)) continue;
    if (kind === 'threshold' || from <= clause.verb + (clause.voice === 'active' ? 1 : 0)) continue;
    if (kind !== 'deadline') return from;
    const after = to >= end || tokens[to]?.kind !== 'word' || CONJUNCTIONS.has(lowerAt(tokens, to));
    if (after || adjuncts.some((other) => other.from === to)) return from;
  }
  return end;
}

/** The deontic words, and the `no` of a subject that makes them a ban. */
function modalPlaces({ tokens }: SentenceReading, { modal, subject, modality }: Clause): PartPlace[] {
  const next = Math.max(triggerAt(tokens, modal)?.next ?? modal, modal + 1);
  const found: Range[] = [{ from: modal, to: next }];
  const isDenied = /^(?:no|neither|nobody|nothing)$/.test(lowerAt(tokens, subject.from));
  if (modality === 'must-not' && isDenied && subject.to > subject.from)
    found.unshift({ from: subject.from, to: subject.from + 1 });
  return found.flatMap(({ from, to }) => {
    const [first, last] = [tokens[from], tokens[to - 1]];
    return first === undefined || last === undefined
      ? []
      : [{ part: 'modality' as const, start: first.start, end: last.end }];
  });
}

export function partsOf(reading: SentenceReading, clause: Clause): FoundParts {
  const { tokens } = reading;
  const { begin, subject, modal, predicate } = clause;
  const places = modalPlaces(reading, clause);
  const hasSubject = subject.to > subject.from && !clause.shares;
  // Limits inside the subject qualify it, not the duty; only quantities count there.
  const adjuncts = hasSubject
    ? [
        ...findAdjuncts(tokens, { from: begin, to: subject.from }),
        ...findAdjuncts(tokens, subject).filter(({ kind }) => kind === 'threshold'),
        ...findAdjuncts(tokens, { from: modal, to: predicate.to }),
      ]
    : findAdjuncts(tokens, { from: clause.shares ? modal : begin, to: predicate.to });
  const noted = (part: PartName, phrase: Phrase | undefined): string | undefined => {
    if (phrase !== undefined) places.push({ part, start: phrase.start, end: phrase.end });
    return phrase?.words;
  };
  const text = (kind: AdjunctKind): string | undefined => {
    const found = adjuncts
      .filter((adjunct) => adjunct.kind === kind)
      .flatMap((adjunct) => noted(kind, words(reading, adjunct)) ?? []);
    return found.length === 0 ? undefined : found.join('; ');
  };
  const addressee = noted('addressee', addresseeOf(reading, clause));
  const end = actionEnd(tokens, clause, adjuncts);
  const action = noted(
    'action',
    clause.forbidsSubject
      ? words(reading, clause.subject)
      : words(reading, { from: actionStart(tokens, clause), to: end }),
  );
  const parts = {
    addressee,
    action,
    object: noted('object', objectOf(reading, clause, end, addressee !== undefined)),
    condition: text('condition'),
    threshold: text('threshold'),
    deadline: text('deadline'),
    exception: text('exception'),
  };
  return { parts, places };
}
