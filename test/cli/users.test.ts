/** `fractal user` and `fractal policy`: from the words to the call, and back. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { desk, type Desk } from './kit.ts';

describe('users and policy', () => {
  let d: Desk;
  beforeEach(async () => {
    d = await desk();
  });
  afterEach(() => d.cleanUp());
  const last = (): unknown => d.node.seen.at(-1)?.request;

  it('a user is added with roles and attributes, and the token is all that standard output holds', async () => {
    const attributes = '{"assigned_sites":["a","b"]}';
    assert.equal(
      await d.run('user', 'add', 'ann', '--roles', 'inspector,regulator', '--attributes', attributes),
      0,
    );
    assert.deepEqual(last(), {
      action: 'add',
      id: 'ann',
      roles: ['inspector', 'regulator'],
      attributes: { assigned_sites: ['a', 'b'] },
    });
    assert.equal(d.stdout.text, 'fractal_token\n');
    assert.match(d.stderr.text, /not shown again/);
  });

  it('a password comes by standard input, never by the command line', async () => {
    d.stdin = 'a long enough password\n';
    assert.equal(await d.run('user', 'set', 'ann', '--password-stdin'), 0);
    assert.deepEqual(last(), { action: 'set', id: 'ann', password: 'a long enough password' });
    assert.equal(await d.run('user', 'set', 'ann', '--password', 'x'), 2);
  });

  it('the other actions say what they mean', async () => {
    for (const [words, request] of [
      [['user'], { action: 'list' }],
      [['user', 'remove', 'ann'], { action: 'remove', id: 'ann' }],
      [
        ['user', 'token', 'ann', '--label', 'ci', '--days', '30'],
        { action: 'token', id: 'ann', label: 'ci', days: 30 },
      ],
      [['user', 'revoke', 'ann', '--credential', 'c'], { action: 'revoke', id: 'ann', credential: 'c' }],
      [['policy'], { action: 'show' }],
    ] as const) {
      assert.equal(await d.run(...words), 0, words.join(' '));
      assert.deepEqual(last(), request);
    }
    for (const words of [
      ['user', 'add'],
      ['user', 'revoke', 'ann'],
      ['user', 'add', 'x', '--attributes', '['],
      ['policy', 'explain'],
    ])
      assert.equal(await d.run(...words), 2, words.join(' '));
  });

  it('`policy explain --as` asks about somebody; it does not act as them', async () => {
    assert.equal(await d.run('policy', 'explain', '--as', 'ann', 'from esh.sites'), 0);
    assert.deepEqual(last(), { action: 'explain', principal: 'ann', sql: 'from esh.sites' });
    assert.equal(d.opened.at(-1)?.principal, undefined);
  });

  it('`policy test` reads cases and a policy, and exits 5 when a case is not met', async () => {
    const file = await d.file('cases.json', '{"policy":{"format":"x"},"cases":[]}');
    assert.equal(await d.run('policy', 'test', file), 0);
    assert.deepEqual(last(), { action: 'test', document: { format: 'x' }, cases: [] });
    assert.equal(await d.run('policy', 'test', await d.file('none.json', '{}')), 5);
    assert.match(d.stdout.text, /FAIL {2}a case: nothing/);
    assert.equal(await d.run('policy', 'test', await d.file('bad.json', '{')), 5);
    assert.match(d.stderr.text, /policy\.cases/);
  });
});
