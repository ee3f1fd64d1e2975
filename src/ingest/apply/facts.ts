/**
 * What a document says about itself and others: citations, definitions, amending notes. Found when all of its sections
 * are in the transaction, so that a reference may point forwards; to later documents of the same file, as far as they
 * have come when its facts are written. Streams: of the sections never more than a batch is held; of the document, where
 * its provisions are.
 */
import { FIXED_LIMITS, type Limits } from '../../base/index.ts';
import { LAW } from '../../schema/index.ts';
import type { Transaction } from '../../store/index.ts';
import { Aliases, Places } from '../citations/index.ts';
import { knowsLanguage } from '../obligations/index.ts';
import type { DocumentHead, SectionLevel, SectionNode } from '../reader.ts';
import { FactFinder, amendmentRow, citationRow, type FactNode, type FoundFacts } from './fact-finder.ts';
import { NodeHoldings } from './holdings.ts';

/** Whose way of citing is known. */
const JURISDICTIONS: ReadonlySet<string> = new Set(['US', 'UK', 'EU']);

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

/** What there is to know of one document. */
export class Facts {
  readonly #places = new Places();
  readonly #aliases = new Aliases();
  /** Notes outside the text, with nothing but their own words to say what they speak of. */
  readonly #notes: string[] = [];
  /** All provisions, as long as one batch holds them; a longer document is read back from its table. */
  #nodes: SectionNode[] | undefined = [];

  /** A provision as it is read, parents first. `most`: how many are held. */
  see(node: SectionNode, most: number): void {
    this.#places.add(node);
    this.#aliases.learn(node.text);
    if (this.#nodes !== undefined && this.#nodes.length < most) this.#nodes.push(node);
    else this.#nodes = undefined;
  }

  /** A note that an edition gives beside the text. */
  note(text: string): void {
    if (this.#notes.length < FIXED_LIMITS.amending_notes.value) this.#notes.push(text);
  }

  /** Finds, and hands over to be written; the sections of the version must be in the transaction. */
  async record(
    writer: FactWriter,
    transaction: Transaction,
    head: DocumentHead,
    versionId: string,
    limits: Limits,
  ): Promise<void> {
    if (!JURISDICTIONS.has(head.jurisdiction) || !knowsLanguage(head.language)) return;
    const finder = new FactFinder(head, versionId, this.#places, this.#aliases);
    if (this.#nodes !== undefined) await writer.add(finder.batch(this.#nodes));
    else
      for (let from = 0; ; from += limits.lance_batch_rows) {
        const sections = await transaction.rows<StoredSection>(
          `select section_id, parent_id, level, num, heading, text from law.sections
            where version_id = $1 and ordinal >= $2 and ordinal < $3 order by ordinal`,
          [versionId, from, from + limits.lance_batch_rows],
        );
        if (sections.length === 0) break;
        await writer.add(finder.batch(sections.map((section) => nodeOf(section, head.documentId))));
      }
    await writer.add(finder.notes(this.#notes));
  }
}

function nodeOf(
  { section_id, parent_id, level, num, heading, text }: StoredSection,
  documentId: string,
): FactNode {
  const prefix = documentId.length + 1;
  return {
    eid: section_id.slice(prefix),
    parentEid: parent_id?.slice(prefix),
    level,
    num: num ?? undefined,
    heading: heading ?? undefined,
    text,
  };
}

/** Writes the facts of the documents of one file: what they cite is looked for on the node by the batch. */
export class FactWriter {
  readonly #transaction: Transaction;
  readonly #limits: Limits;
  #waiting: FoundFacts[] = [];
  #provisions = 0;
  #citations = 0;
  #definitions = 0;

  constructor(transaction: Transaction, limits: Limits) {
    this.#transaction = transaction;
    this.#limits = limits;
  }

  /** Written so far. */
  get counts(): FactCounts {
    return { citations: this.#citations, definitions: this.#definitions };
  }

  async add(found: FoundFacts): Promise<void> {
    this.#waiting.push(found);
    this.#provisions += found.provisions;
    if (this.#provisions >= this.#limits.lance_batch_rows) await this.write();
  }

  /** Writes what waits. Before another version of one of the documents comes, and when the file ends. */
  async write(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#provisions = 0;
    const holdings = new NodeHoldings(this.#transaction);
    await holdings.look(waiting.map(({ head, targets }) => ({ own: head, targets })));
    const citations = waiting.flatMap((found) => {
      const held = holdings.of(found.head);
      return found.references.flatMap((reference) => citationRow(found, reference, held));
    });
    const amendments = waiting.flatMap((found) => {
      const held = holdings.of(found.head);
      return found.amendments.map((amendment, i) => amendmentRow(found, amendment, i, held));
    });
    const definitions = waiting.flatMap((found) => found.definitions);
    await this.#transaction.insert(LAW.citations, citations);
    await this.#transaction.insert(LAW.definitions, definitions);
    await this.#transaction.insert(LAW.amendments, amendments);
    this.#citations += citations.length;
    this.#definitions += definitions.length;
  }
}
