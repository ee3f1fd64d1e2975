/**
 * Runs one suite of tests with Node's own runner: `node tools/run-tests.ts unit`. `unit` is everything that is not in a
 * folder of its own suite.
 */
import { spawn } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** More runs of what `npm test` runs a little of: `npm run test:soak`. */
const SOAK: Readonly<Record<string, string>> = {
  FEDERATED_ATTACKS: 'all',
  FRACTAL_LONG: '1',
  FRACTAL_RUNS: '100',
  FUZZ_RUNS: '2000',
  COMPLIANCE_RUNS: '25',
  GOVERNED_RUNS: '60',
  SEARCH_RUNS: '30',
  WRITES_RUNS: '150',
};

/** Suites that are too slow, or need more than npm, for `npm test`. */
const SUITES = ['browser', 'crash', 'models', 'peers'];

const suite = process.argv[2] ?? 'unit';
const apart = (file: string): boolean => SUITES.some((name) => file.startsWith(`test/${name}/`));
const files = globSync('test/**/*.test.ts')
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => (suite === 'unit' || suite === 'soak' ? !apart(file) : file.startsWith(`test/${suite}/`)))
  .filter(
    (file) => suite !== 'soak' || Object.keys(SOAK).some((name) => readFileSync(file, 'utf8').includes(name)),
  )
  .sort();
if (files.length === 0) {
  process.stderr.write(`there are no tests in the suite ${suite}\n`);
  process.exit(1);
}
// Suites apart kill and start nodes again and again; on a slow machine one test of them takes minutes.
const timeout = suite === 'unit' ? 300_000 : 1_200_000;
const child = spawn(
  process.execPath,
  ['--test', '--test-concurrency=2', `--test-timeout=${timeout}`, ...files],
  {
    stdio: 'inherit',
    env: {
      ...(suite === 'soak' ? SOAK : {}),
      ...process.env,
      UV_THREADPOOL_SIZE: '16',
      LANCEDB_LOG: 'error',
      // Every file is a process of its own and loads most of the product: types are stripped once, not once a file.
      NODE_COMPILE_CACHE:
        process.env['NODE_COMPILE_CACHE'] ?? path.resolve('node_modules/.cache/node-compile'),
    },
  },
);
child.on('exit', (code) => process.exit(code ?? 1));
