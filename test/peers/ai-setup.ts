/** OpenAI's client and the client of the Model Context Protocol, in .cache/peers; they are no dependencies of ours. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { TEST_GGUF, TEST_RUNTIME, fetchTestModels } from '../../tools/fetch-test-model.ts';

const FOLDER = path.resolve('.cache/peers/npm');
const WANTED = { openai: '7.59.0', '@modelcontextprotocol/sdk': '1.32.2' } as const;
const PATIENCE_MS = 280_000;

const folderOf = (name: string): string => path.join(FOLDER, 'node_modules', name);

function versionOf(name: string): string | undefined {
  const file = path.join(folderOf(name), 'package.json');
  return existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
    : undefined;
}

/** Where a package lies, or why it does not. */
export function npmPeers():
  { readonly folderOf: (name: keyof typeof WANTED) => string } | { readonly missing: string } {
  const named = Object.entries(WANTED);
  if (named.some(([name, version]) => versionOf(name) !== version))
    try {
      mkdirSync(FOLDER, { recursive: true });
      const packages = named.map(([name, version]) => `${name}@${version}`);
      const flags = ['--prefix', FOLDER, '--ignore-scripts', '--no-audit', '--no-fund', '--no-save'];
      execFileSync('npm', ['install', ...flags, ...packages], { stdio: 'ignore', timeout: PATIENCE_MS });
    } catch (error) {
      return { missing: `${named[0]?.[0]} cannot be installed: ${(error as Error).message.split('\n')[0]}` };
    }
  return { folderOf };
}

/** The `generator` of a node that runs a real model, or why there is none. */
export function realGenerator(): { readonly generator: object } | { readonly missing: string } {
  try {
    fetchTestModels();
  } catch (error) {
    return { missing: `the test model cannot be fetched: ${(error as Error).message.split('\n')[0]}` };
  }
  const { file: gguf, sha256 } = TEST_GGUF;
  const identity = { id: 'smollm2-135m-instruct', version: 'q4_1', context_tokens: 2048 };
  return { generator: { gguf, sha256, ...identity, runtime: TEST_RUNTIME } };
}
