/**
 * Names of people in narratives, as spans, so that policy can mask them.
 *
 * No model: titles, given names, initials, the words for people's jobs, and a list of ordinary words that surnames are
 * seldom among. It must work on text in capitals and on text that lost its capitals and full stops. A surname that was
 * found once is found again where it stands alone. Rather too much than too little: a span too many hides a word, a span
 * too few tells a name.
 */

export interface PersonalSpan {
  /** UTF-16 offsets, as in `slice`. */
  readonly start: number;
  readonly end: number;
  readonly kind: 'name';
}

const LEXICON: string = './lexicon.json';
const { default: lexicon } = (await import(LEXICON, { with: { type: 'json' } })) as {
  readonly default: { readonly given: readonly string[]; readonly words: readonly string[] };
};
const GIVEN: ReadonlySet<string> = new Set(lexicon.given.join(' ').split(' '));
/** Ordinary words with their rank, the most frequent first. */
const WORDS: ReadonlyMap<string, number> = new Map(
  lexicon.words
    .join(' ')
    .split(' ')
    .map((word, rank) => [word, rank]),
);
/** Words before this rank are never a surname that stands alone. */
const FREQUENT = 900;

const set = (words: string): ReadonlySet<string> => new Set(words.split(' '));
const TITLES = set('mr mrs ms miss dr messrs sr sra don');
const SUFFIXES = set('jr sr ii iii iv');
const PARTICLES = set('da de del della der dos das la le van von st mac mc bin al');
const ROLES = set(
  'victim decedent foreman foremen miner miners operator operators laborer laborers mechanic mechanics electrician electricians superintendent supervisor supervisors driver drivers owner president manager engineer engineers leadman leader trainee employee employees worker workers technician technicians assistant assistants collaborator collaborators official helper inspector contractor carpenter welder driller drillers roofbolter surveyor dispatcher director coworker coworkers deputy chief captain officer examiner repairman serviceman fireboss examiners coordinator maestro',
);
const VERBS = set(
  'told said stated reported asked noticed went walked traveled travelled started helped informed saw drove parked arrived boarded entered left replied heard observed instructed called died began trammed shouted yelled operated worked climbed exited dismounted positioned stood looked checked performed continued attempted tried got took ran fell slipped pulled pushed picked placed removed installed repaired welded held signaled met discussed gave completed used remained sat thought believed felt suggested decided responded rushed contacted notified radioed phoned joined assisted followed approached loaded drilled assumed explained stopped turned received warned ordered wanted needed knew agreed and was had who',
);
/** Words of one name that are looked for. */
const NAME_WORDS = 8;
/** Tokens that are read as single letters: initials. */
const TOKEN = /[\p{L}][\p{L}'’]*/gu;

interface Token {
  readonly text: string;
  readonly lower: string;
  readonly start: number;
  readonly end: number;
  /** Only white space, a full stop after an initial or title, or a bracket stands between it and the one before. */
  readonly joined: boolean;
  readonly isCapital: boolean;
}

/** Spans of names in a text, in order and apart. `known` are names that the text is likely to tell. */
export function findNames(text: string, known: readonly string[] = []): readonly PersonalSpan[] {
  const tokens = tokensOf(text);
  const letters = tokens.filter(({ lower }) => lower.length > 1);
  const capitals = letters.filter(({ isCapital }) => isCapital).length;
  const allCaps = letters.filter(({ text: word }) => word === word.toUpperCase()).length;
  // Capitals tell names only where some words have them and most have not.
  const isCased = capitals > 0 && capitals < letters.length * 0.6 && allCaps < letters.length * 0.6;
  const finder = new Finder(tokens, isCased);
  return finder.find(
    known.map((name) =>
      tokensOf(name)
        .slice(0, NAME_WORDS)
        .map(({ lower }) => lower),
    ),
  );
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let last = 0;
  for (const match of text.matchAll(TOKEN)) {
    const word = match[0].replace(/['’]s?$/i, '');
    const start = match.index;
    const between = text.slice(last, start);
    const before = tokens.at(-1);
    const mayDot =
      before !== undefined &&
      (before.lower.length === 1 || TITLES.has(before.lower) || SUFFIXES.has(before.lower));
    tokens.push({
      text: word,
      lower: word.toLowerCase(),
      start,
      end: start + word.length,
      joined: before !== undefined && (/^\s*$/.test(between) || (mayDot && /^\.\s*$/.test(between))),
      isCapital: /^\p{Lu}/u.test(word),
    });
    last = start + match[0].length;
  }
  return tokens;
}

class Finder {
  readonly #tokens: readonly Token[];
  readonly #isCased: boolean;
  readonly #named: boolean[];
  readonly #surnames = new Set<string>();

  constructor(tokens: readonly Token[], isCased: boolean) {
    this.#tokens = tokens;
    this.#isCased = isCased;
    this.#named = tokens.map(() => false);
  }

  find(known: readonly (readonly string[])[]): readonly PersonalSpan[] {
    for (const words of known) this.#know(words);
    for (let i = 0; i < this.#tokens.length; i++) {
      if (this.#named[i] === true) continue;
      const end = this.#full(i) ?? this.#byRole(i) ?? this.#alone(i);
      if (end !== undefined) this.#mark(i, end);
    }
    this.#again();
    return this.#spans();
  }

  /** A name from elsewhere: all of it where it stands as it is, and its words where they are no ordinary ones. */
  #know(words: readonly string[]): void {
    if (words.length === 0) return;
    for (const word of words) if (isNameWord(word)) this.#surnames.add(word);
    for (let i = 0; i + words.length <= this.#tokens.length; i++)
      if (words.length > 1 && words.every((word, k) => this.#tokens[i + k]?.lower === word))
        this.#named.fill(true, i, i + words.length);
  }

  #at(i: number): Token | undefined {
    return this.#tokens[i];
  }

  /** Whether the word could be part of a name at all. */
  #mayName(i: number): boolean {
    const token = this.#at(i);
    if (token === undefined) return false;
    return !this.#isCased || token.isCapital;
  }

  #isUnknown(i: number): boolean {
    const token = this.#at(i);
    return (
      token !== undefined &&
      token.lower.length > 2 &&
      !WORDS.has(token.lower) &&
      !ROLES.has(token.lower) &&
      !VERBS.has(token.lower) &&
      // The plural or past of a word is no name either.
      !isFormOfWord(token.lower)
    );
  }

  #isGiven(i: number): boolean {
    const token = this.#at(i);
    return token !== undefined && GIVEN.has(token.lower) && this.#mayName(i);
  }

  #isInitial(i: number): boolean {
    const token = this.#at(i);
    return token !== undefined && token.lower.length === 1 && token.lower !== 'a' ? this.#mayName(i) : false;
  }

  /** A name with title, or a given name and what follows; gives the token after it. */
  #full(from: number): number | undefined {
    const first = this.#at(from);
    if (first === undefined) return undefined;
    if (TITLES.has(first.lower) && first.lower !== 'don' && this.#at(from + 1)?.joined === true) {
      const end = this.#run(from + 1, true);
      if (end > from + 1) return end;
    }
    // `q zyxwell smithson`: an initial before a name nobody knows.
    const startsInitial = this.#isInitial(from) && this.#isUnknown(from + 1) && this.#isUnknown(from + 2);
    const startsGiven = this.#isGiven(from);
    const hasInitial =
      this.#at(from + 1)?.joined === true &&
      (this.#isInitial(from + 1) || this.#at(from + 1)?.lower === 'a') &&
      this.#at(from + 2)?.joined === true;
    // `x q surname`: unknown word, initial, word.
    const startsUnknown =
      this.#isUnknown(from) && this.#mayName(from) && hasInitial && this.#isUnknown(from + 2);
    if (!startsInitial && !startsGiven && !startsUnknown) return undefined;
    const second = this.#at(from + 1);
    if (second?.joined !== true) return undefined;
    if (PARTICLES.has(second.lower) && !this.#mayName(from + 1)) {
      const end = this.#run(from + 1, false);
      return end > from + 2 ? end : undefined;
    }
    if (!this.#mayName(from + 1)) return undefined;
    if (startsGiven && hasInitial && this.#mayName(from + 2) && this.#isSurname(from + 2, true)) {
      return this.#suffix(from + 3);
    }
    if (startsUnknown || startsInitial) return this.#suffix(from + 3);
    const end = this.#run(from + 1, false);
    if (end > from + 1) return end;
    // `john field tree cutter`: a surname that is a word, when a job follows.
    if (this.#isSurname(from + 1, true) && (this.#roleWithin(from + 2, 4) || this.#roleBefore(from)))
      return this.#suffix(from + 2);
    return undefined;
  }

  /** End of a run of name words. */
  #run(from: number, afterTitle: boolean): number {
    let i = from;
    while (i < from + 4) {
      const token = this.#at(i);
      if (token === undefined || !token.joined) break;
      if (
        PARTICLES.has(token.lower) &&
        this.#at(i + 1)?.joined === true &&
        (this.#isUnknown(i + 1) || this.#isGiven(i + 1))
      ) {
        i++;
        continue;
      }
      const isInitial =
        this.#isInitial(i) && i > from && this.#at(i + 1)?.joined === true && this.#isUnknown(i + 1);
      const isName =
        this.#mayName(i) &&
        (this.#isUnknown(i) ||
          this.#isGiven(i) ||
          (this.#isCased &&
            token.isCapital &&
            (afterTitle || (WORDS.get(token.lower) ?? FREQUENT) >= FREQUENT)));
      if (!isName && !isInitial) break;
      i++;
    }
    return i > from ? this.#suffix(i) : i;
  }

  #suffix(i: number): number {
    const token = this.#at(i);
    return token?.joined === true && SUFFIXES.has(token.lower) ? i + 1 : i;
  }

  #isSurname(i: number, mayBeWord: boolean): boolean {
    const token = this.#at(i);
    if (token === undefined || !token.joined || token.lower.length < 3 || !this.#mayName(i)) return false;
    if (ROLES.has(token.lower) || VERBS.has(token.lower)) return false;
    const rank = WORDS.get(token.lower);
    return rank === undefined ? true : mayBeWord && rank >= 300;
  }

  #roleWithin(from: number, count: number): boolean {
    for (let i = from; i < from + count; i++) {
      const token = this.#at(i);
      if (token === undefined) return false;
      if (ROLES.has(token.lower) || SUFFIXES.has(token.lower)) return true;
    }
    return false;
  }

  #roleBefore(i: number): boolean {
    const before = this.#at(i - 1);
    return (
      before !== undefined &&
      (ROLES.has(before.lower) || before.lower === 'by' || before.lower === 'notified')
    );
  }

  /** Words nobody knows beside the word for a job, or before what only people do. */
  #byRole(from: number): number | undefined {
    if (!this.#isUnknown(from) || !this.#mayName(from)) return undefined;
    const before = this.#at(from - 1);
    const follows = before !== undefined && this.#at(from)?.joined === true && ROLES.has(before.lower);
    let end = from + 1;
    while (this.#at(end)?.joined === true && this.#isUnknown(end) && this.#mayName(end) && end < from + 3)
      end++;
    const next = this.#at(end);
    if (this.#isCased) return follows || (next?.joined === true && ROLES.has(next.lower)) ? end : undefined;
    if (next === undefined) return undefined;
    const does =
      VERBS.has(next.lower) && next.lower !== 'and' && next.lower !== 'was' && next.lower !== 'had';
    const passive =
      next.lower === 'was' &&
      ['informed', 'told', 'assigned', 'asked', 'found', 'pronounced'].includes(
        this.#at(end + 1)?.lower ?? '',
      );
    const isJob = next.joined && (ROLES.has(next.lower) || this.#roleWithin(end, 3));
    return does || passive || (isJob && end <= from + 3 && (end > from + 1 || this.#jobFollows(end)))
      ? end
      : undefined;
  }

  /** `section foreman`: only words of the trade stand before the job. */
  #jobFollows(from: number): boolean {
    for (let i = from; i < from + 3; i++) {
      const token = this.#at(i);
      if (token === undefined || !token.joined) return false;
      if (ROLES.has(token.lower)) return true;
      if ((WORDS.get(token.lower) ?? 0) < 40) return false;
    }
    return false;
  }

  /** A given name on its own, where capitals tell that it is one. */
  #alone(from: number): number | undefined {
    const token = this.#at(from);
    if (token === undefined || !this.#isCased || !this.#isGiven(from) || WORDS.has(token.lower))
      return undefined;
    const next = this.#at(from + 1);
    return next?.joined === true && next.isCapital ? undefined : from + 1;
  }

  #mark(from: number, to: number): void {
    for (let i = from; i < to; i++) {
      this.#named[i] = true;
      const { lower } = this.#tokens[i] ?? { lower: '' };
      if (isNameWord(lower)) this.#surnames.add(lower);
    }
  }

  /** Names that were found stand for their people further on. */
  #again(): void {
    this.#tokens.forEach((token, i) => {
      if (this.#named[i] === true || !this.#mayName(i)) return;
      if (this.#surnames.has(token.lower)) {
        if ((WORDS.get(token.lower) ?? FREQUENT) >= FREQUENT) this.#named[i] = true;
      }
    });
  }

  #spans(): readonly PersonalSpan[] {
    const spans: { start: number; end: number; kind: 'name' }[] = [];
    this.#tokens.forEach((token, i) => {
      if (this.#named[i] !== true) return;
      const open = spans.at(-1);
      if (open !== undefined && this.#named[i - 1] === true && token.joined) open.end = token.end;
      else spans.push({ start: token.start, end: token.end, kind: 'name' });
    });
    return spans;
  }
}

/** Whether a word of a name stands for the person by itself. */
function isNameWord(word: string): boolean {
  return word.length > 2 && ![TITLES, SUFFIXES, PARTICLES].some((words) => words.has(word));
}

function isFormOfWord(word: string): boolean {
  if (word.endsWith('ied') && WORDS.has(`${word.slice(0, -3)}y`)) return true;
  for (const ending of ['s', 'es', 'd', 'ed', 'ing', 'ly', 'er', 'ers']) {
    if (!word.endsWith(ending)) continue;
    const stem = word.slice(0, -ending.length);
    if (stem.length > 2 && (WORDS.has(stem) || WORDS.has(`${stem}e`))) return true;
  }
  return false;
}
