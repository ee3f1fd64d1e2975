/** The speed of a model on this machine: loaded anew, by itself, on texts that are always the same. */
import { availableParallelism, cpus } from 'node:os';
import {
  IncidentClassifier,
  LlamaGenerator,
  OnnxEmbedder,
  generateWhole,
  readClassifierFolder,
  readModelFolder,
  type AnyModelFolder,
  type EndpointGenerator,
  type Generator,
} from '../ai/index.ts';
import { unavailableError, type Clock, type FileSystem, type Limits } from '../base/index.ts';
import type { ModelSpeed } from './models-api.ts';

export interface MeasurePorts {
  readonly fs: FileSystem;
  readonly clock: Clock;
  readonly limits: Limits;
  /** The generator that the folder holds. */
  readonly generator: (model: AnyModelFolder) => LlamaGenerator | EndpointGenerator;
}

/** A model that is loaded, and what may be asked of it. */
interface Running {
  /** Makes it load. Throws what is wrong with it. */
  readonly first: () => Promise<void>;
  readonly figures: (signal: AbortSignal) => Promise<ModelSpeed['figures']>;
  readonly unload: () => Promise<void>;
}

const SENTENCES = [
  'The employer shall establish a program consisting of energy control procedures, employee training and periodic inspections.',
  'A roofer fell from an unguarded edge while carrying sheets of plywood.',
  'Hazardous waste must not be stored for more than ninety days without a permit.',
  'Member States shall ensure that the operator of an installation monitors its emissions.',
  'No person may enter a permit space until its atmosphere has been tested.',
];
const QUERIES = 50;

const running = async (ports: MeasurePorts, model: AnyModelFolder): Promise<Running> => {
  const { fs, limits } = ports;
  switch (model.manifest.kind) {
    case 'embedding': {
      const embedder = new OnnxEmbedder({ model: await readModelFolder(fs, model.folder), fs, limits });
      return {
        first: async () => void (await embedder.embed(['warm'], 'passage')),
        figures: (signal) => embeddingFigures(ports, embedder, signal),
        unload: () => embedder.unload(),
      };
    }
    case 'classifier': {
      const classifier = new IncidentClassifier({
        model: await readClassifierFolder(fs, model.folder),
        fs,
        limits,
      });
      return {
        first: async () => void (await classifier.classify(['A worker fell.'])),
        figures: async (signal) => {
          const texts = sample(limits.measure_texts);
          const ms = await timed(ports.clock, () => classifier.classify(texts, signal));
          return [{ name: 'texts', value: round((texts.length / ms) * 1000), unit: 'texts/s' }];
        },
        unload: () => classifier.unload(),
      };
    }
    case 'generator': {
      const generator = ports.generator(model);
      return {
        first: async () => void (await generateWhole(generator, ask('Hello.', 1))),
        figures: (signal) => generatorFigures(ports, generator, signal),
        unload: async () => {
          if (generator instanceof LlamaGenerator) await generator.unload();
        },
      };
    }
    case 'reranker':
      throw noRuntime(model);
  }
};

/** Loads the model and gives it back. Throws what is wrong with it. */
export async function tryModel(ports: MeasurePorts, model: AnyModelFolder): Promise<void> {
  const { first, unload } = await running(ports, model);
  try {
    await first();
  } finally {
    await unload();
  }
}

export async function measureModel(
  ports: MeasurePorts,
  model: AnyModelFolder,
  signal: AbortSignal,
): Promise<ModelSpeed> {
  const { first, figures, unload } = await running(ports, model);
  const before = process.memoryUsage.rss();
  try {
    const load_ms = round(await timed(ports.clock, first));
    const ram_bytes = Math.max(0, process.memoryUsage.rss() - before);
    return {
      at: new Date(ports.clock.now()).toISOString(),
      processor: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      load_ms,
      ram_bytes,
      figures: await figures(signal),
    };
  } finally {
    await unload();
  }
}

async function embeddingFigures(
  { clock, limits }: MeasurePorts,
  embedder: OnnxEmbedder,
  signal: AbortSignal,
): Promise<ModelSpeed['figures']> {
  const texts = sample(limits.measure_texts);
  const passages = await timed(clock, () => embedder.embed(texts, 'passage', signal));
  const times: number[] = [];
  for (let i = 0; i < QUERIES; i++)
    times.push(await timed(clock, () => embedder.embed([texts[i % texts.length] ?? ''], 'query', signal)));
  const median = times.sort((a, b) => a - b)[QUERIES >> 1] ?? 0;
  return [
    { name: 'passages', value: round((texts.length / passages) * 1000), unit: 'texts/s' },
    { name: 'one query', value: round(median), unit: 'ms (median)' },
  ];
}

async function generatorFigures(
  { clock, limits }: MeasurePorts,
  generator: Generator,
  signal: AbortSignal,
): Promise<ModelSpeed['figures']> {
  let begun = 0;
  let tokens = 0;
  const start = clock.monotonic();
  for await (const { text, end } of generator.generate(
    ask(SENTENCES.join(' '), limits.measure_tokens),
    signal,
  )) {
    if (begun === 0 && text !== '') begun = clock.monotonic();
    tokens = end?.completion_tokens ?? tokens;
  }
  const end = clock.monotonic();
  const first = { name: 'first token', value: round(Math.max(0, begun - start)), unit: 'ms' };
  // An endpoint may count nothing, and one token has no rate.
  if (tokens < 2 || begun === 0) return [first];
  return [first, { name: 'tokens', value: round(((tokens - 1) / (end - begun)) * 1000), unit: 'tokens/s' }];
}

const ask = (content: string, tokens: number): Parameters<typeof generateWhole>[1] => ({
  messages: [{ role: 'user', content }],
  max_tokens: tokens,
});

const sample = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${SENTENCES[i % SENTENCES.length] ?? ''} Paragraph ${i}.`);

async function timed(clock: Clock, work: () => Promise<unknown>): Promise<number> {
  const start = clock.monotonic();
  await work();
  return clock.monotonic() - start;
}

const round = (value: number): number => Number(value.toFixed(2));

export const noRuntime = ({ manifest }: AnyModelFolder): Error =>
  unavailableError(
    'model.no_runtime',
    `this version runs no ${manifest.kind} models`,
    'It can be kept here; search orders its hits with weights of its own (docs/models.md).',
  );
