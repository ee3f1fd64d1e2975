/** `fractal ai export` and `fractal decide` over a real node. */
import assert from 'node:assert/strict';
import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import type { FractalNode } from '../../src/node/index.ts';
import { testNode } from '../node/kit.ts';
import { desk } from './kit.ts';

/** A command closes the node it opened; this one is used again. */
const kept = (node: FractalNode): FractalNode =>
  new Proxy(node, {
    get: (target, name) =>
      name === 'close' ? async () => undefined : (Reflect.get(target, name) as unknown),
  });

test('a conformity file holds uses, models with cards, answers and decisions; it overwrites nothing', async () => {
  await using t = await testNode();
  const d = await desk(kept(t.node));
  try {
    const narrative = 'A roofer fell from a ladder and broke his arm.';
    const { results } = await t.node.classify({ texts: [narrative] });
    const id = results[0]?.inference_id ?? '';
    assert.equal(await d.run('decide', id, '--reject', '--reason', 'it was a scaffold'), 0, d.stderr.text);
    assert.equal(await d.run('decide', id, '--reject', '--accept', '--reason', 'both'), 2);
    assert.equal(await d.run('ai', 'export', 'conformity', '--json'), 0, d.stderr.text);
    const folder = path.join(d.folder, 'conformity');
    assert.deepEqual(JSON.parse(d.stdout.text), { folder, 'inferences.jsonl': 1, 'decisions.jsonl': 1 });

    const shipped = JSON.parse(await readFile('models/fractal-incidents-v1/model.json', 'utf8')) as {
      readonly version: string;
    };
    const classifier = `model-fractal-incidents-${shipped.version}`;
    const names = await readdir(folder);
    assert.deepEqual(names.sort(), [
      'README.md',
      'decisions.jsonl',
      'inferences.jsonl',
      'model-fractal-embed-1.0.0.json',
      'model-fractal-embed-1.0.0.md',
      `${classifier}.json`,
      `${classifier}.md`,
      'use-cases.json',
    ]);
    const content = async (name: string): Promise<string> => await readFile(path.join(folder, name), 'utf8');
    const json = async (name: string): Promise<Record<string, unknown>> =>
      JSON.parse(await content(name)) as Record<string, unknown>;
    const answer = await json('inferences.jsonl');
    assert.deepEqual([answer['inference_id'], answer['use_case']], [id, 'classify']);
    const decision = await json('decisions.jsonl');
    assert.deepEqual(
      [decision['inference_id'], decision['decision'], decision['reason']],
      [id, 'reject', 'it was a scaffold'],
    );
    const model = await json(`${classifier}.json`);
    assert.deepEqual([model['kind'], model['sha256']], ['classifier', answer['model_sha256']]);
    assert.equal(
      await content(`${classifier}.md`),
      await readFile('models/fractal-incidents-v1/README.md', 'utf8'),
    );
    const overview = await content('README.md');
    assert.match(overview, /\| classify \| limited \| 0\.5 \|/);
    assert.match(overview, /\| fractal-embed \| 1\.0\.0 \| embedding \|/);
    for (const name of names) {
      assert.equal((await content(name)).includes(narrative), false, name);
      assert.equal((await stat(path.join(folder, name))).mode & 0o077, 0, name);
    }

    assert.equal(await d.run('ai', 'export', 'conformity'), 5);
    assert.match(d.stderr.text, /not empty/);
  } finally {
    await d.cleanUp();
  }
});
