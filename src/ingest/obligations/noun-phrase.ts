/** Head nouns: what a noun phrase is about. */
import {
  agency,
  AUXILIARIES,
  CONJUNCTIONS,
  DETERMINERS,
  INSTRUMENTS,
  isAdverb,
  isIn,
  isParticiple,
  NAMED_INSTRUMENTS,
  PREPOSITIONS,
  RELATIVES,
  SUBORDINATORS,
} from './lexicon.ts';
import { lowerAt, type Range, type Token } from './tokens.ts';

/** The head noun of a noun phrase: the last word before what qualifies it. Undefined for none. */
export function headOf(tokens: readonly Token[], range: Range): number | undefined {
  let head: number | undefined;
  for (let i = range.from; i < range.to; i++) {
    const token = tokens[i];
    if (token === undefined) break;
    const word = token.lower;
    if (token.kind !== 'word') {
      // `the U.S. exporter`
      if (word === '.' && tokens[i - 1]?.text.length === 1) continue;
      if (head !== undefined) break;
      continue;
    }
    if (DETERMINERS.has(word) && head === undefined) continue;
    const isListed = word === 'following' && DETERMINERS.has(lowerAt(tokens, i - 1));
    if (isListed) continue;
    if (PREPOSITIONS.has(word) || RELATIVES.has(word) || SUBORDINATORS.has(word) || word === 'referred') {
      if (head !== undefined) break;
      continue;
    }
    if (CONJUNCTIONS.has(word) || AUXILIARIES.has(word)) {
      if (head !== undefined) break;
      continue;
    }
    if (head !== undefined && isQualifier(tokens, head, i)) break;
    if (head !== undefined && /^(?:responsible|concerned|available|necessary|capable|wishing)$/.test(word))
      break;
    head = i;
  }
  return head;
}

/** `employees working at height`, `waste accumulated`: what follows the head. `a new exporting producer` goes on. */
function isQualifier(tokens: readonly Token[], head: number, at: number): boolean {
  const word = lowerAt(tokens, at);
  const isForm = isParticiple(word) || (word.endsWith('ing') && word.length > 5);
  if (!isForm || /^\p{Lu}/u.test(tokens[at]?.text ?? '')) return false;
  if (agency(tokens[head]?.text ?? '') === 2) return true;
  const next = tokens[at + 1];
  return (
    next?.kind !== 'word' ||
    PREPOSITIONS.has(next.lower) ||
    DETERMINERS.has(next.lower) ||
    isAdverb(next.lower)
  );
}

/** Whether a head noun names the text itself: `this Decision`, `paragraph 2`. */
export function isInstrument(tokens: readonly Token[], subject: Range, head: number): boolean {
  const token = tokens[head];
  if (token === undefined) return false;
  if (isIn(INSTRUMENTS, token.lower)) return true;
  if (!isIn(NAMED_INSTRUMENTS, token.lower)) return false;
  return lowerAt(tokens, subject.from) === 'this' || (head > subject.from && /^\p{Lu}/u.test(token.text));
}
