/** What the headings of the CFR say: numbers, names and targets. */
import { calendarDay, label, slug } from '../text.ts';

export interface Heading {
  /** As printed, without `§`: `262.34`, `A`; undefined when the heading has none. */
  readonly num: string | undefined;
  readonly heading: string | undefined;
}

/** `§ 1910.147 The control of hazardous energy.` Some headings lack the sign or have it garbled. */
export function sectionHeading(text: string): Heading {
  const match =
    /^(?:§|&?sect;|Sec\.)?[§\s]*(\d[\w.()]*(?:\s?[-–](?:\s?[\w.()]+)?)*?)(?:[.,]?\s+|[.,]?$)(.*)$/s.exec(
      text,
    );
  if (match?.[1] === undefined) return { num: undefined, heading: plain(text) };
  return { num: match[1].replace(/\s/g, ''), heading: plain(match[2] ?? '') };
}

const CONTAINER =
  /^\[?\s*(?:sub)?(?:title|chapter|part)s?\s+([\dA-Z]+(?:[-.][\dA-Z]+)*(?:\s?[–-]\s?\d+)?[a-z]?)(?![\p{L}\d])\s*(?:\(continued\)\s*)?[—–:-]*\s*(.*)$/isu;

/** `PART 262—STANDARDS…`, `Subpart A—General`, `PARTS 23–49 [RESERVED]`. */
export function containerHeading(text: string): Heading {
  const match = CONTAINER.exec(text);
  if (match?.[1] === undefined) return { num: undefined, heading: plain(text) };
  return { num: match[1].replace(/\s/g, '').replace('–', '-'), heading: plain(match[2] ?? '') };
}

export interface AppendixName {
  readonly num: string | undefined;
  /** `app-A`, `app-A-subpart-B`, `app-A-s1910.119`: unique in the part. */
  readonly eid: string;
  readonly subpart: string | undefined;
  readonly section: string | undefined;
}

/** `Appendix A to Subpart B of Part 60—…`, `Appendix to § 1.2`. */
export function appendixName(text: string): AppendixName {
  const title = text.split(/[—:]/, 1)[0] ?? text;
  const match = /appendix(?:es)?\s+(?!to\b|of\b)([A-Z0-9]+(?:[-.][A-Z0-9]+)*)\b/i.exec(title);
  const num = match?.[1];
  const section = /\bto\s+§+\s*([\d][\w.-]*)/i.exec(title)?.[1];
  const subpart = /\b(?:to|of)\s+subpart\s+([A-Z0-9-]+)/i.exec(title)?.[1];
  const isAppendix = /appendix/i.test(title);
  let eid = isAppendix ? 'app' : `app-${slug(text)}`;
  if (num !== undefined) eid += `-${label(num)}`;
  if (subpart !== undefined) eid += `-subpart-${label(subpart)}`;
  if (section !== undefined) eid += `-s${label(section)}`;
  return { num, eid, subpart, section };
}

/** Headings end in a full stop in print. */
function plain(text: string): string | undefined {
  const trimmed = text.trim().replace(/([^.])\.$/, '$1');
  return trimmed === '' ? undefined : trimmed;
}

const MONTHS = 'january february march april may june july august september october november december'.split(
  ' ',
);

/** `Dec. 29, 2022(fm)` or `2015-07-01` as `YYYY-MM-DD`; undefined when it is no date. */
export function dateOf(text: string): string | undefined {
  const [, year, month, day] = /^\s*(\d{4})-(\d{2})-(\d{2})\b/.exec(text) ?? [];
  if (year !== undefined) return lawDay(Number(year), Number(month), Number(day));
  const [, word = '', date, of] = /([A-Za-z]{3,9})\.?\s+(\d{1,2}),?\s+(\d{4})/.exec(text) ?? [];
  // Months are cut short in print; `JFeb` and `uly` are slips, and which month they mean is not ours to say.
  const named = MONTHS.findIndex((name) => name.startsWith(word.toLowerCase())) + 1;
  return lawDay(Number(of), word === '' ? 0 : named, Number(date));
}

function lawDay(year: number, month: number, day: number): string | undefined {
  return year < 1600 || year > 2999 ? undefined : calendarDay(year, month, day);
}
