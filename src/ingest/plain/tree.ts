/** A document of headings and paragraphs, as Markdown, web pages and PDF files are: its head, its tree, its citations. */
import { badInputError } from '../../base/index.ts';
import { DocumentWriter } from '../document-writer.ts';
import type { ReaderInput, ReadEvent } from '../reader.ts';
import { label, oneLine, shorten, slug, withoutTail } from '../text.ts';

export interface PlainHead {
  /** `md`, `html`, `pdf`: the family of the document and the first part of its id. */
  readonly family: string;
  readonly title: string;
  /** BCP 47; `und` when the source does not say. */
  readonly language: string;
}

interface Open {
  readonly rank: number;
  readonly eid: string;
  readonly citation: string;
  readonly heading: string;
}

/** `1.2.3 Scope`, `Part 4 Records`, `SEC. 5. Duties`, `Appendix B`, `Annex II`. */
const NUMBERED =
  /^(?:(?:(?:SEC(?:TION|\.)?|PART|CHAPTER|ARTICLE|APPENDIX|ANNEX|SCHEDULE|REGULATION)\s+((?:\d|[A-Z]|[IVXL]+)[\w.-]{0,12}?))|(\d{1,3}(?:\.\d{1,3}){0,5}))[.:)]?(?:\s+|$)/i;

/** The number a heading begins with. */
export function headingNumber(text: string): string | undefined {
  const found = NUMBERED.exec(text);
  return found?.[1] ?? found?.[2];
}

/**
 * The file's name without ending, below the name of its folder: files called `en.html` or `index.md` are common, and two
 * of them must not pass for two versions of one document.
 */
export function nameSlug(name: string): string {
  const [file = '', folder = ''] = name.split(/[\\/]/).reverse();
  const own = slug(file.replace(/\.[A-Za-z0-9]{1,8}$/, '')) || 'document';
  return folder === '' ? own : `${slug(folder) || 'folder'}/${own}`;
}

/** Below any heading. */
const RANK_NUMBERED = 100;

export class PlainDocument {
  readonly #writer: DocumentWriter;
  readonly #title: string;
  readonly #open: Open[] = [];
  #nodes = 0;
  /** The node that text now goes to: written when the next begins, for its text is not yet whole. */
  #pending: {
    readonly eid: string;
    readonly parent: Open | undefined;
    readonly level: 'division' | 'paragraph';
    readonly num: string | undefined;
    readonly heading: string | undefined;
    readonly rank: number;
    readonly page: number | undefined;
    readonly line: number;
  };
  #text: string[] = [];
  #written: unknown;

  constructor(head: PlainHead, input: ReaderInput, emit: (event: ReadEvent) => void, page?: number) {
    const name = nameSlug(input.name);
    this.#title = oneLine(head.title) || name;
    this.#writer = new DocumentWriter(
      {
        documentId: `${head.family}/${name}`,
        // ISO 3166 keeps ZZ for what is unknown; --jurisdiction says better.
        jurisdiction: 'ZZ',
        family: head.family,
        citation: shorten(this.#title, 120),
        title: this.#title,
        language: head.language,
        inForceFrom: undefined,
        inForceTo: undefined,
      },
      { emit, source: input.name, limits: input.limits },
    );
    this.#pending = {
      eid: 'text',
      parent: undefined,
      level: 'paragraph',
      num: undefined,
      heading: undefined,
      rank: 0,
      page,
      line: 1,
    };
  }

  /** Rank 1 is the highest. */
  heading(rank: number, words: string, line: number, page?: number): void {
    const text = oneLine(words);
    if (text === '') return;
    this.#flush();
    // A page may repeat the heading it goes on with.
    const again =
      page === undefined ? -1 : this.#open.findIndex((open) => open.rank === rank && open.heading === text);
    if (page !== undefined && again >= 0) {
      this.#open.length = again + 1;
      this.#continue(page, line);
      return;
    }
    while ((this.#open.at(-1)?.rank ?? 0) >= rank) this.#open.pop();
    const num = headingNumber(text);
    const eid = num === undefined ? slug(text) : `s${label(num)}`;
    this.#pending = {
      eid: eid === '' || eid === 's' ? 'section' : eid,
      parent: this.#open.at(-1),
      level: 'division',
      num,
      heading: text,
      rank,
      page,
      line,
    };
  }

  /** A paragraph with a number such as `1.2`, below the open heading. Its text, number and all, comes next. */
  numbered(num: string, line: number, page?: number): void {
    this.#flush();
    const rank = RANK_NUMBERED + num.split('.').length;
    while ((this.#open.at(-1)?.rank ?? 0) >= rank) this.#open.pop();
    this.#pending = {
      eid: `s${label(num)}`,
      parent: this.#open.at(-1),
      level: 'paragraph',
      num,
      heading: undefined,
      rank,
      page,
      line,
    };
  }

  /** Lines of text; white space is made one, cells of tables stay apart by tabs. */
  paragraph(words: string, line: number, page?: number): void {
    const text = words
      .split('\n')
      .map((one) => withoutTail(one.split('\t').map(oneLine).join('\t').replace(/^\t+/, ''), '\t'))
      .filter((one) => one !== '')
      .join('\n');
    if (text === '') return;
    // What goes on over the page is cited by its own page.
    if (page !== undefined && this.#pending.page !== undefined && page !== this.#pending.page)
      this.#turn(page, line);
    this.#text.push(text);
  }

  warn(message: string, line: number | undefined): void {
    this.#writer.warn(message, line);
  }

  end(source: string): void {
    this.#flush();
    if (this.#nodes === 0)
      throw badInputError('document.no_text', 'the file holds no text', 'Import a file with text.', {
        place: { source, line: 1 },
      });
    this.#writer.end();
  }

  #turn(page: number, line: number): void {
    this.#flush();
    this.#continue(page, line);
  }

  /** Text from here on belongs to what is open, and to its own page. */
  #continue(page: number, line: number): void {
    const parent = this.#open.at(-1);
    this.#pending = {
      eid: parent === undefined ? `p${page}` : `${parent.eid}-p${page}`,
      parent,
      level: 'paragraph',
      num: undefined,
      heading: undefined,
      rank: 0,
      page,
      line,
    };
  }

  /** Writes the pending node, if there is anything in it. */
  #flush(): void {
    const { eid, parent, level, num, heading, rank, page, line } = this.#pending;
    const text = this.#text.join('\n');
    this.#text = [];
    if (this.#written === this.#pending || (heading === undefined && text === '')) return;
    this.#written = this.#pending;
    const title = shorten(this.#title, 120);
    const name = num ?? (heading === undefined ? undefined : shorten(heading, 80));
    const place = page === undefined ? title : `${title} p. ${page}`;
    const citation =
      name !== undefined ? `${place}, ${name}` : page === undefined ? (parent?.citation ?? title) : place;
    const named =
      parent === undefined || heading === undefined || num !== undefined ? eid : `${parent.eid}-${eid}`;
    const given = this.#writer.section(
      { eid: shortEid(named), parentEid: parent?.eid, level, num, citation, heading, text },
      line,
    );
    this.#nodes++;
    if (rank > 0) this.#open.push({ rank, eid: given, citation, heading: heading ?? '' });
  }
}

/** Deep headings would make ids without bound. */
function shortEid(eid: string): string {
  return eid.length <= 160 ? eid : eid.slice(eid.length - 160).replace(/^[^-]*-/, '');
}
