/**
 * The process that is killed: many writers append to one audit log until it is, and say which entries they were told are
 * durable. Arguments: folder, seed, step. With `any:N` the process kills itself at the n-th step on the disk: in the middle
 * of a write, before or behind a sync, a rename, a seal; with `entries:N` in the middle of the n-th write of entries.
 */
import { writeSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { SeededRandom, nodeFileSystem, systemClock, type FileSystem } from '../../src/base/index.ts';
import { event, openLog } from '../audit/kit.ts';

const [folder = '', seed = '1', step = ''] = process.argv.slice(2);
const random = new SeededRandom(Number(seed));
const say = (line: string): void => void writeSync(1, `${line}\n`);
const die = (): void => void process.kill(process.pid, 'SIGKILL');

const log = await openLog(folder, {
  fs: step === '' ? nodeFileSystem : dyingAt(step),
  clock: systemClock,
  limits: { audit_segment_bytes: 24_000, audit_group_entries: 48, audit_checkpoint_ms: 20 },
});
say('ready');

let n = 0;
async function write(): Promise<never> {
  for (;;) {
    const key = `${seed}/${n++}`;
    const entry = await log.record(event(0, { detail: { key, filler: 'x'.repeat(random.below(300)) } }));
    say(`ack ${entry} ${key}`);
  }
}

async function sign(): Promise<never> {
  for (;;) {
    const note = await log.checkpoint();
    say(`note ${Buffer.from(note.text).toString('base64')}`);
    for (let i = random.below(20); i > 0; i--) await turn();
  }
}

await Promise.all([sign(), ...Array.from({ length: 1 + random.below(64) }, write)]);

/** The real file system up to the n-th step; then a part of that step is done, or all of it, and the process is gone. */
function dyingAt(where: string): FileSystem {
  const [kind = '', count] = where.split(':');
  let left = Number(count);
  const real = nodeFileSystem;
  type Step = () => Promise<void>;
  const at = async (part: Step, whole: Step, isEntries = false): Promise<void> => {
    if ((kind === 'entries' && !isEntries) || left-- > 0) return await whole();
    const half = random.below(3);
    if (half === 1 || kind === 'entries') await part();
    else if (half === 2) await whole();
    die();
    // Nothing comes behind a kill.
    await new Promise(() => undefined);
  };
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    ...real,
    writeDurable: (file, data, mode) =>
      at(
        async () => await (await real.openFile(`${file}.next`)).write(0, Buffer.from(data).subarray(0, 40)),
        async () => await real.writeDurable(file, data, mode),
      ),
    sync: (file) => at(nothing, () => real.sync(file)),
    truncate: (file, bytes) => at(nothing, () => real.truncate(file, bytes)),
    setMode: (file, mode) => at(nothing, () => real.setMode(file, mode)),
    openFile: async (name) => {
      await at(nothing, nothing);
      const file = await real.openFile(name);
      return {
        ...file,
        write: (from, data) =>
          at(
            () => file.write(from, data.subarray(0, 1 + random.below(data.length))),
            () => file.write(from, data),
            name.endsWith('.log'),
          ),
        sync: () => at(nothing, () => file.sync()),
      };
    },
  };
}
