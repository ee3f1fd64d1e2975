/**
 * From the tree of a CLML provision to nodes. Pure: nothing is emitted here.
 *
 * A node has the text before its first child; text after a child is a node without number below it, so that reading order
 * holds. Definitions are nodes named after their term. Quoted amendments are text: their sections belong to another act.
 */
import { append, label, oneLine, shorten, slug } from '../text.ts';
import type { SectionLevel } from '../reader.ts';
import { childOf, elementsOf } from '../xml/tree.ts';
import type { XmlElement } from '../xml/tree.ts';
import { PROVISION_CITED } from './identity.ts';
import type { Provision } from './identity.ts';
import { inlineText } from './inline.ts';
import { linesOf, listLines, printedNumber, tableLines } from './lines.ts';

export interface ProvisionNode {
  readonly parent: ProvisionNode | undefined;
  readonly eid: string;
  readonly level: SectionLevel;
  readonly num: string | undefined;
  readonly citation: string;
  readonly heading: string | undefined;
  readonly lines: string[];
  readonly line: number;
}

/** Where provisions stand. */
export interface Surroundings {
  /** Eid that unnumbered things are named after: that of the container, or of the document. */
  readonly eid: string | undefined;
  /** Citation of the container: `2003 asp 2 Pt. 1`. */
  readonly citation: string;
  /** `SI 2005/1643`, `SI 2005/1643 Sch. 1`: what citations of provisions begin with. */
  readonly base: string;
  /** `schedule-1-`: what eids of provisions begin with. */
  readonly prefix: string;
  readonly provision: Provision;
}

/** Ids that mean something: `regulation-6-1-a`, `schedule-1-paragraph-2`. Others (`p00071`) change with every edition. */
export function semanticId(id: string | undefined): string | undefined {
  return id !== undefined &&
    /^(?:section|regulation|article|rule|paragraph|part|chapter|crossheading|schedule|annex|appendix|title|division|recital|group)(?:-[\w.+-]+)?$/i.test(
      id,
    ) &&
    id.length <= 200
    ? id
    : undefined;
}

/** The nodes of one element of a body or schedule, in reading order. `parent` undefined is the container. */
export function provisionsOf(element: XmlElement, around: Surroundings): readonly ProvisionNode[] {
  const builder = new ProvisionBuilder(around);
  builder.add(element, undefined, undefined);
  return builder.nodes;
}

class ProvisionBuilder {
  readonly nodes: ProvisionNode[] = [];
  readonly #around: Surroundings;
  readonly #counts = new Map<string, number>();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Adds what an element holds below `parent`. */
  add(element: XmlElement, parent: ProvisionNode | undefined, heading: string | undefined): void {
    const { name } = element;
    if (/^P\dgroup$/.test(name)) this.#group(element, parent);
    else if (/^P\d$/.test(name)) this.#provision(element, parent, heading);
    else if (name === 'Tabular' || name === 'table') this.#table(element, parent);
    else if (name === 'UnorderedList' && element.attributes['Class'] === 'Definition')
      this.#definitions(element, parent);
    else if (name === 'Form') this.#unnumbered('form', 'form', linesOf(element), parent, element, undefined);
    else if (name === 'OrderedList' || name === 'UnorderedList')
      this.#text(listLines(element), parent, element);
    else if (CONTAINERS.has(name) && !hasText(element))
      for (const child of elementsOf(element)) this.add(child, parent, undefined);
    else this.#text(linesOf(element), parent, element);
  }

