/**
 * XML events from a byte stream, within limits.
 *
 * Nothing outside the file is read and nothing is expanded: entities other than the five of XML and character references
 * are refused, a document type declaration is skipped, and one that declares entities is refused.
 */
import { SaxesParser } from 'saxes';
import { badInputError, FractalError } from '../../base/index.ts';
import type { ErrorPlace, Limits } from '../../base/index.ts';
import type { ReaderInput } from '../reader.ts';
import { BlockDecoder, blocks, detectEncoding } from './decode.ts';
import { faultOf } from './faults.ts';

/** Attributes of one element. Real law has fewer than 30. */
const ATTRIBUTES_MAX = 256;

export type XmlAttributes = Readonly<Record<string, string>>;

/** Hears the events of one file. Names come without namespace prefix; attribute names as written. */
export interface XmlSink {
  open(name: string, attributes: XmlAttributes, line: number): void;
  /** Never empty. CDATA is text. One run of text may come in pieces. */
  text(text: string, line: number): void;
  close(): void;
}

/**
 * Feeds the events of a file to the sink, block by block; yields after each block.
 * Throws `bad_input` with line and column, also for a file that ends too early.
 */
export async function* parseXml(input: ReaderInput, sink: XmlSink): AsyncIterable<void> {
  let file: XmlFile | undefined;
  let bytes = 0;
  for await (const block of blocks(input.chunks)) {
    bytes += block.length;
    if (bytes > input.limits.document_bytes)
      throw tooLarge(
        input.name,
        'document_bytes',
        input.limits.document_bytes,
        'the file is',
        file?.place ?? { line: 1, column: 1 },
      );
    file ??= new XmlFile(input, sink, block);
    file.write(block);
    yield;
  }
  if (file === undefined)
    throw badInputError('xml.empty', 'the file is empty', 'Fetch the file again.', {
      place: { source: input.name, line: 1, column: 1 },
    });
  file.end();
}

/** One file being parsed. */
class XmlFile {
  readonly #source: string;
  readonly #limits: Limits;
  readonly #sink: XmlSink;
  readonly #decoder: BlockDecoder;
  readonly #parser = new SaxesParser({ xmlns: false, position: true });
  #skip: number;
  #depth = 0;
  /** Whether a start tag is open, so that what is pending is an attribute. */
  #inTag = false;
  #attributes = 0;
  /** Where the last event ended: all behind it is pending in the parser. */
  #lastEvent = 0;
  /** Block held back until we know whether it is the last: a cut character is an error only at the end. */
  #held: Uint8Array | undefined;

  constructor(input: ReaderInput, sink: XmlSink, head: Uint8Array) {
    this.#source = input.name;
    this.#limits = input.limits;
    this.#sink = sink;
    const { encoding, skip } = detectEncoding(head, input.name);
    this.#decoder = new BlockDecoder(encoding, input.name);
    this.#skip = skip;
    this.#listen();
  }

  write(block: Uint8Array): void {
    const ready = this.#held;
    this.#held = block.subarray(this.#skip);
    this.#skip = 0;
    if (ready !== undefined) this.#feed(ready, false);
  }

  end(): void {
    if (this.#held !== undefined) this.#feed(this.#held, true);
    this.#guard(() => this.#parser.close());
  }

  #feed(block: Uint8Array, last: boolean): void {
    const text = this.#decoder.decode(block, last, this.place);
    this.#guard(() => this.#parser.write(text));
    this.#checkPending();
  }

