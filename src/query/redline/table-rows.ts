/** Rows of a table: which row of the new one is which of the old one. Cells are divided by tabs, rows by line breaks. */
import { plainText } from './hygiene.ts';
import { commonRuns } from './sequence.ts';

/** Each row with its line break. */
export function rowsOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Old and new rows in order; one side is undefined where a row was put in or taken out. */
export function rowPairs(
  old: readonly string[],
  now: readonly string[],
): [string | undefined, string | undefined][] {
  const out: [string | undefined, string | undefined][] = [];
  walk(old, now, plainText, out, (before, after) => {
    // Among changed rows, the one with the same first cell is the same row.
    walk(before, after, firstCell, out, (a, b) => {
      if (a.length === b.length && a.every((row, i) => shares(row, b[i] ?? '')))
        a.forEach((row, i) => out.push([row, b[i]]));
      else {
        for (const row of a) out.push([row, undefined]);
        for (const row of b) out.push([undefined, row]);
      }
    });
  });
  return out;
}

function walk(
  old: readonly string[],
  now: readonly string[],
  key: (row: string) => string,
  out: [string | undefined, string | undefined][],
  between: (old: readonly string[], now: readonly string[]) => void,
): void {
  let a = 0;
  let b = 0;
  for (const run of [
    ...commonRuns(old.map(key), now.map(key)),
    { a: old.length, b: now.length, length: 0 },
  ]) {
    if (run.a > a || run.b > b) between(old.slice(a, run.a), now.slice(b, run.b));
    for (let i = 0; i < run.length; i++) out.push([old[run.a + i], now[run.b + i]]);
    a = run.a + run.length;
    b = run.b + run.length;
  }
}

const cells = (row: string): string[] => row.split('\t').map(plainText);
const firstCell = (row: string): string => cells(row)[0] ?? '';

/** Whether at least half of the cells are alike. */
function shares(row: string, other: string): boolean {
  const there = cells(other);
  const here = cells(row);
  return 2 * here.filter((cell, i) => cell === there[i]).length >= Math.max(here.length, there.length);
}
