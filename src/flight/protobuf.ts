/**
 * Protocol Buffers, as much of it as Flight needs: messages as tables of fields, read within bounds.
 *
 * Bytes are read as views of the message, never copied, and unknown fields are skipped, as the format asks. Groups,
 * which proto3 does not have, are refused.
 */
import { FIXED_LIMITS, badInputError, type FractalError } from '../base/index.ts';

const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
type Wire = (typeof WIRE)[keyof typeof WIRE];

const TWO_7 = 0x80;
const VARINT_BYTES_MAX = 10;

export function malformedMessage(what: string): FractalError {
  return badInputError(
    'protobuf.malformed',
    `a message is malformed: ${what}`,
    'Send Protocol Buffers of Flight.',
  );
}

class Output {
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  tag(number: number, wire: Wire): void {
    this.varint(number * 8 + wire);
  }

  /** Up to 2^53. */
  varint(value: number): void {
    const bytes: number[] = [];
    let rest = value;
    for (; rest >= TWO_7; rest = Math.floor(rest / TWO_7)) bytes.push((rest % TWO_7) | TWO_7);
    bytes.push(rest);
    this.raw(Uint8Array.from(bytes));
  }

  /** 64 bits; a negative number takes ten bytes. */
  varint64(value: bigint): void {
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, value);
    for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | TWO_7);
    bytes.push(Number(rest));
    this.raw(Uint8Array.from(bytes));
  }

  sized(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.raw(bytes);
  }

  raw(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    this.#length += bytes.length;
  }

  finish(): Uint8Array {
    return Buffer.concat(this.#pieces, this.#length);
  }
}

class Input {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** A tag or a length. */
  varint(): number {
    const value = this.varint64();
    if (value > 0xffff_ffffn) throw malformedMessage('a length is beyond 32 bits');
    return Number(value);
  }

