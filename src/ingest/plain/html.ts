/**
 * Reader of plain web pages: headings, paragraphs, lists and tables of the main text. Scripts, styles, forms and what
 * only leads elsewhere are left out; nothing is fetched. It reads tags in order and builds no tree, so crossed and
 * missing tags do no harm.
 */
import { FIXED_LIMITS } from '../../base/index.ts';
import type { Reader, ReaderInput, ReadEvent, Sniff } from '../reader.ts';
import { rootElement, withoutComments } from '../sniff.ts';
import { overDocumentLimit } from './bounds.ts';
import { decodeEntities } from './entities.ts';
import { bytesOf, emptyFault, inGroups, lineAt, textOf } from './text-file.ts';
import { PlainDocument } from './tree.ts';

export const htmlReader: Reader = {
  format: 'html',
  description: 'a plain web page',
  matches: ({ head }: Sniff) =>
    /^<!doctype html/i.test(withoutComments(head)) || rootElement(head)?.toLowerCase() === 'html',
  async *read(input) {
    const text = textOf(await bytesOf(input, 'plain_bytes'), input.name);
    if (text.trim() === '') throw emptyFault(input.name);
    yield* inGroups(readHtml(text, input));
  },
};

const set = (words: string): ReadonlySet<string> => new Set(words.split(' '));
/** Their content is no markup. */
const RAW = set('script style textarea title xmp noscript iframe noembed noframes template svg math object');
const SKIPPED = set('nav footer form button select option dialog menu aside audio video canvas head');
const BLOCKS = set(
  'address article blockquote body br caption center dd details div dl dt fieldset figcaption figure hr html li main ol p pre section summary table tbody tfoot thead tr ul header hgroup h1 h2 h3 h4 h5 h6',
);
const VOID = set('area base br col embed hr img input link meta param source track wbr');
/** Blocks that end the paragraph; the others end only the line. */
const LINES = set('br tr li dt dd');

const HEAD_CHARS = 64 * 1024;

