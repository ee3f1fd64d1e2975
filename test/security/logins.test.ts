/** Login sessions over HTTP, and how often a password may be wrong. Rules U9 to U12 of src/security/SPEC.md. */
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { decodeEntry, type AuditEntry } from '../../src/audit/index.ts';
import { DEFAULT_LIMITS, ManualClock, SeededRandom, silentLog } from '../../src/base/index.ts';
import { FlightClient } from '../../src/flight/index.ts';
import type { SessionAnswer } from '../../src/node/index.ts';
import { PasswordAttempts, networkOf } from '../../src/security/principals/attempts.ts';
import { LoginSessions } from '../../src/security/principals/sessions.ts';
import { createApp, listen, listenFlight, socketPathOf, type HttpApp } from '../../src/server/index.ts';
import { testNode } from '../node/kit.ts';
import { call, type Answer } from '../server/harness.ts';
import { people, type People } from './people.ts';

const PASSWORD = 'correct horse battery';
const WRONG = 'wrong horse battery!';
const USER_MAX = 3;
const ADDRESS_MAX = 8;

let p: People;
let app: HttpApp;
let port = 0;
const closing: (() => Promise<void>)[] = [];
before(async () => {
  p = await people({ limits: { login_failures: USER_MAX, login_failures_address: ADDRESS_MAX } });
  closing.push(() => p[Symbol.asyncDispose]());
  for (const id of ['ann', 'bob', 'root'])
    await p.as('root').users({ action: 'set', id, password: PASSWORD });
  const { limits } = p.node.parts;
  const { dataDir } = p.test;
  app = createApp(p.node, {
    ...{ dataDir, version: '0', limits, log: silentLog, principal: 'local-operator' },
    admit: (caller) => p.node.as(caller),
    logins: p.node.logins(),
  });
  const socketPath = socketPathOf(dataDir);
  const listening = await listen({ app, host: '127.0.0.1', port: 0, socketPath, limits, log: silentLog });
  closing.push(() => listening.stop());
  port = listening.port;
});
after(async () => {
  for (const close of closing.reverse()) await close();
});

const ours = (): string => `http://127.0.0.1:${port}`;

interface Post {
  readonly cookie?: string | undefined;
  readonly headers?: Record<string, string>;
}

const post = (route: string, body: object, { cookie, headers = {} }: Post = {}): Promise<Answer> =>
  call(
    { port },
    {
      method: 'POST',
      path: route,
      headers: {
        host: `127.0.0.1:${port}`,
        'content-type': 'application/json',
        ...(cookie === undefined ? {} : { cookie, origin: ours() }),
        ...headers,
      },
      body: JSON.stringify(body),
    },
  );

const get = (route: string, cookie: string): Promise<Answer> =>
  call({ port }, { path: route, headers: { host: `127.0.0.1:${port}`, cookie } });

async function login(user: string, cookie?: string): Promise<string> {
  const answer = await post('/v1/login', { user, password: PASSWORD }, { cookie });
  assert.equal(answer.status, 200, answer.body);
  const [header = ''] = answer.headers['set-cookie'] ?? [];
  return header.split(';')[0] ?? '';
}

const who = async (cookie: string): Promise<number> => (await get('/v1/status', cookie)).status;

async function listed(cookie: string): Promise<SessionAnswer['sessions']> {
  const answer = await post('/v1/sessions', { action: 'list' }, { cookie });
  return (JSON.parse(answer.body) as SessionAnswer).sessions;
}

async function entriesFrom(size: number): Promise<AuditEntry[]> {
  const { log } = p.node.parts.audit;
  await log.still(async () => undefined);
  const entries: AuditEntry[] = [];
  for await (const { bytes } of log.lines(size))
    if (bytes !== undefined) entries.push(decodeEntry(bytes) as AuditEntry);
  return entries;
}

