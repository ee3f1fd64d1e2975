/** Callers who mean harm or know no better. After each of them the node answers the next. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  connect as connectHttp2,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
} from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { flight, flightSql as sql, frameHead } from '../../src/flight/index.ts';
import { rowsOf, served, type Served } from './kit.ts';

let s: Served;
before(async () => {
  s = await served({
    limits: {
      flight_streams: 20,
      flight_request_ms: 400,
      flight_stall_ms: 700,
      flight_command_bytes: 10_000,
    },
  });
});
after(() => s[Symbol.asyncDispose]());

const sessions: ClientHttp2Session[] = [];
afterEach(async () => {
  for (const session of sessions.splice(0)) session.destroy();
  const client = await s.connect();
  assert.deepEqual(await rowsOf(client.query('select 1 as a')), [{ a: 1 }]);
});

async function open(): Promise<ClientHttp2Session> {
  const session = connectHttp2(s.listening.url.replace('grpc:', 'http:'));
  session.on('error', () => undefined);
  sessions.push(session);
  await once(session, 'remoteSettings');
  return session;
}

function call(
  session: ClientHttp2Session,
  method: string,
  headers: Record<string, string> = {},
): ClientHttp2Stream {
  const stream = session.request({
    ':method': 'POST',
    ':path': `/${flight.FLIGHT_SERVICE}/${method}`,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  stream.on('error', () => undefined);
  return stream;
}

/** The status of a call, wherever it stands; undefined when the stream was reset without one. */
async function statusOf(stream: ClientHttp2Stream): Promise<{ status: string | undefined; message: string }> {
  let status: string | undefined;
  let message = '';
  const take = (headers: Record<string, unknown>): void => {
    status = (headers['grpc-status'] as string | undefined) ?? status;
    message = (headers['grpc-message'] as string | undefined) ?? message;
  };
  stream.on('response', take);
  stream.on('trailers', take);
  stream.resume();
  if (!stream.closed) await once(stream, 'close').catch(() => undefined);
  return { status, message };
}

const framed = (message: Uint8Array): Buffer => Buffer.concat([frameHead(message.length), message]);
const query = (text: string): Uint8Array =>
  flight.FlightDescriptor.encode({
    type: 2,
    cmd: sql.pack(sql.CommandStatementQuery.name, sql.CommandStatementQuery.encode({ query: text })),
  });

