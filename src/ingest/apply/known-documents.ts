/** What the node has of the documents of a file before they come. Asked for as many at a time as the reader yields. */
import type { Transaction } from '../../store/index.ts';
import type { ReadEvent } from '../reader.ts';
import type { KnownVersion } from './versions.ts';

export interface KnownDocument {
  /** Whether it has the document, be it as a tombstone. */
  readonly isKnown: boolean;
  /** Ids of all versions, also those known to be wrong. */
  readonly versionIds: ReadonlySet<string>;
  /** Versions held to be true, earliest first. */
  readonly held: readonly KnownVersion[];
}

const NOTHING: KnownDocument = { isKnown: false, versionIds: new Set(), held: [] };

export class KnownDocuments {
  readonly #transaction: Transaction;
  /** Rows of these may still be on their way into their tables. */
  readonly #begun = new Set<string>();
  /** Of the documents that were looked for and have not begun, those that the node has. */
  #here: ReadonlySet<string> = new Set();

  constructor(transaction: Transaction) {
    this.#transaction = transaction;
  }

  /** Looks for the documents that begin in a group of events. Before any of them begins. */
  async look(events: readonly ReadEvent[]): Promise<void> {
    const ids = events.flatMap((event) => (event.type === 'document' ? [event.head.documentId] : []));
    if (ids.length === 0) return;
    const rows = await this.#transaction.storedRows<{ document_id: string }>(
      'select document_id from law.documents where list_contains($1, document_id)',
      [ids],
    );
    this.#here = new Set(rows.map((row) => row.document_id));
  }

  /** Whether a version of the document has come in this file already. */
  hasBegun(documentId: string): boolean {
    return this.#begun.has(documentId);
  }

  /** What there is of a document that was looked for and begins now. */
  async begin(documentId: string): Promise<KnownDocument> {
    // No version is written without its document.
    const isNew = !this.#begun.has(documentId) && !this.#here.has(documentId);
    this.#begun.add(documentId);
    if (isNew) return NOTHING;
    const versions = await this.#transaction.rows<KnownVersion & { readonly is_held: boolean }>(
      `select version_id, strftime(in_force_from, '%Y-%m-%d') as in_force_from,
              strftime(in_force_to, '%Y-%m-%d') as in_force_to, text_sha256, source_sha256, format,
              known_to is null and not deleted as is_held
         from law.versions where document_id = $1 order by in_force_from nulls first`,
      [documentId],
    );
    // A document of this file that brought nothing has left nothing.
    const isKnown = this.#here.has(documentId) || versions.length > 0;
    return {
      isKnown,
      versionIds: new Set(versions.map((version) => version.version_id)),
      held: versions.filter((version) => version.is_held),
    };
  }
}
