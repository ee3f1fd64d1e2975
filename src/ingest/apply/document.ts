/**
 * One document into one transaction: sections to DuckDB, passages with their vectors to Lance, the version among its
 * neighbours. Streams: never more than a batch of sections is held.
 */
import { Sha256, badInputError, sha256, type Clock, type Limits } from '../../base/index.ts';
import { SECTION_TABLE, quoteSql, type Embedder, type IndexedSection } from '../../query/index.ts';
import { LAW } from '../../schema/index.ts';
import type { Row, Transaction } from '../../store/index.ts';
import type { DocumentHead, SectionNode } from '../reader.ts';
import { knowsLanguage, leadInTails } from '../obligations/index.ts';
import { OpenNodes, passage } from './context.ts';
import { Facts, type FactWriter } from './facts.ts';
import type { KnownDocuments } from './known-documents.ts';
import type { ObligationWriter } from './obligations.ts';
import type { Passages } from './passages.ts';
import {
  betterText,
  endOf,
  makeRoom,
  neighbours,
  recordChanges,
  type KnownVersion,
  type Neighbours,
} from './versions.ts';

/** What people count when they ask how many sections a document has: sections here, articles there. */
const UNITS: ReadonlySet<string> = new Set(['section', 'article']);

/** Headings around a provision that say what its duties are about: its own, and the nearest. */
const HEADINGS = 3;

/** Where the document comes from. */
export interface Source {
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly format: string;
}

export interface ApplyPorts {
  readonly transaction: Transaction;
  readonly embedder: Embedder;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly shared: SharedByFile;
}

/** What the documents of one file write together: a row or a look-up for each alone would cost far more. */
export interface SharedByFile {
  readonly passages: Passages;
  readonly facts: FactWriter;
  readonly obligations: ObligationWriter;
  readonly documents: KnownDocuments;
}

export interface AppliedDocument {
  readonly status: 'added' | 'updated' | 'unchanged';
  readonly versionId: string;
  /** Nodes of level `section` or `article`. */
  readonly sections: number;
  readonly provisions: number;
}

export class DocumentApply {
  readonly #ports: ApplyPorts;
  readonly #source: Source;
  readonly #head: DocumentHead;
  readonly #datedBy: string;
  readonly #versionId: string;
  readonly #near: Neighbours;
  readonly #knownBefore: boolean;
  readonly #alreadyHere: boolean;
  readonly #kept: KnownVersion | undefined;
  readonly #inForceTo: string | undefined;
  readonly #open = new OpenNodes();
  readonly #facts = new Facts();
  readonly #textHash = new Sha256();
  readonly #warnings: string[] = [];
  #warningsDropped = 0;
  #rows: Row[] = [];
  #indexed: IndexedSection[] = [];
  #sections = 0;
  #provisions = 0;

  private constructor(
    ports: ApplyPorts,
    source: Source,
    head: DocumentHead,
    found: {
      datedBy: string;
      versionId: string;
      near: Neighbours;
      knownBefore: boolean;
      alreadyHere: boolean;
    },
  ) {
    this.#ports = ports;
    this.#source = source;
    this.#head = head;
    this.#datedBy = found.datedBy;
    this.#versionId = found.versionId;
    this.#near = found.near;
    this.#knownBefore = found.knownBefore;
    this.#kept = betterText(found.near, source.format);
    this.#alreadyHere = found.alreadyHere || this.#kept !== undefined;
    this.#inForceTo = endOf(head.inForceTo, found.near);
  }

  /** `callerDate` dates a document that does not date itself. */
  static async start(
    ports: ApplyPorts,
    source: Source,
    read: DocumentHead,
    callerDate: string | undefined,
  ): Promise<DocumentApply> {
    const { shared } = ports;
    const inForceFrom = read.inForceFrom ?? callerDate;
    const head = { ...read, inForceFrom };
    const versionId = `${head.documentId}@${inForceFrom ?? 'undated'}~${source.sha256.slice(0, 12)}`;
    // The facts of the version before are those of its time.
    if (shared.documents.hasBegun(head.documentId)) await shared.facts.write();
    const known = await shared.documents.begin(head.documentId);
    return new DocumentApply(ports, source, head, {
      datedBy: read.inForceFrom !== undefined ? 'source' : callerDate !== undefined ? 'caller' : 'unknown',
      versionId,
      near: neighbours(known.held, inForceFrom, source.sha256),
      knownBefore: known.isKnown,
      alreadyHere: known.versionIds.has(versionId),
    });
  }

  /** Format of the text of this version that is kept instead of this one. */
  get keptFormat(): string | undefined {
    return this.#kept?.format;
  }

