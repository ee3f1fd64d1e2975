/** One sentence read once: its tokens, its main clauses, and what the classifier sees of it. */
import { SENTENCE_CHARS } from './bounds.ts';
import { readClauses, type Clause } from './clause.ts';
import { isConstitutive } from './constitutive.ts';
import { byActor, featuresOf, subjectKind } from './features.ts';
import { tokenize, type Token } from './tokens.ts';

export interface SentenceReading {
  readonly text: string;
  readonly tokens: readonly Token[];
  readonly clauses: readonly Clause[];
}

export function readSentence(text: string): SentenceReading {
  const tokens = tokenize(text.slice(0, SENTENCE_CHARS));
  return { text, tokens, clauses: readClauses(tokens) };
}

/** Whether fixed words of the sentence already make it constitutive: every clause only makes law. */
export function isFixedConstitutive(reading: SentenceReading): boolean {
  return reading.clauses.every((clause) => isConstitutive(reading.tokens, clause));
}

/** The decision by rules alone: some clause asks an actor to do, or not to do, something. */
export function isRegulatoryByRules(reading: SentenceReading): boolean {
  const { tokens, clauses } = reading;
  return clauses.some((clause) => {
    if (isConstitutive(tokens, clause)) return false;
    if (clause.forbidsSubject || clause.subject.to === clause.subject.from) return true;
    if (byActor(tokens, clause) !== undefined) return true;
    const kind = subjectKind(tokens, clause);
    return kind === 'agent' || kind === 'likely-agent' || (kind === 'pronoun' && clause.voice === 'active');
  });
}

export function featureNames(reading: SentenceReading): readonly string[] {
  const names = featuresOf(reading.tokens, reading.clauses);
  const more = [isFixedConstitutive(reading) ? 'fixed-constitutive' : 'open'];
  more.push(isRegulatoryByRules(reading) ? 'rules-yes' : 'rules-no');
  return [...names, ...more];
}
