/** Finds the facts of one document, batch by batch. Pure: what the node holds is asked by whoever writes them. */
import { sha256 } from '../../base/index.ts';
import type { Row } from '../../store/index.ts';
import { findAmendments, isHistory, textualNote, type Amendment } from '../amendments/index.ts';
import {
  LeadIns,
  documentNamed,
  findReferences,
  resolve,
  type Aliases,
  type CitingDocument,
  type Holdings,
  type Places,
  type Reference,
  type Target,
} from '../citations/index.ts';
import { findDefinitions, type Definition, type Scope } from '../definitions/index.ts';
import type { DocumentHead, SectionNode } from '../reader.ts';

const DEFINITION_METHOD = 'rules-1';

export type FactNode = Omit<SectionNode, 'citation'>;

/** A reference before it is known what the node holds. */
interface FoundReference {
  readonly eid: string;
  readonly text: string;
  readonly reference: Reference;
  /** Which of its batch it is. */
  readonly index: number;
}

interface FoundAmendment {
  readonly eid: string;
  readonly amendment: Amendment;
}

/** What was found in a batch of provisions of one document. */
export interface FoundFacts {
  readonly head: DocumentHead;
  readonly versionId: string;
  readonly places: Places;
  readonly document: CitingDocument;
  readonly provisions: number;
  readonly references: readonly FoundReference[];
  readonly amendments: readonly FoundAmendment[];
  readonly definitions: readonly Row[];
  /** What the node is asked for. */
  readonly targets: readonly Target[];
}

/** A scope points into its own document: nothing else is needed to find it. */
const NO_HOLDINGS: Holdings = {
  titled: () => undefined,
  hasDocument: () => false,
  hasSection: () => false,
};

export class FactFinder {
  readonly #head: DocumentHead;
  readonly #versionId: string;
  readonly #places: Places;
  readonly #document: CitingDocument;
  readonly #leadIns = new LeadIns();

  constructor(head: DocumentHead, versionId: string, places: Places, aliases: Aliases) {
    this.#head = head;
    this.#versionId = versionId;
    this.#places = places;
    const { documentId, jurisdiction, family } = head;
    this.#document = { documentId, jurisdiction, family, aliases: aliases.names };
  }

  /** In reading order, parents first, over all batches. */
  batch(nodes: readonly FactNode[]): FoundFacts {
    const references: FoundReference[] = [];
    const definitions: Row[] = [];
    const amendments: FoundAmendment[] = [];
    for (const node of nodes) {
      const leadIn = this.#leadIns.enter(node);
      const { eid, text } = node;
      if (text === '') continue;
      for (const amendment of findAmendments(node))
        amendments.push({ eid: node.parentEid ?? eid, amendment });
      if (isHistory(node)) continue;
      for (const reference of findReferences(text, this.#document, leadIn))
        references.push({
          eid,
          text: text.slice(reference.start, reference.end),
          reference,
          index: references.length,
        });
      findDefinitions({ node, leadIns: leadIn.texts, headings: leadIn.headings }).forEach((found, i) => {
        definitions.push(this.#definitionRow(eid, found, i));
      });
    }
    return this.#found(nodes.length, references, amendments, definitions);
  }

  /** Notes beside the text name the provision they speak of; what they do not name is of the whole document. */
  notes(texts: readonly string[]): FoundFacts {
    const found = texts.flatMap((text) => {
      const amendment = textualNote(text);
      const eid = amendment === undefined ? undefined : this.#places.abbreviated(text);
      return amendment === undefined || eid === undefined ? [] : [{ eid, amendment }];
    });
    return this.#found(texts.length, [], found, []);
  }

  #found(
    provisions: number,
    references: readonly FoundReference[],
    amendments: readonly FoundAmendment[],
    definitions: readonly Row[],
  ): FoundFacts {
    const targets = [
      ...references.map(({ reference }) => reference.target),
      ...amendments.map(({ amendment }) => ({ in: 'titled', title: amendment.citation, path: [] }) as const),
    ];
    return {
      head: this.#head,
      versionId: this.#versionId,
      places: this.#places,
      document: this.#document,
      provisions,
      references,
      amendments,
      definitions,
      targets,
    };
  }

  #definitionRow(eid: string, found: Definition, index: number): Row {
    const section_id = `${this.#head.documentId}#${eid}`;
    return {
      definition_id: idOf(this.#versionId, `definition ${section_id} ${found.spanStart} ${index}`),
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
    const reference = { start: 0, end: 0, implied: false, target: scope.target };
    const found = resolve(reference, eid, this.#head.documentId, this.#places, NO_HOLDINGS);
    if (found?.resolution !== 'provision' || found.sectionId === undefined) return undefined;
    const place = this.#places.at(found.sectionId.slice(this.#head.documentId.length + 1));
    const isWhole = place?.parent === undefined && place?.level === 'part' && this.#head.family === 'cfr';
    return isWhole ? undefined : found.sectionId;
  }
}

/** None for an inner thing of a range that does not exist. */
export function citationRow(
  { head, versionId, places }: FoundFacts,
  { eid, text, reference, index }: FoundReference,
  holdings: Holdings,
): readonly Row[] {
  const found = resolve(reference, eid, head.documentId, places, holdings);
  if (found === undefined) return [];
  const section_id = `${head.documentId}#${eid}`;
  return [
    {
      citation_id: idOf(versionId, `citation ${section_id} ${reference.start} ${index}`),
      version_id: versionId,
      section_id,
      jurisdiction: head.jurisdiction,
      kind: found.kind,
      text,
      target_document_id: found.documentId ?? null,
      target_section_id: found.sectionId ?? null,
      resolution: found.resolution,
      span_start: reference.start,
      span_end: reference.end,
    },
  ];
}

export function amendmentRow(
  { head, versionId, document }: FoundFacts,
  { eid, amendment }: FoundAmendment,
  index: number,
  holdings: Holdings,
): Row {
  const section_id = `${head.documentId}#${eid}`;
  const { kind, citation, documentId, publishedOn, effectiveOn, text } = amendment;
  return {
    amendment_id: idOf(versionId, `amendment ${section_id} ${citation} ${index} ${text}`),
    version_id: versionId,
    section_id,
    jurisdiction: head.jurisdiction,
    kind,
    citation,
    target_document_id: documentId ?? documentNamed(citation, document) ?? holdings.titled(citation) ?? null,
    published_on: publishedOn ?? null,
    effective_on: effectiveOn ?? null,
    text,
  };
}

function idOf(versionId: string, what: string): string {
  return sha256(`${versionId} ${what}`).slice(0, 32);
}
