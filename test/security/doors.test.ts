/** Ports that are not loopback: only with users, only with TLS 1.3. Rule U7 of src/security/SPEC.md. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import path from 'node:path';
import { connect, type SecureVersion } from 'node:tls';
import { after, before, describe, it } from 'node:test';
import { silentLog } from '../../src/base/index.ts';
import { FlightClient, FlightSqlClient } from '../../src/flight/index.ts';
import { createApp, listen, listenFlight, socketPathOf, type Listening } from '../../src/server/index.ts';
import { rowsOf } from '../flight/kit.ts';
import { testNode, type TestNode } from '../node/kit.ts';
import { people, type People } from './people.ts';

const TLS = path.join(import.meta.dirname, '../server/tls');
const cert = readFileSync(path.join(TLS, 'server.pem'));
/** Not one of the loopback names, so it is treated as any other address. */
const HOST = '127.0.0.2';
const FILES = { cert: 'server.pem', key: 'server.key' };

/** Opens the node again with `config` in fractal.json beside what stands there. */
async function secure(p: People, config: object): Promise<void> {
  const file = path.join(p.test.dataDir, 'fractal.json');
  const text = JSON.parse(await readFile(file, 'utf8')) as object;
  await writeFile(file, JSON.stringify({ ...text, ...config }));
  await p.test.reopen();
}

async function openHttp({ node, dataDir }: TestNode, host: string): Promise<Listening> {
  const { limits } = node.parts;
  const log = silentLog;
  const app = createApp(node, {
    dataDir,
    version: '0',
    limits,
    log,
    principal: 'local-operator',
    admit: (caller) => node.as(caller),
  });
  const socketPath = socketPathOf(dataDir);
  return await listen({ app, host, port: 0, socketPath, limits, log, ...(await node.http()) });
}

interface Asked {
  readonly port: number;
  readonly headers?: Record<string, string>;
  readonly token?: string;
}

function ask({ port, headers = {}, token }: Asked): Promise<number> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const all = { ...authorization, ...headers };
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      {
        host: HOST,
        port,
        path: '/v1/status',
        ca: cert,
        agent: false,
        servername: 'node.example',
        headers: all,
      },
      (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
      },
    );
    request.on('error', reject);
    request.end();
  });
}

/** Which version the port agrees to, or why not. */
function handshake(port: number, maxVersion: SecureVersion): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port, ca: cert, maxVersion, minVersion: 'TLSv1.2' }, () => {
      resolve(socket.getProtocol() ?? '');
      socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
  });
}

describe('[U7] a port that is not loopback', () => {
  it('is never opened in single-user mode, with keys or without', async () => {
    await using t = await testNode();
    await assert.rejects(openHttp(t, HOST), { code: 'server.not_loopback', kind: 'denied' });
    const { limits } = t.node.parts;
    const tls = { cert, key: readFileSync(path.join(TLS, 'server.key')) };
    const door = await t.node.flight();
    for (const one of [door, { ...door, tls }])
      await assert.rejects(listenFlight({ ...one, host: HOST, port: 0, limits, log: silentLog }), {
        code: 'server.not_loopback',
      });
  });

  let p: People;
  before(async () => {
    p = await people();
    await cp(TLS, p.test.dataDir, { recursive: true });
  });
  after(() => p[Symbol.asyncDispose]());

  it('is not opened without TLS, and a pair of keys that does not fit is told before', async () => {
    await assert.rejects(openHttp(p.test, HOST), { code: 'server.plaintext', kind: 'denied' });
    await secure(p, { tls: { ...FILES, key: 'other.key' } });
    await assert.rejects(openHttp(p.test, HOST), { code: 'node.tls', kind: 'bad_input' });
    await assert.rejects(p.test.node.flight(), { code: 'node.tls' });
  });

  it('speaks TLS 1.3 alone, to names of its certificate, and asks who calls', async () => {
    await secure(p, { tls: FILES });
    const listening = await openHttp(p.test, HOST);
    const { port } = listening;
    try {
      assert.equal(listening.url, `https://${HOST}:${port}`);
      assert.equal(await handshake(port, 'TLSv1.3'), 'TLSv1.3');
      assert.match(await handshake(port, 'TLSv1.2'), /PROTOCOL_VERSION|ECONNRESET/);
      const token = p.token('ann');
      assert.equal(await ask({ port }), 401);
      assert.equal(await ask({ port, token }), 200);
      const named = (host: string, more = {}): Asked => ({ port, token, headers: { host, ...more } });
      const own = `node.example:${port}`;
      assert.equal(await ask(named(own)), 200);
      for (const host of ['evil.example', 'localhost', '127.0.0.1'])
        assert.equal(await ask(named(`${host}:${port}`)), 403, host);
      for (const host of ['node.example', `node.example:${port + 1}`])
        assert.equal(await ask(named(host)), 403, host);
      assert.equal(await ask(named(own, { origin: `https://${own}` })), 200);
      for (const origin of [`http://${own}`, 'https://evil.example', 'null'])
        assert.equal(await ask(named(own, { origin })), 403, origin);
    } finally {
      await listening.stop();
    }
  });

  it('of Flight is the same', async () => {
    const { limits } = p.test.node.parts;
    const door = await p.test.node.flight();
    const flight = await listenFlight({ ...door, host: HOST, port: 0, limits, log: silentLog });
    try {
      assert.equal(flight.url, `grpc+tls://${HOST}:${flight.port}`);
      assert.match(await handshake(flight.port, 'TLSv1.2'), /PROTOCOL_VERSION|ECONNRESET/);
      const client = await FlightClient.connect(flight.url, { limits, tls: { ca: cert } });
      const sql = new FlightSqlClient(client);
      await assert.rejects(rowsOf(sql.query('select 1 as n')), { code: 'flight.unauthenticated' });
      client.useToken(`Bearer ${p.token('ann')}`);
      assert.deepEqual(await rowsOf(sql.query('select 1 as n')), [{ n: 1 }]);
      client.close();
    } finally {
      await flight.stop();
    }
  });
});
