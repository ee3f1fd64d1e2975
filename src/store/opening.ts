/** Opening a store: mends what a crash left, tells what was lost, and brings the schema forwards. */
import path from 'node:path';
import {
  FractalError,
  integrityError,
  newId,
  type Clock,
  type FileSystem,
  type Limits,
  type Log,
  type Random,
} from '../base/index.ts';
import { HybridLogicalClock } from '../schema/index.ts';
import { checkThreadPool, type DuckDb } from './duckdb.ts';
import { HeadMark } from './head-mark.ts';
import { moveHead, nameNode, readHead } from './heads.ts';
import { LanceStore } from './lance.ts';
import { migrate } from './migrate.ts';
import { openOrSalvage, type Salvage } from './wal-salvage.ts';

export interface StoreOptions {
  /** Data directory; made when it does not exist. */
  readonly folder: string;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly random: Random;
  readonly fs: FileSystem;
  readonly log: Log;
}

/** What an open store is made of. */
export interface StoreParts {
  readonly nodeId: string;
  readonly duck: DuckDb;
  readonly lance: LanceStore;
  readonly mark: HeadMark;
  readonly hlc: HybridLogicalClock;
  readonly commitVersion: bigint;
  readonly salvage: Salvage | undefined;
  readonly warnings: readonly string[];
  /** Versions of the schema that were made just now. */
  readonly migrated: readonly number[];
  readonly lanceDamage: FractalError | undefined;
}

export async function openParts(options: StoreOptions): Promise<StoreParts> {
  const { folder, limits, clock, fs, log, random } = options;
  checkThreadPool(limits);
  for (const name of ['', 'lance', 'temp']) await fs.makeFolder(path.join(folder, name));
  const mark = await HeadMark.open(fs, path.join(folder, 'commits.head'));
  let duck: DuckDb | undefined;
  let lance: LanceStore | undefined;
  try {
    const opened = await openOrSalvage({
      file: path.join(folder, 'fractal.duckdb'),
      tempFolder: path.join(folder, 'temp'),
      quarantineFolder: path.join(folder, 'quarantine'),
      limits,
      fs,
      stamp: new Date(clock.now()).toISOString().replaceAll(/[:.]/g, '-'),
      acknowledged: mark.last.version,
    });
    duck = opened.duck;
    const head = await duck.with(async (connection) => {
      const applied = await migrate(connection, clock);
      await nameNode(connection, newId(clock, random));
      // Tables and the node's name leave the log at once: a damaged log then costs commits, never the schema.
      if (applied.length > 0) await connection.run('CHECKPOINT');
      return { ...(await readHead(connection)), applied };
    });
    const warnings = await whatWasLost(options, opened.salvage, head.commitVersion, mark.last.version);
    for (const warning of warnings) log('error', warning);

    lance = await LanceStore.open(path.join(folder, 'lance'));
    let lanceDamage: FractalError | undefined;
    for (const { name, version } of head.lanceHeads) {
      try {
        await recover(options, duck, lance, name, Number(version));
      } catch (error) {
        lanceDamage = error instanceof FractalError ? error : damaged(name, error);
        log('error', lanceDamage.message);
      }
    }
    const lastHlc = head.hlc > mark.last.hlc ? head.hlc : mark.last.hlc;
    // Never hand out a version again that was once acknowledged, even if its commit is lost.
    const commitVersion = head.commitVersion > mark.last.version ? head.commitVersion : mark.last.version;
    return {
      nodeId: head.nodeId,
      duck,
      lance,
      mark,
      hlc: new HybridLogicalClock(clock, lastHlc),
      commitVersion,
      salvage: opened.salvage,
      warnings,
      migrated: head.applied,
      lanceDamage,
    };
  } catch (error) {
    lance?.close();
    duck?.close();
    await mark.close();
    throw error;
  }
}

/** Opens a Lance table at its head and takes back what was staged after it. */
export async function recover(
  options: StoreOptions,
  duck: DuckDb,
  lance: LanceStore,
  name: string,
  head: number,
): Promise<void> {
  const table = await lance.open(name, head);
  const version = await table.rollback();
  if (version === table.head) return;
  await table.sync(options.fs);
  await duck.with((connection) => moveHead(connection, name, version));
  await table.publish(version);
}

/** Rules R2 and R3: what the last process acknowledged and this one does not find. */
async function whatWasLost(
  { folder, fs }: StoreOptions,
  salvage: Salvage | undefined,
  found: bigint,
  acknowledged: bigint,
): Promise<string[]> {
  const warnings: string[] = [];
  if (salvage?.lostBytes !== undefined)
    warnings.push(`the write-ahead log was damaged: ${salvage.lostBytes} bytes could not be replayed`);
  if (found < acknowledged)
    warnings.push(
      `${acknowledged - found} commits (${found + 1n} to ${acknowledged}) were acknowledged and are missing: import their sources again, or restore a backup`,
    );
  const kept = await fs.list(path.join(folder, 'quarantine'));
  if (kept.length > 0)
    warnings.push(
      `the untouched files of a damaged database are in ${kept.map((name) => `quarantine/${name}`).join(', ')}: remove them once nothing is missed`,
    );
  return warnings;
}

export function damaged(name: string, cause: unknown): FractalError {
  return integrityError(
    'search.index_damaged',
    `the search table ${name} is damaged`,
    'Run `fractal reindex`: it is made again from the database.',
    { cause },
  );
}