  /** A heading over one provision is that provision's; over several it is a node of its own. */
  #group(group: XmlElement, parent: ProvisionNode | undefined): void {
    const title = childOf(group, 'Title');
    const heading = title === undefined ? '' : inlineText(title.children);
    const rest = elementsOf(group).filter((child) => child !== title && child.name !== 'Warning');
    const [only, ...more] = rest;
    if (heading === '' || (only !== undefined && more.length === 0 && /^P\d$/.test(only.name))) {
      for (const child of rest) this.add(child, parent, heading === '' ? undefined : heading);
      return;
    }
    const node = this.#unnumbered(
      'subject-group',
      `group-${slug(heading) || 'unnamed'}`,
      [],
      parent,
      group,
      heading,
    );
    for (const child of rest) this.add(child, node, undefined);
  }

  #provision(element: XmlElement, parent: ProvisionNode | undefined, groupHeading: string | undefined): void {
    const pnumber = childOf(element, 'Pnumber');
    const title = childOf(element, 'Title');
    const printed = printedNumber(element);
    // `Article 3` is printed in EU acts, `3` elsewhere.
    const number = label(
      (pnumber === undefined ? '' : inlineText(pnumber.children)).replace(/^(?:article|section)\s+/i, ''),
    );
    const id = semanticId(element.attributes['id']);
    const heading = [groupHeading, title === undefined ? undefined : inlineText(title.children)]
      .filter(Boolean)
      .join(' ');
    const own = this.#named(element, parent, number, id);
    const node: ProvisionNode = {
      parent,
      ...own,
      num: printed === '' ? undefined : printed.replace(/^(?:Article|Section)\s+/i, ''),
      heading: heading === '' ? undefined : heading,
      lines: [],
      line: element.line,
    };
    this.nodes.push(node);
    for (const child of elementsOf(element))
      if (child !== pnumber && child !== title) this.add(child, node, undefined);
  }

  #named(
    element: XmlElement,
    parent: ProvisionNode | undefined,
    number: string,
    id: string | undefined,
  ): { readonly eid: string; readonly level: SectionLevel; readonly citation: string } {
    const { prefix, base } = this.#around;
    const owner = numberedAncestor(parent);
    if (owner !== undefined) {
      const cited = number === '' ? '' : `(${number})`;
      return {
        eid: id ?? this.#count(`${owner.eid}-${number === '' ? 'para' : number}`, number === ''),
        level: 'paragraph',
        citation: owner.citation + cited,
      };
    }
    const provision = wordOf(id) ?? this.#around.provision;
    const level = provision === 'paragraph' ? 'paragraph' : provision === 'article' ? 'article' : 'section';
    // Below the first level without one above it: a fragment that shows only a subsection, or a schedule that begins so.
    const cited = element.name === 'P1' || number === '' ? number : `(${number})`;
    return {
      eid: id ?? this.#count(`${prefix}${provision}-${number === '' ? 'unnumbered' : number}`, number === ''),
      level: element.name === 'P1' ? level : 'paragraph',
      citation: number === '' ? base : `${base} ${PROVISION_CITED[provision]} ${cited}`,
    };
  }

  #definitions(list: XmlElement, parent: ProvisionNode | undefined): void {
    for (const item of elementsOf(list)) {
      const lines = elementsOf(item).flatMap(linesOf);
      const term = oneLine(/^[^“‘"]{0,20}[“‘"]([^”’"]{1,160})[”’"]/.exec(lines[0] ?? '')?.[1] ?? '');
      const name = slug(term);
      if (name === '') this.#text(lines, parent, item);
      else this.#unnumbered('paragraph', name, lines, parent, item, term, ` “${shorten(term, 80)}”`);
    }
  }

  #table(element: XmlElement, parent: ProvisionNode | undefined): void {
    const titles = elementsOf(element).filter(({ name }) => name === 'Number' || name === 'Title');
    const heading = titles.map((title) => inlineText(title.children)).join(' ');
    const rest = elementsOf(element).filter((child) => !titles.includes(child));
    const lines = element.name === 'table' ? tableLines(element) : rest.flatMap(linesOf);
    this.#unnumbered('table', 'table', lines, parent, element, heading === '' ? undefined : heading);
  }

  /** Text of the open node while it has no children; after that a node of its own. */
  #text(lines: readonly string[], parent: ProvisionNode | undefined, element: XmlElement): void {
    if (lines.length === 0) return;
    const last = this.nodes.at(-1);
    if (last !== undefined && last === parent) append(last.lines, lines);
    // Several paragraphs in a row are one node.
    else if (last !== undefined && last.parent === parent && /-para(?:-\d+)?$|^para(?:-\d+)?$/.test(last.eid))
      append(last.lines, lines);
    else this.#unnumbered('paragraph', 'para', lines, parent, element, undefined);
  }

  #unnumbered(
    level: SectionLevel,
    name: string,
    lines: readonly string[],
    parent: ProvisionNode | undefined,
    element: XmlElement,
    heading: string | undefined,
    cite = '',
  ): ProvisionNode {
    const owner = parent?.eid ?? this.#around.eid;
    const node: ProvisionNode = {
      parent,
      eid: this.#count(owner === undefined ? name : `${owner}-${name}`, true),
      level,
      num: undefined,
      citation: (parent?.citation ?? this.#around.citation) + cite,
      heading,
      lines: [...lines],
      line: element.line,
    };
    this.nodes.push(node);
    return node;
  }

  /** What has no official number is counted within its element; numbers are never changed here. */
  #count(eid: string, isCounted: boolean): string {
    if (!isCounted) return eid;
    const times = (this.#counts.get(eid) ?? 0) + 1;
    this.#counts.set(eid, times);
    return times === 1 ? eid : `${eid}-${times}`;
  }
}

/** Elements that become nodes of their own wherever they stand. */
const NODES: ReadonlySet<string> = new Set(['Tabular', 'table', 'Form']);

/** Whether an element is running text: nothing in it is a node of its own. */
export function isRunningText(element: XmlElement): boolean {
  const { name, attributes } = element;
  if (/^P\d/.test(name) || NODES.has(name) || attributes['Class'] === 'Definition') return false;
  return name === 'BlockAmendment' || elementsOf(element).every(isRunningText);
}

const CONTAINERS: ReadonlySet<string> = new Set(
  'P1para P2para P3para P4para P5para P6para P7para P Para BlockText Group'.split(' '),
);

function hasText(element: XmlElement): boolean {
  return element.children.some((child) => typeof child === 'string' && child.trim() !== '');
}

/** Headings of groups are not cited, so numbers continue from the node above them. */
function numberedAncestor(node: ProvisionNode | undefined): ProvisionNode | undefined {
  return node?.level === 'subject-group' ? numberedAncestor(node.parent) : node;
}

/** `regulation` in `regulation-6-1`; `paragraph` in `schedule-1-paragraph-2`. */
function wordOf(id: string | undefined): Provision | undefined {
  const word = /(?:^|-)(section|regulation|article|rule|paragraph)-[^-]+$/.exec(id ?? '')?.[1];
  return word === undefined ? undefined : (word as Provision);
}
