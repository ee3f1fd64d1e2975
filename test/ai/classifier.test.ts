/** The classifier: the same chances as where it was trained, alone and in a batch. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { DEFAULT_LIMITS, nodeFileSystem } from '../../src/base/index.ts';
import { IncidentClassifier, readClassifierFolder, type Chances } from '../../src/ai/index.ts';
import { shippedClassifierFolder } from '../../src/node/index.ts';

interface Case {
  readonly text: string;
  readonly chances: Readonly<Record<string, readonly number[]>>;
}

const CASES = JSON.parse(
  await readFile(new URL('data/classifier-parity.json', import.meta.url), 'utf8'),
) as Case[];

async function classifier(): Promise<IncidentClassifier> {
  const model = await readClassifierFolder(nodeFileSystem, shippedClassifierFolder());
  return new IncidentClassifier({ model, fs: nodeFileSystem, limits: DEFAULT_LIMITS });
}

function same(found: Chances | undefined, expected: Case['chances'], text: string): void {
  assert.deepEqual([...(found?.keys() ?? [])], Object.keys(expected));
  for (const [name, chances] of Object.entries(expected))
    chances.forEach((chance, i) => {
      assert.ok(Math.abs((found?.get(name)?.[i] ?? NaN) - chance) < 1e-4, `${name} ${i} of ${text}`);
    });
}

test('the product and the training side give the same chances, in a batch and alone', async () => {
  const model = await classifier();
  const all = await model.classify(CASES.map(({ text }) => text));
  CASES.forEach(({ text, chances }, i) => same(all[i], chances, text));
  for (const { text, chances } of CASES) same((await model.classify([text]))[0], chances, text);
  await model.unload();
});

test('a manifest of another kind is refused', async () => {
  const embedding = new URL('../../models/fractal-embed-v1', import.meta.url).pathname;
  await assert.rejects(readClassifierFolder(nodeFileSystem, embedding), /its kind is not classifier/);
});

test('a flipped byte is found before anything is loaded', async () => {
  const folder = await readClassifierFolder(nodeFileSystem, shippedClassifierFolder());
  const fs = {
    ...nodeFileSystem,
    stat: (path: string) => nodeFileSystem.stat(path),
    readFile: async (path: string) => {
      const bytes = Uint8Array.from(await nodeFileSystem.readFile(path));
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      return bytes;
    },
  };
  const model = new IncidentClassifier({ model: folder, fs, limits: DEFAULT_LIMITS });
  await assert.rejects(model.classify(['An employee fell.']), { code: 'model.hash' });
});
