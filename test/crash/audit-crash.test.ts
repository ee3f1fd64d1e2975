/** Kills a process that appends to the audit log again and again, and checks what is left each time (A3, A4, A6, V1). */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SeededRandom, nodeFileSystem } from '../../src/base/index.ts';
import { decodeEntry, parseCheckpoint, rootOf, verifyLog } from '../../src/audit/index.ts';
import { openLog, tempFolder } from '../audit/kit.ts';

const DRIVER = fileURLToPath(new URL('./audit-driver.ts', import.meta.url));
const KILLS = Number(process.env['FRACTAL_KILLS'] ?? 80);

interface Life {
  /** Entries that the process was told are durable, with what it wrote. */
  readonly acks: ReadonlyMap<number, string>;
  readonly notes: readonly string[];
}

async function liveAndDie(folder: string, seed: number, random: SeededRandom): Promise<Life> {
  // Half of them die by themselves at a chosen step on the disk, half from outside at any moment.
  const isChosen = random.below(2) === 0;
  const step = random.below(3) === 0 ? `entries:${random.below(25)}` : `any:${random.below(220)}`;
  const args = [DRIVER, folder, String(seed), ...(isChosen ? [step] : [])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const errors: Buffer[] = [];
  child.stderr.on('data', (data: Buffer) => errors.push(data));
  const exit = once(child, 'exit') as Promise<[number | null, string | null]>;
  const shoot = (ms: number): void => void setTimeout(() => child.kill('SIGKILL'), ms);
  const isEarly = !isChosen && random.below(8) === 0;
  if (isEarly) shoot(random.below(300));
  const acks = new Map<number, string>();
  const notes: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, first = '', key = ''] = line.split(' ');
    if (word === 'ready' && !isChosen && !isEarly) shoot(random.below(200));
    if (word === 'ack') acks.set(Number(first), key);
    if (word === 'note') notes.push(Buffer.from(first, 'base64').toString());
  }
  const [, signal] = await exit;
  assert.equal(signal, 'SIGKILL', `the writer failed by itself: ${Buffer.concat(errors).toString()}`);
  return { acks, notes };
}

it(`A3 A4 A6 ${KILLS} kill -9 during appends, seals, tiles and checkpoints: no acknowledged entry is lost, the chain is whole`, async (t) => {
  const seed = Number(process.env['FRACTAL_SEED'] ?? Date.now() % 1_000_000);
  t.diagnostic(`seed ${seed}`);
  const random = new SeededRandom(seed);
  const folder = await tempFolder(t);
  const acks = new Map<number, string>();
  const notes = new Set<string>();
  const tally = { torn: 0, unacknowledged: 0, files: 0 };
  for (let kill = 0; kill < KILLS; kill++) {
    const at = `seed ${seed}, kill ${kill}`;
    const life = await liveAndDie(folder, seed * 1000 + kill, random);
    for (const [entry, key] of life.acks) {
      assert.ok(!acks.has(entry), `entry ${entry} was acknowledged twice, ${at}`);
      acks.set(entry, key);
    }
    for (const note of life.notes) notes.add(note);
    // Whoever checks it as the crash left it hears of the torn end, and of nothing else.
    for (const { entry, reason } of (await verifyLog(nodeFileSystem, folder)).faults)
      assert.match(
        `${entry} ${reason}`,
        /^null behind entry -?\d+ is the beginning of one that was never ack/,
        at,
      );
    // Whoever opens it mends it.
    const log = await openLog(folder);
    assert.equal(log.damage, undefined, at);
    let wanted = life.acks.size;
    for await (const { id, bytes } of log.lines(Math.min(...life.acks.keys(), log.size))) {
      const entry = decodeEntry(bytes ?? assert.fail(at));
      const key = life.acks.get(id);
      if (entry?.event_type === 'log.tail-cut') tally.torn++;
      if (key === undefined && entry?.event_type === 'access.sql') tally.unacknowledged++;
      if (key === undefined) continue;
      wanted--;
      assert.equal(entry?.detail['key'], key, `entry ${id}, ${at}`);
    }
    assert.equal(wanted, 0, `acknowledged entries are gone, ${at}`);
    await log.close();
    const verdict = await verifyLog(nodeFileSystem, folder);
    assert.deepEqual(verdict.faults, [], at);
  }
  const log = await openLog(folder);
  for await (const { id, bytes } of log.lines()) {
    const key = acks.get(id);
    if (key !== undefined) assert.equal(decodeEntry(bytes!)?.detail['key'], key);
    acks.delete(id);
  }
  assert.equal(acks.size, 0);
  // Every note that was ever handed out is about this tree.
  for (const note of notes) {
    const { size, root } = parseCheckpoint(note) ?? assert.fail(note);
    assert.deepEqual(Buffer.from(await rootOf(log.tiles.hashAt, size)), Buffer.from(root));
  }
  tally.files = (await log.segments()).length;
  t.diagnostic(JSON.stringify({ kills: KILLS, entries: log.size, notes: notes.size, ...tally }));
  await log.close();
  // A loop that kills before anything was written, sealed, signed or torn proves nothing.
  assert.ok(log.size > 20 * KILLS && notes.size > KILLS / 4 && tally.files > KILLS / 8 && tally.torn > 0);
});