function readHtml(text: string, input: ReaderInput): readonly ReadEvent[] {
  const events: ReadEvent[] = [];
  // Both stand at the beginning; looked for all through a page made for it, they would take minutes.
  const head = text.slice(0, HEAD_CHARS);
  const title = /<title[^<>]{0,200}>([^]{0,2000}?)<\/title/i.exec(head)?.[1];
  const tag = /<html[^<>]{0,500}/i.exec(head)?.[0] ?? '';
  const language = /\slang ?= ?["']?([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})?)/i.exec(tag)?.[1];
  const document = new PlainDocument(
    { family: 'html', title: title === undefined ? '' : decodeEntities(title), language: language ?? 'und' },
    input,
    (event) => events.push(event),
  );
  new Page(text, input, document).read();
  document.end(input.name);
  return events;
}

class Page {
  readonly #text: string;
  readonly #input: ReaderInput;
  readonly #document: PlainDocument;
  /** Only what is inside `main`, when the page has one. */
  readonly #mainName: string | undefined;
  readonly #open: string[] = [];
  #inMain = 0;
  #skipped = 0;
  #words = '';
  #heading: { readonly rank: number; readonly line: number } | undefined;
  #line = 1;
  #lineAt = 0;
  #pre = 0;

  constructor(text: string, input: ReaderInput, document: PlainDocument) {
    this.#text = text;
    this.#input = input;
    this.#document = document;
    this.#mainName = /<main[\s>]/i.test(text) ? 'main' : /<article[\s>]/i.test(text) ? 'article' : undefined;
  }

  read(): void {
    const text = this.#text;
    let at = 0;
    while (at < text.length) {
      const open = text.indexOf('<', at);
      this.#say(text.slice(at, open < 0 ? text.length : open));
      if (open < 0) break;
      at = this.#markup(open);
    }
    this.#paragraph();
  }

  /** Reads what begins with `<`; gives where it ends. */
  #markup(open: number): number {
    const text = this.#text;
    if (text.startsWith('<!--', open)) return endOf(text, '-->', open + 4);
    if (/^<[!?]/.test(text.slice(open, open + 2))) return endOf(text, '>', open + 2);
    const tag = /^<(\/?)([A-Za-z][\w:-]{0,60})/.exec(text.slice(open, open + 64));
    if (tag === null) {
      this.#say('<');
      return open + 1;
    }
    const name = tag[2]?.toLowerCase() ?? '';
    const end = tagEnd(text, open + tag[0].length);
    if (tag[1] === '/') {
      this.#close(name);
      return end;
    }
    if (RAW.has(name)) {
      if (text.charCodeAt(end - 2) === 47) return end;
      const close = new RegExp(`</${name}[\\s>/]`, 'gi');
      close.lastIndex = end;
      const found = close.exec(text);
      return found === null ? text.length : tagEnd(text, found.index + 2 + name.length);
    }
    this.#start(name, open);
    return end;
  }

  #start(name: string, at: number): void {
    if (BLOCKS.has(name)) this.#block(name);
    if (name === 'td' || name === 'th') this.#words += '\t';
    const rank = /^h([1-6])$/.exec(name)?.[1];
    if (rank !== undefined) this.#heading = { rank: Number(rank), line: this.#lineOf(at) };
    if (VOID.has(name)) return;
    if (this.#open.length >= FIXED_LIMITS.html_depth.value)
      throw overDocumentLimit(this.#input.name, 'html_depth', 'the nesting', this.#lineOf(at));
    // An open paragraph, item or cell ends where the next begins.
    if (['p', 'li', 'tr', 'td', 'th', 'dt', 'dd', 'option'].includes(name) && this.#open.at(-1) === name)
      this.#leave(this.#open.pop());
    this.#open.push(name);
    if (name === this.#mainName) this.#inMain++;
    if (SKIPPED.has(name)) this.#skipped++;
    if (name === 'pre') this.#pre++;
  }

  #close(name: string): void {
    const at = this.#open.lastIndexOf(name);
    if (at < 0) return;
    if (/^h[1-6]$/.test(name)) this.#endHeading();
    else if (BLOCKS.has(name)) this.#block(name);
    while (this.#open.length > at) this.#leave(this.#open.pop());
  }

  #leave(name: string | undefined): void {
    if (name === undefined) return;
    if (name === this.#mainName) this.#inMain--;
    if (SKIPPED.has(name)) this.#skipped--;
    if (name === 'pre') this.#pre--;
  }

  #say(raw: string): void {
    if (raw === '' || this.#skipped > 0 || (this.#mainName !== undefined && this.#inMain === 0)) return;
    const words = decodeEntities(raw);
    this.#words += this.#pre > 0 ? words : words.replace(/\s+/g, ' ');
  }

  #block(name: string): void {
    if (this.#heading !== undefined) {
      if (name === 'br') this.#words += ' ';
      else this.#endHeading();
      return;
    }
    if (LINES.has(name)) this.#words += '\n';
    else this.#paragraph();
  }

  #endHeading(): void {
    const heading = this.#heading;
    if (heading === undefined) return;
    this.#heading = undefined;
    this.#document.heading(heading.rank, this.#words, heading.line);
    this.#words = '';
  }

  #paragraph(): void {
    if (this.#heading !== undefined) this.#endHeading();
    if (this.#words.trim() !== '') this.#document.paragraph(this.#words, this.#line);
    this.#words = '';
  }

  #lineOf(at: number): number {
    this.#line += lineAt(this.#text.slice(this.#lineAt, at), at) - 1;
    this.#lineAt = at;
    return this.#line;
  }
}

function endOf(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at < 0 ? text.length : at + mark.length;
}

/** The end of a tag; a `>` in quotes does not end it. */
function tagEnd(text: string, from: number): number {
  let quote = 0;
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (quote !== 0) {
      if (code === quote) quote = 0;
    } else if ((code === 34 || code === 39) && text.charCodeAt(i - 1) === 61) quote = code;
    else if (code === 62) return i + 1;
  }
  return text.length;
}
