/** A disk that is full, in fact and not by a double (A3): a small tmpfs in a mount namespace of its own. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tempFolder } from '../audit/kit.ts';

const DRIVER = fileURLToPath(new URL('./audit-disk-full.ts', import.meta.url));
const MOUNT = 'mount -t tmpfs -o size=1m tmpfs "$1" && shift && exec "$@"';

it('A3 on a full disk the caller is told, what was acknowledged stays, and the log goes on when there is room', async (t) => {
  const disk = await tempFolder(t);
  const inside = (...command: string[]): ReturnType<typeof spawnSync> =>
    spawnSync('unshare', ['-rm', 'sh', '-c', MOUNT, 'sh', disk, ...command], { encoding: 'utf8' });
  if (inside('true').status !== 0) return t.skip('mount namespaces are not allowed here');
  const { stdout, stderr, status } = inside(process.execPath, DRIVER, disk);
  assert.equal(status, 0, String(stderr));
  const told = JSON.parse(String(stdout)) as {
    readonly acknowledged: number;
    readonly kept: number;
    readonly unasked: number;
    readonly refusals: Readonly<Record<string, number>>;
    readonly faults: readonly unknown[];
    readonly damage: unknown;
  };
  t.diagnostic(String(stdout));
  assert.deepEqual(told.faults, []);
  assert.equal(told.damage, null);
  assert.equal(told.kept, told.acknowledged);
  // Nothing is in the log that its caller was told is not.
  assert.equal(told.unasked, 0);
  assert.deepEqual(Object.keys(told.refusals), ['audit.unavailable ENOSPC']);
  assert.ok((told.refusals['audit.unavailable ENOSPC'] ?? 0) > 100 && told.acknowledged > 100);
});
