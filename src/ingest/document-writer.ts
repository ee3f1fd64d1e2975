/** Emits the events of one document and keeps its promises: unique eids, parents first, bounded numbers. */
import { FIXED_LIMITS, invariant, sha256 } from '../base/index.ts';
import type { Limits } from '../base/index.ts';
import type { DocumentHead, ReadEvent, SectionNode } from './reader.ts';
import { shorten } from './text.ts';
import { tooLarge } from './xml/xml.ts';

export class DocumentWriter {
  readonly head: DocumentHead;
  readonly #emit: (event: ReadEvent) => void;
  readonly #source: string;
  readonly #limits: Limits;
  /** Each eid given out, with how often it was asked for. */
  readonly #eids = new Map<string, number>();
  #warnings = 0;

  constructor(
    head: DocumentHead,
    context: { readonly emit: (event: ReadEvent) => void; readonly source: string; readonly limits: Limits },
  ) {
    this.head = {
      ...head,
      documentId: boundedName(head.documentId),
      citation: shorten(head.citation, NAME_CHARS),
    };
    this.#emit = context.emit;
    this.#source = context.source;
    this.#limits = context.limits;
    this.#emit({ type: 'document', head: this.head });
  }

  /** Emits a section; returns the eid it got: a second one of the same name becomes `name~2`, with a warning. */
  section(node: SectionNode, line: number): string {
    invariant(
      node.parentEid === undefined || this.#eids.has(node.parentEid),
      'a parent comes before its children',
    );
    if (this.#eids.size >= this.#limits.sections_per_document)
      throw tooLarge(
        this.#source,
        'sections_per_document',
        this.#limits.sections_per_document,
        'the number of provisions is',
        { line },
      );
    if (Buffer.byteLength(node.text) > this.#limits.section_text_bytes)
      throw tooLarge(this.#source, 'section_text_bytes', this.#limits.section_text_bytes, 'a provision is', {
        line,
      });
    const eid = this.#unique(boundedName(node.eid), line);
    const citation = shorten(node.citation, NAME_CHARS);
    // Empty lines at the ends are of the markup, not of the text.
    const text = /^\s|\s$/.test(node.text) ? node.text.trim() : node.text;
    const isAsGiven = eid === node.eid && citation === node.citation && text === node.text;
    this.#emit({ type: 'section', section: isAsGiven ? node : { ...node, eid, citation, text } });
    return eid;
  }

  /** A note of amendment beside the text; one without words is none. */
  note(text: string): void {
    if (text !== '') this.#emit({ type: 'note', text });
  }

  warn(message: string, line: number | undefined): void {
    this.#warnings++;
    if (this.#warnings <= this.#limits.warnings_per_document) this.#emit({ type: 'warning', message, line });
  }

  end(): void {
    const more = this.#warnings - this.#limits.warnings_per_document;
    if (more > 0) this.#emit({ type: 'warning', message: `${more} more warnings`, line: undefined });
    this.#emit({ type: 'end' });
  }

  #unique(eid: string, line: number): string {
    const times = (this.#eids.get(eid) ?? 0) + 1;
    this.#eids.set(eid, times);
    if (times === 1) return eid;
    const other = `${eid}~${times}`;
    this.#eids.set(other, 1);
    this.warn(`the label ${eid} occurs again; this one is kept as ${other}`, line);
    return other;
  }
}

const NAME_CHARS = FIXED_LIMITS.section_name_chars.value;

/**
 * Ids grow with every level: nesting without end would make ids without end. What is cut off is told apart by its hash.
 * White space has no place in them, whatever an attribute says.
 */
function boundedName(name: string): string {
  const whole = /\s/.test(name) ? name.replace(/\s+/g, '-') : name;
  if (whole.length <= NAME_CHARS) return whole;
  return `${whole.slice(0, NAME_CHARS - 17).toWellFormed()}~${sha256(whole).slice(0, 16)}`;
}
