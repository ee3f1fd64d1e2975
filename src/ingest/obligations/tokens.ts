/** Words, numbers, signs and wide gaps of a sentence. One pass, each unit looked at once. */

export interface Token {
  readonly text: string;
  readonly lower: string;
  readonly start: number;
  readonly end: number;
  /** `gap` is a line break or a run of spaces: a heading ran into the sentence there. */
  readonly kind: 'word' | 'number' | 'sign' | 'gap';
  /** Open brackets around it. */
  readonly depth: number;
}

/** A range of tokens, end exclusive. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export const lowerAt = (tokens: readonly Token[], i: number): string => tokens[i]?.lower ?? '';

export const isComma = (tokens: readonly Token[], i: number, depth: number): boolean =>
  tokens[i]?.lower === ',' && tokens[i].depth === depth;

const PIECE = /\p{L}[\p{L}\p{M}\p{N}'’‐‑-]*|\d+(?:[.,]\d+)*|\s+|[^\s]/gu;
const WIDE_GAP = 4;

export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  for (const match of text.matchAll(PIECE)) {
    const [piece] = match;
    const first = piece.charAt(0);
    if (first.trim() === '') {
      if (piece.length >= WIDE_GAP || piece.includes('\n'))
        tokens.push({
          text: piece,
          lower: '',
          start: match.index,
          end: match.index + piece.length,
          kind: 'gap',
          depth,
        });
      continue;
    }
    if (piece === ')' || piece === ']') depth = Math.max(0, depth - 1);
    const kind = /^\d/.test(piece) ? 'number' : /^\p{L}/u.test(piece) ? 'word' : 'sign';
    tokens.push({
      text: piece,
      lower: piece.toLowerCase().replaceAll('’', "'"),
      start: match.index,
      end: match.index + piece.length,
      kind,
      depth,
    });
    if (piece === '(' || piece === '[') depth++;
  }
  return tokens;
}
