/**
 * Text of SQL as tokens, as far as it takes to find where the parts of a statement end. What each part holds is read by
 * the engine's own parser afterwards (`form.ts`); a part that was cut where the engine would not cut it is refused there.
 */
import { badInputError, type FractalError } from '../../../base/index.ts';

export interface Token {
  /** `word` is a keyword or a name, `quoted` a name in quotes, `other` an operator, a literal or a number. */
  readonly kind: 'word' | 'quoted' | 'parameter' | 'open' | 'close' | 'comma' | 'dot' | 'end' | 'other';
  readonly start: number;
  readonly end: number;
  /** How many brackets it stands in. */
  readonly depth: number;
}

const BLANK = /[ \t\n\r\f\v]+/y;
const LINE_COMMENT = /--[^\n\r]*/y;
const WORD = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;
const QUOTED = /"[^"]*(?:""[^"]*)*"/y;
const TEXT = /'[^']*(?:''[^']*)*'/y;
/** After `e` a backslash takes the next character with it. */
const ESCAPED_TEXT = /[eE]'[^'\\]*(?:(?:''|\\[\s\S])[^'\\]*)*'/y;
const DOLLAR = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;
const PARAMETER = /\?\d*|\$[A-Za-z0-9_]+/y;
/** The engine ends a number where the next word begins: `1where`. */
const NUMBER = /\d+/y;

const SIMPLE: Readonly<Record<string, Token['kind']>> = { ',': 'comma', '.': 'dot', ';': 'end' };
const CLOSES: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** Where blanks and comments end that begin there. */
export function skipBlanks(sql: string, start: number): number {
  for (let at = start; ;) {
    const end = matchAt(BLANK, sql, at) ?? matchAt(LINE_COMMENT, sql, at) ?? commentEnd(sql, at);
    if (end === undefined) return at;
    at = end;
  }
}

function matchAt(pattern: RegExp, sql: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(sql) ? pattern.lastIndex : undefined;
}

/** Blanks and comments are left out. Throws `sql.syntax`. */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  const open: string[] = [];
  let at = 0;
  const match = (pattern: RegExp): number | undefined => matchAt(pattern, sql, at);
  const add = (kind: Token['kind'], end: number): void => {
    tokens.push({ kind, start: at, end, depth: open.length });
    at = end;
  };
  for (at = skipBlanks(sql, at); at < sql.length; at = skipBlanks(sql, at)) {
    const character = sql.charAt(at);
    const text = match(ESCAPED_TEXT) ?? match(TEXT) ?? dollarEnd(sql, at, match(DOLLAR));
    const [word, quoted] = [match(WORD), match(QUOTED)];
    const closing = CLOSES[character];
    if (text !== undefined) add('other', text);
    else if (word !== undefined) add('word', word);
    else if (quoted !== undefined) add('quoted', quoted);
    else if (character === "'" || character === '"') throw unread('a quote that is not closed');
    else if (match(PARAMETER) !== undefined) add('parameter', match(PARAMETER) ?? at);
    else if (match(NUMBER) !== undefined) add('other', match(NUMBER) ?? at);
    else if (closing !== undefined) {
      add('open', at + 1);
      open.push(closing);
    } else if (')]}'.includes(character)) {
      if (open.pop() !== character) throw unread('brackets that do not fit');
      add('close', at + 1);
    } else add(SIMPLE[character] ?? 'other', at + 1);
  }
  if (open.length > 0) throw unread('a bracket that is not closed');
  return tokens;
}

/** Comments of this kind lie in each other. */
function commentEnd(sql: string, start: number): number | undefined {
  if (!sql.startsWith('/*', start)) return undefined;
  let depth = 0;
  for (let at = start; at < sql.length; at++) {
    if (sql.startsWith('/*', at)) {
      depth++;
      at++;
    } else if (sql.startsWith('*/', at)) {
      depth--;
      at++;
      if (depth === 0) return at + 1;
    }
  }
  throw unread('a comment that is not closed');
}

function dollarEnd(sql: string, start: number, afterTag: number | undefined): number | undefined {
  if (afterTag === undefined) return undefined;
  const tag = sql.slice(start, afterTag);
  const end = sql.indexOf(tag, afterTag);
  if (end < 0) throw unread('a quote that is not closed');
  return end + tag.length;
}

const unread = (what: string): FractalError =>
  badInputError('sql.syntax', `the statement has ${what}`, 'Correct the statement.');
