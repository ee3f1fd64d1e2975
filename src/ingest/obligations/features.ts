/**
 * What the classifier sees of a sentence, as names; hashing turns them into numbers.
 *
 * Who is spoken to, in which voice, with which verb: that is what lawyers look at when they tell a duty from a rule about
 * the law itself. Word n-grams add what the lists do not know.
 */
import type { Clause } from './clause.ts';
import { headOf, isInstrument } from './noun-phrase.ts';
import {
  agency,
  CONSTITUTIVE_PARTICIPLES,
  CONSTITUTIVE_VERBS,
  DETERMINERS,
  isIn,
  isParticiple,
  MEASURES,
  RECORDS,
} from './lexicon.ts';
import type { Token } from './tokens.ts';

export type SubjectKind =
  'agent' | 'likely-agent' | 'pronoun' | 'instrument' | 'measure' | 'record' | 'thing' | 'none';

const SUBJECT_WORDS = 60;
const NGRAM_WORDS = 160;

/** What the subject of a clause is. Any actor in a list of subjects counts. */
export function subjectKind(tokens: readonly Token[], clause: Clause): SubjectKind {
  const { subject, named } = clause;
  if (named !== undefined) return 'agent';
  if (subject.to <= subject.from) return 'none';
  const head = headOf(tokens, subject);
  const token = head === undefined ? undefined : tokens[head];
  if (token === undefined || head === undefined) return 'none';
  if (/^(?:it|they|he|she|we|you)$/.test(token.lower)) return 'pronoun';
  if (token.lower === 'there') return 'thing';
  const sure = agency(token.text);
  if (sure === 2) return 'agent';
  // `Member States and the Commission`, `the operator or owner`
  const joint = tokens[head + 1]?.lower;
  if (joint === 'and' || joint === 'or' || joint === ',') {
    const next = headOf(tokens, { from: head + 2, to: subject.to });
    if (next !== undefined && next < subject.to && agency(tokens[next]?.text ?? '') === 2) return 'agent';
  }
  if (sure === 1) return 'likely-agent';
  if (isInstrument(tokens, clause.subject, head)) return 'instrument';
  if (isIn(MEASURES, token.lower)) return 'measure';
  return isIn(RECORDS, token.lower) ? 'record' : 'thing';
}

/** `by the operator` in a passive: the range of the actor, if the words name one. */
export function byActor(tokens: readonly Token[], clause: Clause): { from: number; to: number } | undefined {
  if (clause.voice !== 'passive') return undefined;
  const stop = Math.min(clause.predicate.to, clause.verb + SUBJECT_WORDS);
  for (let i = clause.verb + 1; i < stop; i++) {
    const token = tokens[i];
    if (token === undefined || token.lower === ';' || token.lower === ':') return undefined;
    if (token.lower !== 'by' || isNested(tokens, clause.verb, i)) continue;
    let to = i + 1;
    while (to < stop && to < i + 30 && !isEndOfActor(tokens, to)) to++;
    const head = headOf(tokens, { from: i + 1, to });
    if (head !== undefined && agency(tokens[head]?.text ?? '') > 0) return { from: i + 1, to };
  }
  return undefined;
}

/** `taken of the protection provided by the employer`: this `by` goes with another participle than the verb. */
function isNested(tokens: readonly Token[], verb: number, by: number): boolean {
  const before = tokens[by - 1]?.lower ?? '';
  if (by - 1 === verb || !isParticiple(before)) return false;
  return !/^(?:,|and|or|and\/or)$/.test(tokens[by - 2]?.lower ?? '');
}

