/**
 * From the blocks of an EU act to nodes, as they come: containers are opened and closed, texts, items and tables are put
 * into the innermost one. Readers of all formats feed the same outline, so that ids and citations agree.
 *
 * Rules. A node has the texts before its first child. A text after a child is a node of its own, named after its place
 * among the texts (`sub_2`, “second subparagraph”). A list belongs to the text before it: to the node itself when that is
 * its first text, else to the node of that text. Numbered points of an annex (`1.`, `2.1.`) belong to the annex or division.
 */
import type { Limits } from '../../base/index.ts';
import type { SectionLevel, SectionNode } from '../reader.ts';
import { label, oneLine } from '../text.ts';
import { tooLarge } from '../xml/xml.ts';
import { ordinal } from './identity.ts';
import { bare, isIndent, isPoint } from './names.ts';
import type { Title } from './names.ts';

type Kind = 'container' | 'article' | 'item' | 'sub';

interface Open {
  readonly kind: Kind;
  readonly level: SectionLevel;
  readonly num: string | undefined;
  heading: string | undefined;
  readonly eid: string;
  readonly citation: string;
  /** Citation without the number of its own: what the citation of `1.1` below `1` begins with. */
  readonly base: string;
  readonly line: number;
  /** Texts not yet written. */
  lines: string[];
  bytes: number;
  /** Texts so far. */
  texts: number;
  indents: number;
  tables: number;
  /** The eid it got; undefined while it is not written. */
  given: string | undefined;
}

export interface OutlineContext {
  readonly write: (node: SectionNode, line: number) => string;
  readonly source: string;
  readonly limits: Limits;
  /** Citation of the act. */
  readonly citation: string;
}

export class Outline {
  readonly #context: OutlineContext;
  readonly #open: Open[] = [];
  /** Texts outside every container. */
  #loose = 0;

  constructor(context: OutlineContext) {
    this.#context = context;
  }

  get depth(): number {
    return this.#open.length;
  }

  /** Eid of the innermost container, article or recital: what footnotes belong to. */
  get unit(): string | undefined {
    const unit = this.#open.findLast(({ kind }) => kind === 'article' || kind === 'container');
    return unit?.given ?? unit?.eid;
  }

