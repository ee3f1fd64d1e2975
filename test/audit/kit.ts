/** What the tests of the log share: logs in folders that go away, their files in memory, damage. */
import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import {
  DEFAULT_LIMITS,
  ManualClock,
  SeededRandom,
  nodeFileSystem,
  silentLog,
  type Clock,
  type FileSystem,
  type Limits,
} from '../../src/base/index.ts';
import { AuditLog, openKeys } from '../../src/audit/index.ts';
import type { AuditEvent } from '../../src/schema/index.ts';

export const NODE_ID = '01900000-0000-7000-8000-000000000001';
export const START = Date.UTC(2026, 0, 31, 8, 15);

export async function tempFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'fractal-audit-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface Options {
  readonly fs?: FileSystem;
  readonly clock?: Clock;
  readonly limits?: Partial<Limits>;
  readonly seed?: number;
  readonly nodeId?: string;
}

export async function openLog(folder: string, options: Options = {}): Promise<AuditLog> {
  const fs = options.fs ?? nodeFileSystem;
  const nodeId = options.nodeId ?? NODE_ID;
  return await AuditLog.open({
    fs,
    folder,
    nodeId,
    keys: await openKeys(nodeFileSystem, folder, nodeId, new SeededRandom(options.seed ?? 1)),
    clock: options.clock ?? new ManualClock(START),
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    log: silentLog,
  });
}

export const event = (i: number, more: Partial<AuditEvent> = {}): AuditEvent => ({
  category: 'access',
  action: 'sql',
  principal: 'anna',
  roles: ['inspector'],
  resource: 'esh.sites',
  detail: { statement: 'select name from esh.sites where site_id = ?', rows: i },
  ...more,
});

/** Files below a folder, by their path in it. */
export async function filesOf(folder: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const name of await readdir(folder, { recursive: true })) {
    const file = path.join(folder, name);
    if ((await stat(file)).isFile()) files.set(name.replaceAll('\\', '/'), await readFile(file));
  }
  return files;
}

/** Reads from a map, for checks that read thousands of damaged logs. */
export function memoryFs(files: ReadonlyMap<string, Buffer>, root = '/log'): FileSystem {
  const at = (file: string): string => path.posix.relative(root, file.replaceAll('\\', '/'));
  return {
    ...nodeFileSystem,
    readFile: async (file) => Buffer.from(files.get(at(file)) ?? []),
    stat: async (file) =>
      files.has(at(file)) ? ({ size: files.get(at(file))?.length } as never) : undefined,
    list: async (folder) => {
      const prefix = `${at(folder)}/`;
      const names = [...files.keys()].flatMap((name) =>
        name.startsWith(prefix) ? [name.slice(prefix.length).split('/')[0] ?? ''] : [],
      );
      return [...new Set(names)].sort();
    },
  };
}

export interface Place {
  readonly file: string;
  readonly start: number;
  /** Behind its line end. */
  readonly end: number;
}

/** Where each entry lies. */
export function placesOf(files: ReadonlyMap<string, Buffer>): Place[] {
  return [...files]
    .filter(([file]) => file.startsWith('segments/'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([file, bytes]) => {
      const places: Place[] = [];
      for (let start = 0; start < bytes.length;) {
        const end = bytes.indexOf(10, start) + 1;
        places.push({ file, start, end });
        start = end;
      }
      return places;
    });
}
