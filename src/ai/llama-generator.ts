/** Text from a GGUF file by llama.cpp, one at a time. */
import { availableParallelism } from 'node:os';
import path from 'node:path';
import {
  FractalError,
  Serial,
  Sha256,
  badInputError,
  integrityError,
  unavailableError,
  type FileSystem,
  type Limits,
} from '../base/index.ts';
import { cancelled } from './endpoint-generator.ts';
import type { GenerateChunk, GenerateRequest, Generator, GeneratorModel } from './generator.ts';
import { LazyModel, demandMemory, freeMemory } from './lazy-model.ts';
import { demandSameVocabulary, drafted, type Draft } from './llama/draft.ts';
import {
  llamaLibrary,
  type Chat,
  type Llama,
  type LlamaLibrary,
  type LlamaModel,
  type Sequence,
} from './llama/library.ts';
import { Prompts } from './llama/prompts.ts';
import { ggufMemory } from './model-manifest.ts';

export interface LlamaOptions {
  /** The GGUF file. */
  readonly file: string;
  readonly id: string;
  readonly version: string;
  readonly sha256: string;
  readonly context_tokens: number;
  /** What its manifest says that loading takes; read off its size when absent. */
  readonly ram_bytes_needed?: number;
  /** Who guesses the next tokens; nobody when absent. */
  readonly draft?: Draft;
  /** Folder in which `npm install node-llama-cpp` was run. */
  readonly runtime: string;
  readonly threads?: number;
  readonly fs: FileSystem;
  readonly limits: Limits;
  /** Bytes that may be taken; what the system says when absent. */
  readonly freeMemory?: () => number;
}

interface Place {
  readonly chat: Chat;
  readonly sequence: Sequence;
}

interface Loaded {
  readonly llama: Llama;
  readonly prompts: Prompts<Place>;
}

export class LlamaGenerator implements Generator {
  readonly model: GeneratorModel;
  readonly #options: LlamaOptions;
  readonly #turns = new Serial();
  readonly #lazy: LazyModel<Loaded>;
  #waiting = 0;

