/**
 * Opening a log that a crash, or somebody, left behind (rules A3 to A6). A torn end that nobody was told of is cut. An
 * acknowledged entry that is missing or changed is never cut and never written over: the file stays as it is, and the
 * log goes on behind it, on the hashes that the tiles still have.
 */
import path from 'node:path';
import { integrityError, sha256, unavailableError, type FileSystem } from '../base/index.ts';
import type { AuditEvent } from '../schema/index.ts';
import { HASH_BYTES, NO_HASH } from './entry.ts';
import { readHead, type Head } from './head.ts';
import { TILE_WIDTH, rootOf } from './merkle.ts';
import { checkNote, parseCheckpoint, parseNote, type Note, type NoteKey } from './note.ts';
import { SEGMENT_FOLDER, firstOf, scanSegment, segmentName, type Line } from './segment.ts';
import type { Tiles } from './tiles.ts';

export interface Damage {
  /** The first entry that is not as it was acknowledged. */
  readonly entry: number;
  readonly reason: string;
}

export interface Recovered {
  readonly head: Head;
  /** The file to go on with; undefined: a new one. */
  readonly active: { readonly first: number; readonly bytes: number } | undefined;
  readonly damage: Damage | undefined;
  readonly note: Note | undefined;
  /** What the log must be told about its own opening. */
  readonly events: readonly AuditEvent[];
}

const told = (action: string, detail: AuditEvent['detail']): AuditEvent => ({
  category: 'log',
  action,
  principal: 'system',
  resource: 'audit',
  detail,
});

export async function recover(
  fs: FileSystem,
  folder: string,
  tiles: Tiles,
  key: NoteKey,
): Promise<Recovered> {
  const segments = path.join(folder, SEGMENT_FOLDER);
  const events: AuditEvent[] = [];
  const mark = await readHead(fs, path.join(folder, 'head'));
  const note = await readNote(fs, path.join(folder, 'checkpoint'), key, events);
  const first = (await fs.list(segments)).flatMap((name) => firstOf(name) ?? []).at(-1);
  if (first === undefined) {
    if (mark === undefined && note === undefined) {
      await tiles.load(0);
      return { head: { size: 0, hash: NO_HASH }, active: undefined, damage: undefined, note, events };
    }
    return await goOn(tiles, mark, note, { entry: 0, reason: 'the files of entries are gone' }, events);
  }
  const file = Buffer.from(await fs.readFile(path.join(segments, segmentName(first))));
  const lines: Line[] = [];
  const before = first === 0 ? NO_HASH : await storedLeaf(tiles, first - 1);
  const scanned = scanSegment(file, first, before, (line) => lines.push(line));
  const size = first + scanned.count;
  const damage = damageOf(mark, first, before, lines, scanned.fault);
  if (damage !== undefined) {
    const entry = Math.min(damage.entry, await firstUnlike(tiles, lines));
    return await goOn(tiles, mark, note, { ...damage, entry }, events);
  }
  await mendTiles(fs, segments, tiles, first, lines);
  if (scanned.bytes < file.length) {
    const rest = file.subarray(scanned.bytes);
    events.push(told('tail-cut', { entry: size, bytes: rest.length, sha256: sha256(rest) }));
  }
  if (mark === undefined && size > 0) events.push(told('head-missing', { entries: size }));
  const head = { size, hash: lines.at(-1)?.hash ?? before ?? NO_HASH };
  if (note !== undefined) {
    const fault = await notOfThisLog(tiles, note, size);
    if (fault !== undefined) throw damaged(fault);
  }
  return { head, active: { first, bytes: scanned.bytes }, damage: undefined, note, events };
}

function damageOf(
  mark: Head | undefined,
  first: number,
  before: string | undefined,
  lines: readonly Line[],
  fault: { readonly entry: number; readonly reason: string } | undefined,
): Damage | undefined {
  if (mark === undefined) return undefined;
  const size = first + lines.length;
  if (size < mark.size)
    return {
      entry: fault?.entry ?? size,
      reason: fault?.reason ?? `it is missing: ${mark.size} entries were acknowledged`,
    };
  // After a power cut the mark may be older than the file: then it says nothing about it.
  const at = mark.size === first ? before : lines[mark.size - 1 - first]?.hash;
  if (mark.size < first || mark.size === 0 || at === mark.hash) return undefined;
  return { entry: mark.size - 1, reason: 'it is not the entry that was acknowledged' };
}

/** The first entry whose hash is not the one in its tile. */
async function firstUnlike(tiles: Tiles, lines: readonly Line[]): Promise<number> {
  for (const { id, hash } of lines) {
    const stored = await storedLeaf(tiles, id);
    if (stored !== undefined && stored !== hash) return id;
  }
  return Infinity;
}

