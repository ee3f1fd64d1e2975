import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, lstat, readdir, stat, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import path from 'node:path';
import { after, afterEach, beforeEach, describe, it, test } from 'node:test';
import {
  DEFAULT_LIMITS,
  FractalError,
  silentLog,
  unavailableError,
  type ErrorKind,
} from '../../src/base/index.ts';
import { RemoteNode, addressFor, listen, socketPathOf } from '../../src/server/index.ts';
import { collectRows } from '../contract/node-api-contract.ts';
import { bench, call, until, type Bench } from './harness.ts';

const fails = (kind: ErrorKind, code: string) => (error: unknown) => {
  assert.ok(error instanceof FractalError, String(error));
  assert.deepEqual([error.kind, error.code], [kind, code]);
  return true;
};

let b: Bench;
const spares: Bench[] = [];
beforeEach(async () => {
  b = await bench();
});
afterEach(() => b.cleanUp());
after(async () => {
  for (const spare of spares) await spare.cleanUp();
});

describe('the two doors', () => {
  it('serve one node, the socket for its user only', async () => {
    const { port, socketPath, url } = await b.listen();
    assert.equal(url, `http://127.0.0.1:${port}`);
    assert.equal((await call({ port }, { path: '/healthz' })).status, 200);
    assert.equal((await call({ socketPath }, { path: '/healthz' })).status, 200);
    const mode = (await lstat(socketPath)).mode;
    assert.equal(mode & 0o777, 0o600);
    assert.equal((await stat(b.folder)).mode & 0o777, 0o700);
  });

  it('close a data directory that others could enter', async () => {
    await chmod(b.folder, 0o755);
    await b.listen();
    assert.equal((await stat(b.folder)).mode & 0o777, 0o700);
  });

  it('check the Host on the port over a real connection', async () => {
    const { port } = await b.listen();
    const other = await call({ port }, { path: '/v1/status', headers: { host: `evil.example:${port}` } });
    assert.equal(other.status, 403);
    assert.match(other.body, /http\.host/);
    const malformed = await call({ port }, { path: '/v1/status', headers: { host: 'a b' } });
    assert.ok(malformed.status === 400 || malformed.status === 403);
    assert.match(malformed.headers['content-type'] ?? '', /problem\+json/);
    assert.equal(b.node.seen.length, 0);
  });

  it('tell paths from uploads by the door', async () => {
    const { port, socketPath } = await b.listen();
    const file = await b.file('good.txt', 'text');
    const request = {
      method: 'POST',
      path: '/v1/import',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ paths: [file] }),
    };
    assert.equal((await call({ port }, request)).status, 403);
    assert.equal((await call({ socketPath }, request)).status, 200);
    const upload = await call(
      { port },
      {
        method: 'POST',
        path: '/v1/import?name=a.txt',
        headers: { 'content-type': 'application/octet-stream' },
        body: Buffer.alloc(300_000, 0x61),
      },
    );
    assert.equal(upload.status, 200);
    assert.deepEqual(await readdir(path.join(b.folder, 'uploads')), []);
  });

  it('replace the socket of a node that was killed', async () => {
    const socketPath = socketPathOf(b.folder);
    const child = spawn(process.execPath, [
      '-e',
      `require('node:net').createServer().listen(${JSON.stringify(socketPath)}, () => process.kill(process.pid, 'SIGKILL'))`,
    ]);
    await once(child, 'exit');
    assert.ok((await lstat(socketPath)).isSocket());
    await assert.rejects(new RemoteNode({ socketPath }).status(), fails('unavailable', 'node.not_running'));
    await b.listen();
    assert.equal((await call({ socketPath }, { path: '/healthz' })).status, 200);
  });

  it('refuse a second node on the directory and leave the first alone', async () => {
    const { socketPath } = await b.listen();
    await assert.rejects(b.listen(), fails('unavailable', 'node.running'));
    assert.equal((await call({ socketPath }, { path: '/healthz' })).status, 200);
  });

  it('never remove what is not a socket', async () => {
    await writeFile(socketPathOf(b.folder), 'mine');
    await assert.rejects(b.listen(), fails('unavailable', 'server.socket'));
    assert.ok((await lstat(socketPathOf(b.folder))).isFile());
  });

  it('refuse a port in use and close the socket again', async () => {
    const { port } = await b.listen();
    const second = await bench();
    spares.push(second);
    const socketPath = socketPathOf(second.folder);
    await assert.rejects(
      listen({
        app: second.app,
        host: 'localhost',
        port,
        socketPath,
        limits: DEFAULT_LIMITS,
        log: silentLog,
      }),
      fails('unavailable', 'server.port_in_use'),
    );
    await assert.rejects(lstat(socketPath), { code: 'ENOENT' });
  });

  it('refuse hosts that are not loopback', () => {
    for (const host of [
      '0.0.0.0',
      '::',
      '192.168.1.5',
      'example.com',
      '',
      '127.0.0.1.evil.example',
      '__proto__',
    ])
      for (const tls of [true, false]) {
        assert.throws(
          () => addressFor(host, { users: false, tls }),
          fails('denied', 'server.not_loopback'),
          host,
        );
        if (host !== '') continue;
        assert.throws(() => addressFor(host, { users: true, tls: true }), fails('usage', 'server.host'));
      }
    assert.throws(
      () => addressFor('0.0.0.0', { users: true, tls: false }),
      fails('denied', 'server.plaintext'),
    );
    assert.equal(addressFor('0.0.0.0', { users: true, tls: true }), '0.0.0.0');
    assert.equal(addressFor('localhost', { users: false, tls: false }), '127.0.0.1');
    assert.equal(addressFor('[::1]', { users: false, tls: false }), '::1');
  });
});

