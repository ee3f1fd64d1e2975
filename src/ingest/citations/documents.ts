/** Other documents as law of the UK and the EU names them, and what identity the readers would give them. */
import { identityOf } from '../eurlex/identity.ts';
import { actTitled } from './acts.ts';
import type { CitingDocument } from './reference.ts';
import type { Scan } from './scan.ts';

/** A document a text names: by identity, by title, as the one at hand, or so that nobody can tell; or something that is no law. */
export type Named =
  { readonly documentId: string } | { readonly title: string } | 'here' | 'unknown' | 'not-law';

export interface Standing {
  readonly start: number;
  readonly end: number;
  readonly named: Named;
}

const EU_WORD = '(?:Framework Decision|Directive|Regulation|Decision|Recommendation)';
const EU_COMMUNITY = '(?:EU|EC|EEC|Euratom|ECSC|CFSP|EU, Euratom|EC, Euratom)';
const EU_NUMBER = `(?:\\(${EU_COMMUNITY}\\) )?(?:No\\.? ?)?\\d{1,4}/\\d{1,4}(?:/${EU_COMMUNITY}(?![A-Za-z]))?(?![\\d/])`;
const EU_MAKER =
  '(?:(?:Council|Commission|Delegated|Implementing|Framework|European Parliament and Council) )';
