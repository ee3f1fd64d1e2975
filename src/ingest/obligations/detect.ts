/**
 * Finds who must, must not or may do what in a provision.
 *
 * Rules read the structure and drop what only makes law; a linear model trained on sentences that legal experts labelled
 * gives the confidence. Pure and deterministic; the work grows with the length of the text and no faster.
 */
import { Classifier } from './classifier.ts';
import type { Clause } from './clause.ts';
import { mayHaveTrigger, type Modality } from './modal.ts';
import { isConstitutive } from './constitutive.ts';
import { byActor, subjectKind } from './features.ts';
import { itemWords, leadInChain, openSentence } from './lead-in.ts';
import { VERBS } from './lexicon.ts';
import { partsOf, type ObligationParts } from './phrases.ts';
import { featureNames, readSentence, type SentenceReading } from './read.ts';
import { splitSentences, type SentenceSpan } from './sentences.ts';
import { WEIGHTS } from './weights.ts';

/** What `law.obligations.method` says. */
export const METHOD = WEIGHTS.name;

/**
 * Below it a sentence reads like a rule about the law itself. From 0.5 on it speaks to someone; between the two lie
 * requirements on things (`Locks shall be numbered`), which name no actor but bind one.
 */
export const CONFIDENCE_MIN = 0.05;

export interface ObligationInput {
  /** Own text of the provision. */
  readonly text: string;
  /** Own texts of its ancestors, outermost first. Only those left unfinished (`The operator shall:`) are used. */
  readonly leadIns: readonly string[];
  /** BCP 47 tag. English is the only language known: see `knowsLanguage`. */
  readonly language: string;
}

export interface Obligation extends ObligationParts {
  readonly modality: Modality;
  /** The evidence: `text.slice(spanStart, spanEnd)`. For a list item the words of its lead-in are in the parts only. */
  readonly sentence: string;
  readonly spanStart: number;
  readonly spanEnd: number;
  /** Calibrated: how likely a legal expert calls the sentence a duty of someone. */
  readonly confidence: number;
  readonly method: string;
}

const classifier = new Classifier(WEIGHTS);

/** Whether obligations can be found in a language. Callers warn where not. */
export function knowsLanguage(language: string): boolean {
  return /^en(?:-|$)/i.test(language);
}

/** A reading, and what of it belongs to the span: clauses, and the offset the span begins at in the reading. */
interface Reading {
  readonly sentence: SentenceReading;
  readonly clauses: readonly Clause[];
}

const DANGLING =
  /^(?:that|to|by|with|for|of|in|from|on|at|as|and|or|either|not|be|into|between|against|shall|must|may)$/;

/** Whether a clause stops where an item must go on: `shall provide:`, `shall ensure that:`. */
function isDangling({ tokens }: SentenceReading, clause: Clause, end: number): boolean {
  let last = end - 1;
  while (last > clause.modal && tokens[last]?.kind !== 'word') last--;
  if (last <= clause.modal || clause.verb >= end) return true;
  // `provided that:` opens conditions; the duty before it is whole.
  if (/^(?:provided|such|condition)$/.test(tokens[last - 1]?.lower ?? '')) return false;
  return (clause.voice === 'active' && last === clause.verb) || DANGLING.test(tokens[last]?.lower ?? '');
}

const FOLLOWING = /^(?:do|take|comply|meet|satisfy|perform|follow|observe|complete|carry)$/;

/** `must do all of the following`: items are verbs of their own. */
function asksForFollowing({ tokens }: SentenceReading, clause: Clause, end: number): boolean {
  if (!FOLLOWING.test(tokens[clause.verb]?.lower ?? '')) return false;
  return tokens.slice(clause.verb, end).some((token) => token.lower === 'following');
}

/** The lead-ins from the nearest one that is a sentence of its own: what stands above it is another sentence. */
function nearestSentence(leads: readonly string[]): readonly string[] {
  for (let i = leads.length - 1; i > 0; i--) {
    const { tokens, clauses } = readSentence(leads[i] ?? '');
    const isOwn = clauses.some((clause) => !clause.shares && clause.subject.to > clause.subject.from);
    // `can` is no duty, but it has a subject too.
    if (isOwn || tokens.some((token) => token.lower === 'can')) return leads.slice(i);
  }
  return leads;
}

