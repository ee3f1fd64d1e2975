/** The document of one EUR-Lex file: who it is, its footnotes, and when it opens. */
import { badInputError } from '../../base/index.ts';
import { DocumentWriter } from '../document-writer.ts';
import type { DocumentHead, ReaderInput, ReadEvent, SectionNode } from '../reader.ts';
import { oneLine } from '../text.ts';
import { entryIntoForce, identityOf } from './identity.ts';
import type { ActIdentity } from './identity.ts';
import { Outline } from './outline.ts';

/** What the file says of itself before its text begins. */
export interface ActFacts {
  /** CELEX number of the act or reference of the consolidated version. */
  reference?: string;
  /** First day of a consolidated version. */
  validFrom?: string;
  /** Day of publication in the Official Journal. */
  published?: string;
  language?: string;
  readonly title: string[];
  /** A part published as a file of its own, which does not name its act. */
  part?: ActIdentity;
}

/** Events held back until the act has said when it enters into force; longer acts are let go undated. */
const HELD_EVENTS = 20_000;
const HELD_CHARS = 16 * 1024 * 1024;

export class ActFile {
  readonly facts: ActFacts = { title: [] };
  readonly #input: ReaderInput;
  readonly #emit: (event: ReadEvent) => void;
  #writer: DocumentWriter | undefined;
  #outline: Outline | undefined;
  /** Undefined when events go out at once. */
  #held: ReadEvent[] | undefined;
  #heldChars = 0;
  #enters: string | undefined;
  readonly #written = new Set<string>();
  readonly #notes = new Map<string, number>();
  #warnings: { readonly message: string; readonly line: number }[] = [];

  constructor(input: ReaderInput, emit: (event: ReadEvent) => void) {
    this.#input = input;
    this.#emit = emit;
  }

  get isOpen(): boolean {
    return this.#writer !== undefined;
  }

  /** The outline; opens the document. */
  outline(line: number): Outline {
    return this.#outline ?? this.#start(line);
  }

  warn(message: string, line: number): void {
    if (this.#writer === undefined) this.#warnings.push({ message, line });
    else this.#writer.warn(message, line);
  }

  /** The mark of the next footnote of a unit. They count within it: numbers in print change with every edition. */
  mark(unit: string | undefined): string {
    const count = (this.#notes.get(unit ?? '') ?? 0) + 1;
    this.#notes.set(unit ?? '', count);
    return String(count);
  }

  /** A footnote of a unit. */
  note(unit: string | undefined, mark: string, text: string, line: number): void {
    this.outline(line).writeOpen();
    this.#write(
      {
        eid: unit === undefined ? `note_${mark}` : `${unit}.note_${mark}`,
        parentEid: unit !== undefined && this.#written.has(unit) ? unit : undefined,
        level: 'note',
        num: mark,
        citation: this.#writer?.head.citation ?? '',
        heading: undefined,
        text,
      },
      line,
    );
  }

  /** A node of its own outside the text: the history of a consolidated version. */
  aside(eid: string, lines: readonly string[], line: number): void {
    const text = lines.map((part) => part.split('\t').map(oneLine).join('\t').trim());
    const said = text.filter((part) => part !== '');
    if (said.length === 0) return;
    this.outline(line);
    this.#write(
      {
        eid,
        parentEid: undefined,
        level: 'note',
        num: undefined,
        citation: this.#writer?.head.citation ?? '',
        heading: undefined,
        text: said.join('\n'),
      },
      line,
    );
  }

  /** The enacting terms have ended: all that says when the act enters into force has been read. */
  endOfTerms(): void {
    this.#release();
  }

  finish(): void {
    if (this.#writer === undefined)
      throw badInputError(
        'eurlex.no_text',
        'the file holds no provision',
        'Fetch the document itself: Formex or XHTML of the act, not its table of contents or notice.',
        { place: { source: this.#input.name, line: 1 } },
      );
    this.#outline?.closeTo(0);
    this.#release();
    this.#writer.end();
  }

  #start(line: number): Outline {
    const { facts } = this;
    const title = oneLine(facts.title.join(' '));
    const identity = facts.part ?? identityOf(facts.reference, title);
    if (identity === undefined)
      throw badInputError(
        'eurlex.no_identity',
        'the file does not say which act it is: neither a CELEX number nor a title with type, year and number was found',
        'Fetch the act in Formex or XHTML as EUR-Lex gives it, with its title.',
        { place: { source: this.#input.name, line } },
      );
    const language = (facts.language ?? '').toLowerCase();
    const head: DocumentHead = {
      documentId: identity.documentId,
      jurisdiction: 'EU',
      family: identity.family,
      citation: identity.citation,
      title: title === '' ? identity.citation : title,
      language: /^[a-z]{2}$/.test(language) ? language : 'en',
      inForceFrom: facts.validFrom,
      inForceTo: undefined,
    };
    this.#held = facts.validFrom === undefined && facts.part === undefined ? [] : undefined;
    this.#writer = new DocumentWriter(head, {
      emit: (event) => this.#pass(event),
      source: this.#input.name,
      limits: this.#input.limits,
    });
    for (const { message, line: at } of this.#warnings) this.#writer.warn(message, at);
    this.#outline = new Outline({
      write: (node, at) => this.#write(node, at),
      source: this.#input.name,
      limits: this.#input.limits,
      citation: identity.citation,
    });
    return this.#outline;
  }

  #write(node: SectionNode, line: number): string {
    if (this.#writer === undefined) throw new TypeError('no document is open');
    if (this.#held !== undefined && /^art_[^.]+/.test(node.eid))
      this.#enters ??= entryIntoForce(node.text, this.facts.published);
    const eid = this.#writer.section(node, line);
    this.#written.add(eid);
    return eid;
  }

  #pass(event: ReadEvent): void {
    if (this.#held === undefined) {
      this.#emit(event);
      return;
    }
    this.#held.push(event);
    if (event.type === 'section') this.#heldChars += event.section.text.length;
    if (this.#held.length > HELD_EVENTS || this.#heldChars > HELD_CHARS) this.#release();
  }

  #release(): void {
    const events = this.#held;
    this.#held = undefined;
    if (events === undefined) return;
    for (const event of events) {
      if (event.type !== 'document') this.#emit(event);
      else this.#emit({ type: 'document', head: { ...event.head, inForceFrom: this.#enters } });
    }
    if (this.#enters === undefined)
      this.#writer?.warn('the file does not say from which day the act applies', undefined);
  }
}
