/** Finds the subject of a modal verb by looking back from it. */
import {
  agency,
  AUXILIARIES,
  CONJUNCTIONS,
  DETERMINERS,
  FINITE,
  isAdverb,
  isParticiple,
  PREPOSITIONS,
  PRONOUNS,
  RELATIVES,
  SUBORDINATORS,
} from './lexicon.ts';
import { isComma, lowerAt, type Range, type Token } from './tokens.ts';

/** Whether words may open a noun phrase that is a subject. */
export function opensSubject(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  if (token === undefined || token.kind === 'sign') return token?.lower === '‘' || token?.lower === '“';
  const word = token.lower;
  if (DETERMINERS.has(word) || PRONOUNS.has(word))
    return word !== 'that' || !AUXILIARIES.has(lowerAt(tokens, at + 1));
  if (
    PREPOSITIONS.has(word) ||
    CONJUNCTIONS.has(word) ||
    RELATIVES.has(word) ||
    SUBORDINATORS.has(word) ||
    AUXILIARIES.has(word) ||
    isAdverb(word)
  )
    return false;
  // `referred to in Article 5,` and `having regard to …,` go with what stands before them.
  return !isParticiple(word) && !(word.endsWith('ing') && word.length > 5 && token.text === word);
}

const isAdjunctOpener = (word: string): boolean =>
  PREPOSITIONS.has(word) ||
  SUBORDINATORS.has(word) ||
  isAdverb(word) ||
  (word.endsWith('ing') && word.length > 5);

/** Whether a range has a verb of its own. */
export function hasVerb(tokens: readonly Token[], from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const word = lowerAt(tokens, i);
    if ((AUXILIARIES.has(word) && word !== 'being') || FINITE.has(word)) return true;
  }
  return false;
}

/** The subject of the modal verb at `modal`, in the stretch that begins at `start`. */
export function subjectOf(tokens: readonly Token[], start: number, modal: number): Range {
  const depth = tokens[modal]?.depth ?? 0;
  let from = start;
  while (from < modal && (tokens[from]?.kind === 'sign' || CONJUNCTIONS.has(lowerAt(tokens, from)))) from++;
  if (!isAdjunctOpener(lowerAt(tokens, from)) && !tokensAreLabel(tokens, from)) return { from, to: modal };

  const commas: number[] = [];
  for (let i = modal - 1; i > from; i--) if (isComma(tokens, i, depth)) commas.push(i);
  for (const [k, comma] of commas.entries()) {
    let begin = comma + 1;
    if (begin >= modal || !opensSubject(tokens, begin)) continue;
    // A list of subjects: `the Commission, the Council and the Parliament shall`.
    for (const before of commas.slice(k + 1, k + 9)) {
      const isShort = begin - before <= 8 && opensSubject(tokens, before + 1);
      if (!isShort || hasVerb(tokens, before + 1, begin) || !hasJoint(tokens, begin, modal)) break;
      begin = before + 1;
    }
    // `where, as a result, an employee is found to have damage the employer shall`: the comma was inside.
    if (isClauseBefore(tokens, begin, modal)) break;
    return { from: begin, to: modal };
  }
  // `Before each shift the operator shall`: the last noun phrase that runs into the verb.
  for (let i = modal - 1; i > from && i > modal - 14; i--) {
    const word = lowerAt(tokens, i);
    if (PRONOUNS.has(word) && i === modal - 1) return { from: i, to: modal };
    if (
      DETERMINERS.has(word) &&
      !PREPOSITIONS.has(lowerAt(tokens, i - 1)) &&
      lowerAt(tokens, i - 1) !== 'and'
    )
      return { from: i, to: modal };
  }
  const last = modal - 1;
  if (last > from && agency(tokens[last]?.text ?? '') === 2) {
    const isPair = /^\p{Lu}/u.test(tokens[last - 1]?.text ?? '') && last - 1 > from;
    return { from: isPair ? last - 1 : last, to: modal };
  }
  return { from, to: modal };
}

/** Whether a whole clause with a verb of its own stands where a subject should. */
function isClauseBefore(tokens: readonly Token[], from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const word = lowerAt(tokens, i);
    if (RELATIVES.has(word) || SUBORDINATORS.has(word)) return false;
    if (AUXILIARIES.has(word)) return true;
  }
  return false;
}

/** `Article 8` that ran into the sentence. */
function tokensAreLabel(tokens: readonly Token[], at: number): boolean {
  return tokens[at]?.kind === 'number';
}

function hasJoint(tokens: readonly Token[], from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (CONJUNCTIONS.has(lowerAt(tokens, i))) return true;
  return false;
}