/** An item read together with its lead-ins. */
function readItem(own: string, leads: readonly string[]): Reading {
  const alone = readSentence(own);
  if (alone.clauses.some((clause) => !clause.shares && clause.subject.to > clause.subject.from))
    return { sentence: alone, clauses: alone.clauses };
  const lead = nearestSentence(leads).join(' ');
  const sentence = readSentence(`${lead} ${itemWords(own)}`);
  const { tokens } = sentence;
  let first = tokens.findIndex((token) => token.start >= lead.length);
  if (first < 0) first = tokens.length;
  const inItem = sentence.clauses.filter((clause) => clause.modal >= first);
  const open = sentence.clauses.findLast((clause) => clause.modal < first);
  if (open === undefined) return { sentence, clauses: inItem };
  const verb = tokens[first]?.lower ?? '';
  if (asksForFollowing(sentence, open, first) && VERBS.has(verb)) {
    const predicate = { from: first, to: open.predicate.to };
    return { sentence, clauses: [{ ...open, predicate, verb: first, voice: 'active' }, ...inItem] };
  }
  // `and shall display a sign` after a list has its subject above, not its verb.
  const goesOn = inItem[0]?.shares === true && inItem[0].modal - first < 3;
  return { sentence, clauses: !goesOn && isDangling(sentence, open, first) ? [open, ...inItem] : inItem };
}

/** `may` is a permission only of someone; elsewhere it says what can happen. */
function isPossibility({ tokens }: SentenceReading, clause: Clause): boolean {
  const isWeak = clause.modality === 'may' || tokens[clause.modal]?.lower === 'cannot';
  if (!isWeak || byActor(tokens, clause) !== undefined) return false;
  if (/^(?:include|contain|consist|mean|be|have|occur|arise)$/.test(tokens[clause.verb]?.lower ?? ''))
    return true;
  const kind = subjectKind(tokens, clause);
  return !(kind === 'agent' || kind === 'likely-agent' || kind === 'pronoun') || clause.voice !== 'active';
}

/** The unfinished sentences that lead a span in, outermost first. */
function leadsOf(
  text: string,
  spans: readonly SentenceSpan[],
  index: number,
  outer: readonly string[],
): readonly string[] {
  const leads: string[] = [];
  let at = index;
  for (;;) {
    const above = spans[at]?.leadIn;
    if (above === undefined || above >= at) break;
    const span = spans[above];
    const open = span === undefined ? undefined : openSentence(text.slice(span.start, span.end));
    if (open !== undefined) leads.unshift(open);
    at = above;
  }
  return at === 0 ? [...outer, ...leads] : leads;
}

export function findObligations(input: ObligationInput): readonly Obligation[] {
  const { text } = input;
  if (!knowsLanguage(input.language)) return [];
  const outer = leadInChain(input.leadIns);
  if (!mayHaveTrigger(text) && !outer.some(mayHaveTrigger)) return [];
  const spans = splitSentences(text);
  const found: Obligation[] = [];
  for (const [index, span] of spans.entries()) {
    if (span.role === 'heading') continue;
    const own = text.slice(span.start, span.end);
    const leads = leadsOf(text, spans, index, outer);
    if (!mayHaveTrigger(own) && !leads.some(mayHaveTrigger)) continue;
    const alone = (): Reading => {
      const sentence = readSentence(own);
      return { sentence, clauses: sentence.clauses };
    };
    const { sentence, clauses } = leads.length === 0 ? alone() : readItem(own, leads);
    const kept = clauses.filter((clause) => isObligation(sentence, clause, span.role, own));
    if (kept.length === 0) continue;
    const confidence = classifier.probability(featureNames(sentence));
    if (confidence < CONFIDENCE_MIN) continue;
    for (const clause of kept) {
      found.push({
        modality: clause.modality,
        ...partsOf(sentence, clause),
        sentence: own,
        spanStart: span.start,
        spanEnd: span.end,
        confidence,
        method: METHOD,
      });
    }
  }
  return found;
}

function isObligation(
  sentence: SentenceReading,
  clause: Clause,
  role: SentenceSpan['role'],
  own: string,
): boolean {
  if (isConstitutive(sentence.tokens, clause) || isPossibility(sentence, clause)) return false;
  // A lead-in without its items says nothing yet; the items will.
  const isOpen = role === 'lead-in' || /[:—–]$/.test(own);
  const isLast = clause.predicate.to >= sentence.tokens.length;
  return !(isOpen && isLast && sentence.text === own && isDangling(sentence, clause, clause.predicate.to));
}