describe('[U9] a login session', () => {
  it('is a cookie that scripts and other sites cannot use, for name and password or a token', async () => {
    const answer = await post('/v1/login', { user: 'ann', password: PASSWORD });
    assert.equal(answer.status, 200);
    const [header = ''] = answer.headers['set-cookie'] ?? [];
    assert.match(
      header,
      new RegExp(`^fractal-session-${port}=[\\w-]{43}; Path=/; HttpOnly; SameSite=Strict$`),
      'on loopback without TLS',
    );
    const told = JSON.parse(answer.body) as Record<string, unknown>;
    assert.deepEqual([told['user'], told['address'], told['current']], ['ann', '127.0.0.1', true]);
    const [cookie = ''] = header.split(';');
    assert.ok(!answer.body.includes(cookie.split('=')[1] ?? 'x'));
    assert.equal(await who(cookie), 200);
    const rows = await post('/v1/sql', { sql: 'select site_id from esh.sites' }, { cookie });
    assert.deepEqual((JSON.parse(rows.body) as { rows: unknown }).rows, [['a']], 'the rights of ann');
    assert.equal((await post('/v1/login', { token: p.token('ann') })).status, 200);
    for (const body of [{}, { user: 'ann' }, { password: PASSWORD }, { user: 'ann', token: 'x' }])
      assert.equal((await post('/v1/login', body)).status, 400);
  });

  it('is kept as a hash, in memory alone', async () => {
    const cookie = await login('ann');
    const secret = cookie.split('=')[1] ?? '';
    for (const name of await readdir(p.test.dataDir, { recursive: true }))
      assert.ok(
        !(await readFile(path.join(p.test.dataDir, name)).catch(() => Buffer.alloc(0))).includes(secret),
        name,
      );
  });

  it('is Secure, and of this host alone, with TLS', async () => {
    const door = {
      transport: 'tcp',
      port: 443,
      isOurName: (name: string) => name === 'node.example',
    } as const;
    const request = new Request('https://node.example/v1/login', {
      method: 'POST',
      headers: { host: 'node.example', 'content-type': 'application/json' },
      body: JSON.stringify({ user: 'ann', password: PASSWORD }),
    });
    const answer = await app.fetch(request, door);
    assert.match(
      answer.headers.get('set-cookie') ?? '',
      /^__Host-fractal-session-443=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    );
  });

  it('ends by logout, and what is shown afterwards is refused like anything else', async () => {
    const cookie = await login('ann');
    const other = await login('ann');
    const answer = await post('/v1/logout', {}, { cookie });
    assert.equal(answer.status, 200);
    assert.match(
      answer.headers['set-cookie']?.[0] ?? '',
      /=; Path=\/; HttpOnly; SameSite=Strict; Max-Age=0$/,
    );
    assert.equal(await who(cookie), 401);
    assert.equal(await who(other), 200);
    assert.equal((await post('/v1/logout', {}, { cookie })).status, 200, 'again');
    assert.equal((await post('/v1/logout', {})).status, 200, 'without one');
    for (const forged of ['', 'x', `${cookie.split('=')[1] ?? ''}`, 'A'.repeat(43)])
      assert.equal(await who(`fractal-session-${port}=${forged}`), 401, forged);
    assert.equal(
      await who(`fractal-session-1=${other.split('=')[1] ?? ''}`),
      401,
      'the cookie of another port',
    );
  });

  it('that was there before a login ends with it', async () => {
    const first = await login('ann');
    const second = await login('bob', first);
    assert.equal(await who(first), 401);
    assert.equal(await who(second), 200);
  });

  it('ends with the password it was opened by, and with the user', async () => {
    const cookie = await login('bob');
    await p.as('root').users({ action: 'set', id: 'bob', password: `${PASSWORD} 2` });
    assert.equal(await who(cookie), 401);
    await p.as('root').users({ action: 'set', id: 'bob', password: PASSWORD });
    await p.add('eve', 'inspector');
    await p.as('root').users({ action: 'set', id: 'eve', password: PASSWORD });
    const eve = await login('eve');
    assert.equal(await who(eve), 200);
    await p.as('root').users({ action: 'remove', id: 'eve' });
    assert.equal(await who(eve), 401);
    assert.ok(!(await listed(await login('root'))).some((one) => one.user === 'eve'));
  });

  it('gives no more than its own credentials beside it: a header that is shown counts alone', async () => {
    const cookie = await login('ann');
    const bad = await post(
      '/v1/sql',
      { sql: 'select 1' },
      { cookie, headers: { authorization: 'Bearer x' } },
    );
    assert.equal(bad.status, 401);
  });

  it('is opened for nobody in single-user mode', async () => {
    await using t = await testNode();
    await assert.rejects(t.node.logins().login({ id: 'ann', password: PASSWORD }, { via: 'http' }), {
      code: 'principal.unknown',
    });
  });
});

