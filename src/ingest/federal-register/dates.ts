/** When a rule applies, as its DATES section says it. */
import { oneLine } from '../text.ts';

const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
);
const DAY = `(${MONTHS.join('|')}) (\\d{1,2}), (\\d{4})`;
const EFFECTIVE = new RegExp(
  `\\beffective(?: date)?(?: is| of this (?:final )?rule is)?:?(?: on| as of| beginning| from)? ${DAY}(?:,? (?:through|until|to) ${DAY})?`,
  'gi',
);

export interface Effect {
  readonly from: string | undefined;
  /** First day it no longer applies. */
  readonly to: string | undefined;
}

/** Only one plain statement counts: rules whose parts apply from several days have none. */
export function effectOf(dates: string): Effect {
  const found = [...oneLine(dates).matchAll(EFFECTIVE)];
  const days = new Set(found.map((match) => isoOf(match[1], match[2], match[3])));
  const [first] = found;
  if (first === undefined || days.size !== 1) return { from: undefined, to: undefined };
  const last = isoOf(first[4], first[5], first[6]);
  return { from: isoOf(first[1], first[2], first[3]), to: last === undefined ? undefined : dayAfter(last) };
}

function isoOf(
  month: string | undefined,
  day: string | undefined,
  year: string | undefined,
): string | undefined {
  if (month === undefined || day === undefined || year === undefined) return undefined;
  const index = MONTHS.findIndex((name) => name.toLowerCase() === month.toLowerCase());
  const date = new Date(Date.UTC(Number(year), index, Number(day)));
  return date.getUTCDate() === Number(day) && date.getUTCFullYear() === Number(year)
    ? date.toISOString().slice(0, 10)
    : undefined;
}

function dayAfter(day: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + 1);
  return date.toISOString().slice(0, 10);
}
