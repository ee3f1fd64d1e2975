/** Labels of the caller's own: how near each lies to the text, by the embedding model. Not trained, not calibrated. */
import type { Embedder } from '../../query/index.ts';

/** Of each text the cosine with each label, -1 to 1. A text without known words has 0 with every label. */
export async function likenessToLabels(
  embedder: Embedder,
  texts: readonly string[],
  labels: readonly string[],
  signal?: AbortSignal,
): Promise<number[][]> {
  const { dimension } = embedder.model;
  const [asked, named] = [
    await embedder.embed(texts, 'passage', signal),
    await embedder.embed(labels, 'query', signal),
  ];
  return texts.map((_, t) =>
    labels.map((_label, l) => {
      let dot = 0;
      for (let i = 0; i < dimension; i++)
        dot += (asked[t * dimension + i] ?? 0) * (named[l * dimension + i] ?? 0);
      return dot;
    }),
  );
}
