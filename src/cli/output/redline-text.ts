/** A redline for a terminal: colours where there are any, else `[-old-]{+new+}`. */
import type { Edit, LawDiff, ProvisionChange } from '../../node/index.ts';
import type { Style } from './style.ts';
import { countText, oneLine } from './text.ts';

/** Unchanged words shown before and after an edit. */
const CONTEXT_WORDS = 12;

/** `2 changed, 1 added; 3 editorial, not shown`. */
export function countsLine(counts: LawDiff['counts']): string {
  const say = (kinds: readonly (keyof LawDiff['counts'])[]): string =>
    kinds
      .filter((kind) => counts[kind] > 0)
      .map((kind) => `${countText(counts[kind])} ${kind}`)
      .join(', ');
  const law = say(['changed', 'added', 'renumbered', 'repealed', 'removed']);
  const rest = say(['moved', 'editorial']);
  return `${law === '' ? 'No change of the law' : law}${rest === '' ? '' : `; no change: ${rest}`}`;
}

export function changeTitle(change: ProvisionChange, style: Style): string {
  const { kind, citation, from_citation, from_num, num } = change;
  const paint =
    kind === 'added' ? style.green : kind === 'removed' || kind === 'repealed' ? style.red : style.cyan;
  const was =
    from_citation !== null && from_citation !== citation
      ? `  (was ${oneLine(from_citation)})`
      : from_num !== null && num !== null && from_num !== num
        ? `  (was numbered ${oneLine(from_num)})`
        : '';
  return `${paint(kind)}  ${style.bold(oneLine(citation))}${was}`;
}

/** The edits as lines; long unchanged stretches are cut to the words next to an edit. */
export function redlineLines(edits: readonly Edit[], style: Style): string[] {
  const pieces = piecesOf(edits);
  const parts = pieces.map((piece, i) =>
    piece.op === 'same'
      ? shorten(piece.text, i > 0 || pieces.length === 1, i < pieces.length - 1 || pieces.length === 1)
      : marked(piece, style),
  );
  const text = parts.join('');
  return text === '' ? [] : text.split('\n').map((line) => line.trimEnd());
}

interface Piece {
  readonly op: Edit['op'];
  readonly text: string;
}

/** Edits as they are shown: one piece for words that stayed, and the blank that the old text had before a deletion. */
export function piecesOf(edits: readonly Edit[]): Piece[] {
  const out: Piece[] = [];
  edits.forEach((edit, i) => {
    const before = edits[i - 1];
    const hadBlank = before?.op === 'same' && /\s$/.test(before.was ?? '') && !/\s$/.test(before.text);
    const last = out.at(-1);
    if (edit.op === 'same' && last?.op === 'same')
      out[out.length - 1] = { op: 'same', text: last.text + edit.text };
    else out.push({ op: edit.op, text: edit.op === 'delete' && hadBlank ? ` ${edit.text}` : edit.text });
  });
  return out;
}

/** White space stays outside the marks; each line has its own, so that none runs over a line's end. */
function marked(edit: Piece, style: Style): string {
  return edit.text
    .split('\n')
    .map((line) => {
      const [, before = '', words = '', after = ''] = /^(\s*)(.*?)(\s*)$/.exec(line) ?? [];
      if (words === '') return line;
      const safe = oneLine(words);
      if (style.colour) return before + (edit.op === 'delete' ? style.red(safe) : style.green(safe)) + after;
      return before + (edit.op === 'delete' ? `[-${safe}-]` : `{+${safe}+}`) + after;
    })
    .join('\n');
}

function shorten(text: string, isAfterEdit: boolean, isBeforeEdit: boolean): string {
  const words = text.match(/\s*\S+\s*/g) ?? [text];
  const head = isAfterEdit ? CONTEXT_WORDS : 0;
  const tail = isBeforeEdit ? CONTEXT_WORDS : 0;
  const isShort = words.length <= head + tail + 1;
  const kept = isShort
    ? text
    : `${words.slice(0, head).join('')}… ${words.slice(words.length - tail, tail === 0 ? 0 : undefined).join('')}`;
  return kept.split('\n').map(oneLine).join('\n');
}
