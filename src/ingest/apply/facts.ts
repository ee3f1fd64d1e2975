/**
 * What a document says about itself and others: citations, definitions, amending notes. Found when all of its sections
 * are in the transaction, so that a reference may point forwards. Streams: of the sections never more than a batch is
 * held; of the document, where its provisions are.
 */
import { FIXED_LIMITS, sha256, type Limits } from '../../base/index.ts';
import { LAW } from '../../schema/index.ts';
import type { Row, Transaction } from '../../store/index.ts';
import { findAmendments, isHistory, textualNote, type Amendment } from '../amendments/index.ts';
import {
  Aliases,
  LeadIns,
  Places,
  documentNamed,
  findReferences,
  resolve,
  type CitingDocument,
  type Reference,
  type Resolved,
} from '../citations/index.ts';
import { findDefinitions, type Definition, type Scope } from '../definitions/index.ts';
import { knowsLanguage } from '../obligations/index.ts';
import type { DocumentHead, SectionLevel, SectionNode } from '../reader.ts';
import { NodeHoldings } from './holdings.ts';

/** Whose way of citing is known. */
const JURISDICTIONS: ReadonlySet<string> = new Set(['US', 'UK', 'EU']);
const DEFINITION_METHOD = 'rules-1';

export interface FactCounts {
  readonly citations: number;
  readonly definitions: number;
}

interface StoredSection {
  readonly section_id: string;
  readonly parent_id: string | null;
  readonly level: SectionLevel;
  readonly num: string | null;
  readonly heading: string | null;
  readonly text: string;
}

/** A reference before it is known what the node holds. */
interface Pending {
  readonly eid: string;
  readonly text: string;
  readonly reference: Reference;
}

export class Facts {
  readonly #places = new Places();
  readonly #aliases = new Aliases();
  /** Notes outside the text, with nothing but their own words to say what they speak of. */
  readonly #notes: string[] = [];

  /** A provision as it is read, parents first. */
  see(node: SectionNode): void {
    this.#places.add(node);
    this.#aliases.learn(node.text);
  }