  warn(message: string): void {
    if (this.#warnings.length < this.#ports.limits.warnings_per_document) this.#warnings.push(message);
    else this.#warningsDropped++;
  }

  /** A note of amendment beside the text. */
  note(text: string): void {
    this.#facts.note(text);
  }

  async add(node: SectionNode): Promise<void> {
    const { limits } = this.#ports;
    const head = this.#head;
    const parent = this.#open.above(node.parentEid);
    const own = this.#open.enter(node, parent);
    if (UNITS.has(node.level)) this.#sections++;
    const ordinal = this.#provisions++;
    if (ordinal >= limits.sections_per_document)
      throw badInputError(
        'document.sections',
        `the document has more than ${limits.sections_per_document} provisions`,
        'Split it, or raise sections_per_document in fractal.json.',
      );
    const hash = sha256(`${node.num ?? ''}\n${node.heading ?? ''}\n${node.text}`);
    this.#textHash.update(Buffer.from(`${node.eid} ${hash}\n`));
    if (this.#alreadyHere) return;
    this.#facts.see(node, limits.lance_batch_rows);

    const section_id = `${head.documentId}#${node.eid}`;
    this.#rows.push({
      section_id,
      version_id: this.#versionId,
      document_id: head.documentId,
      jurisdiction: head.jurisdiction,
      parent_id: node.parentEid === undefined ? null : `${head.documentId}#${node.parentEid}`,
      ordinal,
      depth: own.depth,
      level: node.level,
      num: node.num ?? null,
      citation: node.citation,
      heading: node.heading ?? null,
      text: node.text,
      text_sha256: hash,
    });
    const { jurisdiction, language } = head;
    if (node.text !== '' && knowsLanguage(language)) {
      const leads = leadInTails(parent.texts);
      const idOf = (eid: string): string => `${head.documentId}#${eid}`;
      await this.#ports.shared.obligations.add({
        text: node.text,
        leadIns: leads.map(({ text }) => text),
        leadPlaces: leads.map(({ source, start }) => ({ sectionId: idOf(parent.eids[source] ?? ''), start })),
        headings: own.headings.slice(-HEADINGS).map(({ eid, text }) => ({ sectionId: idOf(eid), text })),
        language,
        versionId: this.#versionId,
        sectionId: section_id,
        jurisdiction,
      });
    }
    if (node.text !== '') {
      this.#indexed.push({
        section_id,
        version_id: this.#versionId,
        document_id: head.documentId,
        jurisdiction: head.jurisdiction,
        language: head.language,
        level: node.level,
        citation: node.citation,
        heading: node.heading ?? own.heading,
        text: node.text,
        search_text: `${node.citation}\n${passage(node, parent)}`,
        in_force_from: head.inForceFrom,
        in_force_to: this.#inForceTo,
      });
    }
    if (this.#rows.length >= limits.lance_batch_rows) await this.#flush();
  }

  async end(): Promise<AppliedDocument> {
    const { transaction, clock, shared } = this.#ports;
    const head = this.#head;
    const counts = {
      versionId: this.#kept?.version_id ?? this.#versionId,
      sections: this.#sections,
      provisions: this.#provisions,
    };
    if (this.#provisions === 0)
      throw badInputError(
        'document.empty',
        'the document holds no provision',
        'Check that the file is whole.',
      );
    if (this.#alreadyHere) return { status: 'unchanged', ...counts };
    const textSha256 = this.#textHash.digest();
    const { same } = this.#near;
    if (same?.text_sha256 === textSha256 && same.in_force_from === (head.inForceFrom ?? null)) {
      await this.#takeBack();
      return { status: 'unchanged', ...counts, versionId: same.version_id };
    }
    await this.#flush();
    const knownAt = new Date(clock.now()).toISOString();
    if (this.#near.same !== undefined || this.#near.before !== undefined) await shared.passages.stage();
    await makeRoom(transaction, this.#near, head.inForceFrom, knownAt);
    if (!this.#knownBefore)
      await transaction.insert(LAW.documents, [
        {
          document_id: head.documentId,
          jurisdiction: head.jurisdiction,
          family: head.family,
          citation: head.citation,
          title: head.title,
          language: head.language,
        },
      ]);
    if (this.#warningsDropped > 0) this.#warnings.push(`${this.#warningsDropped} more warnings`);
    await transaction.insert(LAW.versions, [
      {
        version_id: this.#versionId,
        document_id: head.documentId,
        jurisdiction: head.jurisdiction,
        title: head.title,
        language: head.language,
        in_force_from: head.inForceFrom ?? null,
        in_force_to: this.#inForceTo ?? null,
        dated_by: this.#datedBy,
        known_from: knownAt,
        known_to: null,
        format: this.#source.format,
        source_name: this.#source.name,
        source_sha256: this.#source.sha256,
        source_bytes: this.#source.bytes,
        text_sha256: textSha256,
        sections: this.#sections,
        provisions: this.#provisions,
        warnings: this.#warnings,
      },
    ]);
    await this.#facts.record(shared.facts, transaction, head, this.#versionId, this.#ports.limits);
    await recordChanges(
      transaction,
      head.documentId,
      this.#versionId,
      this.#near,
      this.#ports.limits.append_rows,
    );
    return { status: this.#knownBefore ? 'updated' : 'added', ...counts };
  }

  async #flush(): Promise<void> {
    const { transaction, shared } = this.#ports;
    await transaction.insert(LAW.sections, this.#rows);
    await shared.passages.add(this.#indexed);
    this.#rows = [];
    this.#indexed = [];
  }

  /** The text turned out to be what the node already has: nothing of it stays. */
  async #takeBack(): Promise<void> {
    const { transaction, shared } = this.#ports;
    await shared.obligations.drop(this.#versionId);
    const flushed = this.#provisions > this.#rows.length;
    if (!flushed) return;
    await shared.passages.stage();
    await transaction.discard(LAW.sections, 'version_id = $1', [this.#versionId]);
    await transaction.stageDelete(SECTION_TABLE, `version_id = ${quoteSql(this.#versionId)}`);
  }
}
