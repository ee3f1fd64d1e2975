/**
 * Tokens a second through our Generator beside node-llama-cpp by itself: `node bench/llama.ts [ROUNDS [THREADS]]`. Writes
 * bench/results/llama.json.
 *
 * The same GGUF, prompt, length of answer, threads and sampling (the likeliest token). A round asks one after another, turning who
 * begins: us, the library's own chat session, and its bare loop over tokens. No prompt is asked twice, so all read all of it. A rate
 * is tokens of the answer over the time of the whole request. Then the same with guessed tokens, on a prompt to be copied.
 */
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { LLAMA_VERSION, LlamaGenerator, generateWhole, type Draft } from '../src/ai/index.ts';
import { DEFAULT_LIMITS, nodeFileSystem } from '../src/base/index.ts';
import { TEST_GGUF, TEST_RUNTIME, fetchTestModels } from '../tools/fetch-test-model.ts';
import { keep, percentile } from './kit.ts';

const ROUNDS = Number(process.argv[2] ?? 12);
const TOKENS = 96;
/** On a machine where others compute, one: threads of llama.cpp wait for each other. */
const threads = Number(process.argv[3] ?? availableParallelism());
const LAW =
  'The employer shall notify affected employees of the application and removal of lockout devices or tagout devices. Notification ' +
  'shall be given before the controls are applied, and after they are removed from the machine or equipment. ';

/** What the bench uses of the library. */
interface Sequence {
  clearHistory(): Promise<void>;
  evaluate(tokens: readonly number[], options: object): AsyncIterable<number>;
}
interface Library {
  getLlama(options: object): Promise<{
    loadModel(options: object): Promise<{
      createContext(options: object): Promise<{ getSequence(): Sequence }>;
      tokenize(text: string, special?: boolean): number[];
      detokenize(tokens: readonly number[]): string;
    }>;
  }>;
  LlamaChatSession: new (options: object) => {
    readonly sequence: Sequence;
    resetChatHistory(): void;
    prompt(text: string, options: object): Promise<string>;
  };
}

fetchTestModels();
const made = {
  ...TEST_GGUF,
  id: 'smollm2-135m-instruct',
  version: 'q4_1',
  context_tokens: 1024,
  runtime: TEST_RUNTIME,
  threads,
  fs: nodeFileSystem,
  limits: DEFAULT_LIMITS,
};
const index = path.join(TEST_RUNTIME, 'node_modules/node-llama-cpp/dist/index.js');
const library = (await import(pathToFileURL(index).href)) as Library;
const quiet = { gpu: false, build: 'never', skipDownload: true, progressLogs: false, logLevel: 'error' };
const llama = await library.getLlama({ ...quiet, maxThreads: threads });
const model = await llama.loadModel({ modelPath: TEST_GGUF.file });
const context = { contextSize: made.context_tokens, sequences: 1 };
const sampling = { temperature: 0, repeatPenalty: false };
const session = new library.LlamaChatSession({
  contextSequence: (await model.createContext(context)).getSequence(),
});
const bare = (await model.createContext(context)).getSequence();
const own = new LlamaGenerator(made);

const through = async (generator: LlamaGenerator, content: string): Promise<number> => {
  const answer = await generateWhole(generator, {
    messages: [{ role: 'user', content }],
    max_tokens: TOKENS,
  });
  return answer.completion_tokens ?? 0;
};
const ways: Readonly<Record<string, (prompt: string) => Promise<number>>> = {
  ours: (prompt) => through(own, prompt),
  session: async (prompt) => {
    let made = 0;
    session.resetChatHistory();
    await session.prompt(prompt, {
      ...sampling,
      maxTokens: TOKENS,
      onTextChunk: () => undefined,
      onToken: (tokens: readonly number[]) => (made += tokens.length),
    });
    return made;
  },
  'bare loop': async (prompt) => {
    let made = 0;
    await bare.clearHistory();
    const text = `<|im_start|>user\n${prompt}<|im_end|>\n<|im_start|>assistant\n`;
    for await (const token of bare.evaluate(model.tokenize(text, true), { temperature: 0 })) {
      model.detokenize([token]);
      if (++made === TOKENS) break;
    }
    return made;
  },
};

const timed = async (work: () => Promise<number>): Promise<number> => {
  const from = performance.now();
  return ((await work()) / (performance.now() - from)) * 1000;
};
const question = (round: number): string => `${round}. ${LAW}Tell at length what this asks of employers.`;
const names = Object.keys(ways);
const rates = new Map<string, number[]>(names.map((name) => [name, []]));
for (let round = -1; round < ROUNDS; round++)
  for (let i = 0; i < names.length; i++) {
    const name = names[(i + Math.max(0, round)) % names.length] ?? '';
    const rate = await timed(() => ways[name]?.(question(round)) ?? Promise.resolve(0));
    // The first round loads the model.
    if (round >= 0) rates.get(name)?.push(rate);
  }
const of = (name: string): number[] => rates.get(name) ?? [];
const ratio = (name: string): number =>
  percentile(
    of('ours').map((rate, i) => rate / (of(name)[i] ?? NaN)),
    0.5,
  );

/** A text that has to be copied: where guesses are right most often. */
const copying: Record<string, number> = {};
const drafts: Readonly<Record<string, Draft | undefined>> = {
  none: undefined,
  prompt: 'prompt',
  'the model itself': TEST_GGUF,
};
for (const [name, draft] of Object.entries(drafts)) {
  const generator = new LlamaGenerator({ ...made, ...(draft === undefined ? {} : { draft }) });
  const found: number[] = [];
  for (let round = -1; round < Math.min(3, ROUNDS); round++) {
    const rate = await timed(() => through(generator, `${round}. ${LAW}Repeat word for word what is above.`));
    if (round >= 0) found.push(rate);
  }
  copying[name] = percentile(found, 0.5);
  await generator.unload();
}
await own.unload();

const rounded = (list: readonly number[]): number[] => list.map((one) => Number(one.toFixed(1)));
keep('llama', {
  command: 'node bench/llama.ts',
  model: 'SmolLM2-135M-Instruct Q4_1',
  library: `node-llama-cpp ${LLAMA_VERSION}`,
  threads,
  tokens: TOKENS,
  rounds: ROUNDS,
  tokens_per_s: Object.fromEntries(names.map((name) => [name, percentile(of(name), 0.5)])),
  median_ratio: { 'ours / session': ratio('session'), 'ours / bare loop': ratio('bare loop') },
  rates: Object.fromEntries(names.map((name) => [name, rounded(of(name))])),
  copying_tokens_per_s: copying,
});
process.exit(0);