  /** What the parser gathers between two events must stay small, or an endless token would fill the memory. */
  #checkPending(): void {
    const pending = this.#parser.position - this.#lastEvent;
    if (this.#inTag) {
      if (pending > this.#limits.xml_attribute_bytes)
        throw this.#tooLong('xml_attribute_bytes', 'an attribute is');
    } else if (pending > this.#limits.section_text_bytes)
      throw this.#tooLong('section_text_bytes', 'one piece of text or markup is');
  }

  #listen(): void {
    const parser = this.#parser;
    parser.on('opentagstart', (tag) => {
      this.#checkName(tag.name);
      if (++this.#depth > this.#limits.xml_depth) throw this.#tooLong('xml_depth', 'elements are nested');
      this.#inTag = true;
      this.#attributes = 0;
      this.#seen();
    });
    parser.on('attribute', ({ name, value }) => {
      this.#checkName(name);
      if (value.length > this.#limits.xml_attribute_bytes)
        throw this.#tooLong('xml_attribute_bytes', 'an attribute is');
      if (++this.#attributes > ATTRIBUTES_MAX)
        throw badInputError(
          'xml.attributes',
          `an element has more than ${ATTRIBUTES_MAX} attributes`,
          'This is no law document we know.',
          { place: this.place },
        );
      this.#seen();
    });
    parser.on('opentag', (tag) => {
      this.#inTag = false;
      this.#seen();
      this.#sink.open(localName(tag.name), tag.attributes, parser.line);
    });
    parser.on('closetag', () => {
      this.#depth--;
      this.#seen();
      this.#sink.close();
    });
    const text = (value: string): void => {
      this.#seen();
      if (value !== '' && this.#depth > 0) this.#sink.text(value, parser.line);
    };
    parser.on('text', text);
    parser.on('cdata', text);
    parser.on('comment', () => this.#seen());
    parser.on('processinginstruction', () => this.#seen());
    parser.on('doctype', (declaration) => {
      this.#seen();
      this.#checkDoctype(declaration);
    });
  }

  #checkName(name: string): void {
    if (name.length > this.#limits.xml_name_bytes) throw this.#tooLong('xml_name_bytes', 'a name is');
  }

  #checkDoctype(declaration: string): void {
    if (declaration.length > this.#limits.xml_doctype_bytes)
      throw this.#tooLong('xml_doctype_bytes', 'the document type declaration is');
    if (/<!ENTITY/i.test(declaration))
      throw badInputError(
        'xml.entity_declaration',
        'the document type declaration declares entities',
        'Remove the declarations and write the characters themselves. Entities are never expanded.',
        { place: this.place },
      );
  }

  #seen(): void {
    this.#lastEvent = this.#parser.position;
  }

  /** Where the parser stands. */
  get place(): ErrorPlace {
    return { source: this.#source, line: this.#parser.line, column: Math.max(1, this.#parser.columnIndex) };
  }

  #tooLong(limit: keyof Limits, what: string): Error {
    return tooLarge(this.#source, limit, this.#limits[limit], what, this.place);
  }

  /** Runs the parser and turns its complaints into ours. */
  #guard(run: () => void): void {
    try {
      run();
    } catch (cause) {
      if (cause instanceof FractalError || !(cause instanceof Error)) throw cause;
      // saxes throws bare Errors only to report faults of the file; anything else is a defect of ours.
      if (cause.constructor !== Error) throw cause;
      const { code, message, cure } = faultOf(cause.message);
      throw badInputError(code, message, cure, { place: this.place, cause });
    }
  }
}

/** The name without namespace prefix. */
function localName(name: string): string {
  const colon = name.indexOf(':');
  return colon < 0 ? name : name.slice(colon + 1);
}

const LIMIT_UNITS: Partial<Record<keyof Limits, string>> = { xml_depth: 'levels' };

/** The error for a bound that was reached. */
export function tooLarge(
  source: string,
  limit: keyof Limits,
  value: number,
  what: string,
  place: ErrorPlace,
): FractalError {
  const unit = LIMIT_UNITS[limit] ?? (limit.endsWith('_bytes') ? 'bytes' : '');
  return badInputError(
    `limit.${limit}`,
    `${what} larger than the limit of ${value} ${unit}`.trimEnd(),
    `If the file is right, raise "${limit}" in fractal.json.`,
    { place: { source, ...place } },
  );
}
