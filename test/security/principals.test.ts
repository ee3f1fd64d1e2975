/** Users, their credentials, and what becomes of the doors once there are any. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { DEFAULT_LIMITS, ManualClock, SeededRandom, silentLog, systemRandom } from '../../src/base/index.ts';
import { openNode, type Caller, type FractalNode, type NodeApi } from '../../src/node/index.ts';
import { Passwords, makeToken, readToken } from '../../src/security/principals/secrets.ts';
import { RemoteNode, createApp, listen, readRows, socketPathOf } from '../../src/server/index.ts';
import { annualPart, testNode } from '../node/kit.ts';
import { call } from '../server/harness.ts';

const LAW = annualPart(7, '2023-07-01', { '7.1': ['(a) The operator shall lock the valve before work.'] });

async function rowsOf(node: NodeApi, sql: string): Promise<unknown[][]> {
  const rows: unknown[][] = [];
  for await (const row of (await readRows(await node.sql({ sql }))).rows) rows.push([...row]);
  return rows;
}

async function firstUser(node: FractalNode): Promise<{ token: string; root: NodeApi }> {
  const { token = '' } = await node.users({ action: 'add', id: 'root', roles: ['system-admin'] });
  return { token, root: node.as({ credentials: { token } }) };
}

describe('passwords and tokens', () => {
  it('are stored so that they cannot be read back, and match only themselves', async () => {
    const passwords = new Passwords(systemRandom, DEFAULT_LIMITS);
    const stored = await passwords.hash('correct horse battery');
    assert.match(stored, /^scrypt\$15\$8\$1\$/);
    assert.ok(!stored.includes('horse'));
    assert.equal(await passwords.matches('correct horse battery', stored), true);
    // The same text in another normal form of Unicode is the same password.
    assert.equal(await passwords.matches('a\u0308'.repeat(12), await passwords.hash('ä'.repeat(12))), true);
    for (const [password, hash] of [
      ['correct horse batterx', stored],
      ['', stored],
      ['correct horse battery', undefined],
      ['correct horse battery', ''],
      ['correct horse battery', stored.replace('scrypt', 'bcrypt')],
    ] as const)
      assert.equal(await passwords.matches(password, hash), false);
    assert.notEqual(await passwords.hash('correct horse battery'), stored);
  });

  it('are checked a bounded number at one time', async () => {
    const passwords = new Passwords(systemRandom, { ...DEFAULT_LIMITS, password_checks: 2 });
    const found = await Promise.allSettled([1, 2, 3, 4].map(() => passwords.matches('x', undefined)));
    assert.deepEqual(
      found.map((one) => one.status),
      ['fulfilled', 'fulfilled', 'rejected', 'rejected'],
    );
    assert.equal(await passwords.matches('x', undefined), false);
  });

  it('tokens hold an id and a secret, and nothing else passes for one', () => {
    const id = '019cb8b8-1e00-715e-9d67-3d3ea6cadf67';
    const { token, hash } = makeToken(id, new SeededRandom(1));
    assert.deepEqual(readToken(token), { id, hash });
    for (const bad of ['', 'fractal_', token.slice(1), `${token}x`, token.replace('_', '-'), `${token}\n`])
      assert.equal(readToken(bad), undefined);
  });
});

describe('users', () => {
  it('the first ends single-user mode, and must be able to administer', async () => {
    await using t = await testNode();
    const { node } = t;
    assert.equal((await node.status()).mode, 'single-user');
    await assert.rejects(node.users({ action: 'add', id: 'ann', roles: ['inspector'] }), {
      code: 'user.first',
    });
    for (const caller of [{ as: 'ann' }, { credentials: { token: 'x' } }] as Caller[])
      await assert.rejects(rowsOf(node.as(caller), 'select 1'), { code: 'principal.unknown' });
    const { token, root } = await firstUser(node);
    assert.match(token, /^fractal_/);
    assert.equal((await root.status()).mode, 'users');
    for (const work of [
      () => node.status(),
      () => node.doctor(),
      () => rowsOf(node, 'select 1'),
      () => node.explain({ sql: 'select 1' }),
      () => node.search({ query: 'valve' }),
      () => node.users({ action: 'list' }),
      () => node.policy({ action: 'show' }),
      async () => {
        for await (const event of node.import({ paths: ['x'] })) assert.ok(event);
      },
      async () => {
        for await (const event of node.reindex()) assert.ok(event);
      },
    ])
      await assert.rejects(async () => work(), { code: 'auth.required', kind: 'denied' });
    // Also after a restart, and with the secrets only as hashes in the files.
    await t.node.close();
    const again = await openNode({ dataDir: t.dataDir, log: silentLog, token });
    t.node = again;
    assert.deepEqual(await rowsOf(again, 'select 1'), [[1]]);
    const secret = token.slice(-43);
    for (const name of ['fractal.duckdb', 'fractal.duckdb.wal'])
      assert.ok(!(await readFile(path.join(t.dataDir, name)).catch(() => Buffer.alloc(0))).includes(secret));
  });

  it('see what their roles say, and a change counts for the next call', async () => {
    await using t = await testNode();
    await t.import(await t.file('a.xml', LAW));
    const { root } = await firstUser(t.node);
    const { token = '' } = await root.users({
      action: 'add',
      id: 'ann',
      roles: ['inspector'],
      attributes: { assigned_sites: ['a'] },
    });
    const ann = t.node.as({ credentials: { token } });
    assert.equal((await ann.search({ query: 'valve' })).hits.length > 0, true);
    assert.equal((await rowsOf(ann, 'from law.sections')).length > 0, true);
    await assert.rejects(rowsOf(ann, 'from node.commits'), { code: 'sql.name' });
    await assert.rejects(ann.doctor(), { code: 'policy.denied' });
    await assert.rejects(ann.users({ action: 'list' }), { code: 'policy.denied' });
    await assert.rejects(ann.policy({ action: 'show' }), { code: 'policy.denied' });
    await assert.rejects(
      async () => {
        for await (const event of ann.import({ paths: [t.folder] })) assert.ok(event);
      },
      { code: 'policy.denied' },
    );
    assert.deepEqual((await ann.status()).tables, []);
    await root.users({ action: 'set', id: 'ann', roles: ['system-admin'] });
    assert.ok((await rowsOf(ann, 'from node.commits')).length > 0);
    await assert.rejects(rowsOf(ann, 'from esh.sites'), { code: 'sql.name' });
    await root.users({ action: 'set', id: 'ann', roles: [] });
    await assert.rejects(rowsOf(ann, 'select 1'), { code: 'policy.denied' });
    await assert.rejects(ann.search({ query: 'valve' }), { code: 'policy.denied' });
    await root.users({ action: 'remove', id: 'ann' });
    await assert.rejects(rowsOf(ann, 'select 1'), { code: 'auth.failed' });
    await assert.rejects(root.users({ action: 'add', id: 'ann', roles: [] }), { code: 'user.exists' });
  });

  it('act as others only with the right to', async () => {
    await using t = await testNode();
    const { root, token: rootToken } = await firstUser(t.node);
    const { token = '' } = await root.users({
      action: 'add',
      id: 'ann',
      roles: ['inspector'],
      attributes: { assigned_sites: ['a'] },
    });
    const rootAsAnn = t.node.as({ as: 'ann', credentials: { token: rootToken } });
    assert.deepEqual(await rowsOf(rootAsAnn, 'from esh.sites'), []);
    await assert.rejects(rootAsAnn.doctor(), { code: 'policy.denied' });
    await assert.rejects(rowsOf(t.node.as({ as: 'root', credentials: { token } }), 'select 1'), {
      code: 'policy.denied',
    });
    await assert.rejects(rowsOf(t.node.as({ as: 'nobody', credentials: { token: rootToken } }), 'select 1'), {
      code: 'user.unknown',
    });
    await assert.rejects(
      rowsOf(t.node.as({ as: 'local-operator', credentials: { token: rootToken } }), 'select 1'),
      { code: 'user.unknown' },
    );
  });

  it('are refused when they make no sense, or would lock everybody out', async () => {
    await using t = await testNode();
    const { root } = await firstUser(t.node);
    for (const [request, code] of [
      [{ action: 'add', id: 'root', roles: [] }, 'user.exists'],
      [{ action: 'add', id: 'local-operator', roles: [] }, 'user.name'],
      [{ action: 'add', id: 'Ann', roles: [] }, 'user.name'],
      [{ action: 'add', id: '', roles: [] }, 'user.name'],
      [{ action: 'add', roles: [] }, 'user.request'],
      [{ action: 'add', id: 'ann', roles: ['owner'] }, 'user.role'],
      [{ action: 'add', id: 'ann', roles: ['__proto__'] }, 'user.role'],
      [{ action: 'add', id: 'ann', attributes: { assigned_sites: 'a' } }, 'user.attribute'],
      [{ action: 'add', id: 'ann', attributes: { shoe_size: 1 } }, 'user.attribute'],
      [{ action: 'add', id: 'ann', password: 'short' }, 'user.password'],
      [{ action: 'set', id: 'root', roles: ['inspector'] }, 'user.last_administrator'],
      [{ action: 'remove', id: 'root' }, 'user.last_administrator'],
      [{ action: 'remove', id: 'ann' }, 'user.unknown'],
      [{ action: 'revoke', id: 'root', credential: 'x' }, 'user.credential'],
    ] as const)
      await assert.rejects(
        root.users(request as Parameters<NodeApi['users']>[0]),
        { code },
        JSON.stringify(request),
      );
    const twice = await Promise.allSettled(
      [1, 2].map(() => root.users({ action: 'add', id: 'bob', roles: [] })),
    );
    assert.deepEqual(twice.map((one) => one.status).sort(), ['fulfilled', 'rejected']);
  });

  it('tokens end and are revoked; passwords are for HTTP', async () => {
    await using t = await testNode();
    await t.node.close();
    const clock = new ManualClock(Date.UTC(2026, 0, 1));
    const outside = { ...t.node.parts.outside, clock };
    t.node = await openNode({ dataDir: t.dataDir, log: silentLog, outside });
    const { root } = await firstUser(t.node);
    const { token = '' } = await root.users({ action: 'token', id: 'root', label: 'night', days: 2 });
    const night = t.node.as({ credentials: { token } });
    assert.deepEqual(await rowsOf(night, 'select 1'), [[1]]);
    clock.advance(3 * 86_400_000);
    await assert.rejects(rowsOf(night, 'select 1'), { code: 'auth.failed' });
    const { users, token: other = '' } = await root.users({ action: 'token', id: 'root' });
    const credential =
      users[0]?.credentials.find((one) => one.label === '' && one.kind === 'token')?.id ?? '';
    await root.users({ action: 'revoke', id: 'root', credential });
    await assert.rejects(rowsOf(t.node.as({ credentials: { token: other } }), 'select 1'), {
      code: 'auth.failed',
    });
    await root.users({ action: 'add', id: 'bob', roles: ['regulator'], password: 'a long enough password' });
    const bob = (password: string): NodeApi => t.node.as({ credentials: { id: 'bob', password } });
    assert.deepEqual(await rowsOf(bob('a long enough password'), 'select 1'), [[1]]);
    await assert.rejects(rowsOf(bob('a wrong password'), 'select 1'), { code: 'auth.failed' });
    assert.ok(!JSON.stringify(await root.users({ action: 'list' })).includes('scrypt'));
  });
});

describe('the doors of a node with users', () => {
  it('ask for credentials, by HTTP and by the local socket, and tell callers apart', async () => {
    await using t = await testNode();
    const { token, root } = await firstUser(t.node);
    await root.users({ action: 'add', id: 'bob', roles: ['regulator'], password: 'a long enough password' });
    const app = createApp(t.node, {
      dataDir: t.dataDir,
      version: '0',
      limits: DEFAULT_LIMITS,
      log: silentLog,
      principal: 'local-operator',
      admit: (caller) => t.node.as(caller),
    });
    const socketPath = socketPathOf(t.dataDir);
    const listening = await listen({
      app,
      host: '127.0.0.1',
      port: 0,
      socketPath,
      limits: DEFAULT_LIMITS,
      log: silentLog,
    });
    try {
      const { port } = listening;
      const ask = async (
        headers: Record<string, string>,
        sql = 'select 1 as a',
      ): Promise<[number, string]> => {
        const answer = await call(
          { port },
          {
            method: 'POST',
            path: '/v1/sql',
            headers: { host: `127.0.0.1:${port}`, 'content-type': 'application/json', ...headers },
            body: JSON.stringify({ sql }),
          },
        );
        return [answer.status, answer.body];
      };
      const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
      assert.equal((await ask({}))[0], 401);
      assert.equal((await ask({ authorization: 'Bearer nonsense' }))[0], 401);
      assert.equal((await ask({ authorization: 'Bearer' }))[0], 400);
      assert.equal((await ask({ authorization: 'Digest x' }))[0], 400);
      assert.equal((await ask({ authorization: `Bearer ${token}` }))[0], 200);
      assert.equal((await ask(basic('bob:a long enough password')))[0], 200);
      assert.equal((await ask(basic('bob:wrong')))[0], 401);
      assert.equal(
        (await ask({ ...basic('bob:a long enough password'), 'fractal-principal': 'root' }))[0],
        403,
      );
      assert.equal((await ask({ authorization: `Bearer ${token}`, 'fractal-principal': 'bob' }))[0], 200);
      const [status, body] = await ask(basic('bob:a long enough password'), 'from node.commits');
      assert.equal(status, 422);
      assert.match(body, /sql\.name/);
      const health = await call({ port }, { path: '/readyz', headers: { host: `127.0.0.1:${port}` } });
      assert.equal(health.status, 200);

      await assert.rejects(new RemoteNode({ socketPath }).status(), { code: 'auth.required' });
      const remote = new RemoteNode({ socketPath, token });
      assert.equal((await remote.status()).mode, 'users');
      assert.deepEqual(
        (await remote.users({ action: 'list' })).users.map((user) => user.id),
        ['bob', 'root'],
      );
      const { explanation } = await remote.policy({
        action: 'explain',
        principal: 'bob',
        sql: `select name, manager from esh.sites where site_id = 'a' and employees > 9007199254740993`,
      });
      assert.match(explanation?.rewritten ?? '', /sha256\(\('<key>' \|\| .*deleted.*9007199254740993/s);
      assert.deepEqual(explanation?.tables[0]?.rules, ['regulator.records']);
      assert.deepEqual(
        explanation.tables[0].masked.map((column) => column.name),
        ['manager', 'manager_contact'],
      );
    } finally {
      await listening.stop();
    }
  });

  it('search keeps to the rows of a principal, and shows nothing to those who see passages in part', async () => {
    await using t = await testNode();
    await t.import(await t.file('us.xml', LAW));
    const uk = await t.file(
      'uk.xml',
      LAW.replaceAll('7.', '9.').replaceAll('PART 7', 'PART 9').replace('>7<', '>9<'),
    );
    for await (const event of t.node.import({ paths: [uk], jurisdiction: 'UK' }))
      if (event.type === 'result') assert.equal(event.result.status, 'added');
    const law = (id: string, more: object): object => ({
      doc: '',
      grants: [{ id, actions: ['read'], tables: ['law.sections'], ...more }],
    });
    const shipped = JSON.parse(await readFile('policies/default.json', 'utf8')) as { roles: object };
    const roles = {
      ...shipped.roles,
      british: law('british', { where: { eq: [{ column: 'jurisdiction' }, 'UK'] } }),
      foreign: law('foreign', { where: { in: [{ column: 'jurisdiction' }, { principal: 'regions' }] } }),
      headings: law('headings', { columns: { hide: ['text'] } }),
      texts: law('texts', { where: { starts: [{ column: 'text' }, 'A'] } }),
    };
    await t.node.close();
    const config = JSON.parse(await readFile(path.join(t.dataDir, 'fractal.json'), 'utf8')) as object;
    await writeFile(
      path.join(t.dataDir, 'fractal.json'),
      JSON.stringify({ ...config, policy: 'policy.json' }),
    );
    await writeFile(path.join(t.dataDir, 'policy.json'), JSON.stringify({ ...shipped, roles }));
    t.node = await openNode({ dataDir: t.dataDir, log: silentLog });
    const { root } = await firstUser(t.node);
    const user = async (id: string, attributes = {}): Promise<NodeApi> => {
      const { token = '' } = await root.users({ action: 'add', id, roles: [id], attributes });
      return t.node.as({ credentials: { token } });
    };
    const [all, british, foreign] = [
      root,
      await user('british'),
      await user('foreign', { regions: ['US', `x' or '1'='1`] }),
    ];
    for (const mode of ['text', 'vector', 'hybrid'] as const) {
      const found = async (node: NodeApi): Promise<string[]> =>
        (await node.search({ query: 'lock the valve', mode, k: 50 })).hits.map((hit) => hit.document_id);
      assert.equal(new Set(await found(all)).size, 2, mode);
      const [here, there] = [await found(british), await found(foreign)];
      assert.equal(new Set(here).size, 1, mode);
      assert.equal(new Set(there).size, 1, mode);
      assert.notEqual(here[0], there[0]);
    }
    for (const id of ['headings', 'texts'])
      await assert.rejects((await user(id)).search({ query: 'valve' }), {
        code: 'policy.denied',
        message: new RegExp(id),
      });
  });

  it('a policy of one’s own is read at start; one that makes no sense stops the start', async () => {
    await using t = await testNode();
    const policy = JSON.parse(await readFile('policies/default.json', 'utf8')) as {
      roles: Record<string, unknown>;
    };
    policy.roles['auditor'] = {
      doc: 'reads the node',
      grants: [{ id: 'auditor', actions: ['read'], tables: ['node.commits'] }],
    };
    await t.node.close();
    const config = JSON.parse(await readFile(path.join(t.dataDir, 'fractal.json'), 'utf8')) as object;
    await writeFile(
      path.join(t.dataDir, 'fractal.json'),
      JSON.stringify({ ...config, policy: 'policy.json' }),
    );
    await assert.rejects(openNode({ dataDir: t.dataDir, log: silentLog }), { code: 'policy.file' });
    await writeFile(path.join(t.dataDir, 'policy.json'), JSON.stringify({ ...policy, extra: 1 }));
    await assert.rejects(openNode({ dataDir: t.dataDir, log: silentLog }), { code: 'policy.invalid' });
    await writeFile(path.join(t.dataDir, 'policy.json'), JSON.stringify(policy));
    t.node = await openNode({ dataDir: t.dataDir, log: silentLog });
    const { root } = await firstUser(t.node);
    const { token = '' } = await root.users({ action: 'add', id: 'eve', roles: ['auditor'] });
    const eve = t.node.as({ credentials: { token } });
    assert.deepEqual(await rowsOf(eve, 'show tables'), [['node', 'commits', "the node's own bookkeeping"]]);
    assert.ok((await rowsOf(eve, 'from node.commits')).length > 0);
    await assert.rejects(rowsOf(eve, 'from law.sections'), { code: 'sql.name' });
    await assert.rejects(eve.search({ query: 'valve' }), { code: 'policy.denied' });
  });
});
