/**
 * INSERT, UPDATE and DELETE in their plain forms, cut into parts. The engine tells the tree of queries only, so the
 * outer form is read here and every query and expression in it is handed on as text. Forms that are not known are refused.
 */
import { badInputError, type FractalError } from '../../../base/index.ts';
import { foldName } from '../ast.ts';
import type { TableRef } from '../guard.ts';
import { skipBlanks, tokenize, type Token } from './lex.ts';

export interface Assignment {
  /** In lower case. */
  readonly column: string;
  /** SQL; undefined for DEFAULT. */
  readonly value: string | undefined;
}

/** Parts of a statement that writes. Names are in lower case, all else is SQL as it was written. */
export type WriteParts = { readonly target: TableRef } & (
  | {
      readonly kind: 'insert';
      /** Undefined: all that there are. */
      readonly columns: readonly string[] | undefined;
      /** The rows of VALUES, or a query. */
      readonly source:
        { readonly rows: readonly (readonly (string | undefined)[])[] } | { readonly query: string };
    }
  | {
      readonly kind: 'update';
      readonly alias: string | undefined;
      readonly set: readonly Assignment[];
      readonly where: string | undefined;
    }
  | { readonly kind: 'delete'; readonly alias: string | undefined; readonly where: string | undefined }
);

/** Whether the text begins as a statement that writes. */
export function beginsAsWrite(sql: string): boolean {
  return FIRST_WORD.test(sql.slice(skipBlanks(sql, 0)));
}
const FIRST_WORD = /^(?:insert|update|delete)\b/i;

export function parseWrite(sql: string): WriteParts {
  const all = tokenize(sql);
  const tokens = all.at(-1)?.kind === 'end' ? all.slice(0, -1) : all;
  if (tokens.some((token) => token.kind === 'end'))
    throw badInputError(
      'sql.one_statement',
      'the text holds several statements',
      'Send exactly one statement.',
    );
  const reader = new Reader(sql, tokens);
  if (reader.take('insert')) return readInsert(reader);
  if (reader.take('update')) return readUpdate(reader);
  if (reader.take('delete')) return readDelete(reader);
  throw reader.unread();
}

function readInsert(reader: Reader): WriteParts {
  reader.refuse('or', 'INSERT OR REPLACE and INSERT OR IGNORE');
  reader.expect('into');
  const target = reader.table();
  let columns: string[] | undefined;
  if (reader.is('open') && !reader.isQueryAt(1)) {
    const { depth } = reader.next();
    columns = [];
    for (let more = true; more;) {
      columns.push(foldName(reader.name()));
      const token = reader.next();
      more = token.kind === 'comma';
      if (!more && (token.kind !== 'close' || token.depth !== depth)) throw reader.unread();
    }
  }
  reader.refuse('by', 'INSERT BY NAME');
  reader.refuse('default', 'DEFAULT VALUES');
  if (!reader.isQueryAt(0)) throw reader.unread();
  const rest = reader.rest();
  reader.refuseIn(rest, 'returning', undefined, 'RETURNING');
  reader.refuseIn(rest, 'on', 'conflict', 'ON CONFLICT');
  const rows = reader.valuesOf(rest);
  return {
    kind: 'insert',
    target,
    columns,
    source: rows === undefined ? { query: reader.text(rest) } : { rows },
  };
}

function readUpdate(reader: Reader): WriteParts {
  const target = reader.table();
  const alias = reader.alias(['set']);
  reader.expect('set');
  const rest = reader.rest();
  reader.refuseIn(rest, 'returning', undefined, 'RETURNING');
  reader.refuseIn(rest, 'from', undefined, 'UPDATE with FROM');
  const [list, where] = reader.splitAt(rest, 'where');
  const set = reader.items(list).map((item) => {
    const [column, dotOrSign] = item;
    if (column === undefined || dotOrSign === undefined) throw reader.unread();
    if (column.kind === 'open') throw unsupported('SET with several columns at once');
    if (dotOrSign.kind === 'dot') throw unsupported('SET with a qualified column');
    if (!reader.isName(column) || reader.text([dotOrSign]) !== '=') throw reader.unread();
    return { column: foldName(reader.nameOf(column)), value: reader.expression(item.slice(2)) };
  });
  return { kind: 'update', target, alias, set, where: where && reader.condition(where) };
}

function readDelete(reader: Reader): WriteParts {
  reader.expect('from');
  const target = reader.table();
  const alias = reader.alias(['where', 'using', 'returning']);
  reader.refuse('using', 'DELETE with USING');
  const rest = reader.rest();
  reader.refuseIn(rest, 'returning', undefined, 'RETURNING');
  if (rest.length === 0) return { kind: 'delete', target, alias, where: undefined };
  const [before, where] = reader.splitAt(rest, 'where');
  if (before.length > 0 || where === undefined) throw reader.unread();
  return { kind: 'delete', target, alias, where: reader.condition(where) };
}

