/**
 * Checks an Arrow message header before apache-arrow reads it. A flatbuffer is offsets and counts that its reader
 * believes: a count of billions, or a tree that shares its branches, would take all memory. Here every offset must lie
 * inside the header, every count must have its bytes there, and no part may be visited more often than it has bytes.
 *
 * Tables and slots are those of Arrow's Message.fbs and Schema.fbs.
 */
import { badInputError, type FractalError } from '../../../base/index.ts';

type Slot =
  | { readonly is: 'scalar'; readonly bytes: number }
  | { readonly is: 'text' }
  | { readonly is: 'values'; readonly bytes: number }
  | { readonly is: 'table'; readonly table: () => Table }
  | { readonly is: 'tables'; readonly table: () => Table }
  /** The slot before it holds the number of its type. */
  | { readonly is: 'union'; readonly tables: () => Readonly<Record<number, Table>> };

/** Slots in order; undefined ones are not read. */
type Table = readonly (Slot | undefined)[];

const scalar = (bytes: number): Slot => ({ is: 'scalar', bytes });
const values = (bytes: number): Slot => ({ is: 'values', bytes });
const table = (of: () => Table): Slot => ({ is: 'table', table: of });
const tables = (of: () => Table): Slot => ({ is: 'tables', table: of });
const text: Slot = { is: 'text' };

const KEY_VALUE: Table = [text, text];
const INT: Table = [scalar(4), scalar(1)];
const UNIT: Table = [scalar(2)];
const SIZE: Table = [scalar(4)];
const EMPTY: Table = [];

/** Type tables by their number in Schema.fbs; what apache-arrow 18 does not know is not here and so refused. */
const TYPES: Readonly<Record<number, Table>> = {
  1: EMPTY, // Null
  2: INT,
  3: UNIT, // FloatingPoint
  4: EMPTY, // Binary
  5: EMPTY, // Utf8
  6: EMPTY, // Bool
  7: [scalar(4), scalar(4), scalar(4)], // Decimal
  8: UNIT, // Date
  9: [scalar(2), scalar(4)], // Time
  10: [scalar(2), text], // Timestamp
  11: UNIT, // Interval
  12: EMPTY, // List
  13: EMPTY, // Struct
  14: [scalar(2), values(4)], // Union
  15: SIZE, // FixedSizeBinary
  16: SIZE, // FixedSizeList
  17: [scalar(1)], // Map
  18: UNIT, // Duration
  19: EMPTY, // LargeBinary
  20: EMPTY, // LargeUtf8
};

const DICTIONARY_ENCODING: Table = [scalar(8), table(() => INT), scalar(1), scalar(2)];
const FIELD: Table = [
  text,
  scalar(1),
  scalar(1),
  { is: 'union', tables: () => TYPES },
  table(() => DICTIONARY_ENCODING),
  tables(() => FIELD),
  tables(() => KEY_VALUE),
];
const SCHEMA: Table = [scalar(2), tables(() => FIELD), tables(() => KEY_VALUE), values(8)];
const RECORD_BATCH: Table = [scalar(8), values(16), values(16), table(() => EMPTY), values(8)];
const DICTIONARY_BATCH: Table = [scalar(8), table(() => RECORD_BATCH), scalar(1)];
const MESSAGE: Table = [
  scalar(2),
  scalar(1),
  { is: 'union', tables: () => ({ 1: SCHEMA, 2: DICTIONARY_BATCH, 3: RECORD_BATCH }) },
  scalar(8),
  tables(() => KEY_VALUE),
];

/** Slot of RecordBatch's compression. */
const COMPRESSION = 3;

