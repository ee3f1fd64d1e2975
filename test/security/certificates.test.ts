/** Certificates of clients as credentials, over HTTP and Flight. Rule U14 of src/security/SPEC.md. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect } from 'node:tls';
import { decodeEntry, type AuditEntry } from '../../src/audit/index.ts';
import { silentLog } from '../../src/base/index.ts';
import { FlightClient, FlightSqlClient } from '../../src/flight/index.ts';
import { userOfCertificate } from '../../src/security/principals/certificates.ts';
import {
  createApp,
  listen,
  listenFlight,
  socketPathOf,
  type FlightListening,
  type Listening,
} from '../../src/server/index.ts';
import { rowsOf } from '../flight/kit.ts';
import { people, type People } from './people.ts';

const TLS = path.join(import.meta.dirname, '../server/tls');
const ca = readFileSync(path.join(TLS, 'server.pem'));
const HOST = '127.0.0.2';
const FILES = { cert: 'server.pem', key: 'server.key', client_ca: 'clients/people.pem' };
const USERS = { 'email:ann@example.org': 'ann', 'subject:O=Example, CN=Bob': 'bob' };

interface Client {
  readonly cert?: Buffer;
  readonly key?: Buffer;
}
const client = (name: string): Client => {
  const read = (end: string): Buffer => readFileSync(path.join(TLS, 'clients', `${name}.${end}`));
  return { cert: read('pem'), key: read('key') };
};

let p: People;
let http: Listening;
let flight: FlightListening;
let text: object;

async function configured(tls: object): Promise<void> {
  const file = path.join(p.test.dataDir, 'fractal.json');
  await writeFile(file, JSON.stringify({ ...text, tls: { ...FILES, ...tls } }));
  await p.test.reopen();
}

async function open(tls: object): Promise<void> {
  await configured(tls);
  const { node, dataDir } = p.test;
  const { limits } = node.parts;
  const log = silentLog;
  const app = createApp(node, {
    ...{ dataDir, version: '0', limits, log, principal: 'local-operator' },
    admit: (caller) => node.as(caller),
  });
  const common = { host: HOST, port: 0, limits, log };
  http = await listen({ ...common, app, socketPath: socketPathOf(dataDir), ...(await node.http()) });
  flight = await listenFlight({ ...common, ...(await node.flight()) });
}

async function close(): Promise<void> {
  await Promise.all([http.stop(), flight.stop()]);
}

before(async () => {
  p = await people();
  await cp(TLS, p.test.dataDir, { recursive: true });
  text = JSON.parse(await readFile(path.join(p.test.dataDir, 'fractal.json'), 'utf8')) as object;
});
after(() => p[Symbol.asyncDispose]());

interface Found {
  readonly status: number;
  readonly sites?: unknown;
}

/** What the caller sees of sites over HTTP; status 0 when the connection is refused. */
function overHttp(shown: Client, headers: Record<string, string> = {}): Promise<Found> {
  return new Promise((resolve) => {
    const request = httpsRequest(
      {
        ...{ host: HOST, port: http.port, path: '/v1/sql', method: 'POST', ca, agent: false, ...shown },
        servername: 'node.example',
        headers: { 'content-type': 'application/json', ...headers },
      },
      (response) => {
        let body = '';
        response.on('data', (part: Buffer) => (body += part.toString()));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, sites: (JSON.parse(body) as { rows?: unknown }).rows }),
        );
      },
    );
    request.on('error', () => resolve({ status: 0 }));
    request.end(JSON.stringify({ sql: 'select site_id from esh.sites' }));
  });
}

/** The same over Flight, or the code of the error. */
async function overFlight(shown: Client, authorization?: string): Promise<unknown> {
  const { limits } = p.test.node.parts;
  let opened: FlightClient | undefined;
  try {
    opened = await FlightClient.connect(flight.url, { limits, tls: { ca, ...shown } });
    if (authorization !== undefined) opened.useToken(authorization);
    const rows = await rowsOf(new FlightSqlClient(opened).query('select site_id from esh.sites'));
    return rows.map((row) => row['site_id']);
  } catch (error) {
    return (error as { code?: string }).code;
  } finally {
    opened?.close();
  }
}

async function lastEntries(from: number): Promise<AuditEntry[]> {
  const { log } = p.test.node.parts.audit;
  await log.still(async () => undefined);
  const entries: AuditEntry[] = [];
  for await (const { bytes } of log.lines(from))
    if (bytes !== undefined) entries.push(decodeEntry(bytes) as AuditEntry);
  return entries;
}

