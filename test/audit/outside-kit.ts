/** Programs run as an outsider runs them. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

interface Ran {
  readonly code: number;
  readonly text: string;
}

export const run = async (node: string, folder: string, ...words: string[]): Promise<Ran> =>
  await promisify(execFile)(node, words, { cwd: folder, env: {} }).then(
    ({ stdout, stderr }) => ({ code: 0, text: stdout + stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      text: error.stdout + error.stderr,
    }),
  );

/** The Node that the tests run on, and an older one that may be on the machine. */
export async function nodes(folder: string): Promise<readonly string[]> {
  const older = process.env['FRACTAL_OLD_NODE'] ?? '/usr/bin/node';
  const { code, text } = await run(older, folder, '--version').catch(() => ({ code: 1, text: '' }));
  return code === 0 && /^v(2\d|[3-9]\d)/.test(text) ? [process.execPath, older] : [process.execPath];
}
