/**
 * Finds the main clauses of a sentence that a deontic word governs: who (subject), how (modality), does what (verb).
 *
 * It reads tokens from left to right and looks back a bounded way for the subject. It is no grammar: the order of the
 * checks carries what it knows of legal English, and the classifier decides on what they leave open.
 */
import { CLAUSES_PER_SENTENCE, SUBJECT_TOKENS } from './bounds.ts';
import {
  agency,
  CONJUNCTIONS,
  DETERMINERS,
  isAdverb,
  isParticiple,
  PREPOSITIONS,
  RELATIVES,
  SUBORDINATORS,
} from './lexicon.ts';
import { BE, skipAdverbs, triggerAt, type Modality, type Trigger } from './modal.ts';
import { headOf } from './noun-phrase.ts';
import { opensSubject, subjectOf } from './subject.ts';
import { isInOpening, isSubordinate } from './subordinate.ts';
import { isComma, lowerAt, type Range, type Token } from './tokens.ts';

export type Voice = 'active' | 'passive' | 'copula';

export interface Clause {
  readonly modality: Modality;
  /** First token of the deontic words. */
  readonly modal: number;
  /** First token that belongs to the clause: an opening `If …,` is before the subject. */
  readonly begin: number;
  /** Empty when the clause has no subject of its own (`It shall be unlawful to`). */
  readonly subject: Range;
  /** Who the clause speaks to, where the words show it another way than by the subject (`unlawful for any person to`). */
  readonly named: Range | undefined;
  /** From the first verb to the end of the clause. */
  readonly predicate: Range;
  /** Its main verb: the participle in a passive. Equal to `predicate.to` when the clause stops before one. */
  readonly verb: number;
  readonly voice: Voice;
  /** The subject itself is what is forbidden: `Smoking is prohibited`. */
  readonly forbidsSubject: boolean;
  /** The subject comes from the clause before: `shall be identified; and shall not be used`. */
  readonly shares: boolean;
}

const EMPTY: Range = { from: 0, to: 0 };

const isBreak = (token: Token | undefined): boolean =>
  token === undefined ||
  token.kind === 'gap' ||
  token.lower === ';' ||
  token.lower === ':' ||
  token.lower === '—';

/** Where the stretch of speech around a token begins: after the last break that is not inside brackets. */
function stretchStart(tokens: readonly Token[], at: number, floor: number): number {
  let i = at;
  const least = Math.max(floor, at - SUBJECT_TOKENS * 3);
  while (i > least && !(isBreak(tokens[i - 1]) && tokens[i - 1]?.depth === tokens[at]?.depth)) i--;
  return i;
}

/** Where the verb begins after a modal: past adverbs and insertions between commas. */
function verbStart(tokens: readonly Token[], from: number, end: number): number {
  let i = skipAdverbs(tokens, from);
  if (
    tokens[i]?.lower === ',' ||
    PREPOSITIONS.has(lowerAt(tokens, i)) ||
    SUBORDINATORS.has(lowerAt(tokens, i))
  ) {
    const depth = tokens[i]?.depth ?? 0;
    const stop = Math.min(end, i + 60);
    for (let j = i + 1; j < stop; j++) {
      if (!isComma(tokens, j, depth)) continue;
      const after = skipAdverbs(tokens, j + 1);
      const word = lowerAt(tokens, after);
      const isNoVerb =
        PREPOSITIONS.has(word) ||
        CONJUNCTIONS.has(word) ||
        DETERMINERS.has(word) ||
        RELATIVES.has(word) ||
        SUBORDINATORS.has(word) ||
        tokens[after]?.kind !== 'word';
      if (!isNoVerb) return after;
    }
    // `shall at all times keep`, `shall in writing notify`: two or three words, then the verb.
    if (lowerAt(tokens, i) !== ',') i = Math.min(end, i + (DETERMINERS.has(lowerAt(tokens, i + 1)) ? 3 : 2));
    else i++;
  }
  return Math.min(skipAdverbs(tokens, i), end);
}