async function storedLeaf(tiles: Tiles, id: number): Promise<string | undefined> {
  const tile = await tiles.onDisk(0, Math.floor(id / TILE_WIDTH));
  const from = (id % TILE_WIDTH) * HASH_BYTES;
  const leaf = Buffer.from(tile.subarray(from, from + HASH_BYTES));
  return leaf.length < HASH_BYTES ? undefined : leaf.toString('hex');
}

/** Writes the tiles of the open file again: they were not synced, and say nothing that the entries do not. */
async function mendTiles(
  fs: FileSystem,
  segments: string,
  tiles: Tiles,
  first: number,
  lines: readonly Line[],
): Promise<void> {
  const add = async (some: readonly Line[]): Promise<void> =>
    await tiles.append(Buffer.from(some.map((line) => line.hash).join(''), 'hex'));
  try {
    await tiles.load(first);
  } catch {
    await tiles.load(0);
    for (const name of await fs.list(segments)) {
      const start = firstOf(name);
      if (start === undefined || start >= first) continue;
      const found: Line[] = [];
      scanSegment(Buffer.from(await fs.readFile(path.join(segments, name))), start, undefined, (line) =>
        found.push({ ...line, bytes: undefined }),
      );
      await add(found);
    }
    if (tiles.size !== first)
      throw damaged({ entry: tiles.size, reason: 'it is missing or damaged, and so is its tile' });
  }
  await add(lines);
}

/** Behind damage: the log as it was acknowledged, as far as its hashes are known. */
async function goOn(
  tiles: Tiles,
  mark: Head | undefined,
  note: Note | undefined,
  damage: Damage,
  events: readonly AuditEvent[],
): Promise<Recovered> {
  const size = mark?.size ?? 0;
  try {
    await tiles.load(size);
    for (let id = Math.floor(damage.entry / TILE_WIDTH) * TILE_WIDTH; id < size; id += TILE_WIDTH)
      await tiles.hashAt(0, id);
    const last = size === 0 ? NO_HASH : Buffer.from(await tiles.hashAt(0, size - 1)).toString('hex');
    if (mark === undefined || last !== mark.hash) throw damaged(damage);
  } catch {
    throw damaged(damage);
  }
  const fault = note === undefined ? undefined : await notOfThisLog(tiles, note, size);
  if (fault !== undefined) throw damaged(damage);
  return {
    head: mark,
    active: undefined,
    damage,
    note,
    events: [...events, told('damage-found', { entry: damage.entry, reason: damage.reason, entries: size })],
  };
}

/** What a signed checkpoint says against the tree. */
async function notOfThisLog(tiles: Tiles, note: Note, size: number): Promise<Damage | undefined> {
  const signed = parseCheckpoint(note.text);
  if (signed === undefined) return undefined;
  if (signed.size > size)
    return { entry: size, reason: `it is missing: a checkpoint over ${signed.size} entries was signed` };
  const root = await rootOf(tiles.hashAt, signed.size);
  return Buffer.from(root).equals(signed.root)
    ? undefined
    : { entry: 0, reason: `the first ${signed.size} entries are not those of the signed checkpoint` };
}

async function readNote(
  fs: FileSystem,
  file: string,
  key: NoteKey,
  events: AuditEvent[],
): Promise<Note | undefined> {
  const printed = await printedNote(fs, file);
  if (printed === undefined) return undefined;
  try {
    const note = parseNote(printed);
    if (checkNote(note, key) !== undefined) return note;
  } catch {
    // Told below, as for a signature that does not hold.
  }
  events.push(told('checkpoint-damaged', { file: 'checkpoint' }));
  return undefined;
}

/** Without it nobody knows what was signed: a log whose checkpoint is there and cannot be read does not open. */
async function printedNote(fs: FileSystem, file: string): Promise<string | undefined> {
  try {
    if ((await fs.stat(file)) === undefined) return undefined;
    return Buffer.from(await fs.readFile(file)).toString('utf8');
  } catch (error) {
    throw unavailableError(
      'audit.checkpoint_unreadable',
      `the last checkpoint of the audit log cannot be read (${codeOf(error)})`,
      'See to the permissions of audit/checkpoint and to the disk; the file is left as it is.',
      { cause: error },
    );
  }
}

/** `EACCES`, `EIO`. */
export const codeOf = (error: unknown): string =>
  (error as NodeJS.ErrnoException | undefined)?.code ?? 'no reason given';

const damaged = ({ entry, reason }: Damage): Error =>
  integrityError(
    'audit.damaged',
    `the audit log is damaged from entry ${entry} on: ${reason}`,
    'Take audit/ back from a copy; the hub has one. Without one, move it out of the data directory and keep it: the node ' +
      'begins a new log that says so.',
  );
