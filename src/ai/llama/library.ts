/**
 * llama.cpp by `node-llama-cpp`. It is not among the product's dependencies: somebody who wants it installs it into a
 * folder of its own, and it is loaded from there. Here stands what is used of it.
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { unavailableError, type FileSystem } from '../../base/index.ts';

export const LLAMA_VERSION = '3.22.1';

interface Disposable {
  dispose(): Promise<void>;
}
export interface Llama extends Disposable {
  loadModel(options: { readonly modelPath: string }): Promise<LlamaModel>;
  createGrammarForJsonSchema(schema: object): Promise<object>;
  createGrammar(options: { readonly grammar: string }): Promise<object>;
}
export interface LlamaModel extends Disposable {
  readonly tokens: { readonly bos: number | null; readonly eos: number | null; readonly eot: number | null };
  readonly vocabularyType: string;
  readonly fileInsights: {
    estimateContextResourceRequirementsV2(options: object): Promise<{ readonly cpuRam: number }>;
  };
  iterateAllTokens(): Iterable<number>;
  detokenize(tokens: readonly number[], specialTokens: boolean): string;
  createContext(options: { readonly contextSize: number; readonly sequences: number }): Promise<Context>;
}
export interface Context extends Disposable {
  getSequence(options?: { readonly tokenPredictor: object }): Sequence;
}
export interface Sequence {
  readonly tokenMeter: { readonly usedInputTokens: number };
  readonly nextTokenIndex: number;
  clearHistory(): Promise<void>;
}
export interface Chat {
  generateResponse(
    history: readonly object[],
    options: object,
  ): Promise<{ readonly metadata: { readonly stopReason: string } }>;
}
export interface LlamaLibrary {
  readonly getLlama: (options: object) => Promise<Llama>;
  readonly LlamaChat: new (options: { readonly contextSequence: Sequence }) => Chat;
  readonly DraftSequenceTokenPredictor: new (sequence: Sequence, options: object) => object;
  readonly InputLookupTokenPredictor: new () => object;
}

/** `runtime`: the folder in which `npm install node-llama-cpp` was run. Throws `runtime.missing`. */
export async function llamaLibrary(fs: FileSystem, runtime: string): Promise<LlamaLibrary> {
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
  return (await import(pathToFileURL(path.join(folder, 'dist', 'index.js')).href)) as LlamaLibrary;
}
