/** What full-text search and the model read of a provision: short items say little without what stands above them. */
import type { SectionNode } from '../reader.ts';

/** Items shorter than this are read together with the sentence that leads into them. */
const SHORT_TEXT_CHARS = 160;
/** How much of that sentence. */
const LEAD_IN_CHARS = 240;

/** What is kept of a node for the sake of its children. */
export interface Ancestor {
  readonly depth: number;
  /** Heading of the nearest section or the like, its own included. */
  readonly heading: string;
  /** Beginning of its text. */
  readonly leadIn: string;
}

export const ROOT: Ancestor = { depth: -1, heading: '', leadIn: '' };

/** Levels whose heading says what everything below is about. */
const TITLED = new Set(['section', 'article', 'appendix', 'schedule', 'annex', 'part', 'subpart', 'chapter']);

export function asAncestor(node: SectionNode, parent: Ancestor): Ancestor {
  const own = node.heading ?? '';
  return {
    depth: parent.depth + 1,
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
