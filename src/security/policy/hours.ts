/** Hours of work: `Mon-Fri 08:00-18:00`, several joined by `, `, in UTC. */
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const PART = /^([a-z]{3})(?:-([a-z]{3}))? ([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$/;
const DAY_MS = 86_400_000;

/** Whether a moment (milliseconds since 1970) lies in the hours; undefined when the text is none. */
export function isWithin(hours: string, now: number): boolean | undefined {
  const day = new Date(now).getUTCDay();
  const minute = Math.floor((((now % DAY_MS) + DAY_MS) % DAY_MS) / 60_000);
  let found = false;
  for (const part of hours.toLowerCase().split(',')) {
    const match = PART.exec(part.trim());
    if (match === null) return undefined;
    const [, from = '', to = from, ...digits] = match;
    const [first, last] = [DAYS.indexOf(from), DAYS.indexOf(to)];
    const [h1 = 0, m1 = 0, h2 = 0, m2 = 0] = digits.map(Number);
    if (first < 0 || last < 0 || h1 * 60 + m1 >= h2 * 60 + m2 || h2 * 60 + m2 > 24 * 60) return undefined;
    // The days run on over the end of the week: Fri-Mon.
    const isDay = (day - first + 7) % 7 <= (last - first + 7) % 7;
    found ||= isDay && minute >= h1 * 60 + m1 && minute < h2 * 60 + m2;
  }
  return found;
}
