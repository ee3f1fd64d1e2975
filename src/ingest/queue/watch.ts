/** Watched folders: which there are, and how they stand. */
import { badInputError, notFoundError, unavailableError } from '../../base/index.ts';
import type { Books } from '../../store/index.ts';
import type { JobOptions } from './job-rows.ts';
import { WatchedFolder, type Watch, type WatcherPorts } from './watched-folder.ts';

interface WatchRow {
  readonly path: string;
  readonly options: string;
  readonly kept: boolean;
  readonly made_at: Date;
}

export class Watcher {
  readonly #ports: WatcherPorts;
  readonly #folders = new Map<string, WatchedFolder>();

  private constructor(ports: WatcherPorts) {
    this.#ports = ports;
  }

  /** Forgets the watches of a process that is gone; `all`: goes on with those that were to be kept. */
  static async open(ports: WatcherPorts, options: { readonly all: boolean }): Promise<Watcher> {
    const { store } = ports;
    const watcher = new Watcher(ports);
    const rows = await store.rows<WatchRow>('select path, options, kept, made_at from node.watches');
    for (const row of rows)
      if (!row.kept) await store.bookkeep((b) => forget(b, row.path));
      else if (options.all) watcher.#start(row.path, JSON.parse(row.options) as JobOptions);
    return watcher;
  }

  async add(path: string, options: JobOptions, kept: boolean): Promise<Watch> {
    const { store, fs, clock, limits } = this.#ports;
    if ((await fs.stat(path))?.isDirectory() !== true)
      throw badInputError('watch.folder', `${path} is not a folder`, 'Watch the folder that the file is in.');
    await store.bookkeep(async (b) => {
      const rows = await b.rows<{ path: string }>('select path from node.watches');
      if (!rows.some((row) => row.path === path) && rows.length >= limits.watches)
        throw unavailableError(
          'watch.full',
          `${limits.watches} folders are watched already`,
          'Watch a folder above them, or end one with `fractal import unwatch PATH`.',
        );
      await b.bookkeep('delete from node.watches where path = $1', [path]);
      await b.bookkeep('insert into node.watches values ($1, $2, $3, $4, make_timestamp($5))', [
        path,
        JSON.stringify(options),
        options.import.principal,
        kept,
        BigInt(clock.now()) * 1000n,
      ]);
    });
    await this.#folders.get(path)?.stop();
    this.#start(path, options);
    return await this.#one(path);
  }

  #start(path: string, options: JobOptions): void {
    const folder = new WatchedFolder(this.#ports, path, options);
    this.#folders.set(path, folder);
    folder.start();
  }

  async remove(path: string): Promise<void> {
    await this.#one(path);
    await this.#folders.get(path)?.stop();
    this.#folders.delete(path);
    await this.#ports.store.bookkeep((b) => forget(b, path));
  }

  async list(): Promise<Watch[]> {
    const { store, limits } = this.#ports;
    const rows = await store.rows<WatchRow & { files: number; missing: number }>(
      `select path, options, kept, made_at, (select count(*)::int from node.watched_files f where f.watch_path = w.path) as files,
              (select count(missing_since)::int from node.watched_files f where f.watch_path = w.path) as missing
         from node.watches w order by path`,
    );
    const missing = await store.rows<{ watch_path: string; path: string; since: Date }>(
      `select watch_path, path, missing_since as since from node.watched_files
        where missing_since is not null order by missing_since desc, path limit $1`,
      [limits.import_faults_shown],
    );
    return rows.map((row) => ({
      path: row.path,
      kept: row.kept,
      made_at: row.made_at.toISOString(),
      files: row.files,
      missing: missing
        .filter((file) => file.watch_path === row.path)
        .map((file) => ({ path: file.path, since: file.since.toISOString() })),
      missing_total: row.missing,
      ...(this.#folders.get(row.path)?.state ?? { unsettled: 0, scanned_at: null, error: null }),
    }));
  }

  async #one(path: string): Promise<Watch> {
    const found = (await this.list()).find((watch) => watch.path === path);
    if (found === undefined)
      throw notFoundError(
        'watch.unknown',
        `${path} is not watched`,
        '`fractal import watches` lists the watched folders.',
      );
    return found;
  }

  async stop(): Promise<void> {
    for (const folder of this.#folders.values()) await folder.stop();
  }
}

async function forget(b: Books, path: string): Promise<void> {
  await b.bookkeep('delete from node.watches where path = $1', [path]);
  await b.bookkeep('delete from node.watched_files where watch_path = $1', [path]);
}