/** Gives the length of the body that follows. Throws `arrow.malformed`. */
export function checkHeader(header: Uint8Array): number {
  const walk = new Walk(header);
  const root = walk.follow(0);
  walk.table(root, MESSAGE, 0);
  if (walk.compressed)
    throw badInputError(
      'arrow.compression',
      'the Arrow data is compressed',
      'Send it without body compression.',
    );
  const at = walk.slot(root, 3);
  const length = at === undefined ? 0 : Number(walk.view.getBigInt64(at, true));
  if (length < 0 || !Number.isSafeInteger(length)) throw malformedHeader();
  return length;
}

export function malformedHeader(): FractalError {
  return badInputError(
    'arrow.malformed',
    'a message of the Arrow stream is malformed',
    'Send an Arrow IPC stream.',
  );
}

/** Fields may be nested this deep. */
const DEPTH_MAX = 64;

class Walk {
  readonly view: DataView;
  compressed = false;
  #left: number;

  constructor(header: Uint8Array) {
    this.view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    this.#left = header.byteLength;
  }

  table(at: number, shape: Table, depth: number): void {
    this.#spend(4);
    if (depth > DEPTH_MAX) throw malformedHeader();
    const { vtable, size } = this.#vtable(at);
    if (this.#u16(vtable + 2) < 4 || at + this.#u16(vtable + 2) > this.view.byteLength)
      throw malformedHeader();
    this.#inside(vtable, size);
    shape.forEach((slot, index) => {
      const place = this.slot(at, index);
      if (slot === undefined || place === undefined) return;
      if (shape === RECORD_BATCH && index === COMPRESSION) this.compressed = true;
      this.#slot(at, index, place, slot, depth);
    });
  }

  /** Where a table's slot is; undefined when the table does not have it. */
  slot(at: number, index: number): number | undefined {
    const { vtable, size } = this.#vtable(at);
    if (4 + index * 2 >= size) return undefined;
    const offset = this.#u16(vtable + 4 + index * 2);
    return offset === 0 ? undefined : at + offset;
  }

  /** The place that an offset points to. */
  follow(at: number): number {
    const to = at + this.#u32(at);
    this.#inside(to, 4);
    return to;
  }

  #slot(owner: number, index: number, place: number, slot: Slot, depth: number): void {
    switch (slot.is) {
      case 'scalar':
        this.#inside(place, slot.bytes);
        break;
      case 'text':
        this.#vector(this.follow(place), 1);
        break;
      case 'values':
        this.#vector(this.follow(place), slot.bytes);
        break;
      case 'table':
        this.table(this.follow(place), slot.table(), depth + 1);
        break;
      case 'tables': {
        const to = this.follow(place);
        const count = this.#vector(to, 4);
        for (let i = 0; i < count; i++) this.table(this.follow(to + 4 + i * 4), slot.table(), depth + 1);
        break;
      }
      case 'union': {
        const tag = this.slot(owner, index - 1);
        const shape = tag === undefined ? undefined : slot.tables()[this.view.getUint8(tag)];
        if (shape === undefined) throw malformedHeader();
        this.table(this.follow(place), shape, depth + 1);
        break;
      }
    }
  }

  /** Elements of a vector whose bytes are all there. */
  #vector(at: number, bytes: number): number {
    const count = this.#u32(at);
    this.#inside(at + 4, count * bytes);
    this.#spend(4 + count * bytes);
    return count;
  }

  #vtable(at: number): { vtable: number; size: number } {
    this.#inside(at, 4);
    const vtable = at - this.view.getInt32(at, true);
    const size = this.#u16(vtable);
    return { vtable, size };
  }

  #u16(at: number): number {
    this.#inside(at, 2);
    return this.view.getUint16(at, true);
  }

  #u32(at: number): number {
    this.#inside(at, 4);
    return this.view.getUint32(at, true);
  }

  #inside(at: number, bytes: number): void {
    if (at < 0 || at + bytes > this.view.byteLength) throw malformedHeader();
  }

  /** Honest headers are read once; shared branches would be read again and again. Strings may be shared a little. */
  #spend(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < -this.view.byteLength * 3) throw malformedHeader();
  }
}