describe('[U10] a call that is known by its cookie alone', () => {
  it('changes something only with the Origin of the node', async () => {
    const cookie = await login('ann');
    const sql = { sql: 'select 1' };
    const bare = { host: `127.0.0.1:${port}`, 'content-type': 'application/json', cookie };
    const answer = await call(
      { port },
      { method: 'POST', path: '/v1/sql', headers: bare, body: JSON.stringify(sql) },
    );
    assert.equal(answer.status, 403);
    assert.equal((JSON.parse(answer.body) as { code: string }).code, 'http.csrf');
    for (const origin of [
      'null',
      'http://evil.example',
      `http://127.0.0.1:${port + 1}`,
      `https://127.0.0.1:${port}`,
    ])
      assert.equal((await post('/v1/sql', sql, { cookie, headers: { origin } })).status, 403, origin);
    for (const site of ['cross-site', 'same-site'])
      assert.equal((await post('/v1/sql', sql, { cookie, headers: { 'sec-fetch-site': site } })).status, 403);
    const form = { 'content-type': 'text/plain' };
    assert.equal((await post('/v1/sql', sql, { cookie, headers: form })).status, 415);
    assert.equal((await post('/v1/sql', sql, { cookie })).status, 200);
    for (const route of ['/v1/logout', '/v1/sessions', '/v1/users', '/v1/reindex'])
      assert.equal(
        (await call({ port }, { method: 'POST', path: route, headers: bare, body: '{}' })).status,
        403,
        route,
      );
    assert.equal(await who(cookie), 200, 'and was not logged out');
  });

  it('over the local socket, where no browser comes, needs none', async () => {
    const secret = (await login('ann')).split('=')[1] ?? '';
    const answer = await call(
      { socketPath: socketPathOf(p.test.dataDir) },
      {
        method: 'POST',
        path: '/v1/sql',
        headers: { 'content-type': 'application/json', cookie: `fractal-session-socket=${secret}` },
        body: '{"sql":"select 1"}',
      },
    );
    assert.equal(answer.status, 200);
  });
});

describe('[U11] sessions are listed and ended', () => {
  it("one's own by everybody, all by those who administer", async () => {
    const ann = await login('ann');
    const bob = await login('bob');
    const root = await login('root');
    const own = await listed(bob);
    assert.deepEqual(new Set(own.map((one) => one.user)), new Set(['bob']));
    assert.equal(own.filter((one) => one.current).length, 1);
    const all = await listed(root);
    assert.deepEqual(new Set(all.map((one) => one.user)), new Set(['ann', 'bob', 'root']));
    const anns = all.find((one) => one.user === 'ann' && !one.current);
    const end = (cookie: string, body: object): Promise<Answer> => post('/v1/sessions', body, { cookie });
    assert.equal((await end(bob, { action: 'revoke', id: anns?.id })).status, 404, 'not his');
    assert.equal((await end(bob, { action: 'revoke-all', user: 'ann' })).status, 403);
    assert.equal((await end(bob, { action: 'revoke' })).status, 400);
    const ended = await end(root, { action: 'revoke-all', user: 'ann' });
    assert.ok((JSON.parse(ended.body) as SessionAnswer).ended > 0);
    assert.equal(await who(ann), 401);
    const bobs = (await listed(bob)).find((one) => one.current);
    assert.equal((await end(bob, { action: 'revoke', id: bobs?.id })).status, 200);
    assert.equal(await who(bob), 401);
    // By token too, as the command line comes.
    assert.deepEqual((await p.as('ann').sessions({ action: 'list' })).sessions, []);
  });
});