  varint64(): bigint {
    let low = 0;
    // Most are of a few bytes: those need no BigInt until the end.
    for (let i = 0, factor = 1; i < 7; i++, factor *= TWO_7) {
      const byte = this.#byte();
      low += (byte & 0x7f) * factor;
      if (byte < TWO_7) return BigInt(low);
    }
    let value = BigInt(low);
    for (let i = 7; i < VARINT_BYTES_MAX; i++) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << BigInt(7 * i);
      if (byte < TWO_7) return BigInt.asUintN(64, value);
    }
    throw malformedMessage('a number does not end');
  }

  sized(): Uint8Array {
    return this.fixed(this.varint());
  }

  fixed(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw malformedMessage('a field is longer than its message');
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  skip(wire: number): void {
    switch (wire) {
      case WIRE.varint:
        this.varint64();
        break;
      case WIRE.fixed64:
        this.fixed(8);
        break;
      case WIRE.bytes:
        this.sized();
        break;
      case WIRE.fixed32:
        this.fixed(4);
        break;
      default:
        throw malformedMessage('a field is of no kind that proto3 has');
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw malformedMessage('it ends in the middle of a number');
    this.#at++;
    return byte;
  }
}

/** How one value is written, without its tag. */
interface Kind<T> {
  readonly wire: Wire;
  readonly zero: T;
  isZero(value: T): boolean;
  write(out: Output, value: T): void;
  read(input: Input): T;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const EMPTY = new Uint8Array(0);

const KINDS = {
  bool: {
    wire: WIRE.varint,
    zero: false,
    isZero: (value) => !value,
    write: (out, value) => out.varint(value ? 1 : 0),
    read: (input) => input.varint64() !== 0n,
  } satisfies Kind<boolean> as Kind<boolean>,
  /** Enumerations too. */
  int32: {
    wire: WIRE.varint,
    zero: 0,
    isZero: (value) => value === 0,
    write: (out, value) => out.varint64(BigInt(value)),
    read: (input) => Number(BigInt.asIntN(32, input.varint64())),
  } satisfies Kind<number> as Kind<number>,
  int64: {
    wire: WIRE.varint,
    zero: 0n,
    isZero: (value) => value === 0n,
    write: (out, value) => out.varint64(value),
    read: (input) => BigInt.asIntN(64, input.varint64()),
  } satisfies Kind<bigint> as Kind<bigint>,
  sfixed64: {
    wire: WIRE.fixed64,
    zero: 0n,
    isZero: (value) => value === 0n,
    write: (out, value) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(value);
      out.raw(bytes);
    },
    read: (input) => Buffer.from(input.fixed(8)).readBigInt64LE(),
  } satisfies Kind<bigint> as Kind<bigint>,
  double: {
    wire: WIRE.fixed64,
    zero: 0,
    isZero: (value) => Object.is(value, 0),
    write: (out, value) => {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(value);
      out.raw(bytes);
    },
    read: (input) => Buffer.from(input.fixed(8)).readDoubleLE(),
  } satisfies Kind<number> as Kind<number>,
  bytes: {
    wire: WIRE.bytes,
    zero: EMPTY,
    isZero: (value) => value.length === 0,
    write: (out, value) => out.sized(value),
    read: (input) => input.sized(),
  } satisfies Kind<Uint8Array> as Kind<Uint8Array>,
  string: {
    wire: WIRE.bytes,
    zero: '',
    isZero: (value) => value === '',
    write: (out, value) => out.sized(Buffer.from(value, 'utf8')),
    read: (input) => {
      const bytes = input.sized();
      try {
        return utf8.decode(bytes);
      } catch {
        throw malformedMessage('a text is not UTF-8');
      }
    },
  } satisfies Kind<string> as Kind<string>,
};

export interface Field<T> {
  readonly number: number;
  readonly absent: T;
  write(out: Output, value: T): void;
  read(input: Input, wire: number, before: T): T;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;
export type Decoded<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };
/** The value of a message: `ValueOf<typeof Ticket>`. */
export type ValueOf<M> = M extends Message<infer F> ? Decoded<F> : never;

function expectWire(found: number, wanted: Wire): void {
  if (found !== wanted) throw malformedMessage('a field is of another kind than the protocol says');
}

/** A field that is its zero when absent, and absent when zero. */
const plain =
  <T>(kind: Kind<T>) =>
  (number: number): Field<T> => ({
    number,
    absent: kind.zero,
    write(out, value) {
      if (kind.isZero(value)) return;
      out.tag(number, kind.wire);
      kind.write(out, value);
    },
    read(input, wire) {
      expectWire(wire, kind.wire);
      return kind.read(input);
    },
  });

/** A field that can be told from one that was not sent. */
const present =
  <T>(kind: Kind<T>) =>
  (number: number): Field<T | undefined> => ({
    number,
    absent: undefined,
    write(out, value) {
      if (value === undefined) return;
      out.tag(number, kind.wire);
      kind.write(out, value);
    },
    read(input, wire) {
      expectWire(wire, kind.wire);
      return kind.read(input);
    },
  });

const list =
  <T>(kind: Kind<T>) =>
  (number: number): Field<readonly T[]> => ({
    number,
    absent: [],
    write(out, values) {
      for (const value of values) {
        out.tag(number, kind.wire);
        kind.write(out, value);
      }
    },
    read(input, wire, before) {
      const values = before.length === 0 ? [] : (before as T[]);
      if (wire === WIRE.bytes && kind.wire !== WIRE.bytes) {
        // Numbers may come packed; both ways must be read.
        const packed = new Input(input.sized());
        while (!packed.done) {
          if (values.length >= FIXED_LIMITS.flight_message_fields.value)
            throw malformedMessage('it has too many fields');
          values.push(kind.read(packed));
        }
      } else {
        expectWire(wire, kind.wire);
        values.push(kind.read(input));
      }
      return values;
    },
  });

const messageKind = <F extends Fields>(message: Message<F>): Kind<Decoded<F>> => ({
  wire: WIRE.bytes,
  zero: message.decode(EMPTY),
  isZero: () => false,
  write: (out, value) => out.sized(message.encode(value)),
  read: (input) => message.decode(input.sized()),
});

/** Field makers, by the field's number. */
export const f = {
  bool: plain(KINDS.bool),
  int32: plain(KINDS.int32),
  int64: plain(KINDS.int64),
  bytes: plain(KINDS.bytes),
  string: plain(KINDS.string),
  optional: {
    bool: present(KINDS.bool),
    int32: present(KINDS.int32),
    sfixed64: present(KINDS.sfixed64),
    double: present(KINDS.double),
    bytes: present(KINDS.bytes),
    string: present(KINDS.string),
  },
  repeated: { int32: list(KINDS.int32), string: list(KINDS.string) },
  message: <F extends Fields>(number: number, message: Message<F>): Field<Decoded<F> | undefined> =>
    present(messageKind(message))(number),
  messages: <F extends Fields>(number: number, message: Message<F>): Field<readonly Decoded<F>[]> =>
    list(messageKind(message))(number),
};

export class Message<F extends Fields> {
  /** Full name, as it stands in the type address of an Any. */
  readonly name: string;
  readonly #fields: readonly (readonly [string, Field<unknown>])[];
  readonly #byNumber: ReadonlyMap<number, readonly [string, Field<unknown>]>;

  constructor(name: string, fields: F) {
    this.name = name;
    this.#fields = Object.entries(fields).sort(([, a], [, b]) => a.number - b.number);
    this.#byNumber = new Map(this.#fields.map((entry) => [entry[1].number, entry]));
  }

  encode(value: Partial<Decoded<F>>): Uint8Array {
    const out = new Output();
    for (const [name, field] of this.#fields) field.write(out, name in value ? value[name] : field.absent);
    return out.finish();
  }

  /** Throws `protobuf.malformed`. Bytes in the answer are views of `bytes`. */
  decode(bytes: Uint8Array): Decoded<F> {
    const value: Record<string, unknown> = {};
    for (const [name, field] of this.#fields) value[name] = field.absent;
    const input = new Input(bytes);
    for (let count = 0; !input.done; count++) {
      if (count >= FIXED_LIMITS.flight_message_fields.value) throw malformedMessage('it has too many fields');
      const tag = input.varint();
      const entry = this.#byNumber.get(tag >>> 3);
      if (entry === undefined) input.skip(tag & 7);
      else value[entry[0]] = entry[1].read(input, tag & 7, value[entry[0]]);
    }
    return value as Decoded<F>;
  }
}

/** Tag and length of a field of bytes that follows unjoined. */
export function bytesFieldHead(number: number, length: number): Uint8Array {
  const out = new Output();
  out.tag(number, WIRE.bytes);
  out.varint(length);
  return out.finish();
}
