/**
 * Compaction in a process of its own: started by `maintenance.ts`, told what to do over its channel, gone afterwards.
 *
 * The work is native and has no bound on its memory. A process that passes its ceiling is ended, and the node lives.
 */
import path from 'node:path';
import * as lancedb from '@lancedb/lancedb';

export interface CompactionTask {
  /** `<folder>/<name>.lance` */
  readonly folder: string;
  readonly name: string;
  readonly memoryBytes: number;
}

/** Parent to child. `before` is milliseconds since 1970: older versions and their files are removed. */
export type CompactionOrder =
  | { readonly order: 'compact'; readonly task: CompactionTask }
  | { readonly order: 'remove-versions'; readonly task: CompactionTask; readonly before: number };

/** Child to parent. A message of Lance names files, never rows. */
export type CompactionReply =
  | { readonly reply: 'done'; readonly version: number; readonly rssBytes: number }
  | { readonly reply: 'failed'; readonly message: string }
  | { readonly reply: 'memory'; readonly rssBytes: number };

const WATCH_MS = 100;
const OPTIMIZE_NEVER_REMOVES = new Date(0);

function send(reply: CompactionReply, then: () => void = () => undefined): void {
  if (process.send === undefined) then();
  else process.send(reply, then);
}

async function carryOut(order: CompactionOrder): Promise<number> {
  const { folder, name } = order.task;
  const db = await lancedb.connect(folder);
  const table = await db.openTable(name);
  // Without a date Lance removes what is older than a week, and it may be that the head is.
  const cleanupOlderThan = order.order === 'compact' ? OPTIMIZE_NEVER_REMOVES : new Date(order.before);
  await table.optimize({ cleanupOlderThan });
  await table.checkoutLatest();
  const version = await table.version();
  table.close();
  db.close();
  return version;
}

let ceiling = Number.POSITIVE_INFINITY;

function watch(): void {
  const rssBytes = process.memoryUsage.rss();
  if (rssBytes <= ceiling) return;
  ceiling = Number.POSITIVE_INFINITY;
  send({ reply: 'memory', rssBytes }, () => process.exit(3));
}

// Only as a child: this file can be loaded by a tool that looks at every module.
if (process.send !== undefined && path.basename(process.argv[1] ?? '').startsWith('compaction-process.')) {
  // Nobody is left to move the head, so nothing may be made for it.
  process.on('disconnect', () => process.exit(0));
  setInterval(watch, WATCH_MS);
  process.on('message', (order: CompactionOrder) => {
    ceiling = order.task.memoryBytes;
    watch();
    void carryOut(order).then(
      (version) => send({ reply: 'done', version, rssBytes: process.memoryUsage.rss() }),
      (error: unknown) =>
        send({ reply: 'failed', message: error instanceof Error ? error.message : String(error) }),
    );
  });
}
