/** `fractal queries`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { desk } from './kit.ts';

const LISTED = {
  id: 8417,
  principal: 'ann',
  purpose: 'audit',
  sql: 'SELECT ?\nFROM esh.sites',
  state: 'running',
  started_at: '2026-03-04T12:00:00.000Z',
  elapsed_ms: 61_000,
  rows: 7,
} as const;

test('queries: lists, tells the slow ones, cancels', async (t) => {
  const d = await desk();
  t.after(() => d.cleanUp());
  assert.equal(await d.run('queries'), 0);
  assert.match(d.stderr.text, /No statement runs/);
  assert.equal(d.stdout.text, '');

  d.node.listed = [LISTED];
  assert.equal(await d.run('queries', 'list'), 0);
  assert.match(d.stdout.text, /8417 +ann for audit +running +1 min 01 s +7 +SELECT \? *FROM esh\.sites/);
  assert.equal(await d.run('queries', 'list', '--json'), 0);
  assert.deepEqual(JSON.parse(d.stdout.text), { queries: [LISTED] });

  const { principal, purpose, sql, started_at, rows } = LISTED;
  const slow = {
    principal,
    purpose,
    sql,
    started_at,
    rows,
    waited_ms: 0,
    duration_ms: 2500,
    cached: false,
    error_code: 'sql.memory',
  };
  d.node.slow = [slow];
  assert.equal(await d.run('queries', 'slow'), 0);
  assert.match(
    d.stdout.text,
    /2026-03-04T12:00:00\.000Z +ann for audit +0\.00 s +2\.50 s +7 +sql\.memory +SELECT/,
  );
  assert.equal(await d.run('queries', 'slow', '--json'), 0);
  assert.deepEqual(JSON.parse(d.stdout.text), { queries: [slow] });

  assert.equal(await d.run('queries', 'cancel', '8417'), 0);
  assert.match(d.stdout.text, /8417: cancelled/);
  assert.equal(await d.run('queries', 'cancel', '9'), 4);
  for (const bad of [[], ['x'], ['-1'], ['1e3']]) assert.equal(await d.run('queries', 'cancel', ...bad), 2);
});