  /** Cheap: the file is read and checked when the first text is asked for. */
  constructor(options: LlamaOptions) {
    const { id, version, sha256, context_tokens } = options;
    this.model = { id, version, sha256, runtime: 'llama.cpp', context_tokens };
    this.#options = options;
    this.#lazy = new LazyModel({
      load: () => this.#start(),
      free: ({ llama }) => llama.dispose(),
      idleMs: options.limits.model_idle_ms,
    });
  }

  async *generate(request: GenerateRequest, signal?: AbortSignal): AsyncGenerator<GenerateChunk> {
    const { limits } = this.#options;
    if (request.grammar !== undefined && request.json_schema !== undefined)
      throw badInputError(
        'generate.unsupported',
        'a grammar and a JSON schema exclude each other',
        'Give one of them.',
      );
    if (this.#waiting >= limits.generate_waiting)
      throw unavailableError('generate.busy', 'too many requests wait for the model', 'Ask again later.');
    const queue: GenerateChunk[] = [];
    let wake = (): void => undefined;
    let failure: unknown;
    let done = false;
    const left = new AbortController();
    const stop = AbortSignal.any([
      left.signal,
      AbortSignal.timeout(limits.generate_time_ms),
      ...(signal === undefined ? [] : [signal]),
    ]);
    this.#waiting++;
    const work = this.#turns
      .run(async () => {
        stop.throwIfAborted();
        const say = (text: string): void => {
          queue.push({ text });
          wake();
        };
        queue.push(await this.#lazy.use((loaded) => this.#run(loaded, request, stop, say)));
      })
      .catch((error: unknown) => {
        failure = error;
      })
      .finally(() => {
        done = true;
        this.#waiting--;
        wake();
      });
    try {
      for (;;) {
        const next = queue.shift();
        if (next !== undefined) yield next;
        else if (done) break;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      left.abort();
      await work;
    }
    if (failure === undefined) return;
    if (signal?.aborted === true) throw cancelled();
    if (failure instanceof FractalError) throw failure;
    throw unavailableError(
      stop.aborted ? 'generate.time' : 'model.runtime',
      stop.aborted
        ? `the model ${this.model.id} did not finish in ${limits.generate_time_ms} ms`
        : `llama.cpp could not run the model ${this.model.id}`,
      'Ask for fewer tokens, or see whether the file and the runtime fit together.',
      { cause: failure },
    );
  }

  /** Frees the memory; the next request loads the model again. */
  async unload(): Promise<void> {
    await this.#lazy.unload();
  }

  get isLoaded(): boolean {
    return this.#lazy.isLoaded;
  }

  async #run(
    { llama, prompts }: Loaded,
    request: GenerateRequest,
    signal: AbortSignal,
    onText: (text: string) => void,
  ): Promise<GenerateChunk> {
    const { messages, max_tokens: maxTokens, temperature = 0, seed, stop, json_schema, grammar } = request;
    const shape =
      json_schema !== undefined
        ? await llama.createGrammarForJsonSchema(json_schema)
        : grammar === undefined
          ? undefined
          : await llama.createGrammar({ grammar });
    const history = [
      ...messages.map(({ role, content }) =>
        role === 'assistant' ? { type: 'model', response: [content] } : { type: role, text: content },
      ),
      { type: 'model', response: [] },
    ];
    let tokens = 0;
    const { value, isForeign } = prompts.take(messages, request.kept_for ?? '');
    const { chat, sequence } = value;
    if (isForeign) await sequence.clearHistory();
    const before = sequence.tokenMeter.usedInputTokens;
    const full = new AbortController();
    const answered = chat.generateResponse(history, {
      maxTokens,
      temperature,
      // The library would make tokens unlikely that were said before; a quote has to say them again.
      repeatPenalty: false,
      signal: AbortSignal.any([signal, full.signal]),
      ...(seed === undefined ? {} : { seed }),
      ...(stop === undefined ? {} : { customStopTriggers: stop }),
      ...(shape === undefined ? {} : { grammar: shape }),
      onTextChunk: onText,
      onToken: (made: readonly unknown[]) => {
        tokens += made.length;
      },
      contextShift: {
        // The library would let the oldest text fall out in silence, also when this throws: so the work ends here.
        strategy: () => {
          full.abort();
          return { chatHistory: [{ type: 'model', response: [] }], metadata: null };
        },
      },
    });
    const reason = await answered.then(
      ({ metadata }) => metadata.stopReason,
      (error: unknown) => {
        if (full.signal.aborted && tokens > 0) return 'maxTokens';
        throw full.signal.aborted ? this.#tooLong() : error;
      },
    );
    const asked = Math.max(0, sequence.nextTokenIndex - tokens);
    const read = sequence.tokenMeter.usedInputTokens - before;
    return {
      text: '',
      end: {
        finish_reason: reason === 'maxTokens' ? 'length' : 'stop',
        prompt_tokens: asked,
        completion_tokens: tokens,
        cached_tokens: Math.max(0, asked - read),
      },
    };
  }

  #tooLong(): FractalError {
    return badInputError(
      'generate.context',
      `the prompt is longer than the ${this.model.context_tokens} tokens of the context`,
      'Ask with less text, or raise context_tokens of the model.',
    );
  }

  async #start(): Promise<Loaded> {
    const { file, sha256, threads, fs, runtime, draft, ram_bytes_needed: ram } = this.#options;
    await this.#checkFile(file, sha256, ram);
    if (typeof draft === 'object') await this.#checkFile(draft.file, draft.sha256);
    const library = await llamaLibrary(fs, runtime);
    const llama = await library.getLlama({
      gpu: false,
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      logLevel: 'error',
      // The library takes at least four. Threads of llama.cpp wait for each other by spinning: on two cores four made 0.4
      // tokens a second where two made 124.
      maxThreads: threads ?? availableParallelism(),
    });
    try {
      const model = await llama.loadModel({ modelPath: file });
      const guesser =
        typeof draft === 'object' ? await llama.loadModel({ modelPath: draft.file }) : undefined;
      if (guesser !== undefined) demandSameVocabulary(model, guesser);
      return { llama, prompts: new Prompts(await this.#places(library, model, guesser)) };
    } catch (error) {
      await llama.dispose();
      throw error;
    }
  }

  /** One for each prompt that is kept, as many as memory has room for. */
  async #places(library: LlamaLibrary, model: LlamaModel, guesser: LlamaModel | undefined): Promise<Place[]> {
    const { context_tokens: contextSize, draft, limits } = this.#options;
    const free = (this.#options.freeMemory ?? freeMemory)();
    const needed = async (sequences: number): Promise<number> => {
      let bytes = 0;
      for (const { fileInsights } of guesser === undefined ? [model] : [model, guesser])
        bytes += (
          await fileInsights.estimateContextResourceRequirementsV2({
            contextSize,
            sequences,
            modelGpuLayers: 0,
          })
        ).cpuRam;
      return bytes;
    };
    let sequences = limits.generate_prompts;
    while (sequences > 1 && (await needed(sequences)) > free) sequences--;
    demandMemory(this.model.id, await needed(sequences), free);
    const context = await model.createContext({ contextSize, sequences });
    const guessing = await guesser?.createContext({ contextSize, sequences });
    return Array.from({ length: sequences }, () => {
      const tokenPredictor = draft === undefined ? undefined : drafted(library, guessing?.getSequence());
      const sequence = context.getSequence(tokenPredictor === undefined ? undefined : { tokenPredictor });
      return { sequence, chat: new library.LlamaChat({ contextSequence: sequence }) };
    });
  }

  async #checkFile(file: string, sha256: string, needed?: number): Promise<void> {
    const { fs, id } = this.#options;
    const stat = await fs.stat(file);
    if (stat === undefined)
      throw unavailableError(
        'model.missing',
        `the file ${path.basename(file)} of the model ${id} is not there`,
        'Add the model again.',
      );
    demandMemory(id, needed ?? ggufMemory(stat.size), (this.#options.freeMemory ?? freeMemory)());
    const hash = new Sha256();
    for await (const chunk of fs.readStream(file)) hash.update(chunk);
    if (hash.digest() !== sha256)
      throw integrityError(
        'model.hash',
        `the file ${path.basename(file)} of the model ${id} is not the one that was added`,
        'Take it from its source again; a changed model must carry a version and a hash of its own.',
      );
  }
}
