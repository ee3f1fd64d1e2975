/**
 * Hashed n-grams of a text, exactly as `models/scripts/classify_features.py` forms them: words and pairs of neighbours,
 * then parts of 3 to 5 characters of each word. The value of a feature is 1 + ln(count).
 */
const WORDS = 1 << 16;
const CHARS = 1 << 15;
const PARTS = [3, 4, 5];

/** FNV-1a, then the finish of MurmurHash3, so that the low bits are well mixed. ASCII only. */
function bucket(gram: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < gram.length; i++) h = Math.imul(h ^ gram.charCodeAt(i), 0x01000193);
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 0;
}

export interface TextFeatures {
  /** Buckets, ascending. */
  readonly grams: readonly number[];
  readonly values: readonly number[];
}

export function featuresOf(text: string): TextFeatures {
  const words = (text.toLowerCase().match(/[a-z0-9]+/g) ?? []).map((word) => word.replace(/[0-9]/g, '0'));
  const counts = new Map<number, number>();
  const add = (gram: number): void => void counts.set(gram, (counts.get(gram) ?? 0) + 1);
  words.forEach((word, i) => {
    add(bucket(`w:${word}`) % WORDS);
    const next = words[i + 1];
    if (next !== undefined) add(bucket(`w:${word} ${next}`) % WORDS);
    const padded = ` ${word} `;
    for (const size of PARTS)
      for (let at = 0; at + size <= padded.length; at++)
        add(WORDS + (bucket(`c:${padded.slice(at, at + size)}`) % CHARS));
  });
  const sorted = [...counts].sort(([a], [b]) => a - b);
  return { grams: sorted.map(([gram]) => gram), values: sorted.map(([, n]) => 1 + Math.log(n)) };
}
