/** What a file turned out to be before it is read, and whether it was here before. */
import path from 'node:path';
import { Sha256, badInputError, type FileSystem, type Limits } from '../base/index.ts';
import type { Store } from '../store/index.ts';
import { vanished } from './faults.ts';
import type { FileResult } from './file-result.ts';
import { SNIFF_BYTES, decodeHead } from './sniff.ts';

export interface Identified {
  readonly sha256: string;
  readonly bytes: number;
  /** Milliseconds since 1970; with the size, what tells that the file changed since. */
  readonly modifiedMs: number;
  /** Its first bytes as text. */
  readonly head: string;
}

/** A link that somebody named is followed; one that was only found in a folder may lead anywhere. */
export type Links = 'follow' | 'refuse';

export async function identify(
  fs: FileSystem,
  limits: Limits,
  file: string,
  signal: AbortSignal | undefined,
  links: Links = 'follow',
): Promise<Identified> {
  if (links === 'refuse' && (await fs.isLink(file)))
    throw badInputError(
      'file.link',
      'this is a symbolic link; links below an imported folder are not followed',
      'Import what it leads to by its own path.',
      { place: { line: 1 } },
    );
  const stat = await fs.stat(file);
  if (stat === undefined) throw vanished();
  if (!stat.isFile())
    throw badInputError('file.kind', 'this is not a regular file', 'Give files or folders.');
  if (stat.size > limits.document_bytes)
    throw badInputError(
      'file.size',
      `the file has ${stat.size} bytes; the bound is ${limits.document_bytes}`,
      'Split it, or raise document_bytes in fractal.json.',
      { place: { line: 1 } },
    );
  if (stat.size === 0)
    throw badInputError('file.empty', 'the file is empty', 'Fetch it again.', { place: { line: 1 } });
  const hash = new Sha256();
  let head: Uint8Array = new Uint8Array(0);
  for await (const chunk of fs.readStream(file)) {
    signal?.throwIfAborted();
    hash.update(chunk);
    if (head.length < SNIFF_BYTES) head = Buffer.concat([head, chunk.subarray(0, SNIFF_BYTES - head.length)]);
  }
  return {
    sha256: hash.digest(),
    bytes: stat.size,
    modifiedMs: Math.trunc(stat.mtimeMs),
    head: decodeHead(head),
  };
}

/** Throws when the file is no longer the one that was identified: what was read may be half of either. */
export async function checkUnchanged(fs: FileSystem, file: string, identified: Identified): Promise<void> {
  const stat = await fs.stat(file);
  if (
    stat !== undefined &&
    stat.size === identified.bytes &&
    Math.trunc(stat.mtimeMs) === identified.modifiedMs
  )
    return;
  throw badInputError(
    'file.changed',
    'the file changed while it was read; nothing of it was kept',
    'Run `fractal import retry` when nothing writes to it any more.',
  );
}

export interface Named {
  readonly name: string;
  readonly sha256: string;
}

/** For each file the result it had before under the same name with the same bytes, unless it was rejected. One look-up. */
export async function seenBefore(store: Store, files: readonly Named[]): Promise<(FileResult | undefined)[]> {
  interface Row {
    readonly source_sha256: string;
    readonly source_name: string;
    readonly kind: string;
    readonly documents: number;
    readonly sections: number;
    readonly obligations: number;
    readonly records: bigint;
  }
  const names = files.map((file) => path.basename(file.name));
  const rows = await store.rows<Row>(
    `select source_sha256, source_name, kind, documents, sections, obligations, records from node.sources
      where status <> 'rejected'
        and (source_sha256, source_name) in (select (unnest($1::varchar[]), unnest($2::varchar[])))
      order by imported_at`,
    [files.map((file) => file.sha256), names],
  );
  const latest = new Map(rows.map((row) => [`${row.source_sha256} ${row.source_name}`, row]));
  return files.map(({ name, sha256 }, i) => {
    const row = latest.get(`${sha256} ${names[i] ?? ''}`);
    if (row === undefined) return undefined;
    return {
      source: name,
      kind: row.kind,
      status: 'unchanged',
      documents: row.documents,
      sections: row.sections,
      obligations: row.obligations,
      records: Number(row.records),
      warnings: [],
    };
  });
}
