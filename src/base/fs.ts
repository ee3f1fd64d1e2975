/**
 * The file system as a port, so that tests can fail a write or count the fsyncs. Only what Fractal itself writes goes
 * through it; the engines do their own input and output.
 */
import { constants, createReadStream, watch, type Stats } from 'node:fs';
import * as fsp from 'node:fs/promises';
import path from 'node:path';

/** A file that is read and written in place. */
export interface OpenFile {
  read(position: number, bytes: number): Promise<Uint8Array>;
  write(position: number, data: Uint8Array): Promise<void>;
  /** Resolves when what was written is on disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface FileSystem {
  readFile(file: string): Promise<Uint8Array>;
  /** Chunks of the file, in order. */
  readStream(file: string): AsyncIterable<Uint8Array>;
  /** Writes all or nothing: to a neighbour, fsync, rename over, fsync the folder. `mode` defaults to 0o600. */
  writeDurable(file: string, data: Uint8Array | string, mode?: number): Promise<void>;
  /** Opens a file in place, made with mode 0o600 when it does not exist. */
  openFile(file: string): Promise<OpenFile>;
  /** Makes what was written to the file, or the names in the folder, survive a power cut. */
  sync(fileOrFolder: string): Promise<void>;
  stat(file: string): Promise<Stats | undefined>;
  /** Whether it is a symbolic link itself, whatever that leads to. False when there is nothing. */
  isLink(file: string): Promise<boolean>;
  /** Names in a folder, sorted; empty when the folder does not exist. */
  list(folder: string): Promise<string[]>;
  makeFolder(folder: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(fileOrFolder: string): Promise<void>;
  copy(from: string, to: string): Promise<void>;
  truncate(file: string, bytes: number): Promise<void>;
  /** Sets the permissions of a file. */
  setMode(file: string, mode: number): Promise<void>;
  /**
   * Calls when something below the folder may have changed, until the answer is called. Only a hint: network mounts tell
   * nothing, and a machine has a bound on what it watches.
   */
  watch(folder: string, hint: () => void): () => void;
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');

export const nodeFileSystem: FileSystem = {
  readFile: (file) => fsp.readFile(file),
  readStream: (file) => createReadStream(file, { highWaterMark: 256 * 1024 }) as AsyncIterable<Uint8Array>,
  async writeDurable(file, data, mode = 0o600) {
    const next = `${file}.next`;
    const handle = await fsp.open(next, 'w', mode);
    try {
      try {
        await handle.writeFile(data);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await fsp.rename(next, file);
    } catch (error) {
      // A disk that is full must not also keep the half of what did not fit.
      await fsp.rm(next, { force: true }).catch(() => undefined);
      throw error;
    }
    await this.sync(path.dirname(file));
  },
  async openFile(file) {
    const handle = await fsp.open(file, constants.O_RDWR | constants.O_CREAT, 0o600);
    return {
      async read(position, bytes) {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, position);
        return buffer.subarray(0, bytesRead);
      },
      async write(position, data) {
        for (let done = 0; done < data.length;) {
          const { bytesWritten } = await handle.write(data, done, data.length - done, position + done);
          done += bytesWritten;
        }
      },
      sync: () => handle.datasync(),
      close: () => handle.close(),
    };
  },
  async sync(fileOrFolder) {
    const handle = await fsp.open(fileOrFolder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  async stat(file) {
    try {
      return await fsp.stat(file);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  },
  async isLink(file) {
    try {
      return (await fsp.lstat(file)).isSymbolicLink();
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  },
  async list(folder) {
    try {
      return (await fsp.readdir(folder)).sort();
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  },
  async makeFolder(folder) {
    await fsp.mkdir(folder, { recursive: true, mode: 0o700 });
  },
  rename: (from, to) => fsp.rename(from, to),
  remove: (fileOrFolder) => fsp.rm(fileOrFolder, { recursive: true, force: true }),
  copy: (from, to) => fsp.copyFile(from, to),
  truncate: (file, bytes) => fsp.truncate(file, bytes),
  setMode: (file, mode) => fsp.chmod(file, mode),
  watch(folder, hint) {
    try {
      const watcher = watch(folder, { recursive: true, persistent: false }, () => hint());
      watcher.on('error', () => watcher.close());
      return () => watcher.close();
    } catch {
      return () => undefined;
    }
  },
};
