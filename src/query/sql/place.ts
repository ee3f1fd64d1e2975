/** Where something stands in a statement, as people count: lines and columns from 1. */
import type { ErrorPlace } from '../../base/index.ts';

/**
 * `sent` ends with the text that was read, `of`. The engine counts bytes in the tree of a statement, and characters in
 * what it says of one that it cannot read.
 */
export function placeOf(
  sent: string,
  offset: { readonly of: string } & ({ readonly bytes: number } | { readonly characters: number }),
): ErrorPlace {
  const before =
    'bytes' in offset
      ? Buffer.from(offset.of).subarray(0, offset.bytes).toString()
      : [...offset.of].slice(0, offset.characters).join('');
  const prefix = sent.endsWith(offset.of) ? sent.slice(0, sent.length - offset.of.length) : '';
  const lines = (prefix + before).split('\n');
  return { line: lines.length, column: [...(lines.at(-1) ?? '')].length + 1 };
}
