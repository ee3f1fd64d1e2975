/** The members of an enum as the one Utf8 column of a dictionary batch. */
import { EMPTY_BUFFER, GrowBuffer } from './buffers.ts';
import type { BatchParts } from './columns/column.ts';
import { Offsets } from './columns/offsets.ts';

export function dictionaryParts(values: readonly string[]): BatchParts {
  const text = new GrowBuffer();
  const offsets = new Offsets('enum');
  for (const value of values) {
    const bytes = Buffer.from(value, 'utf8');
    text.reserve(bytes.length);
    text.bytes.set(bytes, text.length);
    text.advance(bytes.length);
    offsets.extend(1, bytes.length)[0] = text.length;
  }
  return {
    rows: values.length,
    nodes: [{ rows: values.length, nulls: 0 }],
    buffers: [EMPTY_BUFFER, offsets.take(), text.take()],
  };
}
