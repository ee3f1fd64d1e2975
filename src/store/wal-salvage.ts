/**
 * Opening a database whose write-ahead log is damaged (rules R1–R3).
 *
 * Two kinds of damage are met. The engine refuses the whole file when an entry of the log does not check: nobody
 * should have to delete a log by hand, so it is cut at the entry the engine names and the database opened with what
 * comes before it. And the engine takes a log with a damaged frame for one that ends early, and opens without a word:
 * so every database is first opened for reading, which changes no byte, and its last commit compared with the last one
 * acknowledged. In both cases the files are copied aside before the open that changes them.
 */
import path from 'node:path';
import {
  integrityError,
  unavailableError,
  type FileSystem,
  type FractalError,
  type Limits,
} from '../base/index.ts';
import { DuckDb } from './duckdb.ts';
import { lastCommit } from './migrate.ts';

export interface Salvage {
  /** Folder with the untouched database and log. */
  readonly quarantine: string;
  /** Bytes of the log that could not be replayed; absent when the engine did not say. */
  readonly lostBytes: number | undefined;
}

export interface OpenOptions {
  readonly file: string;
  readonly tempFolder: string;
  readonly quarantineFolder: string;
  readonly limits: Limits;
  readonly fs: FileSystem;
  /** Name for this quarantine: a time stamp. */
  readonly stamp: string;
  /** The last commit that was acknowledged. */
  readonly acknowledged: bigint;
}

/** Byte position of the entry that does not check, as the engine says it. */
const POSITION = /entry at byte position (\d+)/;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function lockedError(cause: unknown): FractalError {
  return unavailableError(
    'store.locked',
    'another process, or another part of this one, has this data directory open',
    'Stop it, or use the running node: commands find it by themselves when it was started with `fractal start`.',
    { cause },
  );
}

function isLocked(error: unknown): boolean {
  return /Could not set lock|Conflicting lock|different configuration than existing/i.test(messageOf(error));
}

export async function openOrSalvage(
  options: OpenOptions,
): Promise<{ duck: DuckDb; salvage: Salvage | undefined }> {
  const { file, tempFolder, limits, fs } = options;
  const log = `${file}.wal`;
  const open = (): Promise<DuckDb> => DuckDb.open(file, tempFolder, limits);
  const logBytes = (await fs.stat(log))?.size ?? 0;

  const found = await look(options);
  if ('head' in found) {
    if (found.head >= options.acknowledged) return { duck: await open(), salvage: undefined };
    const kept = await quarantine(options);
    return {
      duck: await open(),
      salvage: kept === undefined ? undefined : { quarantine: kept, lostBytes: undefined },
    };
  }

  let failure = found.failure;
  if (isLocked(failure)) throw lockedError(failure);
  if (logBytes === 0 || !/WAL/.test(messageOf(failure)))
    throw integrityError(
      'store.damaged',
      'the database file cannot be opened',
      'Restore a backup (`fractal restore`), or import the sources again into a new data directory.',
      { cause: failure },
    );

  const kept = await quarantine(options);
  let end = logBytes;
  for (let attempt = 0; attempt < limits.salvage_tries && end > 0; attempt++) {
    const position = Number(POSITION.exec(messageOf(failure))?.[1] ?? 0);
    // The position always lies before the end; without one there is nothing to keep.
    end = position < end ? position : 0;
    if (end === 0) await fs.remove(log);
    else await fs.truncate(log, end);
    try {
      const duck = await open();
      return { duck, salvage: { quarantine: kept ?? '', lostBytes: logBytes - end } };
    } catch (error) {
      failure = error;
    }
  }
  throw integrityError(
    'store.damaged',
    'the database cannot be opened even without its write-ahead log',
    `The untouched files are in ${path.basename(options.quarantineFolder)}/${options.stamp}. Restore a backup.`,
    { cause: failure },
  );
}

/** The last commit in the files as they lie there, or why they cannot be read. Changes nothing. */
async function look(options: OpenOptions): Promise<{ head: bigint } | { failure: unknown }> {
  const { file, tempFolder, limits, fs } = options;
  if ((await fs.stat(file)) === undefined) return { head: 0n };
  try {
    const duck = await DuckDb.open(file, tempFolder, limits, 'READ_ONLY');
    try {
      return { head: await duck.with(lastCommit) };
    } finally {
      duck.close();
    }
  } catch (error) {
    return { failure: error };
  }
}

/** Copies what is there aside, durably. Answers the folder; undefined when there is nothing to copy. */
async function quarantine(options: OpenOptions): Promise<string | undefined> {
  const { file, fs, quarantineFolder, stamp } = options;
  const folder = path.join(quarantineFolder, stamp);
  // Without a log the open replays nothing, and so changes nothing.
  if (((await fs.stat(`${file}.wal`))?.size ?? 0) === 0) return undefined;
  try {
    await fs.makeFolder(folder);
    for (const name of [file, `${file}.wal`]) {
      if ((await fs.stat(name)) === undefined) continue;
      const copy = path.join(folder, path.basename(name));
      await fs.copy(name, copy);
      await fs.sync(copy);
    }
    for (const name of [folder, quarantineFolder, path.dirname(quarantineFolder)]) await fs.sync(name);
    return folder;
  } catch (error) {
    // Half a copy would look like a whole one.
    await fs.remove(folder).catch(() => undefined);
    throw unavailableError(
      'store.quarantine',
      'the database is damaged and its files could not be copied aside; nothing was changed',
      'Make room on the disk, at least as much as the database takes, then start again.',
      { cause: error },
    );
  }
}
