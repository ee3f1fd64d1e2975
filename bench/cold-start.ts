/**
 * From a command to its first row, as a user sees it: `node bench/cold-start.ts`. Writes bench/results/cold-start.json.
 *
 * The whole process `fractal sql "select 1"` on a node with the sample imported, 15 times, wall clock; beside it the
 * bare runtime (`node -e 0`).
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { keep, percentile } from './kit.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'fractal-bench-'));
const data = path.join(folder, 'node');
const fractal = (...args: string[]): void => {
  execFileSync(process.execPath, ['bin/fractal.cjs', ...args, '--data', data], {
    stdio: ['ignore', 'ignore', 'ignore'],
  });
};
fractal('init');
fractal('import', 'sample/law', 'sample/records');
const time = (run: () => void): number => {
  const from = performance.now();
  run();
  return Math.round(performance.now() - from);
};
const RUNS = 15;
fractal('sql', 'select 1');
const sql = Array.from({ length: RUNS }, () => time(() => fractal('sql', 'select 1')));
const search = Array.from({ length: RUNS }, () => time(() => fractal('search', 'lockout device')));
const bare = Array.from({ length: RUNS }, () => time(() => execFileSync(process.execPath, ['-e', '0'])));
keep('cold-start', {
  command: 'node bench/cold-start.ts',
  sql_ms: sql,
  sql_median_ms: percentile(sql, 0.5),
  search_ms: search,
  search_median_ms: percentile(search, 0.5),
  bare_node_ms: bare,
  bare_node_median_ms: percentile(bare, 0.5),
});
rmSync(folder, { recursive: true });