function voiceAt(tokens: readonly Token[], start: number, end: number): { voice: Voice; verb: number } {
  if (!BE.has(lowerAt(tokens, start))) return { voice: 'active', verb: start };
  let i = start + 1;
  for (; i < end && i < start + 6; i++) {
    const word = lowerAt(tokens, i);
    if (isParticiple(word)) return { voice: 'passive', verb: i };
    if (!isAdverb(word) && word !== ',' && word !== 'been') break;
  }
  return { voice: 'copula', verb: start };
}

/** `for any person to carry`, `the duty of every employer to keep`: who, and where the verb is. */
function namedActor(
  tokens: readonly Token[],
  from: number,
  end: number,
): { named: Range; verb: number } | undefined {
  const stop = Math.min(end, from + SUBJECT_TOKENS);
  let open = from;
  if (['the', 'a'].includes(lowerAt(tokens, open)) && lowerAt(tokens, open + 1) === 'duty') open += 2;
  else if (lowerAt(tokens, open) === 'an' && lowerAt(tokens, open + 1) === 'offence') open += 2;
  if (lowerAt(tokens, open) === 'to') return { named: EMPTY, verb: open + 1 };
  if (!['for', 'of', 'on'].includes(lowerAt(tokens, open))) return undefined;
  for (let i = open + 1; i < stop; i++) {
    if (isBreak(tokens[i])) return undefined;
    if (lowerAt(tokens, i) !== 'to' || lowerAt(tokens, i - 1) === 'referred') continue;
    return { named: { from: open + 1, to: i }, verb: i + 1 };
  }
  return undefined;
}

/** Reads the clause of one trigger. */
function readClause(
  tokens: readonly Token[],
  at: number,
  trigger: Trigger,
  start: number,
  before: Clause | undefined,
): Clause {
  const end = tokens.length;
  const subject = subjectOf(tokens, start, at);
  const only = subject.to - subject.from === 1 ? lowerAt(tokens, subject.from) : '';
  const common = { modal: at, begin: start, shares: before !== undefined } as const;
  const own = before?.subject ?? subject;
  if (only === 'it' && before === undefined) {
    const from = trigger.modalVerb ? skipAdverbs(tokens, trigger.next) : trigger.next;
    const isDuty = BE.has(lowerAt(tokens, from));
    const actor =
      trigger.forbidsSubject === true || isDuty
        ? namedActor(tokens, isDuty ? from + 1 : from, end)
        : undefined;
    if (actor !== undefined) {
      const predicate = { from: actor.verb, to: end };
      const isOffence = isDuty && lowerAt(tokens, from + 1) === 'an';
      return {
        ...common,
        modality: isOffence ? 'must-not' : trigger.modality,
        subject: EMPTY,
        named: actor.named.to > actor.named.from ? actor.named : undefined,
        predicate,
        verb: actor.verb,
        voice: 'active',
        forbidsSubject: false,
      };
    }
  }
  if (trigger.forbidsSubject === true)
    return {
      ...common,
      modality: 'must-not',
      subject: own,
      named: undefined,
      predicate: { from: trigger.next, to: end },
      verb: trigger.next - 1,
      voice: 'passive',
      forbidsSubject: true,
    };
  const isDenied = /^(?:no|neither|nobody|nothing)$/.test(lowerAt(tokens, own.from)) && own.to > own.from;
  const verb = verbStart(tokens, trigger.next, end);
  const { voice, verb: main } = voiceAt(tokens, verb, end);
  return {
    ...common,
    modality: isDenied && trigger.modality !== 'must-not' ? 'must-not' : trigger.modality,
    subject: own,
    named: undefined,
    predicate: { from: verb, to: end },
    verb: main,
    voice,
    forbidsSubject: false,
  };
}

