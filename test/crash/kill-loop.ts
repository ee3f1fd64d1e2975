/** Kills a writing process again and again, and checks what is left each time (rules T1–T6). */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { SeededRandom } from '../../src/base/index.ts';
import { mirrorContent, openStore } from '../store/kit.ts';

const WRITER = fileURLToPath(new URL('./writer.ts', import.meta.url));

export interface Tally {
  readonly kills: number;
  readonly acknowledged: number;
  readonly commits: number;
}

export async function killLoop(folder: string, kills: number, seed: number): Promise<Tally> {
  const random = new SeededRandom(seed);
  let acknowledged = 0n;
  let acks = 0;
  let commits = 0;
  for (let kill = 0; kill < kills; kill++) {
    const child = spawn(process.execPath, [WRITER, folder, String(random.uint32())], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const errors: Buffer[] = [];
    child.stderr.on('data', (data: Buffer) => errors.push(data));
    const exit = once(child, 'exit') as Promise<[number | null, string | null]>;
    // Mostly while it writes, at a random moment after a random commit; sometimes while it starts.
    const early = random.below(8) === 0;
    const after = random.below(12);
    const shoot = (): void => {
      const at = random.below(early ? 900 : 40);
      setTimeout(() => child.kill('SIGKILL'), at);
    };
    if (early) shoot();
    let seen = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('ack ')) {
        acknowledged = BigInt(line.slice(4));
        acks++;
      }
      if (!early && seen++ === after) shoot();
    }
    const [, signal] = await exit;
    assert.equal(signal, 'SIGKILL', `the writer failed by itself: ${Buffer.concat(errors).toString()}`);

    const store = await openStore(folder);
    const at = `kill ${kill}`;
    assert.deepEqual(store.warnings, [], at);
    // T1: what was acknowledged is there; at most the one commit in flight is there too.
    assert.ok(store.commitVersion >= acknowledged && store.commitVersion <= acknowledged + 1n, at);
    acknowledged = store.commitVersion;
    commits = Number(store.commitVersion);
    // T3 T4: both engines hold the same rows with the same content.
    const rows = await store.rows<{ x: string }>(
      `select site_id || '=' || employees as x from esh.sites where not deleted`,
    );
    const lance = store.hasLanceTable('mirror') ? await mirrorContent(store.lanceTable('mirror').reader) : [];
    assert.deepEqual(lance, rows.map((row) => row.x).sort(), at);
    assert.equal(lance.length, commits, at);
    // T5: 1, 2, 3, … and every row carries that of its last write.
    const [log] = await store.rows<{ n: bigint; last: bigint | null; first: bigint | null }>(
      'select count(distinct commit_version) as n, max(commit_version) as "last", min(commit_version) as "first" from node.commits',
    );
    assert.equal(Number(log?.n), commits, at);
    if (commits > 0) assert.deepEqual([log?.first, log?.last], [1n, BigInt(commits)], at);
    assert.deepEqual(await store.rows('select 1 from esh.sites where commit_version <> employees'), [], at);
    // T6
    assert.deepEqual(
      await store.rows(
        'select 1 from (select hlc, lag(hlc) over (order by commit_version) as before from node.commits) where hlc <= before',
      ),
      [],
      at,
    );
    await store.close();
  }
  return { kills, acknowledged: acks, commits };
}
