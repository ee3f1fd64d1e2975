/**
 * From the blocks of a section or appendix to nodes with numbers, levels and citations. Pure: no ids are given out here
 * and nothing is emitted.
 *
 * Conventions for paragraphs without a designator:
 *  - before the first designated one they are the section's own text;
 *  - one that begins with an italic term is a definition and a node of its own, named after the term;
 *  - one set flush (`FP`) after a list closes the list: a node without number below the paragraph that holds the list;
 *  - any other continues the open paragraph: further lines of its text, or a node below it when it has nodes already.
 */
import { slug, label as asLabel, shorten } from '../text.ts';
import type { SectionLevel } from '../reader.ts';
import type { XmlNode } from '../xml/tree.ts';
import { blocksOf, isAppendixHeading } from './blocks.ts';
import type { Block } from './blocks.ts';
import { dottedPiece, pieces, splitHeading } from './designator.ts';
import type { Designator, Piece } from './designator.ts';
import type { Line } from './inline.ts';
import { outline } from './outline.ts';
import type { Outline, OutlineItem } from './outline.ts';

export interface BodyNode {
  /** Index of the parent node; -1 is the section itself. */
  readonly parent: number;
  /** Index of the node whose eid and citation this one extends: not always the parent, as subheadings are not cited. */
  readonly base: number;
  /** Added to the eid of the base after a hyphen. */
  readonly name: string;
  readonly level: SectionLevel;
  readonly num: string | undefined;
  /** Added to the citation of the base. */
  readonly cite: string;
  readonly heading: string | undefined;
  readonly text: string;
  readonly at: number;
}

export interface Body {
  /** Text of the section itself. */
  readonly text: string;
  readonly nodes: readonly BodyNode[];
  /** Designators that break the sequence, for warnings. */
  readonly irregular: readonly { readonly num: string; readonly at: number }[];
  /** Lines of headings of appendices that no extract holds, for warnings. */
  readonly unheld: readonly number[];
}

/** Appendices are divided by headings, count anew below each, and may count `1.`, `A.`. */
export type BodyKind = 'section' | 'appendix';

export function bodyOf(children: readonly XmlNode[], kind: BodyKind): Body {
  const builder = new BodyBuilder();
  builder.add(blocksOf(children), kind, -1);
  return builder.finish();
}

/** Notes about the section as a whole. */
const OF_SECTION: ReadonlySet<string> = new Set(
  'cita secauth appro ednote effdate auth source crossref'.split(' '),
);

interface OpenNode extends Omit<BodyNode, 'text'> {
  readonly lines: string[];
}

/** A paragraph with what its beginning tells. */
interface Paragraph {
  readonly block: Extract<Block, { type: 'paragraph' }>;
  readonly pieces: readonly Piece[];
  readonly term: Term | undefined;
  /** Index of its first outline item. */
  readonly item: number;
}

class BodyBuilder {
  readonly #nodes: OpenNode[] = [];
  readonly #text: string[] = [];
  readonly #irregular: { num: string; at: number }[] = [];
  readonly #unheld: number[] = [];
  readonly #counts = new Map<string, number>();
  /** `-1(a)(2)`: designators from the section down, by node and back. */
  readonly #pathOf = new Map<number, string>();
  readonly #paths = new Map<string, number>();

