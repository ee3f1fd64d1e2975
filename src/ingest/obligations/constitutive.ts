/**
 * Sentences that make law instead of asking something of someone: definitions, commencement, scope, amendment, repeal.
 * The checks are certain ones; what is open goes to the classifier.
 */
import type { Clause } from './clause.ts';
import { headOf, isInstrument } from './noun-phrase.ts';
import type { Token } from './tokens.ts';

const FORCE =
  /^(?:enter|come|apply|have effect|take effect|cease to have|cease to apply|remain in force|expire)\b/;
const STATE =
  /^be (?:binding|amended|replaced|repealed|revoked|inserted|deleted|added|substituted|omitted|construed|read|understood|without prejudice|known|cited|(?:published in the official journal)|annexed|hereby)\b/;
const MEANS = /^(?:mean|be taken to mean|have the (?:same )?meaning|be interpreted|be construed)\b/;
const NO_DUTY =
  /^(?:apply|affect|prejudice|prevent|preclude|prejudge|cover|extend|limit|be (?:deemed|considered|regarded|treated|without prejudice|required|obliged))\b/;
const STILL = /^(?:in|under|by|for)?\s*(?:this|that|the)?\s*/;

/** Words from the main verb on, a handful: what the fixed phrases are looked for in. */
function predicateWords(tokens: readonly Token[], clause: Clause): string {
  return tokens
    .slice(clause.predicate.from, clause.predicate.from + 8)
    .map((token) => token.lower)
    .join(' ');
}

/** Whether a clause only makes or unmakes law, by its fixed words. */
export function isConstitutive(tokens: readonly Token[], clause: Clause): boolean {
  const words = predicateWords(tokens, clause).replace(STILL, '');
  if (clause.verb >= clause.predicate.to && !clause.forbidsSubject) return true;
  const head = headOf(tokens, clause.subject);
  const subject = head === undefined ? '' : (tokens[head]?.lower ?? '');
  const isText = head !== undefined && isInstrument(tokens, clause.subject, head);
  if (MEANS.test(words)) return true;
  if (clause.modality === 'must-not' && NO_DUTY.test(words) && !/^(?:prevent|limit)/.test(words)) return true;
  if (clause.modality === 'must-not' && isText) return true;
  if (STATE.test(words) && (isText || !/^be (?:amended|added|replaced|inserted|deleted|omitted)/.test(words)))
    return true;
  if (FORCE.test(words) && (isText || !words.startsWith('apply') || subject === '')) {
    return (
      isText ||
      subject === 'it' ||
      subject === '' ||
      /^(?:enter into force|come into|have effect|take effect|cease|expire)/.test(words)
    );
  }
  return (
    isText &&
    /^(?:be|remain|continue|replace|repeal|constitute|concern|lay|set|govern|establish)\b/.test(words)
  );
}
