/**
 * Text from a GGUF file by llama.cpp. The library (`node-llama-cpp`) is not among the product's dependencies: it is
 * installed into a folder of its own when somebody wants it, and loaded from there.
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
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

export const LLAMA_VERSION = '3.22.1';

/** What is used of the library. */
interface Disposable {
  dispose(): Promise<void>;
}
interface Llama extends Disposable {
  loadModel(options: { modelPath: string }): Promise<LlamaModel>;
  createGrammarForJsonSchema(schema: object): Promise<object>;
  createGrammar(options: { grammar: string }): Promise<object>;
}
interface LlamaModel {
  createContext(options: { contextSize: number }): Promise<{ getSequence(): Sequence }>;
}
interface Sequence {
  readonly tokenMeter: { readonly usedOutputTokens: number };
  readonly nextTokenIndex: number;
}
interface Chat {
  generateResponse(
    history: readonly object[],
    options: object,
  ): Promise<{
    readonly metadata: { readonly stopReason: string };
  }>;
}
interface Library {
  readonly getLlama: (options: object) => Promise<Llama>;
  readonly LlamaChat: new (options: { contextSequence: Sequence }) => Chat;
}

export interface LlamaOptions {
  /** The GGUF file. */
  readonly file: string;
  readonly id: string;
  readonly version: string;
  readonly sha256: string;
  readonly context_tokens: number;
  /** Folder in which `npm install node-llama-cpp` was run. */
  readonly runtime: string;
  readonly threads?: number;
  readonly fs: FileSystem;
  readonly limits: Limits;
  /** Bytes that may be taken; what the system says when absent. */
  readonly freeMemory?: () => number;
}

interface Loaded {
  readonly llama: Llama;
  readonly chat: Chat;
  readonly sequence: Sequence;
}

/** Room for weights as mapped, context and buffers, beside the file itself. */
const MEMORY_FACTOR = 1.25;

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
    { llama, chat, sequence }: Loaded,
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
    const full = new AbortController();
    const answered = chat.generateResponse(history, {
      maxTokens,
      temperature,
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
        strategy: ({ chatHistory }: { readonly chatHistory: unknown }) => {
          full.abort();
          return { chatHistory, metadata: null };
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
    return {
      text: '',
      end: {
        finish_reason: reason === 'maxTokens' ? 'length' : 'stop',
        prompt_tokens: Math.max(0, sequence.nextTokenIndex - tokens),
        completion_tokens: tokens,
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
    const { file, context_tokens: contextSize, threads } = this.#options;
    await this.#checkFile();
    const { getLlama, LlamaChat } = await this.#library();
    const llama = await getLlama({
      gpu: false,
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      logLevel: 'error',
      ...(threads === undefined ? {} : { maxThreads: threads }),
    });
    try {
      const model = await llama.loadModel({ modelPath: file });
      const sequence = (await model.createContext({ contextSize })).getSequence();
      return { llama, sequence, chat: new LlamaChat({ contextSequence: sequence }) };
    } catch (error) {
      await llama.dispose();
      throw error;
    }
  }

  async #checkFile(): Promise<void> {
    const { fs, file, sha256, id } = this.#options;
    const stat = await fs.stat(file);
    if (stat === undefined)
      throw unavailableError(
        'model.missing',
        `the file of the model ${id} is not there`,
        'Add the model again.',
      );
    demandMemory(id, Math.ceil(stat.size * MEMORY_FACTOR), (this.#options.freeMemory ?? freeMemory)());
    const hash = new Sha256();
    for await (const chunk of fs.readStream(file)) hash.update(chunk);
    if (hash.digest() !== sha256)
      throw integrityError(
        'model.hash',
        `the file of the model ${id} is not the one that was added`,
        'Take it from its source again; a changed model must carry a version and a hash of its own.',
      );
  }

  async #library(): Promise<Library> {
    const { runtime, fs } = this.#options;
    const folder = path.join(runtime, 'node_modules', 'node-llama-cpp');
    const manifest = path.join(folder, 'package.json');
    const found =
      (await fs.stat(manifest)) === undefined
        ? undefined
        : (JSON.parse(new TextDecoder().decode(await fs.readFile(manifest))) as { version?: string }).version;
    if (found !== LLAMA_VERSION)
      throw unavailableError(
        'runtime.missing',
        found === undefined
          ? 'llama.cpp is not installed'
          : `llama.cpp is here as ${found}, not as ${LLAMA_VERSION}`,
        `Run \`npm install --prefix ${runtime} --ignore-scripts node-llama-cpp@${LLAMA_VERSION}\`.`,
      );
    return (await import(pathToFileURL(path.join(folder, 'dist', 'index.js')).href)) as Library;
  }
}
