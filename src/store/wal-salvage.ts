/**
 * Opening a database whose write-ahead log is damaged (rules R1, R2).
 *
 * The engine refuses the whole file then. Nobody should have to delete a log by hand: the log is copied aside, cut at
 * the entry the engine names, and the database opened with what comes before it.
 */
import path from 'node:path';
import { integrityError, unavailableError, type FileSystem, type Limits } from '../base/index.ts';
import { DuckDb } from './duckdb.ts';

export interface Salvage {
  /** Folder with the untouched database and log. */
  readonly quarantine: string;
  /** Bytes of the log that could not be replayed. */
  readonly lostBytes: number;
}

export interface OpenOptions {
  readonly file: string;
  readonly tempFolder: string;
  readonly quarantineFolder: string;
  readonly limits: Limits;
  readonly fs: FileSystem;
  /** Name for this quarantine: a time stamp. */
  readonly stamp: string;
}

/** Byte position of the entry that does not check, as the engine says it. */
const POSITION = /entry at byte position (\d+)/;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export async function openOrSalvage(
  options: OpenOptions,
): Promise<{ duck: DuckDb; salvage: Salvage | undefined }> {
  const { file, tempFolder, limits, fs } = options;
  const log = `${file}.wal`;
  const open = (): Promise<DuckDb> => DuckDb.open(file, tempFolder, limits);
  let failure: unknown;
  try {
    return { duck: await open(), salvage: undefined };
  } catch (error) {
    failure = error;
  }
  if (/Could not set lock|Conflicting lock/i.test(messageOf(failure)))
    throw unavailableError(
      'store.locked',
      'another process has this data directory open',
      'Stop it, or use the running node: commands find it by themselves when it was started with `fractal start`.',
      { cause: failure },
    );
  const size = (await fs.stat(log))?.size;
  if (size === undefined || size === 0 || !/WAL/.test(messageOf(failure)))
    throw integrityError(
      'store.damaged',
      'the database file cannot be opened',
      'Restore a backup (`fractal restore`), or import the sources again into a new data directory.',
      { cause: failure },
    );

  const quarantine = path.join(options.quarantineFolder, options.stamp);
  await fs.makeFolder(quarantine);
  for (const name of [file, log]) await fs.copy(name, path.join(quarantine, path.basename(name)));
  for (const name of await fs.list(quarantine)) await fs.sync(path.join(quarantine, name));
  await fs.sync(quarantine);

  let end = size;
  for (let attempt = 0; attempt < limits.salvage_tries && end > 0; attempt++) {
    const position = Number(POSITION.exec(messageOf(failure))?.[1] ?? 0);
    // The position always lies before the end; without one there is nothing to keep.
    end = position < end ? position : 0;
    if (end === 0) await fs.remove(log);
    else await fs.truncate(log, end);
    try {
      return { duck: await open(), salvage: { quarantine, lostBytes: size - end } };
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
