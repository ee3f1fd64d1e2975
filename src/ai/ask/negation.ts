/**
 * Whether a claim denies what its quotes say, or says what they deny. It is not enough that both have a negation: a second one
 * put into a sentence that has one of its own turns another part of it round. So it is asked of each word that a `not`
 * stands before whether the other side has it so, too.
 */

/** Anything that turns a sentence round, or takes something out of it. */
const ANY =
  /\b(?:not|no|never|neither|nor|without|prohibited|forbidden|cannot|unless|except|exempt\w*|\w+n't)\b/i;
/** Denies the very next word that says something. */
const BEFORE_WORD = /^(?:not|never|cannot|without|\w+n't)$/;
/** Denies somewhere in its clause: where, only grammar tells. */
const IN_CLAUSE = /^(?:no|neither|nor|nobody|none|prohibit\w*|forb\w+|exempt\w*)$/;
/** Says of what stands before it that it must not be. */
const OF_ALL = /\b(?:prohibited|forbidden|unlawful|exempt\w*)\b/i;
const EMPTY = new Set(
  (
    'a an and any are as at be been being by can could did do does for had has have if in is it its may might must need of on ' +
    'only or shall should such that the their them there these this those to was were will with would'
  ).split(' '),
);

type Side = 'denied' | 'said' | 'either';

export function negationFits(claim: string, evidence: string): boolean {
  const [claims, says] = [plain(claim), plain(evidence)];
  if (ANY.test(claims) !== ANY.test(says)) return false;
  const [ours, theirs] = [sidesOf(claims), sidesOf(says)];
  const isTold = OF_ALL.test(claims) || OF_ALL.test(says);
  for (const [word, sides] of ours) {
    const others = theirs.get(word);
    if (others === undefined || sides.has('either') || others.has('either')) continue;
    if (sides.has('denied') && !others.has('denied') && !isTold) return false;
    if (!sides.has('denied') && !others.has('said') && !isTold) return false;
  }
  return true;
}

const plain = (text: string): string => text.replaceAll('’', "'").toLowerCase();

/** Of each word that says something whether it stands denied, said, or both. */
function sidesOf(text: string): Map<string, Set<Side>> {
  const out = new Map<string, Set<Side>>();
  for (const clause of text.split(/[.;:,()]+/)) {
    let isDenied = false;
    let isOpen = false;
    for (const word of clause.match(/[\p{L}\p{N}']+/gu) ?? []) {
      // Two in a row undo each other.
      if (BEFORE_WORD.test(word)) isDenied = !isDenied;
      else if (IN_CLAUSE.test(word)) isOpen = true;
      else if (!EMPTY.has(word)) {
        const stem = stemOf(word);
        const sides = out.get(stem) ?? new Set();
        out.set(stem, sides.add(isOpen ? 'either' : isDenied ? 'denied' : 'said'));
        isDenied = false;
      }
    }
  }
  return out;
}

/** So that `starting` and `started` are one word. */
const stemOf = (word: string): string =>
  word.length < 5 ? word : word.replace(/(?:ing|ied|ed|ies|es|s|y|e)$/, '').replace(/i$/, '');
