/** The embedding model in its thread answers as it does here, questions first, and its faults are the same errors. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, test } from 'node:test';
import { OnnxEmbedder, ThreadEmbedder, readModelFolder } from '../../src/ai/index.ts';
import { DEFAULT_LIMITS, nodeFileSystem as fs } from '../../src/base/index.ts';

const model = await readModelFolder(fs, 'models/fractal-embed-v1');
const limits = { ...DEFAULT_LIMITS, embed_batch_texts: 8 };
const thread = new ThreadEmbedder({ model, limits });
const here = new OnnxEmbedder({ model, fs, limits });
after(() => Promise.all([thread.unload(), here.unload()]));

const texts = Array.from(
  { length: 61 },
  (_, i) => `${'The employer shall verify isolation. '.repeat(i % 7)}${i}`,
);

test('vectors, terms, weights and likeness are those of the model', async () => {
  for (const purpose of ['query', 'passage'] as const)
    assert.deepEqual(await thread.embed(texts, purpose), await here.embed(texts, purpose));
  assert.deepEqual(await thread.embed([], 'query'), new Float32Array(0));
  const ids = (await thread.terms?.termsOf(texts)) ?? [];
  assert.deepEqual(ids, await here.terms?.termsOf(texts));
  const [a = new Uint16Array(0), b = new Uint16Array(0)] = [ids[1], ids[2]];
  assert.deepEqual(await thread.terms?.weightsOf(a), await here.terms?.weightsOf(a));
  assert.deepEqual(await thread.terms?.likeness(a, b), await here.terms?.likeness(a, b));
});

test('a question goes before the passages that wait, and this thread goes on meanwhile', async () => {
  const ended: string[] = [];
  const many = Array.from({ length: 4000 }, (_, i) => `${texts[i % texts.length]} ${i}`);
  let turns = 0;
  const turning = setInterval(() => turns++, 1);
  const passages = thread.embed(many, 'passage').then(() => ended.push('passages'));
  await thread.embed(['which isolation?'], 'query').then(() => ended.push('question'));
  await passages;
  clearInterval(turning);
  assert.deepEqual(ended, ['question', 'passages']);
  assert.ok(turns > 0);
});

test('one batch too many is refused, and a signal ends the rest', async () => {
  const narrow = new ThreadEmbedder({ model, limits: { ...limits, embed_waiting: 3 } });
  try {
    const asked = await Promise.allSettled(texts.map((text) => narrow.embed([text], 'query')));
    const refused = asked
      .filter((one) => one.status === 'rejected')
      .map(({ reason }) => reason as { code: string });
    assert.ok(refused.length > 0 && refused.length < texts.length);
    assert.ok(refused.every(({ code }) => code === 'embed.busy'));
    await assert.rejects(narrow.embed(texts, 'passage', AbortSignal.abort()), { name: 'AbortError' });
  } finally {
    await narrow.unload();
  }
});

test('it is given back and loaded again; what is wrong with it is told each time', async () => {
  const before = await thread.embed(['a'], 'query');
  await thread.unload();
  assert.deepEqual(await thread.embed(['a'], 'query'), before);
  const files = model.manifest.files.map((file) => ({ ...file, sha256: '0'.repeat(64) }));
  const broken = new ThreadEmbedder({ model: { ...model, manifest: { ...model.manifest, files } }, limits });
  for (let i = 0; i < 2; i++)
    await assert.rejects(broken.embed(['a'], 'query'), { code: 'model.hash', kind: 'integrity' });
  await broken.unload();
  await assert.rejects(
    new ThreadEmbedder({ model: { ...model, folder: 'nowhere' }, limits }).embed(['a'], 'query'),
    { code: 'model.missing' },
  );
});

test('a process whose model cannot be loaded hears of it and ends by itself', () => {
  // Alone in a process: any timer of a test would keep it alive.
  const script = `
    import { ThreadEmbedder, readModelFolder } from './src/ai/index.ts';
    import { DEFAULT_LIMITS, nodeFileSystem } from './src/base/index.ts';
    const model = await readModelFolder(nodeFileSystem, 'models/fractal-embed-v1');
    const files = model.manifest.files.map((file) => ({ ...file, sha256: '0'.repeat(64) }));
    const limits = { ...DEFAULT_LIMITS, embed_batch_texts: 8 };
    const thread = new ThreadEmbedder({ model: { ...model, manifest: { ...model.manifest, files } }, limits });
    const texts = Array.from({ length: 61 }, (_, i) => String(i));
    await Promise.all([thread.embed(texts, 'passage'), thread.terms.termsOf(texts)]).catch(({ code }) => console.log(code));
    await thread.unload();
    console.log('ended');`;
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  assert.deepEqual([stdout, status], ['model.hash\nended\n', 0]);
});