describe('[U12] wrong passwords', () => {
  it('under one name lock it for a while, known or not, by every door, and sessions and tokens go on', async () => {
    const cookie = await login('ann');
    const { size } = p.node.parts.audit.log;
    const codes: Record<string, string[]> = {};
    for (const user of ['ann', 'nobody'])
      for (let i = 0; i < USER_MAX + 1; i++) {
        const answer = await post('/v1/login', { user, password: WRONG });
        (codes[user] ??= []).push(`${answer.status} ${answer.body}`);
      }
    assert.deepEqual(codes['ann'], codes['nobody']);
    assert.match(codes['ann']?.[USER_MAX - 1] ?? '', /^401 .*auth\.failed/);
    assert.match(codes['ann']?.[USER_MAX] ?? '', /^429 .*auth\.locked/);
    const right = await post('/v1/login', { user: 'ann', password: PASSWORD });
    assert.equal(right.status, 429, 'the right one is not looked at');
    const basic = `Basic ${Buffer.from(`ann:${PASSWORD}`).toString('base64')}`;
    assert.equal(
      (await post('/v1/sql', { sql: 'select 1' }, { headers: { authorization: basic } })).status,
      429,
    );
    const { limits } = p.node.parts;
    const door = await p.node.flight();
    const flight = await listenFlight({ ...door, host: '127.0.0.1', port: 0, limits, log: silentLog });
    const client = await FlightClient.connect(flight.url, { limits });
    await assert.rejects(client.handshake('ann', PASSWORD), { code: 'auth.locked' });
    client.close();
    await flight.stop();
    assert.equal(await who(cookie), 200);
    assert.equal(
      (await post('/v1/sql', { sql: 'select 1' }, { headers: { authorization: `Bearer ${p.token('ann')}` } }))
        .status,
      200,
    );
    await login('root');
    const told = (await entriesFrom(size)).filter(({ event_type }) =>
      event_type.startsWith('authentication.'),
    );
    const count = (type: string): number => told.filter((entry) => entry.event_type === type).length;
    assert.equal(count('authentication.lockout'), 2, 'once for each name, however often it is tried then');
    assert.equal(count('authentication.failure'), 2 * USER_MAX);
    assert.doesNotMatch(JSON.stringify(told), /horse|nobody/);
  });

  it('from one address lock it for names that were never tried', async () => {
    // So many are counted by now, from this address.
    for (let i = 2 * USER_MAX; i < ADDRESS_MAX; i++)
      assert.equal((await post('/v1/login', { user: `guess-${i}`, password: WRONG })).status, 401);
    assert.equal((await post('/v1/login', { user: 'root', password: PASSWORD })).status, 429);
    await p.node.logins().login({ id: 'root', password: PASSWORD }, { via: 'socket' });
  });

  it('login, logout and failure are in the audit log, with no secret', async () => {
    const { size } = p.node.parts.audit.log;
    const logins = p.node.logins();
    const { secret, session } = await logins.login({ id: 'bob', password: PASSWORD }, { via: 'socket' });
    await assert.rejects(logins.login({ id: 'bob', password: WRONG }, { via: 'socket' }));
    await logins.logout(secret, { via: 'socket' });
    const entries = await entriesFrom(size);
    assert.deepEqual(
      entries.map(({ event_type, actor_id, resource }) => [event_type, actor_id, resource]),
      [
        ['authentication.login', 'bob', `session/${session.id}`],
        ['authentication.failure', 'unknown', 'node'],
        ['authentication.logout', 'bob', `session/${session.id}`],
      ],
    );
    assert.ok(!JSON.stringify(entries).includes(secret));
  });
});

