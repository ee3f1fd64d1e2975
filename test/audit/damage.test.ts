/** Whatever is done to the files of a log, `verifyLog` names the first entry that is not as it was written. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it, type TestContext } from 'node:test';
import { SeededRandom } from '../../src/base/index.ts';
import { verifyLog, type Verdict } from '../../src/audit/index.ts';
import { event, filesOf, memoryFs, openLog, placesOf, tempFolder, type Place } from './kit.ts';

type Files = ReadonlyMap<string, Buffer>;

/** A log of several files, full tiles, a checkpoint in it and one behind. */
async function sampleLog(t: TestContext, entries: number, segmentBytes: number): Promise<Files> {
  const folder = await tempFolder(t);
  const log = await openLog(folder, {
    limits: { audit_segment_bytes: segmentBytes, audit_group_entries: 3 },
  });
  const halves = [Math.floor(entries / 2), entries - Math.floor(entries / 2)];
  for (const n of halves) {
    await Promise.all(Array.from({ length: n }, (_, i) => log.record(event(i))));
    await log.checkpoint();
  }
  // Entries that no checkpoint covers yet.
  await Promise.all([event(1), event(2)].map((one) => log.record(one)));
  await log.tiles.sync();
  return await filesOf(folder);
}

const check = (files: Files): Promise<Verdict> => verifyLog(memoryFs(files), '/log');

const without = (bytes: Buffer, { start, end }: Place): Buffer =>
  Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);

const put = (bytes: Buffer, at: number, line: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, at), line, bytes.subarray(at)]);

async function names(files: Files, file: string, bytes: Buffer, entry: number, what: string): Promise<void> {
  const verdict = await check(new Map([...files, [file, bytes]]));
  assert.equal(verdict.ok, false, what);
  assert.equal(verdict.faults[0]?.entry, entry, `${what}: ${verdict.faults[0]?.reason ?? ''}`);
}

it('A6 tiles that a crash left behind entries nobody acknowledged are no damage; behind others they are', async (t) => {
  const folder = await tempFolder(t);
  const log = await openLog(folder);
  await Promise.all(Array.from({ length: 260 }, (_, i) => log.record(event(i))));
  const before = await filesOf(folder);
  await log.record(event(260));
  const after = await filesOf(folder);
  const tiles = [...before].filter(([name]) => name.startsWith('tile/'));
  // The entry is on disk; its tile and the mark of it are not.
  const killed = new Map([...after, ...tiles, ['head', before.get('head')!] as const]);
  assert.deepEqual((await check(killed)).faults, []);
  const { faults } = await check(new Map([...after, ...tiles]));
  assert.match(faults[0]?.reason ?? '', /^tile\/0\/001 is missing/);
  const other = Buffer.from(before.get('tile/0/001')!);
  other[0]! ^= 1;
  assert.equal((await check(new Map([...killed, ['tile/0/001', other]]))).ok, false);
});

