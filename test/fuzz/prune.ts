/** Real files cut small, so that they stay whole: few children of each element, few items of each list. */
import { tagsOf } from './markup.ts';

interface Node {
  readonly name: string;
  readonly start: string;
  readonly children: (Node | string)[];
  readonly close: string;
}

/** A tree of tags as they are written; what stands before the root is its own text. */
function parse(text: string): Node {
  const root: Node = { name: '', start: '', children: [], close: '' };
  const open: Node[] = [root];
  let at = 0;
  for (const tag of tagsOf(text)) {
    if (tag.from < at) continue;
    const top = open.at(-1) ?? root;
    if (tag.from > at) top.children.push(text.slice(at, tag.from));
    at = tag.to;
    const written = text.slice(tag.from, tag.to);
    if (tag.kind === 'empty') top.children.push({ name: tag.name, start: written, children: [], close: '' });
    else if (tag.kind === 'open') {
      const node: Node = { name: tag.name, start: written, children: [], close: `</${tag.name}>` };
      top.children.push(node);
      open.push(node);
    } else if (open.length > 1 && top.name === tag.name) open.pop();
  }
  return root;
}

function write(node: Node | string, keep: number, textMax: number): string {
  if (typeof node === 'string')
    return node.length <= textMax ? node : node.slice(0, textMax).replace(/[&<][^;>]*$/, '');
  const seen = new Map<string, number>();
  let out = node.start;
  for (const child of node.children) {
    if (typeof child !== 'string') {
      // Pages of the EU tell their paragraphs apart by class alone.
      const key = child.name + (/class="[^"]*"/.exec(child.start)?.[0] ?? '');
      const count = (seen.get(key) ?? 0) + 1;
      seen.set(key, count);
      if (count > keep) continue;
    }
    out += write(child, keep, textMax);
  }
  return out + node.close;
}

/** Markup with as many children of each name below each element as fit into `bytes`. */
export function pruneMarkup(text: string, bytes: number): string {
  const root = parse(text.replace(/<!--[^]*?-->/g, ''));
  for (const [keep, textMax] of [
    [40, 2000],
    [12, 1000],
    [6, 600],
    [4, 300],
    [3, 200],
    [2, 120],
  ] as const) {
    const cut = write(root, keep, textMax);
    if (cut.length <= bytes) return cut;
  }
  return write(root, 1, 100);
}

export function pruneJson(value: unknown, keep: number): unknown {
  if (Array.isArray(value)) return value.slice(0, keep).map((item) => pruneJson(item, keep));
  if (typeof value === 'string') return value.slice(0, 2000);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, pruneJson(item, keep)]));
}

export const pruneLines = (text: string, lines: number): string =>
  text.split('\n').slice(0, lines).join('\n');