/** How a further trigger goes on from the clause before it, if it is a main clause at all. */
function continues(
  tokens: readonly Token[],
  previous: Clause,
  at: number,
): { start: number; shares: boolean } | undefined {
  let near = at - 1;
  while (near > previous.verb && isAdverb(lowerAt(tokens, near))) near--;
  const word = lowerAt(tokens, near);
  if (CONJUNCTIONS.has(word) || word === ';' || word === ',') return { start: at, shares: true };
  const start = stretchStart(tokens, at, previous.verb + 1);
  const depth = tokens[at]?.depth ?? 0;
  if (tokens[previous.modal]?.depth !== depth) return undefined;
  if (start > previous.verb + 1) {
    // After `;` or a line: a new clause, unless it is an item of a list that `that` opened.
    return isSubordinate(tokens, start, at) ? undefined : { start, shares: false };
  }
  // `…, and the employer shall`: a short subject right after the joint.
  for (let i = near; i > previous.verb && near - i < 16; i--) {
    const here = lowerAt(tokens, i);
    if (RELATIVES.has(here) || SUBORDINATORS.has(here)) return undefined;
    if (CONJUNCTIONS.has(here) && isComma(tokens, i - 1, depth) && opensSubject(tokens, i + 1))
      return { start: i + 1, shares: false };
    // `… a copy and the carrier must`: without a comma only a short, sure actor opens a clause.
    if (CONJUNCTIONS.has(here) && DETERMINERS.has(lowerAt(tokens, i + 1))) {
      const head = headOf(tokens, { from: i + 1, to: at });
      const isSure = head !== undefined && agency(tokens[head]?.text ?? '') === 2;
      return isSure && !hasOpenComplement(tokens, previous.verb, i)
        ? { start: i + 1, shares: false }
        : undefined;
    }
    // `… and, if the doctor considers it necessary, the employer shall`
    if (isComma(tokens, i, depth) && opensSubject(tokens, i + 1)) {
      const head = headOf(tokens, { from: i + 1, to: at });
      if (head === undefined || agency(tokens[head]?.text ?? '') === 0) continue;
      return { start: openingBefore(tokens, previous.verb + 1, i) ?? i + 1, shares: false };
    }
  }
  return undefined;
}

/** `shall ensure that the owner and the tenant may`: the joint is inside what `that` opened. */
function hasOpenComplement(tokens: readonly Token[], from: number, to: number): boolean {
  for (let i = Math.max(from, to - SUBJECT_TOKENS); i < to; i++) {
    const word = lowerAt(tokens, i);
    if (RELATIVES.has(word) || SUBORDINATORS.has(word)) return true;
  }
  return false;
}

/** Where `and, if …` begins that a comma at `end` closes. */
function openingBefore(tokens: readonly Token[], floor: number, end: number): number | undefined {
  for (let i = end - 1; i > floor && end - i < SUBJECT_TOKENS; i--) {
    if (!CONJUNCTIONS.has(lowerAt(tokens, i))) continue;
    const next = lowerAt(tokens, i + 1) === ',' ? i + 2 : i + 1;
    const word = lowerAt(tokens, next);
    if (SUBORDINATORS.has(word) || (PREPOSITIONS.has(word) && lowerAt(tokens, i - 1) === ',')) return i + 1;
  }
  return undefined;
}

/** The main clauses, in order. Bounded: see `bounds.ts`. */
export function readClauses(tokens: readonly Token[]): readonly Clause[] {
  const clauses: Clause[] = [];
  for (let at = 0; at < tokens.length && clauses.length < CLAUSES_PER_SENTENCE; at++) {
    const trigger = triggerAt(tokens, at);
    if (trigger === undefined) continue;
    const previous = clauses.at(-1);
    if (previous === undefined) {
      const start = stretchStart(tokens, at, 0);
      if ((tokens[at]?.depth ?? 0) > 0 || isSubordinate(tokens, start, at)) continue;
      if (trigger.modality !== 'must' && isInOpening(tokens, start, at)) continue;
      clauses.push(readClause(tokens, at, trigger, start, undefined));
    } else {
      const next = continues(tokens, previous, at);
      if (next === undefined) continue;
      clauses.push(readClause(tokens, at, trigger, next.start, next.shares ? previous : undefined));
    }
    at = Math.max(at, trigger.next - 1);
  }
  return clauses.map((clause, i) => {
    const next = clauses[i + 1];
    if (next === undefined) return clause;
    const end = next.shares ? next.modal : Math.max(next.begin, clause.verb + 1);
    return {
      ...clause,
      predicate: { from: clause.predicate.from, to: Math.max(clause.predicate.from, end) },
    };
  });
}