describe('a damaged log', () => {
  let small: Files;
  let places: Place[];
  let cleanUps: (() => unknown)[];
  before(async () => {
    cleanUps = [];
    const t = { after: (one: () => unknown) => cleanUps.push(one) } as unknown as TestContext;
    small = await sampleLog(t, 14, 1500);
    places = placesOf(small);
  });
  after(async () => {
    for (const one of cleanUps) await one();
  });

  const lineOf = ({ file, start, end }: Place): Buffer => small.get(file)!.subarray(start, end);

  it('V1 is good before anything is done to it', async () => {
    const verdict = await check(small);
    assert.deepEqual(verdict.faults, []);
    assert.equal(verdict.entries, places.length);
    assert.equal(verdict.checkpoints, 2);
    assert.ok([...small.keys()].filter((name) => name.startsWith('segments/')).length > 3);
  });

  it('V2 names the entry of every flipped byte', async () => {
    for (const [entry, place] of places.entries())
      for (let at = place.start; at < place.end; at++) {
        const bytes = Buffer.from(small.get(place.file)!);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
        await names(small, place.file, bytes, entry, `byte ${at} of ${place.file}`);
      }
  });

  it('V2 sees a flipped byte in every other file that speaks for the log', async () => {
    for (const [file, good] of small) {
      if (file.startsWith('segments/') || file.endsWith('.key')) continue;
      for (let at = 0; at < good.length; at++) {
        const bytes = Buffer.from(good);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
        const verdict = await check(new Map([...small, [file, bytes]]));
        // Of two slots of the mark one is enough: the other only speaks of the group before.
        if (file !== 'head') assert.equal(verdict.ok, false, `byte ${at} of ${file}`);
      }
    }
  });

  it('V3 names an entry that was dropped, wherever it was', async () => {
    for (const [entry, place] of places.entries())
      await names(small, place.file, without(small.get(place.file)!, place), entry, `entry ${entry} dropped`);
  });

  it('V3 names the first of two entries that changed places', async () => {
    for (const [entry, place] of places.entries()) {
      const next = places[entry + 1];
      if (next?.file !== place.file) continue;
      const bytes = put(
        without(small.get(place.file)!, place),
        place.start + next.end - next.start,
        lineOf(place),
      );
      await names(small, place.file, bytes, entry, `entries ${entry} and ${entry + 1} swapped`);
    }
  });

  it('V3 names the place of an entry that was put in', async () => {
    for (const [entry, place] of places.entries())
      for (const other of [place, places[0]!, places.at(-1)!]) {
        const bytes = put(small.get(place.file)!, place.start, lineOf(other));
        // An entry that comes twice stands in the place of the one behind it.
        await names(small, place.file, bytes, other === place ? entry + 1 : entry, `${entry} put in`).catch(
          (error: unknown) => {
            if (lineOf(other).equals(lineOf(place))) return;
            throw error as Error;
          },
        );
      }
  });

  it('V4 names the first entry that a cut took, at every byte', async () => {
    const last = places.at(-1)!;
    for (let entry = places.length - 1; entry > 0 && places[entry]!.file === last.file; entry--)
      for (let at = places[entry]!.start; at < places[entry]!.end; at++)
        await names(small, last.file, small.get(last.file)!.subarray(0, at), entry, `cut at ${at}`);
  });

  it('V4 names the first entry of a file that is gone', async () => {
    const files = [...new Set(places.map((place) => place.file))];
    for (const file of files) {
      const gone = new Map(small);
      gone.delete(file);
      const verdict = await check(gone);
      assert.equal(
        verdict.faults[0]?.entry,
        places.findIndex((place) => place.file === file),
        file,
      );
    }
  });

  it('V5 names the entry from which a log was written anew, with hashes that fit', async (t) => {
    // The same log with another entry in the middle, tiles and mark of its own: all but the signatures fits.
    for (const changed of [2, 9, 14]) {
      const folder = await tempFolder(t);
      const log = await openLog(folder, { limits: { audit_segment_bytes: 1500, audit_group_entries: 3 } });
      const lines = places.map(
        (place) => JSON.parse(lineOf(place).subarray(65).toString()) as { detail: object },
      );
      for (const [i, line] of lines.entries())
        await log.record(
          event(0, { detail: i === changed ? { forged: true } : { copy: JSON.stringify(line).length } }),
        );
      const forged = await filesOf(folder);
      const files = new Map(forged);
      for (const name of ['checkpoint', 'keys.txt']) files.set(name, small.get(name)!);
      const verdict = await check(files);
      assert.equal(verdict.ok, false);
      await log.close();
    }
  });

  it('V5 the first entry that differs from its tile is the one that is named, however well the rest was forged', async () => {
    for (const entry of [1, 6, 12]) {
      const rewritten = forge(small, places, entry);
      const verdict = await check(rewritten);
      assert.equal(verdict.ok, false);
      assert.equal(verdict.faults[0]?.entry, entry, verdict.faults[0]?.reason);
    }
  });

  it('V6 finds random damage to a large log', async (t) => {
    const large = await sampleLog(t, 1500, 60_000);
    const where = placesOf(large);
    const random = new SeededRandom(7);
    assert.equal((await check(large)).ok, true);
    for (let round = 0; round < 60; round++) {
      const entry = random.below(where.length);
      const place = where[entry]!;
      const bytes = Buffer.from(large.get(place.file)!);
      const at = place.start + random.below(place.end - place.start);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      await names(large, place.file, bytes, entry, `byte ${at} of ${place.file}`);
      await names(large, place.file, without(large.get(place.file)!, place), entry, `entry ${entry} dropped`);
    }
  });
});

/** From an entry on, a log whose hashes all fit each other; the tiles are those of before. */
function forge(files: Files, places: readonly Place[], from: number): Files {
  const forged = new Map(files);
  let prev = '';
  const byFile = new Map<string, Buffer[]>();
  for (const [i, place] of places.entries()) {
    const line = files.get(place.file)!.subarray(place.start, place.end);
    let text = line.subarray(65, -1).toString();
    if (i === from) text = text.replace('"anna"', '"otto"').replace('"system"', '"otto"');
    if (i > from) text = text.replace(/"prev_hash":"[0-9a-f]{64}"/, `"prev_hash":"${prev}"`);
    const hash = leaf(text);
    prev = hash;
    byFile.set(place.file, [...(byFile.get(place.file) ?? []), Buffer.from(`${hash} ${text}\n`)]);
  }
  for (const [file, lines] of byFile) forged.set(file, Buffer.concat(lines));
  return forged;
}

const leaf = (text: string): string =>
  createHash('sha256')
    .update(Buffer.from([0]))
    .update(text)
    .digest('hex');