describe('[U14] a certificate of a client', () => {
  it('says who calls, besides other credentials, and no other certificate does', async () => {
    await open({ client_users: USERS, client_optional: true });
    const { size } = p.test.node.parts.audit.log;
    assert.deepEqual(await overHttp(client('ann')), { status: 200, sites: [['a']] });
    assert.deepEqual(await overFlight(client('ann')), ['a']);
    const came = (await lastEntries(size)).filter((entry) => entry.event_type === 'authentication.success');
    assert.deepEqual(
      came.map((entry) => [entry.actor_id, entry.detail['via']]),
      [
        ['ann', 'http'],
        ['ann', 'flight'],
      ],
    );
    assert.match(came[0]?.resource ?? '', /^credential\/x509 \d+ ann$/);
    for (const [name, why] of [
      ['none', 'nobody named it'],
      ['bob', 'by its names it is of two'],
    ] as const) {
      assert.equal((await overHttp(client(name))).status, 401, why);
      assert.equal(await overFlight(client(name)), 'flight.unauthenticated', why);
    }
    for (const name of ['stranger', 'server', 'expired'])
      for (const authorization of [undefined, `Bearer ${p.token('ann')}`]) {
        const headers = authorization === undefined ? {} : { authorization };
        assert.equal((await overHttp(client(name), headers)).status, 0, name);
        assert.notDeepEqual(await overFlight(client(name), authorization), ['a'], name);
      }
    // Without one, or with other credentials for the call, those count alone.
    assert.equal((await overHttp({})).status, 401);
    const bob = `Bearer ${p.token('bob')}`;
    assert.deepEqual(await overHttp({}, { authorization: bob }), { status: 200, sites: [['b']] });
    assert.deepEqual(await overHttp(client('ann'), { authorization: bob }), { status: 200, sites: [['b']] });
    assert.equal((await overHttp(client('ann'), { authorization: 'Bearer x' })).status, 401);
    assert.deepEqual(await overFlight(client('ann'), bob), ['b']);
    // A page of others makes the browser show it too.
    assert.equal((await overHttp(client('ann'), { origin: 'https://evil.example' })).status, 403);
    await close();
  });

  it('is not there in a connection that takes up one without it', async () => {
    await open({ client_users: USERS, client_optional: true });
    const options = { host: HOST, port: http.port, ca, servername: 'node.example' };
    const session = await new Promise<Buffer>((resolve, reject) => {
      const first = connect({ ...options, minVersion: 'TLSv1.3' });
      first.once('session', (ticket: Buffer) => {
        first.destroy();
        resolve(ticket);
      });
      first.on('error', reject);
    });
    const answer = await new Promise<string>((resolve, reject) => {
      const again = connect({ ...options, session }, () => {
        assert.equal(again.isSessionReused(), true);
        again.write(
          `GET /v1/status HTTP/1.1\r\nhost: node.example:${http.port}\r\nconnection: close\r\n\r\n`,
        );
      });
      let told = '';
      again.on('data', (part: Buffer) => (told += part.toString()));
      again.on('end', () => resolve(told));
      again.on('error', reject);
    });
    assert.match(answer, /^HTTP\/1\.1 401/);
    await close();
  });

  it('ends with its user, and with its name in the configuration', async () => {
    await open({
      client_users: { 'uri:urn:example:ann': 'ann', 'email:bob@example.org': 'eve' },
      client_optional: true,
    });
    const root = p.test.node.as({ credentials: { token: p.token('root') } });
    assert.deepEqual(await overHttp(client('ann')), { status: 200, sites: [['a']] });
    assert.equal((await overHttp(client('bob'))).status, 401, 'there is no eve');
    await root.users({ action: 'remove', id: 'ann' });
    assert.equal((await overHttp(client('ann'))).status, 401);
    assert.equal(await overFlight(client('ann')), 'flight.unauthenticated');
    await close();
  });

  it('is demanded from all where it is not optional, and says nothing where nobody is named', async () => {
    await open({ client_users: { 'subject:O=Example, CN=Bob': 'bob' } });
    assert.equal((await overHttp({}, { authorization: `Bearer ${p.token('bob')}` })).status, 0);
    assert.deepEqual((await overHttp(client('bob'))).status, 200);
    assert.equal((await overHttp(client('none'), { authorization: `Bearer ${p.token('bob')}` })).status, 200);
    await close();
    await open({});
    assert.equal((await overHttp(client('bob'))).status, 401);
    assert.equal((await overHttp(client('bob'), { authorization: `Bearer ${p.token('bob')}` })).status, 200);
    await close();
  });

  it('is configured by names that can be one, and with an authority', async () => {
    for (const wrong of [
      { client_users: USERS, client_ca: undefined },
      { client_optional: true, client_ca: undefined },
      { client_users: { 'ann@example.org': 'ann' } },
      { client_users: { 'sha256:AB': 'ann' } },
      { client_users: { 'email:': 'ann' } },
      { client_users: { 'email:a@b': 1 } },
      { client_users: [] as unknown, client_optional: 'yes' },
      { clients: {} },
    ])
      await assert.rejects(configured(wrong), { code: 'node.config' }, JSON.stringify(wrong));
    await configured({});
  });

  it('has the names that it says, and a name of every object is none', () => {
    const ann = new X509Certificate(client('ann').cert ?? '');
    const fingerprint = ann.fingerprint256.replaceAll(':', '').toLowerCase();
    for (const name of [
      `sha256:${fingerprint}`,
      'subject:O=Example, CN=Ann',
      'email:ann@example.org',
      'uri:urn:example:ann',
    ])
      assert.equal(userOfCertificate({ certificate: ann, users: { [name]: 'ann' } })?.user, 'ann', name);
    for (const users of [
      {},
      { constructor: 'x' },
      { 'email:ANN@example.org': 'ann' },
      { 'subject:CN=Ann': 'ann' },
    ])
      assert.equal(userOfCertificate({ certificate: ann, users: users }), undefined);
    // Values that look like several names are one.
    const tricky = {
      ...{ fingerprint256: '', subject: '', validToDate: new Date(0) },
      subjectAltName: 'email:"a@b, email:ann@example.org", DNS:x.example, IP Address:10.0.0.1',
    } as X509Certificate;
    const of = (users: Record<string, string>): unknown =>
      userOfCertificate({ certificate: tricky, users })?.user;
    assert.equal(of({ 'email:ann@example.org': 'ann' }), undefined);
    assert.equal(of({ 'dns:x.example': 'x' }), 'x');
  });
});