  finish(): Body {
    const nodes = this.#nodes.map(({ lines, ...node }) => ({ ...node, text: lines.join('\n') }));
    return { text: this.#text.join('\n'), nodes, irregular: this.#irregular, unheld: this.#unheld };
  }

  /** Adds blocks below the node `root`. */
  add(blocks: readonly Block[], kind: BodyKind, root: number): void {
    if (kind === 'section') {
      this.#segment(blocks, kind, root);
      return;
    }
    // Divisions open below the nearest open one of lower rank.
    const open: { readonly rank: number; readonly node: number }[] = [];
    let from = 0;
    let node = root;
    blocks.forEach((block, i) => {
      if (block.type !== 'heading') return;
      this.#segment(blocks.slice(from, i), kind, node);
      while ((open.at(-1)?.rank ?? 0) >= block.rank) open.pop();
      node = this.#division(block, open.at(-1)?.node ?? root, root);
      open.push({ rank: block.rank, node });
      from = i + 1;
    });
    this.#segment(blocks.slice(from), kind, node);
  }

  /** Blocks that are counted through. */
  #segment(blocks: readonly Block[], kind: BodyKind, root: number): void {
    const { paragraphs, items } = readParagraphs(blocks, kind);
    const found = outline(items);
    /** Node of each outline item. */
    const nodeOf = new Map<number, number>();
    /** Under which node a top-level paragraph stands: the section, or a subheading in it. */
    let top = root;
    /** The innermost open node. */
    let open = root;

    for (const block of blocks) {
      switch (block.type) {
        case 'heading':
          if (kind === 'section' && isAppendixHeading(block.text)) {
            top = this.#appendixNode(block.text, root, block.at);
            this.#unheld.push(block.at);
          } else top = this.#division(block, root, root);
          open = top;
          break;
        case 'aside': {
          // Sources and editorial notes at the end are those of the section, not of its last paragraph.
          const above = OF_SECTION.has(block.name) ? root : (this.#target(block.heading, root) ?? open);
          this.#node({
            parent: above,
            base: above,
            name: block.name,
            level: block.level,
            num: undefined,
            cite: '',
            heading: block.heading,
            lines: [block.text],
            at: block.at,
          });
          break;
        }
        case 'appendix':
          this.#appendix(block, root);
          break;
        case 'paragraph': {
          const paragraph = paragraphs.get(block);
          if (paragraph !== undefined) open = this.#paragraph(paragraph, found, { nodeOf, top, open, root });
          break;
        }
      }
    }
  }

  /** Adds the nodes of one paragraph; returns the innermost open node after it. */
  #paragraph(paragraph: Paragraph, found: Outline, context: Context): number {
    const { block, term } = paragraph;
    let { item } = paragraph;
    let open = context.open;
    if (term !== undefined) {
      const above = this.#above(found, item, context);
      open = this.#node({
        ...above,
        name: slug(term.heading),
        level: 'paragraph',
        num: undefined,
        cite: ` “${shorten(term.heading, 80)}”`,
        heading: term.heading,
        lines: paragraph.pieces.length > 0 || term.text === '' ? [] : [term.text],
        at: block.at,
      });
      context.nodeOf.set(item, open);
      if (paragraph.pieces.length === 0) return open;
      item++;
    }
    if (paragraph.pieces.length === 0 || found.levels[item] === undefined) {
      this.#undesignated(block, context);
      return open;
    }
    paragraph.pieces.forEach((piece, i) => {
      const above = this.#above(found, item + i, context);
      const { designator } = piece;
      if (found.irregular.has(item + i)) this.#irregular.push({ num: numOf(designator), at: block.at });
      open = this.#node({
        ...above,
        name: nameOf(designator),
        level: 'paragraph',
        num: numOf(designator),
        cite: citeOf(designator),
        heading: piece.heading,
        lines: piece.text === '' ? [] : [piece.text],
        at: block.at,
      });
      context.nodeOf.set(item + i, open);
    });
    return open;
  }

  /** Parent and base of an outline item. */
  #above(found: Outline, item: number, { nodeOf, top, root }: Context): { parent: number; base: number } {
    const above = found.levels[item]?.above;
    const node = above === undefined ? undefined : nodeOf.get(above.item);
    return node === undefined ? { parent: top, base: root } : { parent: node, base: node };
  }

  #undesignated(block: Extract<Block, { type: 'paragraph' }>, { open }: Context): void {
    const { text } = block.line;
    const last = this.#nodes.length - 1;
    const openNode = this.#nodes[open];
    if (block.flush && openNode?.num !== undefined && !/[:—–]$/.test(openNode.lines.at(-1) ?? '')) {
      this.#continuation(openNode.parent, text, block.at);
    } else if (open === last) {
      // Nothing was added below it yet.
      this.#linesOf(open).push(text);
    } else this.#continuation(open, text, block.at);
  }

  #linesOf(node: number): string[] {
    return this.#nodes[node]?.lines ?? this.#text;
  }

  #continuation(parent: number, text: string, at: number): void {
    this.#node({
      parent,
      base: parent,
      name: 'para',
      level: 'paragraph',
      num: undefined,
      cite: '',
      heading: undefined,
      lines: [text],
      at,
    });
  }

  #division(block: Extract<Block, { type: 'heading' }>, parent: number, base: number): number {
    return this.#node({
      parent,
      base,
      name: slug(block.text) || 'division',
      level: 'division',
      num: undefined,
      cite: `, ${shorten(block.text, 100)}`,
      heading: block.text,
      lines: [],
      at: block.at,
    });
  }

  #appendix(block: Extract<Block, { type: 'appendix' }>, root: number): void {
    const node = this.#appendixNode(block.heading, root, block.at);
    this.add(blocksOf(block.children), 'appendix', node);
  }

  #appendixNode(heading: string, root: number, at: number): number {
    const letter = /appendix\s+([A-Z0-9]{1,4})\b/i.exec(heading)?.[1];
    return this.#node({
      parent: root,
      base: root,
      name: letter === undefined ? 'app' : `app-${letter}`,
      level: 'appendix',
      num: letter,
      cite: letter === undefined ? ' Appendix' : ` Appendix ${letter}`,
      heading,
      lines: [],
      at,
    });
  }

  /** The paragraph that a `Note to paragraph (a)(2)` belongs to. */
  #target(heading: string | undefined, root: number): number | undefined {
    const path = /\bto\s+(?:paragraph\s+)?((?:\(\w+\))+)/i.exec(heading ?? '')?.[1];
    return path === undefined ? undefined : this.#paths.get(`${root}${path}`);
  }

  /** What has no official number is counted: `note`, `note-2`. */
  #node(node: OpenNode): number {
    if (node.num !== undefined) {
      const path = `${this.#pathOf.get(node.base) ?? node.base}${node.num}`;
      const index = this.#nodes.push(node) - 1;
      this.#pathOf.set(index, path);
      this.#paths.set(path, index);
      return index;
    }
    const key = `${node.base}/${node.name}`;
    const times = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, times);
    return this.#nodes.push(times === 1 ? node : { ...node, name: `${node.name}-${times}` }) - 1;
  }
}

