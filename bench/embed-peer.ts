/**
 * Embedding throughput beside `@huggingface/transformers` on the same model: `node bench/embed-peer.ts [FOLDER [TEXTS]]`. Writes
 * bench/results/embed-peer-ID.json. FOLDER is a model folder (default: the one that ships); its ONNX file gives one unit vector a
 * text as `embedding`.
 *
 * Texts are provisions of CFR titles in their order, the same for both, in batches of the same size, on the same ONNX Runtime and
 * threads. They run them as its own documentation does: tokenizer with padding, model. We run what the node runs: the embedder in its
 * thread. Rounds are pairs, turning who begins; vectors have to agree. transformers.js is fetched into .cache/peers: it is no
 * dependency.
 */
import { execFileSync } from 'node:child_process';
import { createReadStream, existsSync, globSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ThreadEmbedder, readModelFolder } from '../src/ai/index.ts';
import { DEFAULT_LIMITS, nodeFileSystem } from '../src/base/index.ts';
import { READERS } from '../src/ingest/index.ts';
import { keep, percentile } from './kit.ts';

const VERSION = '4.3.2';
const FOLDER = path.resolve('.cache/peers/transformers');
const ROUNDS = 5;
const given = path.resolve(process.argv[2] ?? 'models/fractal-embed-v1');
const most = Number(process.argv[3] ?? 4000);

interface Batch {
  readonly [name: string]: unknown;
}
interface Transformers {
  readonly env: Record<string, unknown>;
  readonly AutoTokenizer: {
    from_pretrained(name: string): Promise<(texts: readonly string[], options: object) => Batch>;
  };
  readonly AutoModel: {
    from_pretrained(
      name: string,
      options: object,
    ): Promise<(batch: Batch) => Promise<{ readonly embedding: { readonly data: Float32Array } }>>;
  };
}

async function transformers(): Promise<Transformers> {
  const folder = path.join(FOLDER, 'node_modules/@huggingface/transformers');
  if (!existsSync(folder)) {
    mkdirSync(FOLDER, { recursive: true });
    const flags = ['--prefix', FOLDER, '--ignore-scripts', '--no-audit', '--no-fund', '--no-save'];
    execFileSync('npm', ['install', ...flags, `@huggingface/transformers@${VERSION}`], { stdio: 'ignore' });
  }
  const file = path.join(folder, 'dist/transformers.node.mjs');
  return (await import(pathToFileURL(file).href)) as Transformers;
}

const model = await readModelFolder(nodeFileSystem, given);
const { manifest } = model;
const reader = READERS.find((one) => one.format === 'cfr-annual');
const texts: string[] = [];
for (const file of globSync('../shared/data/cfr-annual-xml/annual/*.xml').sort())
  for await (const events of reader?.read({
    name: file,
    chunks: createReadStream(file),
    limits: DEFAULT_LIMITS,
  }) ?? [])
    for (const event of events)
      if (event.type === 'section' && event.section.text !== '' && texts.length < most)
        texts.push(event.section.text);

// The folder as transformers.js wants it: the very files, and two small ones beside them.
const library = await transformers();
const name = `${manifest.id}-${manifest.version}`;
const local = path.join(FOLDER, 'models', name);
mkdirSync(path.join(local, 'onnx'), { recursive: true });
const link = (from: string, to: string): void => {
  if (!existsSync(to)) symlinkSync(path.join(given, from), to);
};
link('model.onnx', path.join(local, 'onnx', 'model.onnx'));
link('tokenizer.json', path.join(local, 'tokenizer.json'));
writeFileSync(path.join(local, 'config.json'), JSON.stringify({ model_type: 'bert' }));
const words = {
  tokenizer_class: 'PreTrainedTokenizerFast',
  model_max_length: manifest.max_tokens,
  pad_token: '[PAD]',
};
writeFileSync(path.join(local, 'tokenizer_config.json'), JSON.stringify(words));
Object.assign(library.env, { allowRemoteModels: false, localModelPath: path.join(FOLDER, 'models') });
const tokenizer = await library.AutoTokenizer.from_pretrained(name);
const net = await library.AutoModel.from_pretrained(name, { dtype: 'fp32' });
const ours = new ThreadEmbedder({ model, limits: DEFAULT_LIMITS });
const size = DEFAULT_LIMITS.embed_batch_texts;

const theirs = async (all: readonly string[]): Promise<Float32Array> => {
  const out = new Float32Array(all.length * manifest.dimension);
  for (let from = 0; from < all.length; from += size) {
    const batch = all.slice(from, from + size);
    const inputs = tokenizer(batch, { padding: true, truncation: true, max_length: manifest.max_tokens });
    out.set((await net(inputs)).embedding.data, from * manifest.dimension);
  }
  return out;
};
const ways = { ours: (all: readonly string[]) => ours.embed(all, 'passage'), theirs };

const [a, b] = [await ways.ours(texts.slice(0, 500)), await ways.theirs(texts.slice(0, 500))];
let least = 1;
for (let i = 0; i < a.length; i += manifest.dimension) {
  let cosine = 0;
  for (let j = i; j < i + manifest.dimension; j++) cosine += (a[j] ?? 0) * (b[j] ?? 0);
  least = Math.min(least, cosine);
}
if (!(least > 0.999)) throw new RangeError(`vectors differ: least cosine ${least}`);

const rates: Record<'ours' | 'theirs', number[]> = { ours: [], theirs: [] };
const cpu: Record<'ours' | 'theirs', number[]> = { ours: [], theirs: [] };
for (let round = 0; round < ROUNDS; round++)
  for (const way of round % 2 === 0 ? (['ours', 'theirs'] as const) : (['theirs', 'ours'] as const)) {
    const used = process.cpuUsage();
    const from = performance.now();
    await ways[way](texts);
    rates[way].push(Math.round((texts.length / (performance.now() - from)) * 1000));
    const { user, system } = process.cpuUsage(used);
    cpu[way].push(Number(((user + system) / 1e6).toFixed(2)));
  }
await ours.unload();
keep(`embed-peer-${manifest.id}`, {
  command: 'node bench/embed-peer.ts',
  model: name,
  peer: `@huggingface/transformers ${VERSION}`,
  texts: texts.length,
  batch: size,
  mean_characters: Math.round(texts.reduce((sum, text) => sum + text.length, 0) / texts.length),
  least_cosine: Number(least.toFixed(6)),
  texts_per_s: rates,
  processor_s: cpu,
  median_ratio: percentile(
    rates.ours.map((rate, i) => rate / (rates.theirs[i] ?? NaN)),
    0.5,
  ),
  median_processor_ratio: percentile(
    cpu.theirs.map((seconds, i) => seconds / (cpu.ours[i] ?? NaN)),
    0.5,
  ),
});
process.exit(0);
