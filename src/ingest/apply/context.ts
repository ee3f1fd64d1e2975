/** What full-text search and the model read of a provision: short items say little without what stands above them. */
import type { SectionNode } from '../reader.ts';

/** Items shorter than this are read together with the sentence that leads into them. */
const SHORT_TEXT_CHARS = 160;
/** How much of that sentence. */
const LEAD_IN_CHARS = 240;

/** What is kept of a node for the sake of its children. */
export interface Ancestor {
  readonly depth: number;
  /** Own texts of the node and what stands above it, outermost first: a list item goes on from them. */
  readonly texts: readonly string[];
  /** Whose texts these are. */
  readonly eids: readonly string[];
  /** Headings of the node and what stands above it, outermost first; those without one are left out. */
  readonly headings: readonly { readonly eid: string; readonly text: string }[];
  /** Heading of the nearest section or the like, its own included. */
  readonly heading: string;
  /** Beginning of its text. */
  readonly leadIn: string;
}

const ROOT: Ancestor = { depth: -1, texts: [], eids: [], headings: [], heading: '', leadIn: '' };

/** Levels whose heading says what everything below is about. */
const TITLED = new Set(['section', 'article', 'appendix', 'schedule', 'annex', 'part', 'subpart', 'chapter']);

function asAncestor(node: SectionNode, parent: Ancestor): Ancestor {
  const own = node.heading ?? '';
  return {
    depth: parent.depth + 1,
    texts: [...parent.texts, node.text],
    eids: [...parent.eids, node.eid],
    headings: own === '' ? parent.headings : [...parent.headings, { eid: node.eid, text: own }],
    heading: own !== '' && TITLED.has(node.level) ? own : parent.heading,
    leadIn: node.text.slice(0, LEAD_IN_CHARS),
  };
}

/** Headings, lead-in and text: what the model embeds. */
export function passage(node: SectionNode, parent: Ancestor): string {
  const short = node.text.length < SHORT_TEXT_CHARS;
  const parts = [parent.heading, node.heading ?? '', short ? parent.leadIn : '', node.text];
  return parts.filter((part, i) => part !== '' && parts.indexOf(part) === i).join('\n');
}

/** The nodes that are open at the place where the reader stands. Documents come in reading order, parents first. */
export class OpenNodes {
  readonly #open: { readonly eid: string; readonly ancestor: Ancestor }[] = [];
  readonly #depths = new Map<string, number>();

  /** What stands above a node. A parent that is no longer open lends its depth only. */
  above(parentEid: string | undefined): Ancestor {
    if (parentEid === undefined) return ROOT;
    const at = this.#open.findLastIndex((one) => one.eid === parentEid);
    if (at < 0) return { ...ROOT, depth: this.#depths.get(parentEid) ?? ROOT.depth };
    this.#open.length = at + 1;
    return this.#open[at]?.ancestor ?? ROOT;
  }

  /** Opens a node below the one last asked for. */
  enter(node: SectionNode, parent: Ancestor): Ancestor {
    const ancestor = asAncestor(node, parent);
    if (node.parentEid === undefined) this.#open.length = 0;
    this.#open.push({ eid: node.eid, ancestor });
    this.#depths.set(node.eid, ancestor.depth);
    return ancestor;
  }
}
