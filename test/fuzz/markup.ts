/** Mutations that know tags: elements duplicated, removed, nested and moved, attributes, entities, declarations. */
import type { SeededRandom } from '../../src/base/index.ts';
import { PIECES, pick, type Mutate } from './bytes.ts';

export interface Tag {
  readonly from: number;
  readonly to: number;
  readonly name: string;
  readonly kind: 'open' | 'close' | 'empty';
}

/** The tags of a text in order, declarations and comments left out. */
export function tagsOf(text: string): readonly Tag[] {
  return [
    ...text.matchAll(/<(\/?)([A-Za-z][\w:.-]{0,60})(?![\w:.-])((?:"[^"]*"|'[^']*'|[^<>"'])*?)(\/?)>/g),
  ].map(({ index, 0: all, 1: slash, 2: name = '', 4: end }) => ({
    from: index,
    to: index + all.length,
    name,
    kind: slash === '/' ? 'close' : end === '/' ? 'empty' : 'open',
  }));
}

interface Element {
  readonly open: Tag;
  readonly from: number;
  readonly to: number;
  /** Of the content. */
  readonly begin: number;
  readonly end: number;
}

/** Elements whose tags match. */
function elementsOf(text: string): readonly Element[] {
  const stack: Tag[] = [];
  const found: Element[] = [];
  for (const tag of tagsOf(text)) {
    if (tag.kind === 'open') stack.push(tag);
    else if (tag.kind === 'empty')
      found.push({ open: tag, from: tag.from, to: tag.to, begin: tag.to, end: tag.to });
    else if (stack.at(-1)?.name === tag.name) {
      const open = stack.pop();
      if (open !== undefined)
        found.push({ open, from: open.from, to: tag.to, begin: open.to, end: tag.from });
    }
  }
  return found;
}

const ATTRIBUTE_VALUES = [
  '',
  ' ',
  '0',
  '-1',
  '9'.repeat(60),
  'x'.repeat(2000),
  '&#0;',
  '&lt;',
  '§',
  '../',
  "a'b",
];
const REFERENCES = [
  '&amp;',
  '&nbsp;',
  '&#0;',
  '&#xD800;',
  '&#x110000;',
  '&#99999999999;',
  '&',
  '&;',
  '&#x;',
  '&sect',
];
const DECLARATIONS = [
  '<!DOCTYPE x>',
  '<!DOCTYPE x [<!ENTITY a "b">]>',
  '<!DOCTYPE x [',
  '<![CDATA[',
  '<![CDATA[ ]]>',
  ']]>',
  '<!--',
  '<!-- -- -->',
  '<?pi',
  '<?pi x?>',
  '<?xml version="1.1" encoding="utf-16"?>',
  '<?xml version="1.0" encoding="iso-8859-1"?>',
];

type Change = (text: string, random: SeededRandom) => string;
const markup =
  (change: Change): Mutate =>
  (seed, random) =>
    Buffer.from(change(seed.toString('utf8'), random));

/** Changes one element; a text without any stays as it is. */
const onElement = (change: (text: string, element: Element, random: SeededRandom) => string): Mutate =>
  markup((text, random) => {
    const elements = elementsOf(text);
    return elements.length === 0 ? text : change(text, pick(random, elements), random);
  });

export const MARKUP_MUTATIONS: readonly Mutate[] = [
  onElement(function duplicate(text, { from, to }, random) {
    const most = Math.floor(40_000 / (to - from + 1)) + 2;
    const times = pick(random, [1, 1, 1, 1 + random.below(most)]);
    return text.slice(0, from) + text.slice(from, to).repeat(times) + text.slice(from);
  }),
  onElement(function remove(text, { from, to }) {
    return text.slice(0, from) + text.slice(to);
  }),
  onElement(function unwrap(text, { from, to, begin, end }) {
    return text.slice(0, from) + text.slice(begin, end) + text.slice(to);
  }),
  onElement(function empty(text, { begin, end }) {
    return text.slice(0, begin) + text.slice(end);
  }),
  onElement(function nest(text, { open, from, to }, random) {
    if (open.kind === 'empty') return text;
    const depth = pick(random, [1, 3, 30, 240, 600]);
    const start = text.slice(open.from, open.to);
    return `${text.slice(0, from)}${start.repeat(depth)}${text.slice(from, to)}${`</${open.name}>`.repeat(depth)}${text.slice(to)}`;
  }),
  onElement(function move(text, { from, to }, random) {
    const rest = text.slice(0, from) + text.slice(to);
    const at = pick(random, [...tagsOf(rest).map((tag) => tag.to), 0]);
    return rest.slice(0, at) + text.slice(from, to) + rest.slice(at);
  }),
  onElement(function swap(text, a, random) {
    const b = pick(random, elementsOf(text));
    const [first, second] = a.from < b.from ? [a, b] : [b, a];
    if (first.to > second.from) return text;
    const part = (one: Element): string => text.slice(one.from, one.to);
    return (
      text.slice(0, first.from) +
      part(second) +
      text.slice(first.to, second.from) +
      part(first) +
      text.slice(second.to)
    );
  }),
  onElement(function rename(text, { open, from, to, begin, end }, random) {
    const { name } = pick(random, tagsOf(text));
    if (open.kind === 'empty') return `${text.slice(0, from)}<${name}/>${text.slice(to)}`;
    const start = text.slice(from, begin).replace(open.name, () => name);
    return `${text.slice(0, from)}${start}${text.slice(begin, end)}</${name}>${text.slice(to)}`;
  }),
  markup(function dropTag(text, random) {
    const tags = tagsOf(text);
    if (tags.length === 0) return text;
    const { from, to } = pick(random, tags);
    return text.slice(0, from) + text.slice(to);
  }),
  markup(function moveClose(text, random) {
    const closing = tagsOf(text).filter(({ kind }) => kind === 'close');
    if (closing.length === 0) return text;
    const { from, to } = pick(random, closing);
    const rest = text.slice(0, from) + text.slice(to);
    const at = pick(random, [...tagsOf(rest).map((tag) => tag.to), 0]);
    return rest.slice(0, at) + text.slice(from, to) + rest.slice(at);
  }),
  markup(function changeAttribute(text, random) {
    const found = [...text.matchAll(/\s([\w:.-]+)="([^"<]*)"/g)];
    if (found.length === 0) return text;
    const { index, 0: all, 1: name = '', 2: value = '' } = pick(random, found);
    const kinds = [
      '',
      ` ${name}="${pick(random, ATTRIBUTE_VALUES)}"`,
      `${all}${all}`,
      ` ${name}="${pick(random, found)[2] ?? ''}"`,
      ` ${pick(random, found)[1] ?? ''}="${value}"`,
      ` ${name}='${value}`,
      ` ${name}=${value}`,
    ];
    return text.slice(0, index) + pick(random, kinds) + text.slice(index + all.length);
  }),
  markup(function addAttributes(text, random) {
    const opening = tagsOf(text).filter(({ kind }) => kind === 'open');
    if (opening.length === 0) return text;
    const at = pick(random, opening).to - 1;
    const count = pick(random, [1, 20, 300]);
    return (
      text.slice(0, at) + Array.from({ length: count }, (_, i) => ` z${i}="${i}"`).join('') + text.slice(at)
    );
  }),
  markup(function insertReference(text, random) {
    const at = random.below(text.length + 1);
    return text.slice(0, at) + pick(random, REFERENCES).repeat(pick(random, [1, 1, 500])) + text.slice(at);
  }),
  markup(function insertDeclaration(text, random) {
    const at = pick(random, [0, random.below(text.length + 1)]);
    return text.slice(0, at) + pick(random, DECLARATIONS) + text.slice(at);
  }),
  markup(function insertInText(text, random) {
    const at = pick(random, [...tagsOf(text).map((tag) => tag.to), 0]);
    const piece = pick(random, PIECES).replace(/[<&\p{Cc}\p{Cs}]/gu, ' ');
    return text.slice(0, at) + piece + text.slice(at);
  }),
  markup(function deepen(text, random) {
    const at = pick(random, [...tagsOf(text).map((tag) => tag.to), 0]);
    const { name } = pick(random, [...tagsOf(text), { name: 'P' }]);
    const depth = pick(random, [100, 250, 3000]);
    return `${text.slice(0, at)}${`<${name}>`.repeat(depth)}x${`</${name}>`.repeat(depth)}${text.slice(at)}`;
  }),
];
