/** Messages against bytes that pyarrow (protobuf C++) wrote, and against bytes that nobody should send. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FractalError } from '../../src/base/index.ts';
import { flight, flightSql, Message, protobufFields as f } from '../../src/flight/index.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Uint8Array => Buffer.from(text, 'hex');
const NONE = new Uint8Array(0);

describe('golden bytes of pyarrow 26', () => {
  const SCHEMA =
    'ffffffff780000001000000000000a000c000600050008000a000000000104000c000000080008000000040008000000040000000100000014000000100014000800000007000c00000010001000000000000002100000001c0000000400000000000000010000006100000008000c0008000700080000000000000120000000';
  const command = { type: 2, cmd: Buffer.from('\0cmd'), path: [] };

  it('descriptors', () => {
    assert.equal(hex(flight.FlightDescriptor.encode(command)), '0802120400636d64');
    const path = { type: 1, cmd: NONE, path: ['esh', 'sites'] };
    assert.equal(hex(flight.FlightDescriptor.encode(path)), '08011a036573681a057369746573');
    assert.deepEqual(flight.FlightDescriptor.decode(bytes('08011a036573681a057369746573')), path);
  });

  it('tickets and actions', () => {
    assert.equal(hex(flight.Ticket.encode({ ticket: Buffer.from('tick') })), '0a047469636b');
    assert.equal(
      hex(flight.Action.encode({ type: 'CancelFlightInfo', body: bytes('0102') })),
      '0a1043616e63656c466c69676874496e666f12020102',
    );
  });

  it('a FlightInfo, both ways', () => {
    const golden = `0a8001${SCHEMA}12080802120400636d641a160a060a047469636b120c0a0a677270633a2f2f683a31200328ffffffffffffffffff01`;
    const info = flight.FlightInfo.decode(bytes(golden));
    assert.equal(hex(info.schema), SCHEMA);
    assert.equal(info.endpoint[0]?.location[0]?.uri, 'grpc://h:1');
    assert.equal(info.totalRecords, 3n);
    assert.equal(info.totalBytes, -1n);
    assert.equal(hex(flight.FlightInfo.encode(info)), golden);
  });
});

/** One field of every kind. */
const All = new Message('All', {
  flag: f.bool(1),
  int: f.int32(2),
  long: f.int64(3),
  data: f.bytes(4),
  text: f.string(5),
  maybe: f.optional.string(6),
  fixed: f.optional.sfixed64(7),
  real: f.optional.double(8),
  ints: f.repeated.int32(9),
  texts: f.repeated.string(10),
  inner: f.message(11, new Message('Inner', { a: f.int32(1) })),
  inners: f.messages(2000, new Message('Inner', { a: f.int32(1) })),
});

const inner = fc.record({ a: fc.integer() }, { noNullPrototype: true });
const value = fc.record({
  flag: fc.boolean(),
  int: fc.integer(),
  long: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  data: fc.uint8Array(),
  text: fc.string({ unit: 'grapheme' }),
  maybe: fc.option(fc.string(), { nil: undefined }),
  fixed: fc.option(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), { nil: undefined }),
  real: fc.option(fc.double({ noNaN: true }), { nil: undefined }),
  ints: fc.array(fc.integer()),
  texts: fc.array(fc.string()),
  inner: fc.option(inner, { nil: undefined }),
  inners: fc.array(inner),
});

describe('a message', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(value, (one) => {
        const back = All.decode(All.encode(one));
        assert.deepEqual({ ...back, data: [...back.data] }, { ...one, data: [...one.data] });
      }),
    );
  });

  it('keeps what it knows beside fields that it does not', () => {
    const strange = Buffer.concat([
      bytes('c23e0461626364'),
      flight.Ticket.encode({ ticket: Buffer.from('t') }),
      bytes('1101020304050607081d01020304'),
    ]);
    assert.equal(Buffer.from(flight.Ticket.decode(strange).ticket).toString(), 't');
  });

  it('reads numbers packed and one by one', () => {
    assert.deepEqual(flightSql.CommandGetSqlInfo.decode(bytes('0a03010203')).info, [1, 2, 3]);
    assert.deepEqual(flightSql.CommandGetSqlInfo.decode(bytes('080108020803')).info, [1, 2, 3]);
  });

  it('does not copy bytes', () => {
    const message = flight.Ticket.encode({ ticket: new Uint8Array(1000) });
    assert.equal(flight.Ticket.decode(message).ticket.buffer, message.buffer);
  });

  it('gives one value or one typed error for any bytes', () => {
    const messages = [
      All,
      flight.FlightInfo,
      flight.FlightData,
      flightSql.CommandGetTables,
      flight.SetSessionOptionsRequest,
    ];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...messages), (data, message) => {
        try {
          message.decode(data);
        } catch (error) {
          assert.ok(error instanceof FractalError && error.code === 'protobuf.malformed', String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses what lies about its length, its kind, its number of fields', () => {
    const malformed = { code: 'protobuf.malformed' };
    assert.throws(() => flight.Ticket.decode(bytes('0affffffff0f')), malformed);
    assert.throws(() => flight.Ticket.decode(bytes('0aff')), malformed);
    assert.throws(() => flight.Ticket.decode(bytes('0803')), malformed);
    assert.throws(() => flight.Ticket.decode(bytes('0b')), malformed);
    assert.throws(() => flight.FlightDescriptor.decode(bytes('1a02c328')), malformed);
    assert.throws(() => flight.Ticket.decode(bytes('ffffffffffffffffffff01')), malformed);
    assert.throws(() => flight.FlightDescriptor.decode(Buffer.alloc(200_000, bytes('1a00'))), malformed);
    assert.throws(
      () => flightSql.CommandGetSqlInfo.decode(Buffer.concat([bytes('0a80b518'), Buffer.alloc(400_000)])),
      malformed,
    );
  });

  it('is packed with its name; bare bytes are no command', () => {
    const packed = flightSql.pack(flightSql.CommandGetCatalogs.name, NONE);
    assert.equal(flightSql.unpack(packed).name, 'arrow.flight.protocol.sql.CommandGetCatalogs');
    assert.throws(() => flightSql.unpack(Buffer.from('select 1')), { code: 'protobuf.malformed' });
  });
});
