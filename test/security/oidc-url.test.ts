/** Keys of an issuer by their address: fetched, kept, changed, and counting only so long. Rule U13 of src/security/SPEC.md. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cp, readFile, readdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  SignJWT,
  UnsecuredJWT,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  type CryptoKey,
  type JWK,
} from 'jose';
import { ManualClock, silentLog } from '../../src/base/index.ts';
import { SYSTEM, openNode, type FractalNode } from '../../src/node/index.ts';
import { people, rowsOf, type People } from './people.ts';

const TLS = path.join(import.meta.dirname, '../server/tls');
const HOST = '127.0.0.2';
const ISSUER = 'https://id.example';

type Private = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];
interface Key {
  readonly jwk: JWK;
  readonly key: Private;
}

async function keyOf(algorithm: string, kid: string): Promise<Key> {
  const pair = await generateKeyPair(algorithm, { extractable: true });
  return { jwk: { ...(await exportJWK(pair.publicKey)), kid, alg: algorithm }, key: pair.privateKey };
}

/** An issuer of our own: what it answers is set by each test. */
class Issuer {
  answer: { status: number; body: string } | 'silent' = { status: 200, body: '{}' };
  asked = 0;
  readonly #server: Server;

  constructor() {
    const [cert, key] = ['server.pem', 'server.key'].map((name) => readFileSync(path.join(TLS, name)));
    this.#server = createServer({ cert, key }, (_request, response) => {
      this.asked++;
      if (this.answer === 'silent') return;
      response.writeHead(this.answer.status, { location: 'https://evil.example/' }).end(this.answer.body);
    });
  }

  tells(...keys: readonly object[]): void {
    this.answer = { status: 200, body: JSON.stringify({ keys }) };
  }

  async open(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(port, HOST, resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const LIMITS = { oidc_fetch_ms: 300 };
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

let p: People;
let issuer: Issuer;
let port = 0;
let clock: ManualClock;
let text: object;
let first: Key;
const file = (): string => path.join(p.test.dataDir, 'fractal.json');
const outside = (): typeof SYSTEM => ({ ...SYSTEM, clock });

async function configured(more: object = {}): Promise<void> {
  const one = {
    issuer: ISSUER,
    audience: 'fractal',
    jwks: `https://${HOST}:${port}/keys`,
    users: { 'u-1': 'ann' },
  };
  const network = { enabled: true, hosts: [HOST], ca: 'server.pem' };
  await writeFile(file(), JSON.stringify({ ...text, limits: LIMITS, network, oidc: [one], ...more }));
}

async function open(): Promise<FractalNode> {
  await p.test.node.close();
  p.test.node = await openNode({ dataDir: p.test.dataDir, log: silentLog, outside: outside() });
  return p.test.node;
}

before(async () => {
  p = await people();
  issuer = new Issuer();
  port = await issuer.open();
  first = await keyOf('ES256', 'first');
  clock = new ManualClock(Date.now());
  await cp(TLS, p.test.dataDir, { recursive: true });
  text = JSON.parse(await readFile(file(), 'utf8')) as object;
  await configured();
});
after(async () => {
  await issuer.close();
  await p[Symbol.asyncDispose]();
});

interface Made {
  readonly alg?: string;
  readonly issuer?: string;
  readonly audience?: string;
  readonly from?: number;
  readonly until?: number;
}

const seconds = (ms: number): number => Math.floor((clock.now() + ms) / 1000);

const sign = ({ jwk, key }: Key, made: Made = {}): Promise<string> =>
  new SignJWT({})
    .setProtectedHeader({ alg: made.alg ?? jwk.alg ?? '', kid: jwk.kid ?? '' })
    .setIssuer(made.issuer ?? ISSUER)
    .setAudience(made.audience ?? 'fractal')
    .setSubject('u-1')
    .setNotBefore(seconds(made.from ?? -1000))
    .setExpirationTime(seconds(made.until ?? 5 * MINUTE))
    .sign(key);

const sites = async (token: string): Promise<unknown[][]> =>
  await rowsOf(p.test.node.as({ credentials: { token } }), 'select site_id from esh.sites');
const refused = (token: string, code = 'auth.failed'): Promise<void> =>
  assert.rejects(sites(token), { code });

describe('[U13] keys of an issuer by their address', () => {
  it('are asked for only by an address that fractal.json allows', async () => {
    const jwks = (address: string): object => ({
      oidc: [{ issuer: ISSUER, audience: 'fractal', jwks: address, users: {} }],
    });
    for (const wrong of [
      { network: undefined },
      { network: { enabled: false, hosts: [] } },
      { network: { enabled: true, hosts: ['id.example'] } },
      jwks(`http://${HOST}:${port}/keys`),
      jwks('ftp://id.example/keys'),
      jwks(`https://user:secret@${HOST}:${port}/keys`),
      jwks('https://'),
    ]) {
      await configured(wrong);
      await assert.rejects(open(), { code: 'node.config' }, JSON.stringify(wrong));
    }
    await configured();
    await open();
    assert.equal(issuer.asked, 0, 'and not before a token needs them');
  });

  it('check tokens, and every token that does not hold is answered alike', async () => {
    const rs = await keyOf('RS256', 'rs');
    // Keys that cannot check a signature are not looked at; one that could make one is no key of an issuer.
    issuer.tells({ kty: 'oct', k: 'AAAA', kid: 'first' }, first.jwk, rs.jwk, {
      kty: 'RSA',
      d: 'x',
      kid: 'own',
    });
    assert.deepEqual(await sites(await sign(first)), [['a']]);
    assert.deepEqual(await sites(await sign(rs)), [['a']]);
    assert.equal(issuer.asked, 1);
    const stranger = await keyOf('ES256', 'first');
    const good = await sign(first);
    const hs256 = (secret: string): string => {
      const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
      const claims = { iss: ISSUER, aud: 'fractal', sub: 'u-1', exp: seconds(5 * MINUTE) };
      const signed = `${part({ alg: 'HS256', kid: 'rs' })}.${part(claims)}`;
      return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
    };
    const pem = await exportSPKI((await importJWK(rs.jwk, 'RS256', { extractable: true })) as CryptoKey);
    for (const [what, token] of Object.entries({
      'another key of the same name': await sign(stranger),
      'another issuer': await sign(first, { issuer: 'https://evil.example' }),
      'another audience': await sign(first, { audience: 'mail' }),
      'another algorithm for the key': await sign({ ...rs, jwk: { ...rs.jwk, kid: 'first' } }),
      none: new UnsecuredJWT({})
        .setIssuer(ISSUER)
        .setAudience('fractal')
        .setSubject('u-1')
        .setExpirationTime('5m')
        .encode(),
      'the public key as a secret': hs256(pem),
      'the JWK as a secret': hs256(JSON.stringify(rs.jwk)),
      expired: await sign(first, { from: -3 * MINUTE, until: -MINUTE - 1000 }),
      'not valid yet': await sign(first, { from: MINUTE + 2000 }),
      'a changed signature': `${good.slice(0, -4)}AAAA`,
    }))
      await assert.rejects(
        sites(token),
        { code: 'auth.failed', message: 'the credentials are not accepted' },
        what,
      );
    // Clocks of two machines differ.
    assert.deepEqual(await sites(await sign(first, { from: 30_000, until: 5 * MINUTE })), [['a']]);
    assert.deepEqual(await sites(await sign(first, { from: -5 * MINUTE, until: -30_000 })), [['a']]);
    assert.equal(issuer.asked, 1);
  });

  it('change: a new one is fetched, an old one does not count any more, and no stream of tokens asks more often', async () => {
    const second = await keyOf('EdDSA', 'second');
    issuer.tells(second.jwk);
    const { asked } = issuer;
    for (let i = 0; i < 5; i++) await refused(await sign(second));
    assert.equal(issuer.asked, asked, 'a pause after the last time');
    clock.advance(30_000);
    const together = await Promise.all(Array.from({ length: 8 }, async () => sites(await sign(second))));
    assert.deepEqual(together, Array(8).fill([['a']]));
    assert.equal(issuer.asked, asked + 1);
    await refused(await sign(first));
    clock.advance(30_000);
    const unknown = await keyOf('ES256', 'unknown');
    for (let i = 0; i < 5; i++) await refused(await sign(unknown));
    assert.equal(issuer.asked, asked + 2);
    // In use, they are fetched again after a while, so that one that was withdrawn ends.
    issuer.tells(first.jwk);
    clock.advance(15 * MINUTE);
    await refused(await sign(second));
    assert.deepEqual(await sites(await sign(first)), [['a']]);
  });

  it('count on while the issuer is dead, over restarts, up to an age; then it is said', async () => {
    assert.equal((await readdir(path.join(p.test.dataDir, 'oidc'))).length, 1);
    for (const answer of [
      { status: 500, body: '' },
      { status: 302, body: '' },
      { status: 200, body: 'no json' },
      { status: 200, body: '{"keys":[]}' },
      { status: 200, body: '{"keys":[{"kty":"oct","k":"AAAA","kid":"first"}]}' },
      { status: 200, body: `{"keys":[${' '.repeat(300_000)}]}` },
      'silent',
    ] as const) {
      issuer.answer = answer;
      const { asked } = issuer;
      clock.advance(DAY / 2);
      assert.deepEqual(await sites(await sign(first)), [['a']], JSON.stringify(answer).slice(0, 60));
      assert.equal(issuer.asked, asked + 1);
    }
    await issuer.close();
    await open();
    assert.deepEqual(await sites(await sign(first)), [['a']], 'from what was kept');
    clock.advance(4 * DAY);
    const token = await sign(first);
    await assert.rejects(sites(token), {
      code: 'oidc.keys',
      kind: 'unavailable',
      message: /could not be fetched since 20/,
    });
    // Others come in as ever.
    assert.deepEqual(
      await rowsOf(
        p.test.node.as({ credentials: { token: p.token('bob') } }),
        'select site_id from esh.sites',
      ),
      [['b']],
    );
    issuer = new Issuer();
    issuer.tells(first.jwk);
    await issuer.open(port);
    clock.advance(30_000);
    assert.deepEqual(await sites(await sign(first)), [['a']], 'as soon as it answers');
  });

  it('that were never fetched are said to be so, and a damaged file of them is none', async () => {
    const [name = ''] = await readdir(path.join(p.test.dataDir, 'oidc'));
    await issuer.close();
    await writeFile(path.join(p.test.dataDir, 'oidc', name), '{"keys":');
    await open();
    await assert.rejects(sites(await sign(first)), { code: 'oidc.keys', message: /were never fetched/ });
  });

  it('are not taken from one who does not prove who they are', async () => {
    issuer = new Issuer();
    issuer.tells(first.jwk);
    await issuer.open(port);
    await configured({ network: { enabled: true, hosts: [] } });
    await open();
    await refused(await sign(first), 'oidc.keys');
    assert.equal(issuer.asked, 0);
  });
});
