/** `fractal ask` on the terminal and as JSON. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { desk, type Desk } from './kit.ts';

let d: Desk;
beforeEach(async () => {
  d = await desk();
  d.node.imported.set('/a', 'The noise \u001b[2Jlimits at work are strict.');
});
afterEach(() => d.cleanUp());

test('ask shows claim, citation, label and confidence; notes go to standard error', async () => {
  assert.equal(await d.run('ask', 'noise', 'limits?', '-k', '3', '--at', '2025-01-01'), 0);
  assert.deepEqual(d.node.seen[0]?.request, { question: 'noise limits?', k: 3, at: '2025-01-01' });
  assert.match(d.stdout.text, /limits at work are strict\.\n {4}Act 1 § 1 .*in force from 2020-01-01/);
  assert.match(d.stdout.text, /extracted, confidence 0\.90, m, record i-1/);
  assert.match(d.stdout.text, /^! No generator is installed/m);
  assert.ok(!d.stdout.text.includes('\u001b'), 'escape sequences of the law stay away from the terminal');
});

test('ask says that there is no answer, and exits 0', async () => {
  assert.equal(await d.run('ask', 'zzz'), 0);
  assert.match(d.stdout.text, /^No answer\./);
});

test('ask --json writes the answer and nothing else', async () => {
  assert.equal(await d.run('ask', '--json', '--model', 'extractive', 'noise'), 0);
  const answer = JSON.parse(d.stdout.text) as { claims: unknown[]; abstained: boolean };
  assert.deepEqual([answer.claims.length, answer.abstained], [1, false]);
  assert.deepEqual(d.node.seen[0]?.request, { question: 'noise', k: 8, model: 'extractive' });
});
