/**
 * Deleted provisions of consolidated acts. Formex keeps their text between two processing instructions,
 * `<?CLG.MDFO … ACTION="DELETED" …?>` and `<?CLG.MDFC …?>`. The XML layer passes no instructions on, so these two become
 * empty elements of the same length before it, which keeps lines and columns. Only files in ASCII-compatible encodings
 * carry them.
 */
import { elementsOf } from '../xml/tree.ts';
import type { XmlElement, XmlNode } from '../xml/tree.ts';

/** Longest instruction looked at; real ones have fewer than 300 characters. */
const INSTRUCTION_CHARS = 4096;
const START = '<?CLG.MDF';

export const DELETION_BEGINS = 'CLG.MDFO';
export const DELETION_ENDS = 'CLG.MDFC';

/** The same bytes, with the instructions around deleted text as empty elements. */
export async function* deletionsAsElements(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const ends = new Set<string>();
  let held = '';
  for await (const chunk of chunks) {
    // One character for each byte: nothing but ASCII is looked at.
    const { done, rest } = rewrite(held + Buffer.from(chunk).toString('latin1'), ends);
    held = rest;
    if (done !== '') yield Buffer.from(done, 'latin1');
  }
  if (held !== '') yield Buffer.from(held, 'latin1');
}

function rewrite(text: string, ends: Set<string>): { readonly done: string; readonly rest: string } {
  const parts: string[] = [];
  let from = 0;
  for (;;) {
    const at = text.indexOf(START, from);
    if (at < 0) {
      // The beginning of an instruction may be at the end of this piece.
      const tail = text.lastIndexOf('<');
      const cut = tail >= from && START.startsWith(text.slice(tail)) ? tail : text.length;
      parts.push(text.slice(from, cut));
      return { done: parts.join(''), rest: text.slice(cut) };
    }
    const end = text.indexOf('?>', at);
    if (end < 0 && text.length - at < INSTRUCTION_CHARS) {
      parts.push(text.slice(from, at));
      return { done: parts.join(''), rest: text.slice(at) };
    }
    const next = end < 0 ? at + START.length : end + 2;
    parts.push(text.slice(from, at), end < 0 ? text.slice(at, next) : element(text.slice(at, next), ends));
    from = next;
  }
}

function element(instruction: string, ends: Set<string>): string {
  const isBeginning =
    instruction.startsWith(`<?${DELETION_BEGINS} `) && /\sACTION="DELETED"/.test(instruction);
  const partner = /\sIDREF="(\w{1,64})"/.exec(instruction)?.[1];
  if (isBeginning && partner !== undefined) ends.add(partner);
  const own = /\sID="(\w{1,64})"/.exec(instruction)?.[1];
  const isEnd = instruction.startsWith(`<?${DELETION_ENDS} `) && own !== undefined && ends.delete(own);
  if (!(isBeginning && partner !== undefined) && !isEnd) return instruction;
  return `<${instruction.slice(2, 10)} ${instruction.slice(10, -2)}/>`;
}

/** An element without what was deleted in it. */
export function withoutDeleted(node: XmlElement): XmlElement {
  if (!hasMark(node)) return node;
  const children: XmlNode[] = [];
  let until: string | undefined;
  for (const child of node.children) {
    const name = typeof child === 'string' ? '' : child.name;
    if (typeof child !== 'string' && name === DELETION_ENDS && child.attributes['ID'] === until)
      until = undefined;
    else if (typeof child !== 'string' && name === DELETION_BEGINS) until ??= child.attributes['IDREF'];
    else if (until === undefined) children.push(typeof child === 'string' ? child : withoutDeleted(child));
  }
  return { ...node, children };
}

function hasMark(node: XmlElement): boolean {
  return elementsOf(node).some(
    (child) => child.name === DELETION_BEGINS || child.name === DELETION_ENDS || hasMark(child),
  );
}