describe('a client that leaves', () => {
  it('aborts the statement', async () => {
    const { port } = await b.listen();
    const request = httpRequest({
      host: '127.0.0.1',
      port,
      method: 'POST',
      path: '/v1/sql',
      headers: { 'content-type': 'application/json', accept: 'application/vnd.apache.arrow.stream' },
      agent: false,
    });
    request.on('error', () => undefined);
    request.end(JSON.stringify({ sql: 'long' }));
    const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream & { destroy(): void }];
    response.destroy();
    await until(() => b.node.aborted.includes('sql'), 'the statement is aborted');
  });

  it('aborts an import over the socket when its signal fires', async () => {
    await b.listen();
    const paths = await Promise.all(Array.from({ length: 50 }, (_, i) => b.file(`f${i}.txt`, 'text')));
    const remote = new RemoteNode({ socketPath: socketPathOf(b.folder) });
    const abort = new AbortController();
    await assert.rejects(
      async () => {
        for await (const event of remote.import({ paths }, abort.signal))
          if (event.type === 'result') abort.abort();
      },
      fails('unavailable', 'cancelled'),
    );
    await until(() => b.node.aborted.includes('import'), 'the import is aborted');
  });

  it('sends half an upload and leaves nothing', async () => {
    const { port } = await b.listen();
    const socket = connect({ host: '127.0.0.1', port });
    await once(socket, 'connect');
    socket.write(
      `POST /v1/import?name=a.txt HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n` +
        'Content-Type: application/octet-stream\r\nContent-Length: 1000\r\n\r\nhalf',
    );
    const uploads = path.join(b.folder, 'uploads');
    const kept = async (): Promise<number> => (await readdir(uploads).catch(() => [])).length;
    await until(async () => (await kept()) === 1, 'the upload begins');
    socket.destroy();
    await until(async () => (await kept()) === 0, 'the part is removed');
    assert.equal(b.node.seen.length, 0);
  });
});

describe('a statement that fails after its first batch', () => {
  it('cuts the connection, in JSON and in Arrow, and shows nothing', async () => {
    const { port } = await b.listen();
    b.node.failAfterFirstChunk = new Error('patient Smith');
    for (const accept of ['application/json', 'application/vnd.apache.arrow.stream'])
      await assert.rejects(
        call(
          { port },
          {
            method: 'POST',
            path: '/v1/sql',
            headers: { 'content-type': 'application/json', accept },
            body: JSON.stringify({ sql: 'long' }),
          },
        ),
        { code: 'ECONNRESET' },
        accept,
      );
  });

  it('tells a command the reason', async () => {
    await b.listen();
    b.node.failAfterFirstChunk = unavailableError('sql.timeout', 'too slow', 'Ask for less.');
    const remote = new RemoteNode({ socketPath: socketPathOf(b.folder) });
    const bytes = await remote.sql({ sql: 'long' });
    await assert.rejects(collectRows(bytes), fails('unavailable', 'sql.timeout'));
  });
});

describe('stopping', () => {
  it('ends idle doors at once and can be asked twice', async () => {
    const { stop, socketPath } = await b.listen();
    await Promise.all([stop(), stop()]);
    await assert.rejects(new RemoteNode({ socketPath }).status(), fails('unavailable', 'node.not_running'));
    await assert.rejects(lstat(socketPath), { code: 'ENOENT' });
  });

  it('cuts a request that outlives the deadline', async () => {
    const { stop, socketPath } = await b.listen();
    const remote = new RemoteNode({ socketPath });
    const bytes = (await remote.sql({ sql: 'long' }))[Symbol.asyncIterator]();
    await bytes.next();
    const start = performance.now();
    await stop();
    assert.ok(performance.now() - start < 2_000);
    await remote.close();
  });

  it('drops connections over the limit', async () => {
    const small = await bench({ limits: { http_connections: 1 } });
    spares.push(small);
    const { port } = await small.listen();
    const first = connect({ host: '127.0.0.1', port });
    await once(first, 'connect');
    await assert.rejects(call({ port }, { path: '/healthz' }), { code: 'ECONNRESET' });
    first.destroy();
  });

  it('does not wait for ever for headers', async () => {
    const hasty = await bench({ limits: { http_headers_ms: 100 } });
    spares.push(hasty);
    const { port } = await hasty.listen();
    const slow = connect({ host: '127.0.0.1', port });
    slow.on('error', () => undefined);
    slow.write('GET /healthz HTTP/1.1\r\nHost: 127');
    slow.resume();
    await once(slow, 'close');
  });
});

test('a hub that breaks off in the middle of an answer is told by its address', async (t) => {
  const hub = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"half": ', () => response.destroy());
  });
  await new Promise<void>((resolve) => hub.listen(0, '127.0.0.1', resolve));
  t.after(() => hub.close());
  const { port } = hub.address() as AddressInfo;
  const node = new RemoteNode({ url: new URL(`http://127.0.0.1:${port}`) });
  await assert.rejects(node.status(), {
    code: 'node.connection_lost',
    message: `the connection to 127.0.0.1:${port} was lost (ECONNRESET)`,
  });
});
