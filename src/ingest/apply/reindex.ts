/** Makes the search table again from the database: after another model was chosen, or when the table is damaged. */
import { internalError, type Limits } from '../../base/index.ts';
import {
  SECTION_TABLE,
  passageVectors,
  sectionBatch,
  type Embedder,
  type IndexedSection,
  type SectionSearch,
} from '../../query/index.ts';
import type { Store } from '../../store/index.ts';
import { SECTION_LEVELS, type SectionLevel, type SectionNode } from '../reader.ts';
import { OpenNodes, passage } from './context.ts';

interface StoredVersion {
  readonly version_id: string;
  readonly document_id: string;
  readonly jurisdiction: string;
  readonly language: string;
  readonly in_force_from: string | null;
  readonly in_force_to: string | null;
}

interface StoredSection {
  readonly section_id: string;
  readonly parent_id: string | null;
  readonly level: string;
  readonly num: string | null;
  readonly citation: string;
  readonly heading: string | null;
  readonly text: string;
}

/** Versions that are known to be wrong (`known_to` set) are not searched and not indexed. Answers the rows written. */
export async function reindex(
  store: Store,
  search: SectionSearch,
  embedder: Embedder,
  limits: Limits,
  principal: string,
  onProgress: (done: number, total: number) => void,
  signal?: AbortSignal,
): Promise<number> {
  const versions = await store.rows<StoredVersion>(
    `select version_id, document_id, jurisdiction, language, strftime(in_force_from, '%Y-%m-%d') in_force_from,
            strftime(in_force_to, '%Y-%m-%d') in_force_to
       from law.versions where known_to is null and not deleted and provisions > $1 order by version_id`,
    [0],
  );
  // A model that cannot be used must not cost the table that is there.
  if (versions.length > 0) await embedder.embed(['law'], 'passage', signal);
  await search.remake();
  let written = 0;
  for (const [i, version] of versions.entries()) {
    signal?.throwIfAborted();
    await store.transact(principal, async (transaction) => {
      const open = new OpenNodes();
      for (let from = 0; ; from += limits.lance_batch_rows) {
        const rows = await transaction.rows<StoredSection>(
          `select section_id, parent_id, level, num, citation, heading, text from law.sections
            where version_id = $1 and ordinal >= $2 and ordinal < $3 order by ordinal`,
          [version.version_id, from, from + limits.lance_batch_rows],
        );
        if (rows.length === 0) break;
        const indexed: IndexedSection[] = [];
        const passages: string[] = [];
        for (const row of rows) {
          const node = asNode(row);
          const parent = open.above(node.parentEid);
          const own = open.enter(node, parent);
          if (row.text === '') continue;
          const text = passage(node, parent);
          passages.push(text);
          indexed.push({
            section_id: row.section_id,
            version_id: version.version_id,
            document_id: version.document_id,
            jurisdiction: version.jurisdiction,
            language: version.language,
            level: row.level,
            citation: row.citation,
            heading: row.heading ?? own.heading,
            text: row.text,
            search_text: `${row.citation}\n${text}`,
            in_force_from: version.in_force_from ?? undefined,
            in_force_to: version.in_force_to ?? undefined,
          });
        }
        if (indexed.length === 0) continue;
        const vectors = await passageVectors(embedder, passages, signal);
        await transaction.stage(
          SECTION_TABLE,
          sectionBatch(indexed, vectors, embedder.model.dimension, transaction.stamp.commitVersion),
        );
        written += indexed.length;
      }
    });
    onProgress(i + 1, versions.length);
  }
  return written;
}

function asNode(row: StoredSection): SectionNode {
  if (!isLevel(row.level)) throw internalError('law.level', 'a stored section has an unknown level');
  return {
    eid: row.section_id,
    parentEid: row.parent_id ?? undefined,
    level: row.level,
    num: row.num ?? undefined,
    citation: row.citation,
    heading: row.heading ?? undefined,
    text: row.text,
  };
}

function isLevel(text: string): text is SectionLevel {
  return (SECTION_LEVELS as readonly string[]).includes(text);
}