interface Context {
  readonly nodeOf: Map<number, number>;
  readonly top: number;
  readonly open: number;
  readonly root: number;
}

function readParagraphs(
  blocks: readonly Block[],
  kind: BodyKind,
): { paragraphs: ReadonlyMap<Block, Paragraph>; items: readonly OutlineItem[] } {
  const paragraphs = new Map<Block, Paragraph>();
  const items: OutlineItem[] = [];
  let before = '';
  for (const block of blocks) {
    if (block.type === 'heading') items.push({ type: 'break' });
    if (block.type !== 'paragraph') continue;
    const { line } = block;
    let found = pieces(line);
    if (found.length === 0 && kind === 'appendix') {
      const dotted = dottedPiece(line);
      if (dotted !== undefined) found = [dotted];
    }
    const term = found.length > 0 || block.flush ? undefined : termOf(line);
    // `Act. (a) …; ` a definition that begins with its first paragraph.
    if (term?.body !== undefined) found = pieces(term.body).map(chain);
    paragraphs.set(block, { block, pieces: found, term, item: items.length });
    if (term !== undefined) items.push({ type: 'term', atTop: kind === 'appendix' });
    for (const { designator } of found) {
      const cue = designator.chained ? 'none' : cueOf(before);
      items.push({ type: 'designated', designator, cue });
    }
    before = line.text;
  }
  return { paragraphs, items };
}

function cueOf(before: string): 'opens' | 'goes on' | 'none' {
  if (/[:—–]$/.test(before)) return 'opens';
  return /(?:;|\band|\bor)$/.test(before) ? 'goes on' : 'none';
}

function chain(piece: Piece): Piece {
  return { ...piece, designator: { ...piece.designator, chained: true } };
}

interface Term {
  readonly heading: string;
  readonly text: string;
  /** What follows a term that is set off. */
  readonly body: Line | undefined;
}

/** The italic term that a definition begins with. The sentence stays whole unless the term is set off by a full stop. */
function termOf(line: Line): Term | undefined {
  const run = line.italics[0];
  if (run === undefined || run[0] !== 0 || run[1] > 200) return undefined;
  const words = line.text.slice(0, run[1]).trim();
  if (!/\p{L}{2}/u.test(words)) return undefined;
  const { heading, body } = splitHeading(line);
  if (heading !== undefined) return { heading, text: body.text, body };
  return { heading: words.replace(/[,;]$/, ''), text: line.text, body: undefined };
}

function nameOf({ label, to }: Designator): string {
  return asLabel(to === undefined ? label : `${label}..${to}`);
}

function numOf({ label, to, style }: Designator): string {
  if (style === 'dotted') return `${label}.`;
  return to === undefined ? `(${label})` : `(${label})-(${to})`;
}

function citeOf(designator: Designator): string {
  return designator.style === 'dotted' ? `, ${designator.label}` : numOf(designator);
}
