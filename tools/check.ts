/** Types, rules and format, side by side: `node tools/check.ts`. One after another they take as long as a sixth of the tests. */
import { spawn } from 'node:child_process';

const CHECKS = [
  ['tsc', '-b'],
  ['eslint', '.'],
  ['prettier', '--check', '--log-level', 'warn', '.'],
] as const;

const codes = CHECKS.map(
  ([tool, ...args]) =>
    new Promise<number>((resolve) => {
      spawn(tool, args, { stdio: 'inherit', shell: process.platform === 'win32' })
        .on('error', (error) => {
          process.stderr.write(`${tool} cannot be run: ${error.message}; npm run check has it on its path\n`);
          resolve(1);
        })
        .on('exit', (code) => {
          if (code !== 0) process.stderr.write(`${tool} failed\n`);
          resolve(code ?? 1);
        });
    }),
);
process.exitCode = (await Promise.all(codes)).some((code) => code !== 0) ? 1 : 0;
