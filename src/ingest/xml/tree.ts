/**
 * Light trees over the event stream: a reader enters the large containers of a file and takes the small elements inside
 * them whole. Memory is bounded by the largest element taken, not by the file.
 */
import type { Limits } from '../../base/index.ts';
import type { ReaderInput, ReadEvent } from '../reader.ts';
import { parseXml, tooLarge } from './xml.ts';
import type { XmlAttributes, XmlSink } from './xml.ts';

export interface XmlElement {
  readonly name: string;
  readonly attributes: XmlAttributes;
  readonly children: readonly XmlNode[];
  readonly line: number;
}
export type XmlNode = XmlElement | string;

/** An element of which only the start was read. */
export type XmlStart = Omit<XmlElement, 'children'>;

/** What a reader does with the elements of a file. */
export interface XmlVisitor {
  /** `enter`: its children are asked for in turn; `take`: it comes whole to `taken`; `skip`: it is left out. */
  start(element: XmlStart): 'enter' | 'take' | 'skip';
  taken(element: XmlElement): void;
  /** Text directly inside an entered element; never only white space. */
  text(text: string, line: number): void;
  /** An entered element closes. */
  end(element: XmlStart): void;
  /** The file was well-formed to its end. */
  finish(): void;
}

/** Reads a file with a visitor that emits read events; yields them after each block. */
export async function* visitXml(
  input: ReaderInput,
  makeVisitor: (emit: (event: ReadEvent) => void) => XmlVisitor,
): AsyncIterable<readonly ReadEvent[]> {
  let events: ReadEvent[] = [];
  const visitor = makeVisitor((event) => events.push(event));
  const parse = parseXml(input, new TreeBuilder(input, visitor))[Symbol.asyncIterator]();
  for (;;) {
    let failure: { readonly error: unknown } | undefined;
    let done = false;
    try {
      done = (await parse.next()).done === true;
      if (done) visitor.finish();
    } catch (error) {
      failure = { error };
    }
    // What was complete before the fault goes out first: an earlier document of the same file stays good.
    if (events.length > 0) yield events;
    events = [];
    if (failure !== undefined) throw failure.error;
    if (done) return;
  }
}

/** Cost of an element in the markup budget, beside its attributes: about half of what it takes in memory. */
const ELEMENT_BYTES = 48;
/** Most elements have none; an empty object for each would weigh more than the element. */
const NO_ATTRIBUTES: XmlAttributes = Object.freeze({});

class TreeBuilder implements XmlSink {
  readonly #visitor: XmlVisitor;
  readonly #source: string;
  readonly #limits: Limits;
  readonly #entered: XmlStart[] = [];
  /** Elements of the tree being taken, outermost first; their `children` are still growing. */
  readonly #taking: { readonly element: XmlElement; readonly children: XmlNode[] }[] = [];
  /** Depth inside a skipped element. */
  #skipping = 0;
  #textBytes = 0;
  #markupBytes = 0;

  constructor(input: ReaderInput, visitor: XmlVisitor) {
    this.#visitor = visitor;
    this.#source = input.name;
    this.#limits = input.limits;
  }

  open(name: string, attributes: XmlAttributes, line: number): void {
    if (this.#skipping > 0) {
      this.#skipping++;
      return;
    }
    if (this.#taking.length > 0) {
      this.#push(name, attributes, line);
      return;
    }
    const start: XmlStart = { name, attributes, line };
    switch (this.#visitor.start(start)) {
      case 'skip':
        this.#skipping = 1;
        break;
      case 'enter':
        this.#entered.push(start);
        break;
      case 'take':
        this.#textBytes = 0;
        this.#markupBytes = 0;
        this.#push(name, attributes, line);
    }
  }

  text(text: string, line: number): void {
    if (this.#skipping > 0) return;
    const top = this.#taking.at(-1);
    if (top === undefined) {
      if (text.trim() !== '') this.#visitor.text(text, line);
      return;
    }
    this.#textBytes += Buffer.byteLength(text);
    if (this.#textBytes > this.#limits.section_text_bytes) throw this.#tooLarge(line);
    top.children.push(text);
  }

  close(): void {
    if (this.#skipping > 0) {
      this.#skipping--;
      return;
    }
    const done = this.#taking.pop();
    if (done === undefined) {
      const start = this.#entered.pop();
      if (start !== undefined) this.#visitor.end(start);
      return;
    }
    if (this.#taking.length === 0) this.#visitor.taken(done.element);
  }

  #push(name: string, attributes: XmlAttributes, line: number): void {
    this.#markupBytes += ELEMENT_BYTES;
    let isBare = true;
    for (const key in attributes) {
      isBare = false;
      this.#markupBytes += key.length + (attributes[key]?.length ?? 0);
    }
    // Markup may outweigh text in tables, but not without bound.
    if (this.#markupBytes > 2 * this.#limits.section_text_bytes) throw this.#tooLarge(line);
    const children: XmlNode[] = [];
    const element: XmlElement = { name, attributes: isBare ? NO_ATTRIBUTES : attributes, children, line };
    this.#taking.at(-1)?.children.push(element);
    this.#taking.push({ element, children });
  }

  #tooLarge(line: number): Error {
    return tooLarge(
      this.#source,
      'section_text_bytes',
      this.#limits.section_text_bytes,
      'a provision with its markup is',
      { line },
    );
  }
}

/** The child elements, without text. */
export function elementsOf(element: XmlElement): readonly XmlElement[] {
  return element.children.filter((child) => typeof child !== 'string');
}

/** The first child element of that name. */
export function childOf(element: XmlElement, name: string): XmlElement | undefined {
  return elementsOf(element).find((child) => child.name === name);
}

/** All text below, as it stands in the file. */
export function rawText(node: XmlNode): string {
  return typeof node === 'string' ? node : node.children.map(rawText).join('');
}
