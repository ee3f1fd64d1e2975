/**
 * Dates and times by format. Words: `YYYY`, `YY` (00–69 are 2000–2069), `MM`, `DD`, `hh`, `mm`, `ss` (one or two digits
 * each, unless a digit follows in the format), `MON` (name of a month), `AM`, `Z` (`Z` or `+01:00`); `serial` is a day
 * number of a spreadsheet; `in text` is the first date a text tells (`August 27, 2013`). A format that ends in `*`
 * ignores what follows. All else stands for itself.
 */

/** Why a text is no date: it is not written like one, or there is no such day. */
export type DateFault = 'unreadable' | 'not-in-calendar';

const DAY_MS = 86_400_000;
const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const MONTH_IN_TEXT =
  /\b(January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.? (\d{1,2})(?:st|nd|rd|th)?,? ((?:19|20)\d{2})\b/i;

type Field = 'YYYY' | 'YY' | 'MM' | 'DD' | 'hh' | 'mm' | 'ss' | 'MON' | 'AM' | 'Z';
type Token =
  { readonly field: Field; readonly digits: number } | { readonly literal: string } | { readonly rest: true };

/** Microseconds since 1970 as a number: exact until 2255. */
export type DateParser = (text: string) => number | DateFault;

const WORDS = /YYYY|YY|MM|DD|MON|hh|mm|ss|AM|Z|\*$|./gs;
const FIELDS: ReadonlySet<string> = new Set(['YYYY', 'YY', 'MM', 'DD', 'hh', 'mm', 'ss', 'MON', 'AM', 'Z']);

function tokensOf(format: string): readonly Token[] {
  const words = format.match(WORDS) ?? [];
  return words.map((word, i): Token => {
    if (word === '*' && i === words.length - 1) return { rest: true };
    if (!FIELDS.has(word)) return { literal: word };
    // Without a mark between, `YYYYMMDD`, the digits are counted.
    const next = words[i + 1] ?? '';
    const before = words[i - 1] ?? '';
    const isPacked = FIELDS.has(next) || (FIELDS.has(before) && before !== 'MON');
    return { field: word as Field, digits: word === 'YYYY' ? -4 : isPacked ? -2 : 2 };
  });
}

/** Tries the formats in turn. */
export function dateParser(formats: readonly string[]): DateParser {
  const parsers = formats.map((format) =>
    format === 'serial' ? serial : format === 'in text' ? inText : oneFormat(tokensOf(format)),
  );
  const [only] = parsers;
  if (parsers.length === 1 && only !== undefined) return only;
  return (text) => {
    let fault: DateFault = 'unreadable';
    for (const parse of parsers) {
      const found = parse(text);
      if (typeof found === 'number') return found;
      if (found === 'not-in-calendar') fault = found;
    }
    return fault;
  };
}

function oneFormat(tokens: readonly Token[]): DateParser {
  return (text) => {
    let year = 1970;
    let month = 1;
    let day = 1;
    let seconds = 0;
    let hours = 0;
    let isAfternoon: boolean | undefined;
    let offset = 0;
    let at = 0;
    for (const token of tokens) {
      if ('rest' in token) {
        at = text.length;
        break;
      }
      if ('literal' in token) {
        if (text[at] !== token.literal) return 'unreadable';
        at++;
        continue;
      }
      const { field } = token;
      if (field === 'MON') {
        const found = MONTHS.indexOf(text.slice(at, at + 3).toLowerCase());
        if (found < 0) return 'unreadable';
        month = found + 1;
        at += 3;
        while (isLetter(text.charCodeAt(at))) at++;
        continue;
      }
      if (field === 'AM') {
        const half = text.slice(at, at + 2).toLowerCase();
        if (half !== 'am' && half !== 'pm') return 'unreadable';
        isAfternoon = half === 'pm';
        at += 2;
        continue;
      }
      if (field === 'Z') {
        if (text[at] === 'Z') {
          at++;
          continue;
        }
        const sign = text[at] === '-' ? -1 : text[at] === '+' ? 1 : 0;
        const hour = Number(text.slice(at + 1, at + 3));
        const minute = Number(text.slice(at + 4, at + 6));
        if (sign === 0 || text[at + 3] !== ':' || !(hour < 24) || !(minute < 60)) return 'unreadable';
        offset = sign * (hour * 3600 + minute * 60);
        at += 6;
        continue;
      }
      const most = token.digits < 0 ? -token.digits : token.digits;
      let value = 0;
      let read = 0;
      for (; read < most; read++) {
        const digit = text.charCodeAt(at + read) - 48;
        if (!(digit >= 0 && digit <= 9)) break;
        value = value * 10 + digit;
      }
      if (read === 0 || (token.digits < 0 && read < most)) return 'unreadable';
      at += read;
      switch (field) {
        case 'YYYY':
          year = value;
          break;
        case 'YY':
          year = value < 70 ? 2000 + value : 1900 + value;
          break;
        case 'MM':
          month = value;
          break;
        case 'DD':
          day = value;
          break;
        case 'hh':
          hours = value;
          break;
        case 'mm':
          if (value > 59) return 'not-in-calendar';
          seconds += value * 60;
          break;
        case 'ss':
          if (value > 59) return 'not-in-calendar';
          seconds += value;
          break;
      }
    }
    if (at !== text.length) return 'unreadable';
    if (isAfternoon !== undefined) {
      if (hours < 1 || hours > 12) return 'not-in-calendar';
      hours = (hours % 12) + (isAfternoon ? 12 : 0);
    }
    if (hours > 23) return 'not-in-calendar';
    const days = daysOf(year, month, day);
    if (days === undefined) return 'not-in-calendar';
    return (days * 86_400 + hours * 3600 + seconds - offset) * 1e6;
  };
}

const isLetter = (code: number): boolean => (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Days since 1970-01-01; undefined when there is no such day. Proleptic Gregorian. */
export function daysOf(year: number, month: number, day: number): number | undefined {
  const most = MONTH_DAYS[month - 1];
  if (most === undefined || day < 1 || year < 1) return undefined;
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  if (day > most && !(month === 2 && day === 29 && isLeap)) return undefined;
  // Howard Hinnant's count: years that begin in March.
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const ofEra = y - era * 400;
  const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146_097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - 719_468;
}

/** Days since 1899-12-30, as spreadsheets count from March 1900 on. */
function serial(text: string): number | DateFault {
  const days = Number(text);
  if (text === '' || !Number.isFinite(days)) return 'unreadable';
  if (days < 61 || days > 2_958_465) return 'not-in-calendar';
  return Math.round((days - 25_569) * 86_400) * 1e6;
}

function inText(text: string): number | DateFault {
  const found = MONTH_IN_TEXT.exec(text);
  if (found === null) return 'unreadable';
  const [, name = '', day = '', year = ''] = found;
  const days = daysOf(Number(year), MONTHS.indexOf(name.slice(0, 3).toLowerCase()) + 1, Number(day));
  return days === undefined ? 'not-in-calendar' : days * 86_400e6;
}

/** Seconds of a time of day, by the same words. */
export function timeParser(formats: readonly string[]): DateParser {
  const parse = dateParser(formats);
  return (text) => {
    const found = parse(text);
    return typeof found === 'number' ? found / 1e6 : found;
  };
}

/** `YYYY-MM-DD` of a day count. */
export function dayText(days: number): string {
  return isoText(days * DAY_MS).slice(0, 10);
}

/** `YYYY-MM-DDThh:mm:ss.mmmZ` */
export function isoText(ms: number): string {
  return new Date(ms).toISOString();
}
