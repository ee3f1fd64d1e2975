/** Tokens of OpenID Connect: taken from the issuers, for the users, and by the keys that are configured. Rule U8 of src/security/SPEC.md. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SignJWT, UnsecuredJWT, exportJWK, generateKeyPair, type JWK } from 'jose';
import { ManualClock, silentLog } from '../../src/base/index.ts';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openNode, type NodeApi } from '../../src/node/index.ts';
import { OidcTokens, configuredKeys } from '../../src/security/index.ts';
import { NOON } from './kit.ts';
import { people, rowsOf } from './people.ts';

const ISSUER = 'https://id.example';
const AUDIENCE = 'fractal';

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;

async function keyOf(algorithm: string, kid: string): Promise<{ readonly pair: Pair; readonly jwk: JWK }> {
  const pair = await generateKeyPair(algorithm, { extractable: true });
  return { pair, jwk: { ...(await exportJWK(pair.publicKey)), kid, alg: algorithm } };
}

interface Made {
  readonly issuer?: string;
  readonly audience?: string;
  readonly subject?: string;
  readonly from?: number;
  readonly until?: number;
  readonly kid?: string;
}

const sign = (algorithm: string, key: Pair['privateKey'] | Uint8Array, made: Made = {}): Promise<string> =>
  new SignJWT({ roles: ['system-admin'], groups: ['regulator'] })
    .setProtectedHeader({ alg: algorithm, kid: made.kid ?? algorithm })
    .setIssuer(made.issuer ?? ISSUER)
    .setAudience(made.audience ?? AUDIENCE)
    .setSubject(made.subject ?? 'u-1')
    .setNotBefore((made.from ?? NOON - 1000) / 1000)
    .setExpirationTime((made.until ?? NOON + 300_000) / 1000)
    .sign(key);

describe('[U8] a token of OpenID Connect', () => {
  it('is taken with a good signature, issuer, audience and time, and no other is', async () => {
    const clock = new ManualClock(NOON);
    const es = await keyOf('ES256', 'ES256');
    const rs = await keyOf('RS256', 'RS256');
    const ed = await keyOf('EdDSA', 'EdDSA');
    const stranger = await keyOf('ES256', 'ES256');
    const settings = { issuer: ISSUER, audience: AUDIENCE, users: { 'u-1': 'ann' } };
    const keys = { keys: [es.jwk, rs.jwk, ed.jwk] };
    const tokens = new OidcTokens([{ ...settings, keys: configuredKeys(ISSUER, keys) }], clock);
    for (const [algorithm, { pair }] of [
      ['ES256', es],
      ['RS256', rs],
      ['EdDSA', ed],
    ] as const)
      assert.equal((await tokens.userOf(await sign(algorithm, pair.privateKey)))?.user, 'ann', algorithm);

    const key = es.pair.privateKey;
    const good = await sign('ES256', key);
    const [head = '', body = '', seal = ''] = good.split('.');
    // Who knows the public key must not be able to pass it for a secret.
    const confused = await sign('HS256', new TextEncoder().encode(JSON.stringify(rs.jwk)), { kid: 'RS256' });
    const bad = {
      'another key': await sign('ES256', stranger.pair.privateKey),
      'an unknown kid': await sign('ES256', key, { kid: 'other' }),
      'the kid of another key': await sign('ES256', key, { kid: 'RS256' }),
      'another issuer': await sign('ES256', key, { issuer: 'https://evil.example' }),
      'another audience': await sign('ES256', key, { audience: 'mail' }),
      'somebody who is not here': await sign('ES256', key, { subject: 'u-2' }),
      'a name of every object': await sign('ES256', key, { subject: 'constructor' }),
      expired: await sign('ES256', key, { until: NOON - 61_000 }),
      'not valid yet': await sign('ES256', key, { from: NOON + 62_000 }),
      'a shared secret': confused,
      'no signature': new UnsecuredJWT({})
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject('u-1')
        .setExpirationTime(NOON / 1000 + 300)
        .encode(),
      'a changed body': `${head}.${body.slice(0, -2)}AA.${seal}`,
      'a part': `${head}.${body}`,
      'too long': `${good}${'A'.repeat(20_000)}`,
      nothing: '',
    };
    for (const [what, token] of Object.entries(bad))
      assert.equal(await tokens.userOf(token), undefined, what);
    // Clocks differ a little.
    assert.ok(await tokens.userOf(await sign('ES256', key, { until: NOON - 30_000, from: NOON - 90_000 })));
    clock.advance(300_000 + 61_000);
    assert.equal(await tokens.userOf(good), undefined);
    for (const wrong of [
      {},
      { keys: [] },
      { keys: [{ kty: 'oct', k: 'AAAA' }] },
      { keys: [await exportJWK(key)] },
    ])
      assert.throws(() => configuredKeys(ISSUER, wrong), { code: 'node.oidc' });
  });

  it('gives the rights of the user here, whatever it claims, as long as there is one', async () => {
    await using p = await people();
    const { pair, jwk } = await keyOf('ES256', 'ES256');
    const { dataDir } = p.test;
    const file = path.join(dataDir, 'fractal.json');
    const text = JSON.parse(await readFile(file, 'utf8')) as object;
    const oidc = [
      { issuer: ISSUER, audience: AUDIENCE, jwks: 'keys.json', users: { 'u-1': 'ann', 'u-9': 'gone' } },
    ];
    await writeFile(path.join(dataDir, 'keys.json'), JSON.stringify({ keys: [jwk] }));
    await p.node.close();
    const open = async (settings: unknown): Promise<typeof p.node> => {
      await writeFile(file, JSON.stringify({ ...text, oidc: settings }));
      return await openNode({ dataDir, log: silentLog });
    };
    for (const wrong of [
      {},
      [{ ...oidc[0], jwks: 'absent.json' }],
      [{ ...oidc[0], roles: [] }],
      [oidc[0], oidc[0]],
    ])
      await assert.rejects(open(wrong), { kind: 'bad_input' });
    const node = (p.test.node = await open(oidc));
    const now = Date.now();
    const token = await sign('ES256', pair.privateKey, { from: now - 1000, until: now + 60_000 });
    const caller: NodeApi = node.as({ credentials: { token } });
    assert.deepEqual(await rowsOf(caller, 'select site_id from esh.sites'), [['a']]);
    await assert.rejects(caller.users({ action: 'list' }), { code: 'policy.denied' });
    // The same answer for every token that does not hold.
    for (const made of [
      { subject: 'u-9' },
      { subject: 'u-2' },
      { audience: 'mail' },
      { until: now - 100_000 },
    ]) {
      const other = await sign('ES256', pair.privateKey, {
        from: now - 200_000,
        until: now + 60_000,
        ...made,
      });
      await assert.rejects(rowsOf(node.as({ credentials: { token: other } }), 'select 1'), {
        code: 'auth.failed',
        message: 'the credentials are not accepted',
      });
    }
    // A handshake of Flight gives a token that ends with this one.
    const { gate } = await node.flight();
    const { principal, credential } = await gate.admit({ credentials: { token } });
    assert.equal(principal, 'ann');
    assert.equal(await gate.readmit(credential, undefined, undefined), 'ann');
    const root = node.as({ credentials: { token: p.token('root') } });
    await root.users({ action: 'remove', id: 'ann' });
    await assert.rejects(rowsOf(caller, 'select 1'), { code: 'auth.failed' });
    await assert.rejects(gate.readmit(credential, undefined, undefined), { code: 'auth.failed' });
    await assert.rejects(gate.readmit(`oidc ${now - 1} bob`, undefined, undefined), { code: 'auth.failed' });
  });
});
