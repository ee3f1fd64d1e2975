/** llama.cpp with a real model: SmolLM2-135M-Instruct, which `tools/fetch-test-model.ts` brings. */
import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LlamaGenerator, generateWhole, type GenerateRequest, type LlamaOptions } from '../../src/ai/index.ts';
import { DEFAULT_LIMITS, nodeFileSystem, sha256 } from '../../src/base/index.ts';
import { TEST_GGUF, TEST_RUNTIME } from '../../tools/fetch-test-model.ts';
import { failsWith, generatorContract } from '../contract/generator-contract.ts';

const { file } = TEST_GGUF;
const made = {
  ...TEST_GGUF,
  runtime: TEST_RUNTIME,
  id: 'smollm2-135m-instruct',
  version: 'q4_1',
  context_tokens: 512,
  fs: nodeFileSystem,
  limits: DEFAULT_LIMITS,
  // Threads of llama.cpp that share a processor wait for each other.
  threads: 1,
};
const shared = new LlamaGenerator(made);
after(async () => {
  await shared.unload();
});
generatorContract('llama.cpp', () => shared);

const asked = { messages: [{ role: 'user', content: 'Hello.' }], max_tokens: 4 } as const;

const withOwn = async <T>(more: Partial<LlamaOptions>, work: (own: LlamaGenerator) => Promise<T>): Promise<T> => {
  const own = new LlamaGenerator({ ...made, ...more });
  try {
    return await work(own);
  } finally {
    await own.unload();
  }
};

const RULES =
  'The employer shall notify affected employees of the application and removal of lockout devices. Notification shall be ' +
  'given before the controls are applied, and after they are removed from the machine or equipment. ';
const chat = (system: string, question: string, max_tokens = 4): GenerateRequest => ({
  messages: [
    { role: 'system', content: system },
    { role: 'user', content: question },
  ],
  max_tokens,
});

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

test('what two requests begin with is read once, also when another prompt comes between, and only so many are kept', async () => {
  await withOwn({}, async (own) => {
    const cached = async (request: GenerateRequest): Promise<number> => (await generateWhole(own, request)).cached_tokens ?? -1;
    const [law, joke] = [RULES.repeat(2), 'You tell jokes about gardens and the people who dig in them. '.repeat(3)];
    assert.ok((await cached(chat(law, 'Who is notified?'))) < 5, 'nothing is kept at first');
    assert.ok((await cached(chat(joke, 'One, please.'))) < 5);
    assert.ok((await cached(chat(law, 'When is notice given?'))) > 50, 'the law is kept beside the jokes');
    assert.ok((await cached(chat(joke, 'Another one, please.'))) > 30);
    // The bound is two prompts: a third takes the place of the law, which was longest not used.
    assert.ok((await cached(chat('Numbers are written in Roman numerals only, whatever they are. '.repeat(3), 'Ten?'))) < 5);
    assert.ok((await cached(chat(law, 'Who is notified?'))) < 5, 'it had to go');
    // Nobody learns by it what somebody else asked.
    assert.ok((await cached({ ...chat(law, 'Who is notified?'), kept_for: 'ann' })) < 5, 'it is not hers');
    assert.ok((await cached({ ...chat(law, 'When is it given?'), kept_for: 'ann' })) > 50, 'now it is');
  });
});

test('kept prompts change no text', async () => {
  const request = chat(RULES, 'Who must be notified?', 24);
  const fresh = await withOwn({}, (own) => generateWhole(own, request));
  const again = await withOwn({}, async (own) => {
    await generateWhole(own, chat(RULES, 'When must notice be given?', 24));
    return await generateWhole(own, request);
  });
  assert.ok((again.cached_tokens ?? 0) > 30);
  assert.equal(again.text, fresh.text);
});

test('guessed tokens change no text: by a draft model, by the prompt, with a JSON schema and without', async () => {
  const plain = chat('Repeat what the user writes.', RULES, 40);
  const bound: GenerateRequest = {
    ...plain,
    json_schema: { type: 'object', properties: { text: { type: 'string', maxLength: 60 } }, required: ['text'] },
  };
  const texts = (own: LlamaGenerator): Promise<string[]> =>
    Promise.all([plain, bound].map(async (request) => (await generateWhole(own, request)).text));
  const without = await withOwn({}, texts);
  assert.notEqual(without[0], '');
  assert.deepEqual(await withOwn({ draft: 'prompt' }, texts), without);
  // The model is its own draft: every guess of it is right, and none may change a thing.
  assert.deepEqual(await withOwn({ draft: TEST_GGUF }, texts), without);
});

test('a draft of another tokenizer is refused', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'fractal-test-'));
  try {
    // Two words of one length change places in the vocabulary.
    const bytes = await readFile(file);
    const [one, other] = ['Ġwater', 'Ġhouse'].map((word) => {
      const text = Buffer.from(word);
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(text.length));
      return { text, at: bytes.indexOf(Buffer.concat([length, text])) + 8 };
    });
    assert.ok(one !== undefined && other !== undefined && one.at > 8 && other.at > 8);
    other.text.copy(bytes, one.at);
    one.text.copy(bytes, other.at);
    const draft = { file: path.join(folder, 'other.gguf'), sha256: sha256(bytes) };
    await writeFile(draft.file, bytes);
    await assert.rejects(
      withOwn({ draft }, (own) => generateWhole(own, asked)),
      failsWith('model.draft'),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('too little memory is an error before anything is loaded: for the weights, and for the context', async () => {
  const refused = (more: Partial<LlamaOptions>): Promise<void> =>
    assert.rejects(
      withOwn(more, (own) => generateWhole(own, asked)),
      failsWith('model.memory'),
    );
  // More than this machine has, by what the manifest says.
  await refused({ ram_bytes_needed: Number.MAX_SAFE_INTEGER });
  // The weights have room, a context of so many tokens has none on any machine: llama.cpp's own estimate says so.
  await refused({ context_tokens: 10_000_000 });
  // With room for one context alone, fewer prompts are kept, and it runs.
  const before = process.memoryUsage.rss();
  const { text } = await withOwn({ freeMemory: () => 130_000_000 }, (own) => generateWhole(own, asked));
  assert.notEqual(text, '');
  assert.ok(process.memoryUsage.rss() - before < 400_000_000);
});

test('a flipped byte, a missing file and a missing runtime are errors', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'fractal-test-'));
  try {
    const copy = path.join(folder, 'm.gguf');
    await copyFile(file, copy);
    const handle = await open(copy, 'r+');
    await handle.write(Buffer.from([7]), 0, 1, 5000);
    await handle.close();
    const fails = (more: Partial<LlamaOptions>, code: string): Promise<void> =>
      assert.rejects(
        withOwn(more, (own) => generateWhole(own, asked)),
        failsWith(code),
      );
    await fails({ file: copy }, 'model.hash');
    await fails({ file: 'none' }, 'model.missing');
    await fails({ runtime: folder }, 'runtime.missing');
    await fails({ draft: { file: copy, sha256: TEST_GGUF.sha256 } }, 'model.hash');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
