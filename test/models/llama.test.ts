/**
 * llama.cpp with a real model: SmolLM2-135M-Instruct. `FRACTAL_LLAMA` is the folder that node-llama-cpp was installed
 * in, `FRACTAL_GGUF` the model's file; `tools/fetch-test-model.ts` brings both. Without them the suite says so.
 */
import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LlamaGenerator, generateWhole } from '../../src/ai/index.ts';
import { DEFAULT_LIMITS, nodeFileSystem, sha256 } from '../../src/base/index.ts';
import { failsWith, generatorContract } from '../contract/generator-contract.ts';

const { FRACTAL_LLAMA: runtime, FRACTAL_GGUF: file } = process.env;

if (runtime === undefined || file === undefined) {
  test('llama.cpp with a real model', { skip: 'run `node tools/fetch-test-model.ts FOLDER` and set what it prints' }, () => undefined);
} else {
  const made = {
    file,
    runtime,
    id: 'smollm2-135m-instruct',
    version: 'q4_1',
    sha256: sha256(await readFile(file)),
    context_tokens: 512,
    fs: nodeFileSystem,
    limits: DEFAULT_LIMITS,
    threads: 1,
  };
  const shared = new LlamaGenerator(made);
  after(async () => {
    await shared.unload();
  });
  generatorContract('llama.cpp', () => shared);

  const asked = { messages: [{ role: 'user', content: 'Hello.' }], max_tokens: 4 } as const;

  test('a text that does not fit into the context is refused, not cut', async () => {
    const long = { ...asked, messages: [{ role: 'user', content: 'word '.repeat(2000) }] as const };
    await assert.rejects(generateWhole(shared, long), failsWith('generate.context'));
  });

  test('it is unloaded when idle, and loaded again', async () => {
    await generateWhole(shared, asked);
    await shared.unload();
    assert.equal(shared.isLoaded, false);
    assert.notEqual((await generateWhole(shared, asked)).text, '');
  });

  test('a flipped byte, a missing file and a missing runtime are errors', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'fractal-test-'));
    try {
      const copy = path.join(folder, 'm.gguf');
      await copyFile(file, copy);
      const handle = await open(copy, 'r+');
      await handle.write(Buffer.from([7]), 0, 1, 5000);
      await handle.close();
      await assert.rejects(generateWhole(new LlamaGenerator({ ...made, file: copy }), asked), failsWith('model.hash'));
      await assert.rejects(generateWhole(new LlamaGenerator({ ...made, file: 'none' }), asked), failsWith('model.missing'));
      await assert.rejects(generateWhole(new LlamaGenerator({ ...made, runtime: folder }), asked), failsWith('runtime.missing'));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}