const EU_ACT = new RegExp(`(?:the )?${EU_MAKER}{0,3}(${EU_WORD})(s?) (${EU_NUMBER})`, 'y');
const EU_MORE = new RegExp(`(?:,| and| or|, and) (${EU_NUMBER})`, 'y');
const CELEX = /3(\d{4})([LRD])(\d{4})(?![\w])/y;
const TREATY =
  /(?:the )?(?:Treaty|Treaties|TFEU|TEU|Charter|Convention|Statute|Protocol|Agreement|Act of Accession|(?:[A-Z][\w’'-]*,? (?:(?:of|on|for|and|the) )*){1,8}(?:Convention|Protocol|Treaty|Charter|Agreement|Covenant))(?![\p{L}])(?: on (?:the Functioning of the )?European Union| establishing the European (?:Community|Economic Community|Atomic Energy Community))?/uy;
const UK_NUMBERED = /(S\.? ?I\.?|S\.? ?S\.? ?I\.?|W\.? ?S\.? ?I\.?|S\.? ?R\.?) ?(\d{4})\/(\d{1,5})(?!\d)/y;
const UK_CHAPTER = /((?:1[89]|20)\d\d) (c\.|asp|anaw|asc) ?(\d{1,3})(?!\d)/y;
/** What follows a title: `(c. 37)`, `(asp 2)`, `(S.I. 2005/1643)`. */
const UK_BEHIND =
  /(?:,? \(?(?:(c\.|asp|anaw|asc) ?(\d{1,3})|(S\.? ?I\.?|S\.? ?S\.? ?I\.?|W\.? ?S\.? ?I\.?|S\.? ?R\.?) ?(\d{4})\/(\d{1,5}))\)?|\/(\d{1,5})(?!\d))/y;
const UK_TYPE = '(?:Act|Regulations|Order|Rules|Measure|Scheme)';
const UK_END = new RegExp(
  `${UK_TYPE}(?: \\((?:Northern Ireland|Scotland|Wales|England and Wales)\\))? ((?:1[5-9]|20)\\d\\d)(?![\\d])`,
  'g',
);
const UK_END_HERE = new RegExp(`^${UK_TYPE}$`);
const CONNECTING = /^(?:of|and|at|for|in|to|etc\.?,?|on|by|with|from|or|&|as|against|into|other|under)$/;
const SELF =
  /(?:[Tt]his|[Tt]hese|[Tt]he present) (?:Act|Regulations?|Order|Rules?|Directive|Decision|Instrument|Scheme|Measure)(?![\p{L}])/uy;
const THAT =
  /(?:that|those|the said|the same) (?:Act|Regulations?|Order|Rules?|Directive|Decision|Instrument|Scheme|Measure)(?![\p{L}])/uy;
const SHORT =
  /(?:the )?(?:(?:principal|Principal|Parent|parent|main) |(?:1[89]|20)\d\d |(?:[A-Z][\w-]*(?:,| and)? ){1,5})?(?:Act|Regulations?|Order|Rules?|Directive|Decision|Scheme|Measure|Code)(?: of (?:1[89]|20)\d\d| \d{4})?(?![\p{L}]|\s\(?\d)/uy;
const NOT_LAW =
  /(?:(?:the|that|this|an?|each|any|every) (?:[a-z]+ ){0,2}(?:standards?|guidance|manual|forms?|permits?|plans?|report|application|certificate|licence|document|specification|questionnaire|notice|table|contract|agreement)(?![\p{L}])|(?:(?:the|that|this|an?) )?(?:[Aa]pproved )?[Cc]ode of [Pp]ractice|EN |ISO|IEC|BS |DIN|ASTM|ICAO|IMO|OECD|CEN|MARPOL)/uy;

/** What stands before `is amended`. */
const ALIAS =
  /(?:^|\n|[Tt]he )((?:(?:1[89]|20)\d\d |[Pp]rincipal )(?:Act|Regulations|Order|Rules))(?= (?:is|are|shall))/;

const INSTRUMENTS: ReadonlySet<string> = new Set('uksi ssi wsi nisr nisi'.split(' '));
const TITLE_WORDS = 24;
/** Longest word, or words in brackets, of a title. */
const WORD_CHARS = 92;
const UK_SERIES: Readonly<Record<string, string>> = { si: 'uksi', ssi: 'ssi', wsi: 'wsi', sr: 'nisr' };

export class DocumentNames {
  readonly #document: CitingDocument;
  /** Named last in this text: what `that Act` is. */
  #last: Named | undefined;

  constructor(document: CitingDocument) {
    this.#document = document;
  }

  remember(named: Named): void {
    if (typeof named === 'object') this.#last = named;
  }

  get last(): Named | undefined {
    return this.#last;
  }

  /** The document named at this place. */
  here(scan: Scan): Named | undefined {
    if (scan.take(SELF) !== undefined) return 'here';
    const eu = scan.take(EU_ACT);
    if (eu !== undefined) return euAct(eu[1] ?? '', eu[3] ?? '');
    const celex = scan.take(CELEX);
    if (celex !== undefined) return euCelex(celex[0]);
    if (scan.take(THAT) !== undefined) return this.#last ?? 'unknown';
    const numbered = ukNumbered(scan.take(UK_NUMBERED)) ?? ukChapter(scan.take(UK_CHAPTER));
    if (numbered !== undefined) return numbered;
    const titled = scan.attempt(() => ukTitle(scan));
    if (titled !== undefined) return titled;
    if (scan.take(NOT_LAW) !== undefined) return 'not-law';
    if (scan.take(TREATY) !== undefined) return 'unknown';
    const short = scan.take(SHORT)?.[0];
    return short === undefined ? undefined : this.#short(short);
  }

  /** The document a text names last, by full name or by a name given to it. */
  lastIn(text: string): Named | undefined {
    let last: Named | undefined;
    for (const { named: one } of this.standing(text)) last = one;
    if (last !== undefined) return last;
    const alias = ALIAS.exec(text)?.[1];
    const full = alias === undefined ? undefined : this.#document.aliases.get(alias.toLowerCase());
    return full === undefined ? undefined : named(full);
  }

  /** Documents named by number or title anywhere in a text, in order. */
  *standing(text: string): Generator<Standing> {
    const anchor = new RegExp(
      `(?<![\\p{L}\\d])(?:${EU_MAKER}{0,3}${EU_WORD}s? ${EU_NUMBER}|3\\d{4}[LRD]\\d{4}(?![\\w])|(?:S\\.? ?I\\.?|S\\.? ?S\\.? ?I\\.?|W\\.? ?S\\.? ?I\\.?|S\\.? ?R\\.?) ?\\d{4}/\\d{1,5}|(?:1[89]|20)\\d\\d (?:c\\.|asp|anaw|asc) ?\\d{1,3}|${UK_END.source})`,
      'gu',
    );
    let done = 0;
    for (let found = anchor.exec(text); found !== null; found = anchor.exec(text)) {
      const title = /^(?:Act|Regulations|Order|Rules|Measure|Scheme)\b(?! [(\d][^)]{0,9}\d\/)/.test(found[0])
        ? titleBefore(text, found.index, done)
        : undefined;
      const start = title ?? found.index;
      yield* this.#at(text, start, found.index + found[0].length, title !== undefined);
      done = anchor.lastIndex;
    }
  }

  *#at(text: string, start: number, end: number, isTitle: boolean): Generator<Standing> {
    const printed = text.slice(start, end);
    if (isTitle) {
      if (/^(?:Act|Regulations|Order|Rules|Measure|Scheme)\b/.test(printed)) return;
      const behind = matchAt(UK_BEHIND, text, end);
      const named = ukIdentified(behind, printed) ?? titledAct(printed);
      yield { start, end: end + (behind?.[0].length ?? 0), named };
      return;
    }
    const eu = matchAt(EU_ACT, text, start);
    if (eu !== null) {
      yield { start, end: start + eu[0].length, named: euAct(eu[1] ?? '', eu[3] ?? '') };
      if (eu[2] === '') return;
      for (let at = start + eu[0].length, n = 0; n < TITLE_WORDS; n++) {
        const more = matchAt(EU_MORE, text, at);
        if (more === null) return;
        const from = at + more[0].length - (more[1] ?? '').length;
        at += more[0].length;
        yield { start: from, end: at, named: euAct(eu[1] ?? '', more[1] ?? '') };
      }
      return;
    }
    const named =
      (/^3/.test(printed) ? euCelex(printed) : undefined) ??
      ukNumbered(matchAt(UK_NUMBERED, text, start) ?? undefined) ??
      ukChapter(matchAt(UK_CHAPTER, text, start) ?? undefined);
    if (named !== undefined) yield { start, end, named };
  }

  /** A name the document gave to another act; else nobody can tell. */
  #short(printed: string): Named {
    // Notes on an instrument call it by its kind.
    if (
      /^the (?:Regulations|Order|Scheme|Rules)$/.test(printed) &&
      INSTRUMENTS.has(this.#document.family) &&
      !this.#document.aliases.has(printed.slice(4).toLowerCase())
    )
      return 'here';
    const alias = this.#document.aliases.get(printed.replace(/^the /, '').toLowerCase());
    return alias === undefined ? 'unknown' : named(alias);
  }
}

/** The identity that a printed name of an act gives: `Enterprise Act 2002 (c. 40)` is `uk/ukpga/2002/40`. */
export function documentNamed(name: string, document: CitingDocument): string | undefined {
  for (const { named: one } of new DocumentNames(document).standing(name))
    return typeof one === 'object' && 'documentId' in one ? one.documentId : undefined;
  return undefined;
}

/** The document a full name stands for. */
export function named(name: string): Named {
  const eu = matchAt(EU_ACT, name, 0);
  return eu === null ? titledAct(name) : euAct(eu[1] ?? '', eu[3] ?? '');
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function titledAct(title: string): Named {
  const documentId = actTitled(title);
  return documentId === undefined ? { title } : { documentId };
}

function euAct(word: string, number: string): Named {
  const identity = identityOf(undefined, `${word} ${number}`);
  return identity === undefined ? 'unknown' : { documentId: identity.documentId };
}

function euCelex(celex: string): Named | undefined {
  const identity = identityOf(celex, '');
  return identity === undefined ? undefined : { documentId: identity.documentId };
}

function ukNumbered(found: RegExpExecArray | undefined): Named | undefined {
  if (found === undefined) return undefined;
  const series = UK_SERIES[(found[1] ?? '').replace(/[. ]/g, '').toLowerCase()];
  return series === undefined
    ? undefined
    : { documentId: `uk/${series}/${found[2] ?? ''}/${Number(found[3])}` };
}

function ukChapter(found: RegExpExecArray | undefined): Named | undefined {
  if (found === undefined) return undefined;
  const series = found[2] === 'c.' ? 'ukpga' : (found[2] ?? '');
  return { documentId: `uk/${series}/${found[1] ?? ''}/${found[3] ?? ''}` };
}

/** A title with what stands in brackets behind it. */
function ukIdentified(behind: RegExpExecArray | null | undefined, title: string): Named | undefined {
  if (behind === null || behind === undefined) return undefined;
  const year = /\d{4}$/.exec(title)?.[0] ?? '';
  // Acts of Northern Ireland are numbered in a series of their own.
  if (behind[2] !== undefined && !/Northern Ireland/.test(title))
    return { documentId: `uk/${behind[1] === 'c.' ? 'ukpga' : (behind[1] ?? '')}/${year}/${behind[2]}` };
  if (behind[6] !== undefined) return { documentId: `uk/uksi/${year}/${Number(behind[6])}` };
  const series = UK_SERIES[(behind[3] ?? '').replace(/[. ]/g, '').toLowerCase()];
  return series === undefined
    ? undefined
    : { documentId: `uk/${series}/${behind[4] ?? ''}/${Number(behind[5])}` };
}

/** `the Health and Safety at Work etc. Act 1974`, read forwards. */
function ukTitle(scan: Scan): Named | undefined {
  scan.take(/the /y);
  const start = scan.at;
  for (let n = 0; n < TITLE_WORDS; n++) {
    const word = scan.take(/(\([A-Z][^()]{1,90}\)|[\p{L}\d.,&’'-]{1,40})/uy)?.[0];
    if (word === undefined) return undefined;
    if (UK_END_HERE.test(word)) {
      const year = scan.take(
        /(?: \((?:Northern Ireland|Scotland|Wales|England and Wales)\))? (?:1[5-9]|20)\d\d(?![\d/])/y,
      );
      if (year !== undefined) {
        const title = scan.text.slice(start, scan.at);
        if (n === 0) return undefined;
        return ukIdentified(scan.take(UK_BEHIND), title) ?? titledAct(title);
      }
    }
    if (n === 0 ? !/^[\p{Lu}(]/u.test(word) : !/^[\p{Lu}(&]/u.test(word) && !CONNECTING.test(word))
      return undefined;
    if (scan.take(/ /y) === undefined) return undefined;
  }
  return undefined;
}

/** Where the title that ends at `at` begins: capitals and the small words between them, back to `the` or a small word. */
function titleBefore(text: string, at: number, done: number): number {
  let start = at;
  let candidate = at;
  for (let n = 0; n < TITLE_WORDS && candidate > done; n++) {
    const end = candidate - 1;
    if (text.charAt(end) !== ' ') break;
    const floor = Math.max(done, end - WORD_CHARS);
    const window = text.slice(floor, end);
    const cut = window.endsWith(')')
      ? window.lastIndexOf('(')
      : Math.max(
          window.lastIndexOf(' '),
          window.lastIndexOf('\n'),
          window.lastIndexOf('('),
          window.lastIndexOf('“'),
        ) + 1;
    // A word longer than that is none.
    if (cut < 0 || (cut === 0 && floor > done)) break;
    const from = floor + cut;
    const word = text.slice(from, end);
    const isName =
      /^[\p{Lu}(&][^\n;:]*[^.;:]$|^\p{Lu}$/u.test(word) &&
      !/^(?:The|In|See|Under|By|And|Section|Regulation|Article|Schedule)$/.test(word) &&
      !/^\(?[a-z\d]{1,4}\)$/.test(word);
    if (!isName && !CONNECTING.test(word)) break;
    candidate = from;
    if (isName) start = from;
  }
  return start;
}
