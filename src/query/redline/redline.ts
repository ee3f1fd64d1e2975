/**
 * The redline of one text: what stayed, what was taken out and what was put in, word by word. It is exact: the old text
 * is what stayed and what was taken out, the new text what stayed and what was put in, to the last character.
 */
import { commonRuns, type Run } from './sequence.ts';
import { rowsOf, rowPairs } from './table-rows.ts';
import { tokensOf, type Tokens } from './tokens.ts';

/**
 * `same` holds the text as the new version prints it; `was` is there when the old one printed it otherwise without
 * saying anything else (white space, quotation marks, dashes).
 */
export type Edit =
  | { readonly op: 'same'; readonly text: string; readonly was?: string }
  | { readonly op: 'delete'; readonly text: string }
  | { readonly op: 'insert'; readonly text: string };

/** Words in the edits around a short coincidence from which on it is taken for part of a rewritten phrase. */
const REWRITTEN_WORDS = 6;

/** Edits in reading order; a deletion comes before the insertion in its place. Empty texts give none. */
export function redline(old: string, now: string): Edit[] {
  if (old === now) return now === '' ? [] : [{ op: 'same', text: now }];
  const isTable = old.includes('\t') && now.includes('\t');
  const out: Edit[] = [];
  if (!isTable) wordEdits(tokensOf(old, false), tokensOf(now, false), out);
  else
    for (const [before, after] of rowPairs(rowsOf(old), rowsOf(now))) {
      if (before === undefined) push(out, { op: 'insert', text: after ?? '' });
      else if (after === undefined) push(out, { op: 'delete', text: before });
      else wordEdits(tokensOf(before, true), tokensOf(after, true), out);
    }
  return out;
}

export function oldText(edits: readonly Edit[]): string {
  return edits
    .map((edit) => (edit.op === 'insert' ? '' : edit.op === 'same' ? (edit.was ?? edit.text) : edit.text))
    .join('');
}

export function newText(edits: readonly Edit[]): string {
  return edits.map((edit) => (edit.op === 'delete' ? '' : edit.text)).join('');
}

/** Whether anything but the way of printing differs. */
export function hasChange(edits: readonly Edit[]): boolean {
  return edits.some(({ op }) => op !== 'same');
}

function wordEdits(old: Tokens, now: Tokens, out: Edit[]): void {
  const text = (tokens: Tokens, from: number, to: number): string => tokens.raw.slice(from, to).join('');
  let a = 0;
  let b = 0;
  for (const run of [
    ...readable(commonRuns(old.keys, now.keys), old, now),
    { a: old.keys.length, b: now.keys.length, length: 0 },
  ]) {
    if (run.a > a) push(out, { op: 'delete', text: text(old, a, run.a) });
    if (run.b > b) push(out, { op: 'insert', text: text(now, b, run.b) });
    for (let i = 0; i < run.length; i++) {
      const was = old.raw[run.a + i] ?? '';
      const is = now.raw[run.b + i] ?? '';
      push(out, was === is ? { op: 'same', text: is } : { op: 'same', text: is, was });
    }
    a = run.a + run.length;
    b = run.b + run.length;
  }
}

/** Adds an edit to those before it, as part of the last one where both are of a kind. */
function push(out: Edit[], edit: Edit): void {
  const last = out.at(-1);
  if (last?.op === 'insert' && edit.op === 'delete') {
    out.pop();
    push(out, edit);
    push(out, last);
    return;
  }
  if (last?.op !== edit.op || (last.op === 'same' && edit.op === 'same' && isOther(last) !== isOther(edit))) {
    out.push(edit);
    return;
  }
  const text = last.text + edit.text;
  out[out.length - 1] =
    last.op === 'same' && edit.op === 'same' && last.was !== undefined
      ? { op: 'same', text, was: last.was + (edit.was ?? '') }
      : { op: edit.op, text };
}

const isOther = (edit: { readonly was?: string }): boolean => edit.was !== undefined;

/** What lies between two runs. */
interface Size {
  readonly chars: number;
  readonly words: number;
}

/**
 * Runs without short coincidences: words that two rewritten phrases happen to share would cut a redline into confetti.
 * A run goes when it is no longer than the edits on either side and these are of several words, or when it has no word.
 */
function readable(runs: readonly Run[], old: Tokens, now: Tokens): Run[] {
  const oldSize = sizes(old.keys);
  const newSize = sizes(now.keys);
  const kept: Run[] = [];
  const gap = (before: Run | undefined, after: Run | undefined): Size => {
    const [a, b] = before === undefined ? [0, 0] : [before.a + before.length, before.b + before.length];
    const out = oldSize(a, after?.a ?? old.keys.length);
    const put = newSize(b, after?.b ?? now.keys.length);
    return { chars: Math.max(out.chars, put.chars), words: Math.max(out.words, put.words) };
  };
  const isCoincidence = (run: Run, next: Run | undefined): boolean => {
    const left = gap(kept.at(-1), run);
    const right = gap(run, next);
    const own = oldSize(run.a, run.a + run.length);
    if (own.chars > left.chars || own.chars > right.chars) return false;
    return own.words === 0 || left.words + right.words >= REWRITTEN_WORDS;
  };
  runs.forEach((run, i) => {
    kept.push(run);
    // A gap that has grown may swallow the run before it.
    for (let last = kept.pop(); last !== undefined; last = kept.pop()) {
      if (isCoincidence(last, runs[i + 1])) continue;
      kept.push(last);
      break;
    }
  });
  return kept;
}

/** Characters and words between two places, from sums up to each. */
function sizes(keys: readonly string[]): (from: number, to: number) => Size {
  const chars = new Float64Array(keys.length + 1);
  const words = new Float64Array(keys.length + 1);
  keys.forEach((key, i) => {
    chars[i + 1] = (chars[i] ?? 0) + key.length;
    words[i + 1] = (words[i] ?? 0) + (/[\p{L}\p{N}]/u.test(key) ? 1 : 0);
  });
  return (from, to) => ({
    chars: (chars[to] ?? 0) - (chars[from] ?? 0),
    words: (words[to] ?? 0) - (words[from] ?? 0),
  });
}