  /** A division, annex or group. Articles count through the act, so their ids do not contain it. */
  container(title: Title, line: number, isRoot = false): void {
    const parent = this.#parent();
    // `ANNEX II`, `Part A` without a title of their own have it as the title of a group around all of their content.
    if (parent !== undefined && this.wantsTitle && isPlain(title)) {
      parent.heading = title.heading;
      return;
    }
    const citation = parent?.citation ?? this.#context.citation;
    const above = isRoot ? undefined : parent;
    // `Annex I, section 1`, but `Title I Chapter II`.
    const glue = title.name.startsWith('div_') ? ', ' : ' ';
    this.#push({
      kind: 'container',
      level: title.level,
      num: title.num,
      heading: title.heading,
      eid: above === undefined ? title.name : `${this.#write(above)}.${title.name}`,
      citation:
        title.cite === '' ? citation : `${isRoot ? this.#context.citation : citation}${glue}${title.cite}`,
      base: citation,
      line,
    });
  }

  /** A node with a name of its own: article, recital, preamble, final part. */
  named(
    node: Pick<SectionNode, 'eid' | 'level' | 'num' | 'heading'> & { readonly cite: string },
    line: number,
    kind: 'article' | 'container' = 'article',
  ): void {
    this.#parent();
    const citation = node.cite === '' ? this.#context.citation : `${this.#context.citation} ${node.cite}`;
    this.#push({ kind, ...node, citation, base: citation, line });
  }

  /** The title of the innermost container, when it comes after the number. */
  entitle(text: string): void {
    const top = this.#open.at(-1);
    if (top === undefined || top.given !== undefined) return;
    top.heading =
      [top.heading, oneLine(text)].filter((part) => part !== undefined && part !== '').join(' ') || undefined;
  }

  /** Whether a title may still be given. */
  get isUntitled(): boolean {
    const top = this.#open.at(-1);
    return top !== undefined && top.given === undefined && top.texts === 0;
  }

  /** Whether the innermost container has a number, but no title and no text yet. */
  get wantsTitle(): boolean {
    const top = this.#open.at(-1);
    return top?.kind === 'container' && top.heading === undefined && this.isUntitled;
  }

  /** A numbered paragraph of an article. */
  paragraph(num: string, line: number): void {
    const parent = this.#parent();
    // Without a number it is text of the article.
    if (parent === undefined || label(bare(num)) === '') return;
    this.#push({
      kind: 'item',
      level: 'paragraph',
      num,
      heading: undefined,
      eid: `${this.#write(parent)}.para_${label(num)}`,
      citation: `${parent.citation}(${bare(num)})`,
      base: parent.citation,
      line,
    });
  }

  /** An item of a list, or a point of an annex. Close it with {@link closeTo}. */
  item(num: string, line: number, heading?: string): void {
    const owner = this.#open.findLast(({ kind }) => kind !== 'sub');
    const isOfContainer = owner?.kind === 'container' && isPoint(num);
    const parent = isOfContainer ? this.#parent() : this.#lead();
    const prefix = parent === undefined ? '' : `${this.#write(parent)}.`;
    const base = parent?.citation ?? this.#context.citation;
    if (isIndent(num) || label(bare(num)) === '') {
      const count = parent === undefined ? ++this.#loose : ++parent.indents;
      this.#push({
        kind: 'item',
        level: 'paragraph',
        num: num.trim() === '' ? undefined : num.trim(),
        heading,
        eid: `${prefix}indent_${count}`,
        citation: `${base}, ${ordinal(count)} indent`,
        base,
        line,
      });
      return;
    }
    this.#push({
      kind: 'item',
      level: 'paragraph',
      num: num.trim(),
      heading,
      eid: `${prefix}point_${label(bare(num))}`,
      citation: citePoint(parent, base, bare(num)),
      base,
      line,
    });
  }

  /** One block of text; it may have lines, as quoted amendments do. */
  text(lines: readonly string[], line: number): void {
    const said = lines.map(oneLine).filter((part) => part !== '');
    if (said.length === 0) return;
    const top = this.#parent();
    if (top === undefined) {
      this.#context.write(
        {
          eid: this.#loose++ === 0 ? 'text' : `text_${this.#loose}`,
          parentEid: undefined,
          level: 'paragraph',
          num: undefined,
          citation: this.#context.citation,
          heading: undefined,
          text: said.join('\n'),
        },
        line,
      );
      return;
    }
    top.texts++;
    if (top.given === undefined) this.#add(top, said.join('\n'), line);
    else this.#add(this.#sub(top, line), said.join('\n'), line);
  }

  /** A table; it belongs to the innermost open node. */
  table(heading: string | undefined, text: string, line: number): void {
    if (text === '' && heading === undefined) return;
    const parent = this.#open.at(-1);
    const count = parent === undefined ? ++this.#loose : ++parent.tables;
    const name = count === 1 ? 'table' : `table_${count}`;
    this.#context.write(
      {
        eid: parent === undefined ? name : `${this.#write(parent)}.${name}`,
        parentEid: parent === undefined ? undefined : this.#write(parent),
        level: 'table',
        num: undefined,
        citation: parent?.citation ?? this.#context.citation,
        heading,
        text,
      },
      line,
    );
  }

  /** Ends the open single text; returns the depth then. */
  settle(): number {
    this.#parent();
    return this.#open.length;
  }

  /** Closes what is open below `depth`. */
  closeTo(depth: number): void {
    while (this.#open.length > depth) {
      const done = this.#open.pop();
      if (done !== undefined) this.#write(done);
    }
  }

  /** Writes all that is open, before something that refers to it. */
  writeOpen(): void {
    for (const node of this.#open) this.#write(node);
  }

  /** Closes the open texts and items of the innermost container or article. */
  closeItems(): void {
    this.closeTo(this.#open.findLastIndex(({ kind }) => kind === 'article' || kind === 'container') + 1);
  }

  /** Closes items up to the one whose number the given one continues: `1.1` stays below `1`. */
  closeToPoint(num: string): void {
    for (;;) {
      const top = this.#open.at(-1);
      if (top === undefined || (top.kind !== 'item' && top.kind !== 'sub')) return;
      if (top.kind === 'item' && top.num !== undefined && bare(num).startsWith(`${bare(top.num)}.`)) return;
      this.closeTo(this.#open.length - 1);
    }
  }

  /** Closes the open point whose number comes just before the given one; a list that counts anew stays below it. */
  closeBefore(num: string): void {
    const at = this.#open.findLastIndex(
      (open) => open.kind === 'item' && Number(bare(open.num ?? '')) + 1 === Number(bare(num)),
    );
    if (at >= 0) this.closeTo(at);
  }

  /** The innermost node that is no single text. */
  #parent(): Open | undefined {
    while (this.#open.at(-1)?.kind === 'sub') this.closeTo(this.#open.length - 1);
    return this.#open.at(-1);
  }

  /** What a list belongs to. */
  #lead(): Open | undefined {
    const top = this.#open.at(-1);
    if (top === undefined || top.kind === 'sub' || top.given !== undefined || top.texts < 2) return top;
    // The list belongs to the last of several texts: that one becomes a node.
    const last = top.lines.pop();
    this.#write(top);
    const sub = this.#sub(top, top.line);
    if (last !== undefined) this.#add(sub, last, top.line);
    return sub;
  }

  #sub(owner: Open, line: number): Open {
    const cited = `, ${ordinal(owner.texts)} ${owner.kind === 'container' ? 'paragraph' : 'subparagraph'}`;
    return this.#push({
      kind: 'sub',
      level: 'paragraph',
      num: undefined,
      heading: undefined,
      eid: `${this.#write(owner)}.sub_${owner.texts}`,
      citation: owner.citation + cited,
      base: owner.citation,
      line,
    });
  }

  #push(node: Omit<Open, 'lines' | 'bytes' | 'texts' | 'indents' | 'tables' | 'given'>): Open {
    const open: Open = { ...node, lines: [], bytes: 0, texts: 0, indents: 0, tables: 0, given: undefined };
    const parent = this.#open.at(-1);
    if (parent !== undefined) this.#write(parent);
    this.#open.push(open);
    return open;
  }

  #add(node: Open, text: string, line: number): void {
    node.bytes += Buffer.byteLength(text);
    if (node.bytes > this.#context.limits.section_text_bytes)
      throw tooLarge(
        this.#context.source,
        'section_text_bytes',
        this.#context.limits.section_text_bytes,
        'a provision is',
        { line },
      );
    node.lines.push(text);
  }

  #write(node: Open): string {
    if (node.given !== undefined) return node.given;
    const at = this.#open.indexOf(node);
    const parent = at < 0 ? this.#open.at(-1) : this.#open[at - 1];
    const { eid, level, num, citation, heading, lines, line } = node;
    node.given = this.#context.write(
      {
        eid,
        parentEid: parent === undefined ? undefined : this.#write(parent),
        level,
        num,
        citation,
        heading,
        text: lines.join('\n'),
      },
      line,
    );
    node.lines = [];
    return node.given;
  }
}

/** Words without a number. */
export function isPlain(title: Title): boolean {
  return title.num === undefined && title.cite === '';
}

function citePoint(parent: Open | undefined, base: string, num: string): string {
  if (parent === undefined) return `${base} point ${num}`;
  if (parent.kind === 'sub') return `${base}, (${num})`;
  if (parent.kind === 'article') return `${base}(${num})`;
  // `1.1` says `1` already.
  const above = bare(parent.num ?? '');
  if (above !== '' && num.startsWith(`${above}.`)) return `${parent.base}, point ${num}`;
  return parent.kind === 'container' && /^\d/.test(num) ? `${base}, point ${num}` : `${base}(${num})`;
}
