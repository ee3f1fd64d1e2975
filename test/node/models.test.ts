/** Models come in from a folder with every hash checked, and an index remembers which made it. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { nodeFileSystem, sha256 } from '../../src/base/index.ts';
import { addModelFrom, listModels, shippedModelFolder, useModel } from '../../src/node/index.ts';
import { shippedPolicy } from '../../src/node/paths.ts';
import { annualPart, testNode, type TestNode } from './kit.ts';

interface Manifest {
  id: string;
  version: string;
  files: { path: string; bytes: number; sha256: string }[];
}

/** The shipped model under another version, with its tokenizer's bytes changed by one space. */
async function otherModel(t: TestNode): Promise<string> {
  const folder = path.join(t.folder, 'usb');
  await nodeFileSystem.makeFolder(folder);
  const manifest = JSON.parse(
    await readFile(path.join(shippedModelFolder(), 'model.json'), 'utf8'),
  ) as Manifest;
  manifest.version = '1.0.1';
  for (const file of manifest.files) {
    const bytes = await readFile(path.join(shippedModelFolder(), file.path));
    const own = file.path === 'tokenizer.json' ? Buffer.concat([bytes, Buffer.from(' ')]) : bytes;
    file.sha256 = sha256(own);
    file.bytes = own.length;
    await writeFile(path.join(folder, file.path), own);
  }
  await writeFile(path.join(folder, 'model.json'), JSON.stringify(manifest));
  return folder;
}

test('a model is added, used, and the index must be made again', async () => {
  await using t = await testNode();
  await t.import(
    await t.file('a.xml', annualPart(7, '2023-07-01', { '7.1': ['The operator shall lock the valve.'] })),
  );
  const name = await addModelFrom(t.dataDir, await otherModel(t));
  assert.equal(name, 'fractal-embed-1.0.1');
  assert.deepEqual(
    (await listModels(t.dataDir)).map((model) => [model.name, model.in_use]),
    [
      ['fractal-embed-1.0.0', true],
      ['fractal-embed-1.0.1', false],
    ],
  );
  // What else is configured stays, the policy above all.
  const config = path.join(t.dataDir, 'fractal.json');
  const policy = shippedPolicy();
  await writeFile(
    config,
    JSON.stringify({ ...(JSON.parse(await readFile(config, 'utf8')) as object), policy }),
  );
  await useModel(t.dataDir, name);
  assert.equal((JSON.parse(await readFile(config, 'utf8')) as { policy: string }).policy, policy);
  await t.reopen();
  await assert.rejects(t.node.search({ query: 'valve' }), { code: 'search.model_mismatch' });
  for await (const event of t.node.reindex()) assert.ok(event.total === 1);
  assert.equal((await t.node.search({ query: 'valve' })).model, 'fractal-embed 1.0.1');
  await useModel(t.dataDir, 'fractal-embed-1.0.0');
  await t.reopen();
  await assert.rejects(t.node.search({ query: 'valve' }), { code: 'search.model_mismatch' });
  await assert.rejects(useModel(t.dataDir, 'other'), { code: 'model.unknown', kind: 'not_found' });
});

test('a model with a wrong byte is refused and leaves nothing behind', async () => {
  await using t = await testNode();
  const folder = await otherModel(t);
  const file = path.join(folder, 'model.onnx');
  const bytes = await readFile(file);
  bytes[1000] = (bytes[1000] ?? 0) ^ 1;
  await writeFile(file, bytes);
  await assert.rejects(addModelFrom(t.dataDir, folder), { code: 'model.hash', kind: 'integrity' });
  assert.equal((await listModels(t.dataDir)).length, 1);
});

test('the shipped model added again is the shipped model', async () => {
  await using t = await testNode();
  assert.equal(await addModelFrom(t.dataDir, shippedModelFolder()), 'fractal-embed-1.0.0');
  assert.equal((await listModels(t.dataDir)).length, 1);
});