describe('hostile callers', () => {
  it('send no HTTP/2 at all', async () => {
    for (const bytes of [
      Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
      Buffer.alloc(100_000, 0xa5),
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + 'x'.repeat(5000)),
    ]) {
      const socket = connectTcp(s.listening.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(bytes);
      socket.resume();
      await once(socket, 'close');
    }
  });

  it('speak HTTP/2 but no gRPC', async () => {
    const session = await open();
    const stream = session.request({ ':method': 'GET', ':path': '/' });
    stream.end();
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    assert.equal(headers[':status'], 415);
    const other = call(session, 'Explode');
    other.end();
    assert.equal((await statusOf(other)).status, '12');
  });

  it('send garbage for messages', async () => {
    const session = await open();
    const methods = ['GetFlightInfo', 'GetSchema', 'DoGet', 'DoAction', 'DoPut', 'ListFlights', 'Handshake'];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...methods),
        fc.uint8Array({ maxLength: 300 }),
        fc.boolean(),
        async (method, bytes, frame) => {
          const stream = call(session, method);
          stream.end(frame ? framed(bytes) : Buffer.from(bytes));
          const { status, message } = await statusOf(stream);
          assert.ok(status !== undefined && status !== '13', `${method} answered ${status}: ${message}`);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('wrap garbage in commands and actions', async () => {
    const session = await open();
    const names = Object.values(sql).flatMap((one) =>
      typeof one === 'object' && 'name' in one ? [one.name] : [],
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.uint8Array({ maxLength: 100 }),
        fc.constantFrom('info', 'put', 'action'),
        async (name, bytes, how) => {
          const packed = sql.pack(name, bytes);
          const descriptor = { type: 2, cmd: packed, path: [] };
          const type = name.replace(/^.*\.Action|Request$/g, '');
          const [method, message] =
            how === 'info'
              ? ['GetFlightInfo', flight.FlightDescriptor.encode(descriptor)]
              : how === 'put'
                ? ['DoPut', flight.FlightData.encode({ flightDescriptor: descriptor, dataHeader: bytes })]
                : ['DoAction', flight.Action.encode({ type, body: packed })];
          const stream = call(session, method, {});
          stream.end(framed(message));
          const { status, message: words } = await statusOf(stream);
          assert.ok(
            status !== undefined && status !== '13',
            `${name} by ${how} answered ${status}: ${words}`,
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it('announce more than they may send', async () => {
    const session = await open();
    for (const [method, length] of [
      ['GetFlightInfo', 10_001],
      ['DoPut', 0xffff_ffff],
    ] as const) {
      const stream = call(session, method);
      stream.write(frameHead(length));
      assert.deepEqual((await statusOf(stream)).status, '8', method);
    }
    const compressed = call(session, 'GetFlightInfo', { 'grpc-encoding': 'gzip' });
    compressed.end(Buffer.from([1, 0, 0, 0, 1, 0]));
    assert.equal((await statusOf(compressed)).status, '12');
  });

  it('send two requests, or none', async () => {
    const session = await open();
    const two = call(session, 'GetFlightInfo');
    two.end(Buffer.concat([framed(query('select 1')), framed(query('select 2'))]));
    assert.equal((await statusOf(two)).status, '3');
    const none = call(session, 'DoPut');
    none.end();
    assert.equal((await statusOf(none)).status, '3');
  });

  it('break off in the middle', async () => {
    for (let i = 0; i < 50; i++) {
      const session = await open();
      const stream = call(session, i % 2 === 0 ? 'GetFlightInfo' : 'DoPut');
      stream.write(framed(query('select 1')).subarray(0, 1 + (i % 40)));
      if (i % 3 === 0) stream.close(constants.NGHTTP2_CANCEL);
      else if (i % 3 === 1) session.destroy();
      else stream.end();
    }
    await sleep(50);
  });

  it('open a call and say nothing', async () => {
    const session = await open();
    const { status, message } = await statusOf(call(session, 'GetFlightInfo'));
    assert.equal(status, '4');
    assert.match(message, /flight\.deadline/);
    // An upload may take its time, but not for ever.
    assert.match((await statusOf(call(session, 'DoPut'))).message, /flight\.deadline/);
  });

  it('open 10,000 calls and say nothing: only so many are let in, and others are served meanwhile', async () => {
    const session = await open();
    assert.equal(session.remoteSettings.maxConcurrentStreams, 20);
    let refused = 0;
    const idle = Array.from({ length: 10_000 }, () => {
      const stream = call(session, 'DoPut');
      stream.on('close', () => refused++);
      return stream;
    });
    const other = await s.connect();
    assert.deepEqual(await rowsOf(other.query('select 2 as a')), [{ a: 2 }]);
    const connections = await s.test.node.parts.store.rows<{ a: number }>('select 3 as a');
    assert.equal(connections.length, 1);
    session.destroy();
    await sleep(100);
    assert.equal(refused, idle.length);
  });

  it('never read: nothing piles up, and in the end the call is ended', async () => {
    const session = await open();
    const client = await s.connect();
    const info = await client.info(sql.CommandStatementQuery, {
      query: "select i, repeat('x', 1000) as t from range(20000000) t(i)",
    });
    const before_ = process.memoryUsage();
    const stream = call(session, 'DoGet');
    stream.pause();
    stream.end(framed(flight.Ticket.encode(info.endpoint[0]!.ticket!)));
    await sleep(500);
    const grown = process.memoryUsage().rss - before_.rss;
    assert.ok(grown < 200 * 1024 * 1024, `${Math.round(grown / 1024 ** 2)} MiB more`);
    const [code] = await Promise.race([
      once(stream, 'close').then(() => [stream.rstCode]),
      sleep(5000).then(() => ['open']),
    ]);
    assert.equal(code, constants.NGHTTP2_CANCEL);
  });

  it('hand in a deadline, a cookie or a token that is none', async () => {
    const session = await open();
    for (const [headers, wanted] of [
      [{ 'grpc-timeout': 'soon' }, '3'],
      [{ cookie: 'arrow_flight_session_id=guess' }, '0'],
      [{ cookie: ';=;;' }, '0'],
      [{ authorization: 'Bearer' }, '16'],
      [{ authorization: 'Basic !!!' }, '16'],
    ] as const) {
      const stream = call(session, 'ListActions', headers);
      stream.end(framed(new Uint8Array(0)));
      assert.equal((await statusOf(stream)).status, wanted, JSON.stringify(headers));
    }
  });
});
