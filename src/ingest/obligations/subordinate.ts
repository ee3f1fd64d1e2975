/** Tells main clauses from clauses inside them: `who may`, `where the employer must`, `that X shall`. */
import { SUBJECT_TOKENS } from './bounds.ts';
import {
  AUXILIARIES,
  CONJUNCTIONS,
  DETERMINERS,
  FINITE,
  isAdverb,
  PREPOSITIONS,
  RELATIVES,
  SUBORDINATORS,
} from './lexicon.ts';
import { hasVerb } from './subject.ts';
import { isComma, lowerAt, type Token } from './tokens.ts';

/** Whether the modal verb stands in a relative clause or after an `if` that is still open. */
export function isSubordinate(tokens: readonly Token[], start: number, modal: number): boolean {
  const depth = tokens[modal]?.depth ?? 0;
  let near = modal - 1;
  while (near > start && isAdverb(lowerAt(tokens, near))) near--;
  // `who, in the course of business, may`
  if (isComma(tokens, near, depth)) {
    let open = near - 1;
    while (open > start && near - open < 30 && !isComma(tokens, open, depth)) open--;
    if (RELATIVES.has(lowerAt(tokens, open - 1)) && open - 1 > start) return true;
    return false;
  }
  // `whose work is or may be in the area`
  if (CONJUNCTIONS.has(lowerAt(tokens, near)) && AUXILIARIES.has(lowerAt(tokens, near - 1))) near -= 2;
  const nearWord = lowerAt(tokens, near);
  if (RELATIVES.has(nearWord)) return near > start || nearWord !== 'that';
  if (SUBORDINATORS.has(nearWord)) return true;
  for (let i = near; i >= start && near - i < SUBJECT_TOKENS; i--) {
    if (isComma(tokens, i, depth)) break;
    if (tokens[i]?.depth !== depth) continue;
    const word = lowerAt(tokens, i);
    const isRelative = RELATIVES.has(word) && (i > start || word === 'which');
    if (!isRelative && !SUBORDINATORS.has(word)) continue;
    if (word === 'that' && isDemonstrative(tokens, i)) continue;
    if (hasVerb(tokens, i + 1, near + 1)) return false;
    // `Each person that holds waste until it arrives must`: what went before is the subject, still without its verb.
    if (!isRelative && isBareSubject(tokens, start, i)) return false;
    // `who transports waste must`: after `who` comes its verb. `that the employer must`: after this `that` a subject.
    if (word === 'whose') return true;
    if (isRelative && word !== 'that') return DETERMINERS.has(lowerAt(tokens, i + 1));
    if (word === 'that')
      return DETERMINERS.has(lowerAt(tokens, i + 1)) || near - i < 3 || isAfterVerb(tokens, i);
    return true;
  }
  return false;
}

/** Whether a stretch begins a subject and has no verb yet, but for one in a relative clause. */
function isBareSubject(tokens: readonly Token[], from: number, to: number): boolean {
  if (to - from < 2 || !DETERMINERS.has(lowerAt(tokens, from))) return false;
  for (let i = from; i < to; i++) {
    const word = lowerAt(tokens, i);
    if (RELATIVES.has(word)) return true;
    if (AUXILIARIES.has(word) || FINITE.has(word)) return false;
  }
  return true;
}

/** `When a shipment cannot be delivered and …`: still inside the clause that the first word opened. */
export function isInOpening(tokens: readonly Token[], start: number, modal: number): boolean {
  if (!/^(?:may|cannot)$/.test(lowerAt(tokens, modal)) || !SUBORDINATORS.has(lowerAt(tokens, start)))
    return false;
  for (let i = start; i < modal; i++) if (isComma(tokens, i, tokens[modal]?.depth ?? 0)) return false;
  return true;
}

/** `that period shall`, after a preposition or a comma: a determiner, not a conjunction. */
function isDemonstrative(tokens: readonly Token[], at: number): boolean {
  const before = lowerAt(tokens, at - 1);
  if (DETERMINERS.has(lowerAt(tokens, at + 1))) return false;
  return PREPOSITIONS.has(before) || before === ',' || CONJUNCTIONS.has(before);
}

function isAfterVerb(tokens: readonly Token[], at: number): boolean {
  return /^(?:ensure|ensuring|demonstrate|certify|specify|provide|state|require|so|such|determine|show|verify|know)/.test(
    lowerAt(tokens, at - 1),
  );
}
