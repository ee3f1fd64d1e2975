/** What this node has of the documents that a batch of provisions cites. Asked once a batch, by set. */
import type { Transaction } from '../../store/index.ts';
import { eidsOf, type Holdings, type Target } from '../citations/index.ts';
import type { DocumentHead } from '../reader.ts';

export class NodeHoldings implements Holdings {
  readonly #transaction: Transaction;
  readonly #own: DocumentHead;
  /** By title or official citation in lower case, without an article; `undefined`: it is not here. */
  readonly #titles = new Map<string, string | undefined>();
  readonly #documents = new Map<string, boolean>();
  #sections: ReadonlySet<string> = new Set();

  constructor(transaction: Transaction, own: DocumentHead) {
    this.#transaction = transaction;
    this.#own = own;
  }

  titled(title: string): string | undefined {
    return this.#titles.get(keyOf(title));
  }

  hasDocument(documentId: string): boolean {
    return this.#documents.get(documentId) ?? false;
  }

  hasSection(sectionId: string): boolean {
    return this.#sections.has(sectionId);
  }

  /** Learns what the node has of these. */
  async look(targets: readonly Target[]): Promise<void> {
    const titles = targets.flatMap((target) => (target.in === 'titled' ? [keyOf(target.title)] : []));
    await this.#lookForTitles([...new Set(titles)].filter((title) => !this.#titles.has(title)));
    const named = targets.flatMap((target) => {
      const documentId =
        target.in === 'document'
          ? target.documentId
          : target.in === 'titled'
            ? this.titled(target.title)
            : undefined;
      return documentId === undefined || !('path' in target) ? [] : [{ documentId, path: target.path }];
    });
    const documents = [...new Set(named.map(({ documentId }) => documentId))];
    await this.#lookForDocuments(documents.filter((id) => !this.#documents.has(id)));
    const sections = named.flatMap(({ documentId, path }) =>
      this.hasDocument(documentId) ? eidsOf(documentId, path).map((eid) => `${documentId}#${eid}`) : [],
    );
    this.#sections = await this.#present(
      documents.filter((id) => this.hasDocument(id)),
      [...new Set(sections)],
    );
  }

  async #lookForTitles(titles: readonly string[]): Promise<void> {
    if (titles.length === 0) return;
    for (const title of titles) this.#titles.set(title, undefined);
    const own = keyOf(this.#own.title);
    if (this.#titles.has(own)) this.#titles.set(own, this.#own.documentId);
    const rows = await this.#transaction.rows<{ name: string; document_id: string }>(
      `select k.name as name, min(d.document_id) as document_id from (select unnest($1) as name) k
         join law.documents d on not d.deleted
          and (lower(d.citation) = k.name or regexp_replace(lower(d.title), '^the ', '') = k.name)
        group by k.name having count(distinct d.document_id) = 1`,
      [titles],
    );
    for (const { name, document_id } of rows) this.#titles.set(name, document_id);
  }

  async #lookForDocuments(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    for (const id of ids) this.#documents.set(id, false);
    const rows = await this.#transaction.rows<{ document_id: string }>(
      'select document_id from law.documents where not deleted and document_id in (select unnest($1))',
      [ids],
    );
    for (const { document_id } of rows) this.#documents.set(document_id, true);
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