describe('bounds', () => {
  const limits = {
    ...DEFAULT_LIMITS,
    login_sessions: 2,
    login_sessions_all: 3,
    login_failures: 2,
    login_tracked: 4,
  };

  it('a session ends after a time without use, after its whole life, and while the machine slept', () => {
    const clock = new ManualClock(1_000);
    const sessions = new LoginSessions({ clock, random: new SeededRandom(1), limits });
    const { secret } = sessions.open('ann', 'c', undefined);
    const { login_idle_ms: idle, login_life_ms: life } = limits;
    for (let at = 0; at + idle - 1 < life; at += idle - 1) {
      assert.notEqual(sessions.use(secret), undefined, String(at));
      clock.advance(idle - 1);
    }
    clock.advance(idle - 1);
    assert.equal(sessions.use(secret), undefined, 'used all the time, it ends all the same');
    const idler = sessions.open('ann', 'c', undefined);
    clock.advance(idle);
    assert.equal(sessions.use(idler.secret), undefined);
    assert.deepEqual(sessions.list(), []);
    // The steady clock stands still while a machine sleeps; the other one may be set back.
    for (const [wall, steady] of [
      [life, 0],
      [-life, life],
    ] as const) {
      let [now, ticks] = [10 * life, 0];
      const both = { now: () => now, monotonic: () => ticks };
      const slept = new LoginSessions({ clock: both, random: new SeededRandom(1), limits });
      const opened = slept.open('ann', 'c', undefined);
      [now, ticks] = [now + wall, ticks + steady];
      assert.equal(slept.use(opened.secret), undefined);
    }
  });

  it('sessions of one user and of all are bounded: one gives way to its owner, never to others', () => {
    const clock = new ManualClock(1_000);
    const sessions = new LoginSessions({ clock, random: new SeededRandom(1), limits });
    const made = ['ann', 'ann'].map((who) => (clock.advance(1), sessions.open(who, 'c', undefined).secret));
    clock.advance(1);
    assert.notEqual(sessions.use(made[0] ?? ''), undefined);
    const third = sessions.open('ann', 'c', undefined).secret;
    assert.deepEqual(
      [...made, third].map((secret) => sessions.use(secret) !== undefined),
      [true, false, true],
    );
    sessions.open('bob', 'c', undefined);
    assert.throws(() => sessions.open('eve', 'c', undefined), { code: 'auth.sessions' });
    assert.equal(sessions.list().length, 3);
  });

  it('failures are forgotten after their time, by success, and when too many names fail', () => {
    const clock = new ManualClock(1_000);
    const attempts = new PasswordAttempts(clock, limits);
    const locked = (name: string): boolean => {
      try {
        attempts.check(name, undefined);
        return false;
      } catch {
        return true;
      }
    };
    const fail = (name: string, times: number): unknown[] =>
      Array.from({ length: times }, () => attempts.failed(name, undefined)).flat();
    assert.deepEqual(fail('ann', 3), [{ of: 'user', who: 'ann' }]);
    assert.ok(locked('ann') && !locked('bob'));
    clock.advance(limits.login_window_ms - 1);
    assert.ok(locked('ann'));
    clock.advance(1);
    assert.ok(!locked('ann'));
    fail('ann', 1);
    attempts.succeeded('ann');
    fail('ann', 1);
    assert.ok(!locked('ann'));
    fail('ann', 1);
    assert.ok(locked('ann'));
    fail('x'.repeat(1_000_000), 1);
    for (const name of ['b', 'c', 'd']) fail(name, 1);
    assert.ok(!locked('ann'), 'longest ago');
  });

  it('an address of version 6 counts by its network, a mapped one as what it is', () => {
    for (const [address, network] of [
      ['127.0.0.1', '127.0.0.1'],
      ['::ffff:10.0.0.7', '10.0.0.7'],
      ['2001:db8:0:1::5', '2001:db8:0:1'],
      ['2001:0DB8:0000:0001:ffff:ffff:ffff:ffff', '2001:db8:0:1'],
      ['2001:db8::1', '2001:db8:0:0'],
      ['fe80::1%eth0', 'fe80:0:0:0'],
      ['::1', '0:0:0:0'],
    ] as const)
      assert.equal(networkOf(address), network);
  });
});
