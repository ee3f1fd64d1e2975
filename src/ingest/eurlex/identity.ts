/**
 * Which act a EUR-Lex document is. All dated versions of one act, in all formats, must give one id: year, type and number
 * of the act, never those of the version. `32018R2066` and `02018R2066-20210101` are both `eu/reg/2018/2066`.
 */
import { calendarDay, oneLine } from '../text.ts';

export interface ActIdentity {
  /** `eu/dir/1996/61`. */
  readonly documentId: string;
  /** `dir`, `reg`, … */
  readonly family: string;
  /** `Directive 96/61/EC`. */
  readonly citation: string;
}

/** Letters of CELEX numbers, as ELI names the type, and in words. Implementing and delegated acts share letter and numbers. */
const TYPES: Readonly<Record<string, readonly [family: string, word: string]>> = {
  L: ['dir', 'Directive'],
  R: ['reg', 'Regulation'],
  D: ['dec', 'Decision'],
  F: ['dec_framw', 'Framework Decision'],
  H: ['reco', 'Recommendation'],
  G: ['res', 'Resolution'],
  S: ['dec_ecsc', 'ECSC Decision'],
  A: ['opin', 'Opinion'],
  C: ['decl', 'Declaration'],
};

interface ActNumber {
  readonly letter: string;
  readonly year: string;
  readonly number: string;
}

/** The act by a CELEX number or the reference of a consolidated version, whichever is given, or by its title. */
export function identityOf(reference: string | undefined, title: string): ActIdentity | undefined {
  const named = fromTitle(title);
  const act = fromCelex(reference ?? '') ?? named;
  if (act === undefined) return undefined;
  const type = TYPES[act.letter];
  if (type === undefined) return undefined;
  const [family, word] = type;
  const isSame = named !== undefined && named.year === act.year && named.number === act.number;
  return {
    documentId: `eu/${family}/${act.year}/${act.number}`,
    family,
    citation: isSame ? named.citation : `${word} ${act.year}/${act.number}`,
  };
}

/** `32018R2066`, `396L0061` (before 1999), `1996L0061`, `02018R2066-20210101`. */
function fromCelex(reference: string): ActNumber | undefined {
  const found = /^\s*[03]?(\d{4}|\d{2})([A-Z])(\d{4})(?:\(\d+\))?(?:[-R]\S*)?\s*$/.exec(reference);
  if (found === null) return undefined;
  const [, year = '', letter = '', number = ''] = found;
  return { letter, year: fullYear(year), number: String(Number(number)) };
}

const TITLE =
  /\b(framework decision|directive|regulation|decision|recommendation|resolution|opinion)\s+(\((?:EU|EC|EEC|Euratom|ECSC|CFSP|EU, Euratom|EC, Euratom)\)\s+)?(No\.?\s+)?(\d{1,4})\/(\d{1,4})(\/(?:EU|EC|EEC|Euratom|ECSC|CFSP|JHA)(?:, Euratom)?)?/i;

/** The first act a title names is the act itself: `Council Directive 96/61/EC of … amending Directive …`. */
function fromTitle(title: string): (ActNumber & { readonly citation: string }) | undefined {
  const found = TITLE.exec(oneLine(title).slice(0, 400));
  if (found === null) return undefined;
  const [, word = '', community = '', no = '', first = '', second = '', suffix = ''] = found;
  const letter = Object.entries(TYPES).find(([, [, name]]) => name.toLowerCase() === word.toLowerCase())?.[0];
  if (letter === undefined) return undefined;
  // `No 1907/2006` has the number first, and so has `406/2009/EC`; everything else has the year first.
  const isNumberFirst =
    (no !== '' && word.toLowerCase() !== 'directive' ? isYear(second) : false) || !isYear(first);
  const [year, number] = isNumberFirst ? [second, first] : [first, second];
  const name = TYPES[letter]?.[1] ?? '';
  const cited = [name, community.trim(), no === '' ? '' : 'No', `${first}/${second}${suffix}`];
  return {
    letter,
    year: fullYear(year),
    number: String(Number(number)),
    citation: cited.filter((part) => part !== '').join(' '),
  };
}

/** A year in which the Communities made law, in two or four digits. */
function isYear(text: string): boolean {
  return /^(?:\d\d|19[5-9]\d|20[0-4]\d)$/.test(text);
}

function fullYear(year: string): string {
  return year.length === 2 ? `19${year}` : year;
}

/** `20060224`, `24.2.2006`, `2006-02-24`; undefined when it is no day of the calendar. */
export function isoDay(text: string | undefined): string | undefined {
  const value = (text ?? '').trim();
  const compact = /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(value);
  const dotted = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(value);
  const parts = compact?.slice(1) ?? dotted?.slice(1).reverse();
  if (parts === undefined) return undefined;
  const [year = '', month = '', day = ''] = parts;
  return calendarDay(Number(year), Number(month), Number(day));
}

const MONTHS = 'january february march april may june july august september october november december'.split(
  ' ',
);

/**
 * The day of entry into force, when the sentence names it or counts from a publication whose day is known:
 * `shall enter into force on 1 January 2020`, `… on the twentieth day following that of its publication`.
 */
export function entryIntoForce(sentence: string, published: string | undefined): string | undefined {
  const text = oneLine(sentence).toLowerCase();
  const from = /\b(?:shall )?enters? into force (?:on )?(.{0,120})/.exec(text)?.[1];
  if (from === undefined) return undefined;
  const named = /^(\d{1,2}) ([a-z]+) (\d{4})\b/.exec(from);
  if (named !== null)
    return calendarDay(Number(named[3]), MONTHS.indexOf(named[2] ?? '') + 1, Number(named[1]));
  if (published === undefined) return undefined;
  if (/^the (?:day|date) of its publication/.test(from)) return published;
  const after =
    /^the (?:(\d{1,2})(?:st|nd|rd|th)|([a-z-]+)) day (?:following|after) (?:that of |the date of )?its publication/.exec(
      from,
    );
  const days =
    after === null
      ? /^the day (?:following|after) (?:that of |the date of )?its publication/.test(from)
        ? 1
        : 0
      : after[1] === undefined
        ? COUNTS.indexOf(after[2] ?? '')
        : Number(after[1]);
  return days < 1 ? undefined : plusDays(published, days);
}

const COUNTS =
  'zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth'.split(
    ' ',
  );

/** `second`; `21st` and so on in figures. */
export function ordinal(value: number): string {
  const word = COUNTS[value];
  if (word !== undefined) return word;
  const ending = value % 100 > 10 && value % 100 < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][value % 10] ?? 'th');
  return `${value}${ending}`;
}

function plusDays(day: string, days: number): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}