class Reader {
  readonly #sql: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(sql: string, tokens: readonly Token[]) {
    this.#sql = sql;
    this.#tokens = tokens;
  }

  /** The tokens as they were written, comments between them included. */
  text(tokens: readonly Token[]): string {
    const [first, last] = [tokens[0], tokens.at(-1)];
    return first === undefined || last === undefined ? '' : this.#sql.slice(first.start, last.end);
  }

  #word(token: Token | undefined): string | undefined {
    return token?.kind === 'word' ? foldName(this.text([token])) : undefined;
  }

  is(kind: Token['kind']): boolean {
    return this.#tokens[this.#at]?.kind === kind;
  }

  next(): Token {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw this.unread();
    return token;
  }

  take(word: string): boolean {
    const found = this.#word(this.#tokens[this.#at]) === word;
    if (found) this.#at++;
    return found;
  }

  expect(word: string): void {
    if (!this.take(word)) throw this.unread();
  }

  refuse(word: string, what: string): void {
    if (this.take(word)) throw unsupported(what);
  }

  rest(): readonly Token[] {
    const rest = this.#tokens.slice(this.#at);
    this.#at = this.#tokens.length;
    return rest;
  }

  /** Whether a query begins there, be it in brackets. */
  isQueryAt(offset: number): boolean {
    let at = this.#at + offset;
    while (this.#tokens[at]?.kind === 'open') at++;
    return ['select', 'values', 'from', 'with', 'table'].includes(this.#word(this.#tokens[at]) ?? '');
  }

  isName(token: Token): boolean {
    return token.kind === 'word' || token.kind === 'quoted';
  }

  nameOf(token: Token): string {
    const text = this.text([token]);
    return token.kind === 'quoted' ? text.slice(1, -1).replaceAll('""', '"') : text;
  }

  name(): string {
    const token = this.next();
    if (!this.isName(token)) throw this.unread();
    return this.nameOf(token);
  }

  table(): TableRef {
    const parts = [this.name()];
    while (this.is('dot')) {
      this.next();
      parts.push(this.name());
    }
    if (parts.length > 2)
      throw badInputError(
        'sql.forbidden',
        'the statement holds a name of three parts, which is not open to SQL',
        'Write `schema.table`, as `show tables` lists them.',
      );
    const [schema = '', name = ''] = parts.length === 1 ? ['', ...parts] : parts;
    return { schema: foldName(schema), name: foldName(name) };
  }

  /** A name for the table, unless the statement goes on with one of the words. */
  alias(words: readonly string[]): string | undefined {
    if (this.take('as')) return this.name();
    const token = this.#tokens[this.#at];
    if (token === undefined || words.includes(this.#word(token) ?? '')) return undefined;
    return this.name();
  }

  /** Where a word stands as itself, outside brackets: not as a column behind a dot, and not in DISTINCT FROM. */
  #find(tokens: readonly Token[], word: string): number {
    return tokens.findIndex((token, i) => {
      const before = tokens[i - 1];
      if (token.depth > 0 || this.#word(token) !== word || before?.kind === 'dot') return false;
      return !(word === 'from' && this.#word(before) === 'distinct');
    });
  }

  refuseIn(tokens: readonly Token[], word: string, next: string | undefined, what: string): void {
    const at = this.#find(tokens, word);
    if (at >= 0 && (next === undefined || this.#word(tokens[at + 1]) === next)) throw unsupported(what);
  }

  splitAt(tokens: readonly Token[], word: string): [readonly Token[], (readonly Token[])?] {
    const at = this.#find(tokens, word);
    return at < 0 ? [tokens] : [tokens.slice(0, at), tokens.slice(at + 1)];
  }

  /** Parted by the commas of this depth. */
  items(tokens: readonly Token[], depth = 0): Token[][] {
    const items: Token[][] = [[]];
    for (const token of tokens)
      if (token.kind === 'comma' && token.depth === depth) items.push([]);
      else items.at(-1)?.push(token);
    return items;
  }

  condition(tokens: readonly Token[]): string {
    const text = this.expression(tokens);
    if (text === undefined) throw this.unread();
    return text;
  }

  /** SQL of an expression; undefined for DEFAULT. */
  expression(tokens: readonly Token[]): string | undefined {
    if (tokens.length === 0) throw this.unread();
    return tokens.length === 1 && this.#word(tokens[0]) === 'default' ? undefined : this.text(tokens);
  }

  /** The rows of `VALUES (…), (…)`; undefined when it is another query, or goes on. */
  valuesOf(tokens: readonly Token[]): (string | undefined)[][] | undefined {
    if (this.#word(tokens[0]) !== 'values') return undefined;
    const rows = this.items(tokens.slice(1));
    const isRow = (row: readonly Token[]): boolean =>
      row[0]?.kind === 'open' &&
      row.at(-1)?.kind === 'close' &&
      row.slice(1, -1).every((token) => token.depth > 0);
    if (!rows.every(isRow)) return undefined;
    return rows.map((row) => this.items(row.slice(1, -1), 1).map((item) => this.expression(item)));
  }

  unread(): FractalError {
    const token = this.#tokens[Math.max(this.#at - 1, 0)];
    return badInputError(
      'sql.syntax',
      'the statement is not an INSERT, UPDATE or DELETE of a known form',
      `Write INSERT INTO t (columns) VALUES … or SELECT …, UPDATE t SET column = …, … WHERE …, or DELETE FROM t WHERE …${token === undefined ? '' : `; look at character ${token.start}`}.`,
    );
  }
}

const unsupported = (what: string): FractalError =>
  badInputError(
    'sql.unsupported',
    `${what} is not part of this version`,
    'Write INSERT INTO t (columns) VALUES … or SELECT …, UPDATE t SET column = …, … WHERE …, or DELETE FROM t WHERE ….',
  );
