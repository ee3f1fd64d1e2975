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

/** Sticky: it only looks where it is told. */
const PIECE = /\p{L}[\p{L}\p{M}\p{N}'’‐‑-]*|\d+(?:[.,]\d+)*|\s+|[^\s]/uy;
const WIDE_GAP = 4;
const ASCII = 128;

/** What an ASCII character is to the pieces of a text. */
const [SIGN, LETTER, DIGIT, JOINT, SPACE] = [0, 1, 2, 3, 4];
const CLASSES = Uint8Array.from({ length: ASCII }, (_, code) => {
  const char = String.fromCharCode(code);
  if (/[A-Za-z]/.test(char)) return LETTER;
  if (/\d/.test(char)) return DIGIT;
  if (/['-]/.test(char)) return JOINT;
  return /\s/.test(char) ? SPACE : SIGN;
});
/** Past ASCII: the pattern decides. */
const OTHER = 5;
/** After the last unit. */
const END = 6;

function classAt(text: string, at: number): number {
  if (at >= text.length) return END;
  const code = text.charCodeAt(at);
  return code < ASCII ? (CLASSES[code] ?? OTHER) : OTHER;
}

/** End of the piece that begins at a place: what `PIECE` finds there, by a loop where all is ASCII. */
function pieceEnd(text: string, start: number, first: number): number {
  let end = start + 1;
  let next = classAt(text, end);
  if (first === SIGN || first === JOINT) return end;
  if (first === LETTER)
    while (next === LETTER || next === DIGIT || next === JOINT) next = classAt(text, ++end);
  else if (first === SPACE) while (next === SPACE) next = classAt(text, ++end);
  else if (first === DIGIT)
    for (;;) {
      while (next === DIGIT) next = classAt(text, ++end);
      const char = text.charAt(end);
      if ((char !== '.' && char !== ',') || classAt(text, end + 1) !== DIGIT) return end;
      next = classAt(text, ++end);
    }
  if (first !== OTHER && next !== OTHER) return end;
  PIECE.lastIndex = start;
  return start + (PIECE.exec(text)?.[0].length ?? 1);
}

function kindOf(piece: string, first: number): Token['kind'] {
  if (first === DIGIT) return 'number';
  if (first === LETTER) return 'word';
  return first === OTHER && /^\p{L}/u.test(piece) ? 'word' : 'sign';
}

export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  for (let start = 0, end = 0; start < text.length; start = end) {
    const first = classAt(text, start);
    end = pieceEnd(text, start, first);
    // By far most gaps.
    if (first === SPACE && end === start + 1 && text.charAt(start) !== '\n') continue;
    const piece = text.slice(start, end);
    if (first === SPACE || (first === OTHER && piece.charAt(0).trim() === '')) {
      if (piece.length >= WIDE_GAP || piece.includes('\n'))
        tokens.push({ text: piece, lower: '', start, end, kind: 'gap', depth });
      continue;
    }
    if (piece === ')' || piece === ']') depth = Math.max(0, depth - 1);
    const lower = piece.toLowerCase();
    tokens.push({
      text: piece,
      lower: lower.includes('’') ? lower.replaceAll('’', "'") : lower,
      start,
      end,
      kind: kindOf(piece, first),
      depth,
    });
    if (piece === '(' || piece === '[') depth++;
  }
  return tokens;
}
