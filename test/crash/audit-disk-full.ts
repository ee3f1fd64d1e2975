/**
 * Appends to an audit log on a disk that is really full again and again, and says what came of it. Argument: a folder on a
 * small file system.
 */
import { rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SeededRandom, nodeFileSystem, systemClock } from '../../src/base/index.ts';
import { decodeEntry, verifyLog } from '../../src/audit/index.ts';
import { event, openLog } from '../audit/kit.ts';

const [disk = ''] = process.argv.slice(2);
const folder = path.join(disk, 'audit');
const balloon = path.join(disk, 'balloon');
await nodeFileSystem.makeFolder(folder);
const random = new SeededRandom(3);
const log = await openLog(folder, {
  clock: systemClock,
  limits: { audit_segment_bytes: 9000, audit_group_entries: 16 },
});
const acks = new Map<number, string>();
const refusals: Record<string, number> = {};

for (let round = 0; round < 12; round++) {
  const { bsize, bavail } = await statfs(disk);
  // Room for a few files, never for all: where it ends differs from round to round.
  const blocks = bavail - 1 - random.below(12);
  await writeFile(balloon, Buffer.alloc(Math.max(0, blocks * bsize), 1));
  await Promise.all(
    Array.from({ length: 150 }, async (_, i) => {
      const key = `${round}/${i}`;
      try {
        acks.set(await log.record(event(0, { detail: { key, filler: 'x'.repeat(300) } })), key);
      } catch (error) {
        const { code, message } = error as { code: string; message: string };
        const [why = ''] = /ENOSPC/.exec(message) ?? [];
        refusals[`${code} ${why}`] = (refusals[`${code} ${why}`] ?? 0) + 1;
      }
    }),
  );
  await rm(balloon);
  acks.set(await log.record(event(0, { detail: { key: `${round}/after` } })), `${round}/after`);
}
await log.close();

const again = await openLog(folder);
let kept = 0;
let unasked = 0;
for await (const { id, bytes } of again.lines()) {
  const entry = decodeEntry(bytes ?? new Uint8Array());
  if (entry?.event_type !== 'access.sql') continue;
  if (entry.detail['key'] === acks.get(id)) kept++;
  else unasked++;
}
await again.close();
const { faults } = await verifyLog(nodeFileSystem, folder);
process.stdout.write(
  JSON.stringify({ acknowledged: acks.size, kept, unasked, refusals, faults, damage: again.damage ?? null }),
);
