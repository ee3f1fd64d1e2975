/** `fractal session`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { desk } from './kit.ts';

const ONE = {
  id: 'b7',
  user: 'ann',
  address: '10.0.0.7',
  opened_at: '2026-03-04T12:00:00.000Z',
  used_at: '2026-03-04T12:10:00.000Z',
  expires_at: '2026-03-05T00:00:00.000Z',
  current: false,
};

test('session: lists, ends one or all', async (t) => {
  const d = await desk();
  t.after(() => d.cleanUp());
  assert.equal(await d.run('session'), 0);
  assert.match(d.stderr.text, /Nobody is logged in/);
  d.node.loggedIn = [ONE, { ...ONE, id: 'c8', address: null }];
  assert.equal(await d.run('session', 'list'), 0);
  assert.match(d.stdout.text, /b7 +ann +10\.0\.0\.7 +2026-03-04T12:00/);
  assert.match(d.stdout.text, /c8 +ann +this machine/);
  assert.equal(await d.run('session', '--json'), 0);
  assert.deepEqual(JSON.parse(d.stdout.text), { sessions: d.node.loggedIn, ended: 0 });
  assert.equal(await d.run('session', 'revoke', 'b7'), 0);
  assert.equal(d.stdout.text, '1 session ended\n');
  assert.equal(await d.run('session', 'revoke', 'x'), 4);
  assert.equal(await d.run('session', 'revoke'), 2);
  assert.equal(await d.run('session', 'revoke-all', 'ann'), 0);
  assert.deepEqual(d.node.seen.at(-1), { call: 'sessions', request: { action: 'revoke-all', user: 'ann' } });
});
