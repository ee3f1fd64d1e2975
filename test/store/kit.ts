/** What the tests of the store share: folders that go away, small stores, sample rows, damage. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { Field, Int32, Schema, Table, Utf8, vectorFromArray } from 'apache-arrow';
import {
  DEFAULT_LIMITS,
  SeededRandom,
  nodeFileSystem,
  systemClock,
  type Clock,
  type FileSystem,
  type Limits,
  type LogLevel,
} from '../../src/base/index.ts';
import { Store, type LanceDefinition, type Row } from '../../src/store/index.ts';

export async function tempFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'fractal-test-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface Options {
  readonly limits?: Partial<Limits>;
  readonly clock?: Clock;
  readonly fs?: FileSystem;
  readonly log?: (level: LogLevel, message: string) => void;
  readonly seed?: number;
}

export async function openStore(folder: string, options: Options = {}): Promise<Store> {
  return await Store.open({
    folder,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    clock: options.clock ?? systemClock,
    random: new SeededRandom(options.seed ?? 1),
    fs: options.fs ?? nodeFileSystem,
    log: options.log ?? ((): void => undefined),
  });
}

/** A store in a folder of its own, closed and removed after the test. */
export async function freshStore(
  t: TestContext,
  options: Options = {},
): Promise<{ store: Store; folder: string }> {
  const folder = await tempFolder(t);
  const store = await openStore(folder, options);
  t.after(() => store.close());
  return { store, folder };
}

/** The files as a crash would leave them now: nothing is closed, nothing checkpointed. */
export async function crashImage(folder: string, target: string): Promise<void> {
  await cp(folder, target, { recursive: true });
}

export const MIRROR: LanceDefinition = {
  name: 'mirror',
  key: 'id',
  schema: new Schema([
    new Field('id', new Utf8(), false),
    new Field('n', new Int32(), false),
    new Field('text', new Utf8(), false),
  ]),
};

export async function makeMirror(store: Store): Promise<void> {
  await store.makeLanceTable(MIRROR, async () => undefined);
}

export function mirrorRows(rows: readonly { id: string; n: number }[]): Table {
  return new Table(MIRROR.schema, {
    id: vectorFromArray(
      rows.map((row) => row.id),
      new Utf8(),
    ),
    n: vectorFromArray(
      rows.map((row) => row.n),
      new Int32(),
    ),
    text: vectorFromArray(
      rows.map((row) => `text of ${row.id}`),
      new Utf8(),
    ),
  });
}

export async function mirrorContent(table: {
  query(): { select(columns: string[]): { toArray(): Promise<unknown[]> } };
}): Promise<string[]> {
  const rows = (await table.query().select(['id', 'n']).toArray()) as { id: string; n: number }[];
  return rows.map((row) => `${row.id}=${row.n}`).sort();
}

export const site = (id: string, more: Row = {}): Row => ({
  site_id: id,
  region: 'north',
  name: `site ${id}`,
  jurisdiction: 'UK',
  ...more,
});

export const permit = (id: string, more: Row = {}): Row => ({
  permit_id: id,
  region: 'north',
  site_id: 's1',
  kind: 'air',
  number: `N-${id}`,
  authority: 'EA',
  issued_on: '2024-03-01',
  ...more,
});

export const permitStatus = (id: string, status: string): Row => ({
  permit_id: id,
  region: 'north',
  site_id: 's1',
  status,
  since: '2024-03-01',
});

export const document = (id: string, more: Row = {}): Row => ({
  document_id: id,
  jurisdiction: 'US',
  family: 'cfr',
  citation: `cite ${id}`,
  title: `title ${id}`,
  language: 'en-US',
  ...more,
});

/** The code of the error that `work` throws. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return 'no error';
}
