/** `fractal models`. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { desk } from './kit.ts';

test('models: lists, shows, adds, pulls, pins; names what is missing', async (t) => {
  const d = await desk();
  t.after(() => d.cleanUp());
  const asked = (): unknown => d.node.seen.at(-1)?.request;
  assert.equal(await d.run('models'), 0);
  assert.match(d.stdout.text, /^\* m-1 {2}embedding {2}3\.0 MB {2}Apache-2\.0$/m);
  assert.equal(await d.run('models', 'show', 'm'), 0);
  assert.match(d.stdout.text, /purpose +Tests\.[^]*limit +everything[^]*model\.onnx +3000000 bytes +abab/);
  assert.equal(await d.run('models', 'card', 'm'), 0);
  assert.equal(d.stdout.text, '# Card\\u001b[2J\n', 'told, not obeyed');
  assert.equal(await d.run('models', 'show', 'm', '--json'), 0);
  assert.equal((JSON.parse(d.stdout.text) as { name: string }).name, 'm-1');
  assert.equal(await d.run('models', 'show', 'other'), 4);

  assert.equal(await d.run('models', 'add', 'usb'), 0);
  assert.deepEqual(asked(), { action: 'add', folder: path.join(d.folder, 'usb') });
  assert.match(d.stderr.text, /models use m-1/);
  assert.equal(await d.run('models', 'pin', 'm'), 0);
  assert.match(d.stdout.text, /^m-1 is pinned to abab/);
  assert.equal(await d.run('models', 'use', 'm'), 0);
  assert.match(d.stderr.text, /fractal reindex/);
  assert.equal(await d.run('models', 'pull', 'm', '--from', 'list.json', '--allow-network'), 0);
  assert.deepEqual(asked(), { name: 'm', from: path.join(d.folder, 'list.json'), allow_network: true });
  assert.match(d.stderr.text, /1 of 1: model\.onnx, 3\.0 MB/);
  assert.equal(await d.run('models', 'pull', 'm', '--from', 'https://example.org/list.json'), 0);
  assert.deepEqual(asked(), { name: 'm', from: 'https://example.org/list.json' });
  assert.equal(await d.run('models', 'verify'), 2);
});
