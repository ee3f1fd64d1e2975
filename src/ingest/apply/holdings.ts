/** What this node has of the documents that a batch of provisions cites. Asked once a batch, by set. */
import type { Transaction } from '../../store/index.ts';
import { eidsOf, type Holdings, type Target } from '../citations/index.ts';
import type { DocumentHead } from '../reader.ts';

/** The references of a document. */
interface Citing {
  readonly own: DocumentHead;
  readonly targets: readonly Target[];
}

export class NodeHoldings {
  readonly #transaction: Transaction;
  /** Documents by title or official citation in lower case, without an article. */
  readonly #titles = new Map<string, string>();
  #documents: ReadonlySet<string> = new Set();
  #sections: ReadonlySet<string> = new Set();

  constructor(transaction: Transaction) {
    this.#transaction = transaction;
  }

  /** As one document sees it: a title that several share is its own. */
  of(own: DocumentHead): Holdings {
    return {
      titled: (title) => {
        const key = keyOf(title);
        return this.#titles.get(key) ?? (key === keyOf(own.title) ? own.documentId : undefined);
      },
      hasDocument: (documentId) => this.#documents.has(documentId),
      hasSection: (sectionId) => this.#sections.has(sectionId),
    };
  }

  /** Learns what the node has of these. Once. */
  async look(citing: readonly Citing[]): Promise<void> {
    const titles = citing.flatMap(({ targets }) =>
      targets.flatMap((target) => (target.in === 'titled' ? [keyOf(target.title)] : [])),
    );
    await this.#lookForTitles([...new Set(titles)]);
    const named = citing.flatMap(({ own, targets }) => {
      const held = this.of(own);
      return targets.flatMap((target) => {
        const documentId =
          target.in === 'document'
            ? target.documentId
            : target.in === 'titled'
              ? held.titled(target.title)
              : undefined;
        // Its own provisions a document knows itself.
        return documentId === undefined || documentId === own.documentId || !('path' in target)
          ? []
          : [{ documentId, path: target.path }];
      });
    });
    const documents = [...new Set(named.map(({ documentId }) => documentId))];
    await this.#lookForDocuments(documents);
    const sections = named.flatMap(({ documentId, path }) =>
      this.#documents.has(documentId) ? eidsOf(documentId, path).map((eid) => `${documentId}#${eid}`) : [],
    );
    this.#sections = await this.#present([...this.#documents], [...new Set(sections)]);
  }

  async #lookForTitles(titles: readonly string[]): Promise<void> {
    if (titles.length === 0) return;
    const rows = await this.#transaction.rows<{ name: string; document_id: string }>(
      `select name, min(document_id) as document_id from (
         select lower(citation) as name, document_id from law.documents where not deleted
         union all
         select regexp_replace(lower(title), '^the ', ''), document_id from law.documents where not deleted
       ) where name in (select unnest($1)) group by name having count(distinct document_id) = 1`,
      [titles],
    );
    for (const { name, document_id } of rows) this.#titles.set(name, document_id);
  }

  async #lookForDocuments(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const rows = await this.#transaction.rows<{ document_id: string }>(
      'select document_id from law.documents where not deleted and document_id in (select unnest($1))',
      [ids],
    );
    this.#documents = new Set(rows.map(({ document_id }) => document_id));
  }

  /** Of these provisions the ones that a version held to be true has. */
  async #present(documents: readonly string[], sections: readonly string[]): Promise<ReadonlySet<string>> {
    if (sections.length === 0) return new Set();
    const rows = await this.#transaction.rows<{ section_id: string }>(
      `select distinct s.section_id from law.sections s join law.versions v using (version_id)
        where v.known_to is null and not v.deleted and s.document_id in (select unnest($1))
          and s.section_id in (select unnest($2))`,
      [documents, sections],
    );
    return new Set(rows.map(({ section_id }) => section_id));
  }
}

function keyOf(title: string): string {
  return title.toLowerCase().replace(/^the /, '');
}
