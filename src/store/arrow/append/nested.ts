/** Lists, maps, fixed lists and structs into their vectors. */
import duckdb from '@duckdb/node-bindings';
import type { Data } from 'apache-arrow';
import { bitAt } from '../bits.ts';
import { malformedError } from '../failures.ts';
import { arrayChild, listChild, structChild } from '../vector.ts';
import { checkRows, offsetRows, offsetsOf, putBytes, putValidity, repeatBits, rowMask } from './raw.ts';
import type { Writer } from './writer.ts';

export function listWriter(path: string, element: Writer): Writer {
  return {
    rows: offsetRows,
    write(vector, data, from, count, parent) {
      const child = childOf(data, 0, path);
      const offsets = offsetsOf(data, path, from, count, Math.min(child.length, element.rows(child)));
      const mask = rowMask(data, path, from, count, parent);
      const first = offsets[0]!;
      const elements = offsets[count]! - first;
      // Four uint32 a row: offset low and high, length low and high.
      const words = new Uint32Array(count * 4);
      for (let row = 0; row < count; row++) {
        if (mask !== undefined && !bitAt(mask, row)) continue;
        words[row * 4] = offsets[row]! - first;
        words[row * 4 + 2] = offsets[row + 1]! - offsets[row]!;
      }
      duckdb.list_vector_reserve(vector, elements);
      duckdb.list_vector_set_size(vector, elements);
      putBytes(vector, new Uint8Array(words.buffer));
      putValidity(vector, mask);
      if (elements > 0) element.write(listChild(vector), child, first, elements, undefined);
    },
  };
}

/** A map is a list of structs in both worlds; its keys are never NULL. */
export function mapWriter(path: string, key: Writer, value: Writer): Writer {
  const pair = structWriter(path, [key, value]);
  return listWriter(path, {
    rows: (data) => pair.rows(data),
    write(vector, data, from, count, parent) {
      if (childOf(data, 0, path).nullCount > 0) throw malformedError(path, 'a NULL key in a map');
      pair.write(vector, data, from, count, parent);
    },
  });
}

export function arrayWriter(path: string, size: number, element: Writer): Writer {
  return {
    rows: (data) => Math.floor(element.rows(childOf(data, 0, path)) / size),
    write(vector, data, from, count, parent) {
      checkRows(data, path, from, count);
      const mask = rowMask(data, path, from, count, parent);
      putValidity(vector, mask);
      const inner = mask === undefined ? undefined : repeatBits(mask, count, size);
      element.write(arrayChild(vector), childOf(data, 0, path), from * size, count * size, inner);
    },
  };
}

export function structWriter(path: string, fields: readonly Writer[]): Writer {
  return {
    rows: (data) => Math.min(...fields.map((field, i) => field.rows(childOf(data, i, path)))),
    write(vector, data, from, count, parent) {
      checkRows(data, path, from, count);
      const mask = rowMask(data, path, from, count, parent);
      putValidity(vector, mask);
      fields.forEach((field, i) => {
        field.write(structChild(vector, i), childOf(data, i, path), from, count, mask);
      });
    },
  };
}

function childOf(data: Data, index: number, path: string): Data {
  const child = data.children[index];
  if (child === undefined) throw malformedError(path, 'a child column is missing');
  return child;
}
