import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';

const fixture = path.join(import.meta.dirname, 'fixture.ts');

describe('as a process', () => {
  it('is quiet when the reader closes the pipe', () => {
    const script = `"$0" "$1" sql long | head -n 1; echo "exit \${PIPESTATUS[0]}"`;
    const run = spawnSync('bash', ['-c', script, process.execPath, fixture], { encoding: 'utf8' });
    assert.equal(run.stderr, '');
    assert.match(run.stdout, /exit 0\n$/);
  });

  it('writes all of a long answer before it ends', () => {
    const run = spawnSync(process.execPath, [fixture, 'sql', 'long', '--format', 'csv'], {
      encoding: 'utf8',
    });
    assert.equal(run.status, 0);
    assert.equal(run.stdout.trimEnd().split('\r\n').length, 20_001);
  });

  it('stops serving on SIGINT, cleanly', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'fractal-cli-'));
    try {
      const child = spawn(process.execPath, [fixture, 'start', '--port', '0', '--data', folder]);
      await once(child.stdout, 'data');
      child.kill('SIGINT');
      assert.deepEqual(await once(child, 'exit'), [0, null]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