  /** A note that an edition gives beside the text. */
  note(text: string): void {
    if (this.#notes.length < FIXED_LIMITS.amending_notes.value) this.#notes.push(text);
  }

  /** Finds and writes; the sections of the version must be in the transaction. */
  async record(
    transaction: Transaction,
    head: DocumentHead,
    versionId: string,
    limits: Limits,
  ): Promise<FactCounts> {
    if (!JURISDICTIONS.has(head.jurisdiction) || !knowsLanguage(head.language))
      return { citations: 0, definitions: 0 };
    const writer = new FactWriter(transaction, head, versionId, this.#places, this.#aliases);
    for (let from = 0; ; from += limits.lance_batch_rows) {
      const sections = await transaction.rows<StoredSection>(
        `select section_id, parent_id, level, num, heading, text from law.sections
          where version_id = $1 and ordinal >= $2 and ordinal < $3 order by ordinal`,
        [versionId, from, from + limits.lance_batch_rows],
      );
      if (sections.length === 0) break;
      await writer.batch(sections);
    }
    await writer.notes(this.#notes);
    return writer.counts;
  }
}

class FactWriter {
  readonly #transaction: Transaction;
  readonly #head: DocumentHead;
  readonly #versionId: string;
  readonly #places: Places;
  readonly #document: CitingDocument;
  readonly #holdings: NodeHoldings;
  /** Length of `document_id#`. */
  readonly #prefix: number;
  readonly #leadIns = new LeadIns();
  #citations = 0;
  #definitions = 0;

  constructor(
    transaction: Transaction,
    head: DocumentHead,
    versionId: string,
    places: Places,
    aliases: Aliases,
  ) {
    this.#transaction = transaction;
    this.#head = head;
    this.#versionId = versionId;
    this.#places = places;
    const { documentId, jurisdiction, family } = head;
    this.#document = { documentId, jurisdiction, family, aliases: aliases.names };
    this.#holdings = new NodeHoldings(transaction, head);
    this.#prefix = documentId.length + 1;
  }

  get counts(): FactCounts {
    return { citations: this.#citations, definitions: this.#definitions };
  }

  async batch(sections: readonly StoredSection[]): Promise<void> {
    const pending: Pending[] = [];
    const definitions: Row[] = [];
    const amendments: { readonly eid: string; readonly amendment: Amendment }[] = [];
    for (const section of sections) {
      const node = this.#nodeOf(section);
      const leadIn = this.#leadIns.enter(node);
      if (node.text === '') continue;
      for (const amendment of findAmendments(node))
        amendments.push({ eid: node.parentEid ?? node.eid, amendment });
      if (isHistory(node)) continue;
      for (const reference of findReferences(node.text, this.#document, leadIn))
        pending.push({ eid: node.eid, text: node.text, reference });
      findDefinitions({ node, leadIns: leadIn.texts, headings: leadIn.headings }).forEach((found, i) => {
        definitions.push(this.#definitionRow(node.eid, found, i));
      });
    }
    const targets = [
      ...pending.map(({ reference }) => reference.target),
      ...amendments.map(({ amendment }) => ({ in: 'titled', title: amendment.citation, path: [] }) as const),
    ];
    await this.#holdings.look(targets);
    const citations = pending.flatMap((one, i) => this.#citationRow(one, i));
    await this.#transaction.insert(LAW.citations, citations);
    await this.#transaction.insert(LAW.definitions, definitions);
    await this.#transaction.insert(
      LAW.amendments,
      amendments.map(({ eid, amendment }, i) => this.#amendmentRow(eid, amendment, i)),
    );
    this.#citations += citations.length;
    this.#definitions += definitions.length;
  }

  /** Notes beside the text name the provision they speak of; what they do not name is of the whole document. */
  async notes(texts: readonly string[]): Promise<void> {
    const found = texts.flatMap((text) => {
      const amendment = textualNote(text);
      const eid = amendment === undefined ? undefined : this.#places.abbreviated(text);
      return amendment === undefined || eid === undefined ? [] : [{ eid, amendment }];
    });
    await this.#holdings.look(
      found.map(({ amendment }) => ({ in: 'titled', title: amendment.citation, path: [] })),
    );
    const rows = found.map(({ eid, amendment }, i) => this.#amendmentRow(eid, amendment, i));
    await this.#transaction.insert(LAW.amendments, rows);
  }

  #nodeOf({
    section_id,
    parent_id,
    level,
    num,
    heading,
    text,
  }: StoredSection): Omit<SectionNode, 'citation'> {
    return {
      eid: section_id.slice(this.#prefix),
      parentEid: parent_id?.slice(this.#prefix),
      level,
      num: num ?? undefined,
      heading: heading ?? undefined,
      text,
    };
  }

  #resolve(reference: Reference, eid: string): Resolved | undefined {
    return resolve(reference, eid, this.#head.documentId, this.#places, this.#holdings);
  }

  #citationRow({ eid, text, reference }: Pending, index: number): readonly Row[] {
    const found = this.#resolve(reference, eid);
    if (found === undefined) return [];
    const section_id = this.#sectionId(eid);
    return [
      {
        citation_id: this.#id(`citation ${section_id} ${reference.start} ${index}`),
        version_id: this.#versionId,
        section_id,
        jurisdiction: this.#head.jurisdiction,
        kind: found.kind,
        text: text.slice(reference.start, reference.end),
        target_document_id: found.documentId ?? null,
        target_section_id: found.sectionId ?? null,
        resolution: found.resolution,
        span_start: reference.start,
        span_end: reference.end,
      },
    ];
  }

  #definitionRow(eid: string, found: Definition, index: number): Row {
    const section_id = this.#sectionId(eid);
    return {
      definition_id: this.#id(`definition ${section_id} ${found.spanStart} ${index}`),
      version_id: this.#versionId,
      section_id,
      jurisdiction: this.#head.jurisdiction,
      language: this.#head.language,
      term: found.term,
      term_key: found.term.toLowerCase().replace(/\s+/g, ' ').trim(),
      meaning: found.meaning,
      scope_section_id: this.#scopeOf(eid, found.scope) ?? null,
      scope_text: found.scope?.text ?? null,
      span_start: found.spanStart,
      span_end: found.spanEnd,
      method: DEFINITION_METHOD,
    };
  }

  /** Undefined is the whole document: also when it is its own outermost part. */
  #scopeOf(eid: string, scope: Scope | undefined): string | undefined {
    if (scope?.target === undefined) return undefined;
    const found = this.#resolve({ start: 0, end: 0, implied: false, target: scope.target }, eid);
    if (found?.resolution !== 'provision' || found.sectionId === undefined) return undefined;
    const place = this.#places.at(found.sectionId.slice(this.#prefix));
    const isWhole = place?.parent === undefined && place?.level === 'part' && this.#head.family === 'cfr';
    return isWhole ? undefined : found.sectionId;
  }

  #amendmentRow(eid: string, amendment: Amendment, index: number): Row {
    const section_id = this.#sectionId(eid);
    const { kind, citation, documentId, publishedOn, effectiveOn, text } = amendment;
    return {
      amendment_id: this.#id(`amendment ${section_id} ${citation} ${index} ${text}`),
      version_id: this.#versionId,
      section_id,
      jurisdiction: this.#head.jurisdiction,
      kind,
      citation,
      target_document_id:
        documentId ?? documentNamed(citation, this.#document) ?? this.#holdings.titled(citation) ?? null,
      published_on: publishedOn ?? null,
      effective_on: effectiveOn ?? null,
      text,
    };
  }

  #sectionId(eid: string): string {
    return `${this.#head.documentId}#${eid}`;
  }

  #id(what: string): string {
    return sha256(`${this.#versionId} ${what}`).slice(0, 32);
  }
}
