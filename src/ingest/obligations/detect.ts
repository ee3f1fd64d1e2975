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
import { itemWords, labelLength, leadInChain, openSentence, OWN_TEXT, type LeadIn } from './lead-in.ts';
import { VERBS } from './lexicon.ts';
import { partsOf, type ObligationParts, type PartName } from './phrases.ts';
import { readQuantity, type Quantity } from './quantity.ts';
import { featureNames, readSentence, type SentenceReading } from './read.ts';
import { splitSentences, type SentenceSpan } from './sentences.ts';
import { subjectsIn, type SubjectKind } from './subjects.ts';
import { WEIGHTS } from './weights.ts';

/** What `law.obligations.method` says: the classifier, and the rules that read the parts. */
export const METHOD = `${WEIGHTS.name}, structure 1.0`;

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

/** Words that say a part, or what it is about: `text.slice(start, end)` of the source. */
export interface Evidence {
  readonly part: PartName | SubjectKind;
  /** Of a subject: its name, e.g. `training`. Empty for parts. */
  readonly name: string;
  /** Index in `leadIns` of the input; OWN_TEXT for the text itself. */
  readonly source: number;
  readonly start: number;
  readonly end: number;
}

export interface Obligation extends ObligationParts {
  readonly modality: Modality;
  /** The first threshold as a number; the words are in `threshold`. */
  readonly quantity: Quantity | undefined;
  /** One entry for each stretch of text; a part may take several: of an item, and of what leads it in. */
  readonly evidence: readonly Evidence[];
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

/** A stretch of a reading and where it was taken from. */
interface Piece {
  readonly from: number;
  readonly length: number;
  readonly source: number;
  readonly start: number;
}

/** A reading, what clauses of it belong to the span, and what it was put together from. */
interface Reading {
  readonly sentence: SentenceReading;
  readonly clauses: readonly Clause[];
  readonly pieces: readonly Piece[];
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
function nearestSentence(leads: readonly LeadIn[]): readonly LeadIn[] {
  for (let i = leads.length - 1; i > 0; i--) {
    const { tokens, clauses } = readSentence(leads[i]?.text ?? '');
    const isOwn = clauses.some((clause) => !clause.shares && clause.subject.to > clause.subject.from);
    // `can` is no duty, but it has a subject too.
    if (isOwn || tokens.some((token) => token.lower === 'can')) return leads.slice(i);
  }
  return leads;
}

/** A sentence by itself. `at` is where it stands in its provision. */
function readAlone(own: string, at: number): Reading {
  const sentence = readSentence(own);
  const pieces = [{ from: 0, length: own.length, source: OWN_TEXT, start: at }];
  return { sentence, clauses: sentence.clauses, pieces };
}

/** An item read together with its lead-ins. */
function readItem(own: string, at: number, leads: readonly LeadIn[]): Reading {
  const alone = readAlone(own, at);
  if (alone.clauses.some((clause) => !clause.shares && clause.subject.to > clause.subject.from)) return alone;
  const pieces: Piece[] = [];
  let lead = '';
  for (const { text, source, start } of nearestSentence(leads)) {
    if (pieces.length > 0) lead += ' ';
    pieces.push({ from: lead.length, length: text.length, source, start });
    lead += text;
  }
  const words = itemWords(own);
  pieces.push({
    from: lead.length + 1,
    length: words.length,
    source: OWN_TEXT,
    start: at + labelLength(own),
  });
  const sentence = readSentence(`${lead} ${words}`);
  const { tokens } = sentence;
  let first = tokens.findIndex((token) => token.start >= lead.length);
  if (first < 0) first = tokens.length;
  const inItem = sentence.clauses.filter((clause) => clause.modal >= first);
  const open = sentence.clauses.findLast((clause) => clause.modal < first);
  if (open === undefined) return { sentence, clauses: inItem, pieces };
  const verb = tokens[first]?.lower ?? '';
  if (asksForFollowing(sentence, open, first) && VERBS.has(verb)) {
    const predicate = { from: first, to: open.predicate.to };
    return { sentence, clauses: [{ ...open, predicate, verb: first, voice: 'active' }, ...inItem], pieces };
  }
  // `and shall display a sign` after a list has its subject above, not its verb.
  const goesOn = inItem[0]?.shares === true && inItem[0].modal - first < 3;
  return {
    sentence,
    clauses: !goesOn && isDangling(sentence, open, first) ? [open, ...inItem] : inItem,
    pieces,
  };
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
  outer: readonly LeadIn[],
): readonly LeadIn[] {
  const leads: LeadIn[] = [];
  let at = index;
  for (;;) {
    const above = spans[at]?.leadIn;
    if (above === undefined || above >= at) break;
    const span = spans[above];
    const open = span === undefined ? undefined : openSentence(text.slice(span.start, span.end));
    if (open !== undefined && span !== undefined)
      leads.unshift({ text: open.text, source: OWN_TEXT, start: span.start + open.start });
    at = above;
  }
  return at === 0 ? [...outer, ...leads] : leads;
}

/** Notes where a stretch of a reading was taken from: one place in each piece that it touches. */
function tell(
  to: Evidence[],
  part: Evidence['part'],
  name: string,
  pieces: readonly Piece[],
  start: number,
  end: number,
): void {
  for (const piece of pieces) {
    const first = Math.max(start, piece.from);
    const last = Math.min(end, piece.from + piece.length);
    if (first >= last) continue;
    const shift = piece.start - piece.from;
    to.push({ part, name, source: piece.source, start: first + shift, end: last + shift });
  }
}

const quantityIn = (threshold: string | undefined): Quantity | undefined =>
  threshold === undefined ? undefined : readQuantity(threshold.split('; ')[0] ?? '');

/** `at-least 10 employees`: a number of people says to whom a duty applies. */
function sizeOf({ comparison, value, unit }: Quantity): string | undefined {
  const [people] = /^(?:employees|workers|persons|people|full-time employees)\b/i.exec(unit) ?? [];
  return people === undefined ? undefined : `${comparison} ${value} ${people.toLowerCase()}`;
}

export function findObligations(input: ObligationInput): readonly Obligation[] {
  const { text } = input;
  if (!knowsLanguage(input.language)) return [];
  const outer = leadInChain(input.leadIns);
  const mayLead = (lead: LeadIn): boolean => mayHaveTrigger(lead.text);
  if (!mayHaveTrigger(text) && !outer.some(mayLead)) return [];
  const spans = splitSentences(text);
  const found: Obligation[] = [];
  for (const [index, span] of spans.entries()) {
    if (span.role === 'heading') continue;
    const own = text.slice(span.start, span.end);
    const leads = leadsOf(text, spans, index, outer);
    if (!mayHaveTrigger(own) && !leads.some(mayLead)) continue;
    const { sentence, clauses, pieces } =
      leads.length === 0 ? readAlone(own, span.start) : readItem(own, span.start, leads);
    const kept = clauses.filter((clause) => isObligation(sentence, clause, span.role, own));
    if (kept.length === 0) continue;
    const confidence = classifier.probability(featureNames(sentence));
    if (confidence < CONFIDENCE_MIN) continue;
    const about: Evidence[] = [];
    for (const { kind, name, start, end } of subjectsIn(sentence.tokens))
      tell(about, kind, name, pieces, start, end);
    for (const clause of kept) {
      const { parts, places } = partsOf(sentence, clause);
      const quantity = quantityIn(parts.threshold);
      const evidence: Evidence[] = [];
      for (const { part, start, end } of places) tell(evidence, part, '', pieces, start, end);
      const size = quantity === undefined ? undefined : sizeOf(quantity);
      const sized = evidence.find(({ part }) => part === 'threshold');
      if (size !== undefined && sized !== undefined) evidence.push({ ...sized, part: 'size', name: size });
      found.push({
        modality: clause.modality,
        ...parts,
        quantity,
        evidence: [...evidence, ...about],
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
