/** A search of the node's own over a retrieval set. */
import { SECTION_TABLE, passageVectors, sectionBatch, type IndexedSection } from '../../src/query/index.ts';
import { Maintenance } from '../../src/store/index.ts';
import { bench, shippedModel, type Bench } from '../kit.ts';
import type { RetrievalPassage } from './sets.ts';

const PART = 1024;

export interface Corpus extends Bench {
  readonly model: string;
  readonly embedder: Awaited<ReturnType<typeof shippedModel>>;
}

/** Each passage one section. Its key is its citation, because parts of one section share a key. */
export async function indexed(
  passages: readonly RetrievalPassage[],
  onRerank?: Parameters<typeof bench>[2],
  limits: NonNullable<Parameters<typeof bench>[1]> = {},
): Promise<Corpus> {
  const embedder = await shippedModel();
  const made = await bench(embedder, limits, onRerank);
  // An id says where a provision stands; of parts that share one, all but the first are told apart.
  const seen = new Set<string>();
  const idOf = (key: string, at: number): string => {
    if (seen.has(key)) return `${key}~${at}`;
    seen.add(key);
    return key;
  };
  for (let from = 0; from < passages.length; from += PART) {
    const part = passages.slice(from, from + PART);
    const rows = part.map((one, i): IndexedSection => ({
      section_id: idOf(one.key, from + i),
      version_id: `v${from}`,
      document_id: one.document,
      jurisdiction: 'XX',
      language: 'en',
      level: 'paragraph',
      citation: one.key,
      heading: one.heading,
      text: one.text,
      search_text: one.heading === '' ? one.text : `${one.heading}\n${one.text}`,
      in_force_from: undefined,
      in_force_to: undefined,
    }));
    const vectors = await passageVectors(
      embedder,
      part.map(({ text }) => text),
    );
    await made.store.transact('bench', async (transaction) => {
      await transaction.stage(SECTION_TABLE, sectionBatch(rows, vectors, embedder.model.dimension, 1n));
    });
  }
  await new Maintenance({ store: made.store }).run();
  return { ...made, embedder, model: `${embedder.model.id} ${embedder.model.version}` };
}