function isEndOfActor(tokens: readonly Token[], at: number): boolean {
  const word = tokens[at]?.lower ?? '';
  return (
    /^(?:,|;|:|\.|\(|to|in|for|on|by|at|within|before|after|who|which|that|where|when|if|unless|through|with|from|as|using|pursuant|under|during|without|until|shall|must|may|referred)$/.test(
      word,
    ) || tokens[at]?.kind === 'gap'
  );
}

function stem(word: string): string {
  if (!word.endsWith('s')) return word.slice(0, 9);
  const ending = word.endsWith('ies') ? 3 : word.endsWith('es') ? 2 : 1;
  return word.slice(0, Math.min(9, word.length - ending));
}

/** Notes a feature: its parts joined. */
type Add = (...parts: readonly (string | number)[]) => void;

/** Names of what is true of a sentence, in a fixed order, each once. */
export function featuresOf(tokens: readonly Token[], clauses: readonly Clause[]): readonly string[] {
  const names = new Set<string>();
  const add: Add = (...parts) => {
    names.add(parts.join('='));
  };
  const [first] = clauses;
  add('clauses', Math.min(clauses.length, 3));
  if (first === undefined) add('no-clause');
  else addClause(tokens, first, add);
  const kinds = clauses.slice(1).map((clause) => subjectKind(tokens, clause));
  if (kinds.includes('agent')) add('later-agent');
  if (kinds.length > 0 && !kinds.includes('agent')) add('later-thing');

  const words = tokens.filter((token) => token.kind !== 'gap').slice(0, NGRAM_WORDS);
  add('length', Math.min(7, Math.floor(Math.log2(words.length + 1))));
  add('opens', words[0]?.kind === 'number' ? '#' : (words[0]?.lower ?? ''));
  if (words.some((word) => word.lower === '‘' || word.lower === '’')) add('quotes');
  if (words.some((word) => word.lower === ':')) add('list');
  let before = '';
  let agents = 0;
  for (const word of words) {
    const name = word.kind === 'number' ? '#' : word.lower;
    if (word.kind === 'word') names.add(`w=${stem(name)}`);
    names.add(`b=${before}=${name}`);
    before = name;
    if (word.kind === 'word' && agency(word.text) === 2) agents++;
  }
  add('agents', Math.min(agents, 4));
  return [...names];
}

function addClause(tokens: readonly Token[], clause: Clause, add: Add): void {
  const kind = subjectKind(tokens, clause);
  const by = byActor(tokens, clause) !== undefined;
  const verb = tokens[clause.verb];
  const name = verb?.lower ?? '';
  add('subject', kind);
  add('voice', clause.voice);
  add('subject+voice', kind, clause.voice, by ? 'by' : '-');
  add('modality', clause.modality, clause.voice);
  if (by) add('by-actor');
  if (clause.forbidsSubject) add('forbids');
  if (clause.subject.to === clause.subject.from) add('impersonal');
  add('verb', clause.voice, name);
  add('subject+verb', kind, name);
  const makes =
    clause.voice === 'passive'
      ? CONSTITUTIVE_PARTICIPLES.has(name)
      : clause.voice === 'active' && CONSTITUTIVE_VERBS.has(name);
  if (makes) {
    add('makes', clause.voice);
    add('makes', kind);
  }
  for (let k = 1; k <= 3; k++) {
    const token = tokens[clause.verb + k];
    add('after', k, token?.kind === 'number' ? '#' : (token?.lower ?? ''));
  }
  add('after2', name, tokens[clause.verb + 1]?.lower ?? '', tokens[clause.verb + 2]?.lower ?? '');
  const head = headOf(tokens, clause.subject);
  if (head !== undefined) {
    add('head', stem(tokens[head]?.lower ?? ''));
    const det = tokens[clause.subject.from]?.lower ?? '';
    add('det', DETERMINERS.has(det) ? det : '-', kind);
  }
  const opener = tokens.find((token) => token.kind === 'word')?.lower ?? '';
  const isFronted = clause.subject.from > 2;
  add(
    'fronted',
    isFronted ? 'yes' : 'no',
    isFronted && /^(?:where|when|if|for|in|without|by|as|before)$/.test(opener) ? opener : '-',
  );
  if (kind === 'pronoun') {
    const actors = tokens.slice(0, clause.subject.from).filter((token) => agency(token.text) === 2).length;
    add('pronoun', actors > 0 ? 'after-actor' : 'alone', clause.voice);
  }
  add('to-whom', targetKind(tokens, clause));
}

/** Whether the verb is followed by `to` or an object that is an actor: `shall be notified to the Commission`. */
function targetKind(tokens: readonly Token[], clause: Clause): string {
  const stop = Math.min(clause.predicate.to, clause.verb + 14);
  for (let i = clause.verb + 1; i < stop; i++) {
    if (tokens[i]?.lower !== 'to') continue;
    const head = headOf(tokens, { from: i + 1, to: Math.min(stop, i + 7) });
    if (head !== undefined && agency(tokens[head]?.text ?? '') > 0) return `${clause.voice}-to-actor`;
  }
  return 'none';
}
