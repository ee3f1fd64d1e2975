/** Files into knowledge: one transaction per file, each added whole or rejected whole with the reason. */
import path from 'node:path';
import {
  Sha256,
  asFractalError,
  badInputError,
  notFoundError,
  type Clock,
  type ErrorPlace,
  type FractalError,
  type FileSystem,
  type Limits,
} from '../base/index.ts';
import type { Embedder } from '../query/index.ts';
import { parseDate, type Store, type Transaction } from '../store/index.ts';
import { DocumentApply, type AppliedDocument, type Source } from './apply/document.ts';
import { applyMappedRecords } from './apply/mapped-records.ts';
import { applyRecords, recordTable } from './apply/records.ts';
import { READERS, detectReader } from './detect.ts';
import type { Reader } from './reader.ts';
import { findMapping, type Mapping } from './records/index.ts';
import { SNIFF_BYTES, decodeHead } from './sniff.ts';

export interface ImportOptions {
  /** Reader to use whatever the file looks like. */
  readonly kind: string | undefined;
  /** Code that replaces what the reader found. */
  readonly jurisdiction: string | undefined;
  /** `YYYY-MM-DD`, for documents that do not date themselves. */
  readonly inForceFrom: string | undefined;
  /** Mapping to read record files by, whatever they look like. */
  readonly mapping?: Mapping;
  /** Mappings of the node, beside those that come with it. */
  readonly mappings?: readonly Mapping[];
  readonly principal: string;
  /** What else is written in the transaction that takes the file in, or that remembers why not. May run again. */
  readonly alongside?: (transaction: Transaction, result: FileResult) => Promise<void>;
}

export interface FileResult {
  readonly source: string;
  readonly kind: string | null;
  readonly status: 'added' | 'updated' | 'unchanged' | 'rejected';
  readonly documents: number;
  readonly sections: number;
  readonly obligations: number;
  /** Found by this import: absent when nothing was read. */
  readonly citations?: number;
  readonly definitions?: number;
  readonly records: number;
  readonly warnings: readonly string[];
  readonly error?: FractalError;
}

export interface FoundFile {
  readonly path: string;
  readonly bytes: number;
}

interface Ports {
  readonly store: Store;
  readonly embedder: Embedder;
  readonly clock: Clock;
  readonly fs: FileSystem;
  readonly limits: Limits;
}

/** What a file turned out to be, before it is read. */
interface Identified {
  readonly sha256: string;
  readonly bytes: number;
  readonly head: string;
}

/** A result and the versions that came of it. */
interface Applied {
  readonly result: FileResult;
  readonly versionIds: readonly string[];
}

const WARNINGS_SHOWN = 20;

/** Files that lie beside data and speak of it. */
const COMPANION = /^(?:README|LICEN[CS]E|NOTICE|SOURCE|CHANGELOG|CONTRIBUTING)(?:\.(?:md|markdown|txt))?$/i;

export class Importer {
  readonly #ports: Ports;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** Checks the options once, before any file is touched. */
  check(options: ImportOptions): void {
    if (
      options.kind !== undefined &&
      !READERS.some((reader) => reader.format === options.kind) &&
      options.kind !== 'records'
    )
      throw badInputError(
        'import.kind',
        'there is no such kind of source',
        `Kinds are ${[...READERS.map((reader) => reader.format), 'records'].join(', ')}.`,
      );
    if (options.inForceFrom !== undefined && parseDate(options.inForceFrom) === undefined)
      throw badInputError('import.date', 'the date is not a day of the calendar', 'Write it as YYYY-MM-DD.');
    if (options.jurisdiction !== undefined && !/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/.test(options.jurisdiction))
      throw badInputError(
        'import.jurisdiction',
        'the jurisdiction is not a code',
        'Write a code such as US, UK, EU or US-CA.',
      );
  }

  /** Every file below the paths, sorted, hidden ones left out. */
  async find(paths: readonly string[]): Promise<FoundFile[]> {
    const { fs, limits } = this.#ports;
    const found: FoundFile[] = [];
    const visit = async (entry: string): Promise<void> => {
      const stat = await fs.stat(entry);
      if (stat === undefined) return;
      if (stat.isDirectory())
        for (const name of await fs.list(entry)) {
          if (!name.startsWith('.')) await visit(path.join(entry, name));
        }
      else {
        found.push({ path: entry, bytes: stat.size });
        if (found.length > limits.import_files)
          throw badInputError(
            'import.files',
            `there are more than ${limits.import_files} files`,
            'Import the folders one by one.',
          );
      }
    };
    for (const entry of paths) {
      if ((await fs.stat(entry)) === undefined)
        throw notFoundError('import.path', `there is nothing at ${entry}`, 'Check the path.');
      await visit(entry);
    }
    return found;
  }

  /** Never throws for what is wrong with the file: that is a result. `name` is what the user calls it. */
  async importFile(
    file: string,
    name: string,
    options: ImportOptions,
    signal?: AbortSignal,
  ): Promise<FileResult> {
    const rejected = (error: FractalError): FileResult => ({
      source: name,
      kind: null,
      status: 'rejected',
      documents: 0,
      sections: 0,
      obligations: 0,
      records: 0,
      warnings: [],
      error: error.at({ source: name, line: error.place?.line ?? 1 }),
    });
    let identified: Identified | undefined;
    try {
      identified = await this.#identify(file, signal);
      // A date given now may be the one that was missing then.
      const before =
        options.inForceFrom === undefined && options.mapping === undefined
          ? await this.#seen(identified.sha256, name)
          : undefined;
      if (before !== undefined) return before;
      return await this.#apply(file, name, identified, options, signal);
    } catch (error) {
      if (signal?.aborted === true) throw error;
      const known = asFractalError(error);
      // What is wrong with the machine or the node stops the import; a file, or our own fault in reading it, does not.
      if (known.kind !== 'bad_input' && known.kind !== 'internal') throw known;
      if (identified !== undefined && known.kind === 'bad_input')
        await this.#remember(identified, name, options, known);
      return rejected(known);
    }
  }

  async #identify(file: string, signal: AbortSignal | undefined): Promise<Identified> {
    const { fs, limits } = this.#ports;
    const stat = await fs.stat(file);
    if (stat === undefined || !stat.isFile())
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
      if (head.length < SNIFF_BYTES)
        head = Buffer.concat([head, chunk.subarray(0, SNIFF_BYTES - head.length)]);
    }
    return { sha256: hash.digest(), bytes: stat.size, head: decodeHead(head) };
  }

  /** The same bytes under the same name again: nothing to do. */
  async #seen(hash: string, name: string): Promise<FileResult | undefined> {
    const [row] = await this.#ports.store.rows<{
      kind: string;
      documents: number;
      sections: number;
      obligations: number;
      records: bigint;
    }>(
      `select kind, documents, sections, obligations, records from node.sources
        where source_sha256 = $1 and source_name = $2 and status <> 'rejected' order by imported_at desc limit 1`,
      [hash, path.basename(name)],
    );
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
  }

  async #apply(
    file: string,
    name: string,
    identified: Identified,
    options: ImportOptions,
    signal?: AbortSignal,
  ): Promise<FileResult> {
    const { store } = this.#ports;
    const asRecords = options.kind === undefined || options.kind === 'records';
    const table = asRecords && options.mapping === undefined ? recordTable(path.basename(name)) : undefined;
    const mapping =
      asRecords && table === undefined
        ? (options.mapping ??
          findMapping({ name: path.basename(name), head: identified.head }, options.mappings))
        : undefined;
    if (options.kind === 'records' && table === undefined && mapping === undefined)
      throw badInputError(
        'records.unknown',
        'neither the file name nor its columns say what records these are',
        'Name the file after its table, e.g. esh.sites.csv, with the column names of the table; or give a --mapping.',
        { place: { line: 1 } },
      );
    if (options.kind === undefined && mapping === undefined && COMPANION.test(path.basename(name)))
      throw badInputError(
        'format.companion',
        'this is a note about the files beside it, not a document',
        'Give --kind markdown if it is to be imported all the same.',
        { place: { line: 1 } },
      );
    const { value } = await store.transact(options.principal, async (transaction) => {
      const applied =
        table !== undefined
          ? await this.#records(transaction, file, name, table)
          : mapping !== undefined
            ? await this.#mapped(transaction, file, name, identified, mapping)
            : await this.#documents(transaction, file, name, identified, options, signal);
      await rememberSource(transaction, this.#ports.clock, identified, applied.result, applied.versionIds);
      await options.alongside?.(transaction, applied.result);
      return applied.result;
    });
    return value;
  }

  async #mapped(
    transaction: Transaction,
    file: string,
    name: string,
    { sha256 }: Identified,
    mapping: Mapping,
  ): Promise<Applied> {
    const { fs, limits, clock } = this.#ports;
    const input = { name, chunks: fs.readStream(file), limits };
    const source = { sha256, name: path.basename(name) };
    const found = await applyMappedRecords(transaction, mapping, source, input, clock);
    const some =
      found.rejected === 0
        ? undefined
        : badInputError(
            'records.rejected',
            `${found.rejected} of ${found.records} records were rejected: ${found.warnings[0] ?? ''}`,
            'The warnings name lines and reasons. Correct them and import the file again; what is here stays.',
            { place: { source: name } },
          );
    if (some !== undefined && found.rejected === found.records) throw some;
    const result: FileResult = {
      source: name,
      kind: 'records',
      status: found.changed === 0 ? 'unchanged' : 'added',
      documents: 0,
      sections: 0,
      obligations: 0,
      records: found.records,
      warnings: found.warnings,
      ...(some === undefined ? {} : { error: some }),
    };
    return { result, versionIds: [] };
  }

  async #records(
    transaction: Transaction,
    file: string,
    name: string,
    table: NonNullable<ReturnType<typeof recordTable>>,
  ): Promise<Applied> {
    const { fs, limits } = this.#ports;
    const { records, changed } = await applyRecords(transaction, table, name, fs.readStream(file), limits);
    const result: FileResult = {
      source: name,
      kind: 'records',
      status: changed === 0 ? 'unchanged' : 'added',
      documents: 0,
      sections: 0,
      obligations: 0,
      records,
      warnings: [],
    };
    return { result, versionIds: [] };
  }

  async #documents(
    transaction: Transaction,
    file: string,
    name: string,
    identified: Identified,
    options: ImportOptions,
    signal: AbortSignal | undefined,
  ): Promise<Applied> {
    const { fs, limits } = this.#ports;
    const reader = chooseReader(name, identified.head, options.kind);
    const source: Source = {
      name: path.basename(name),
      sha256: identified.sha256,
      bytes: identified.bytes,
      format: reader.format,
    };
    const applied: AppliedDocument[] = [];
    const warnings: string[] = [];
    let dropped = 0;
    let open: DocumentApply | undefined;
    for await (const events of reader.read({ name, chunks: fs.readStream(file), limits })) {
      signal?.throwIfAborted();
      for (const event of events)
        switch (event.type) {
          case 'document': {
            const head = { ...event.head, jurisdiction: options.jurisdiction ?? event.head.jurisdiction };
            open = await DocumentApply.start(
              { ...this.#ports, transaction },
              source,
              head,
              options.inForceFrom,
            );
            if (head.inForceFrom === undefined && options.inForceFrom === undefined)
              warnings.push('the source does not say from when its text applies; --in-force-from does');
            if (open.keptFormat !== undefined)
              warnings.push(`the ${open.keptFormat} text of this version is here already; it is kept`);
            break;
          }
          case 'section':
            await open?.add(event.section);
            break;
          case 'note':
            open?.note(event.text);
            break;
          case 'warning': {
            const text = event.line === undefined ? event.message : `line ${event.line}: ${event.message}`;
            open?.warn(text);
            if (warnings.length < WARNINGS_SHOWN) warnings.push(text);
            else dropped++;
            break;
          }
          case 'end':
            if (open !== undefined) applied.push(await open.end());
            open = undefined;
            break;
        }
    }
    if (dropped > 0) warnings.push(`${dropped} more warnings`);
    if (applied.length === 0)
      throw badInputError('document.none', 'the file holds no document', 'Check that the file is whole.', {
        place: { line: 1 },
      });
    const status = (['updated', 'added'] as const).find((word) => applied.some((one) => one.status === word));
    const result: FileResult = {
      source: name,
      kind: reader.format,
      status: status ?? 'unchanged',
      documents: applied.length,
      sections: applied.reduce((sum, one) => sum + one.sections, 0),
      obligations: applied.reduce((sum, one) => sum + one.obligations, 0),
      citations: applied.reduce((sum, one) => sum + one.citations, 0),
      definitions: applied.reduce((sum, one) => sum + one.definitions, 0),
      records: 0,
      warnings,
    };
    return { result, versionIds: applied.map((one) => one.versionId) };
  }

  /** A rejected source is kept with its reason; the same bytes may be tried again. */
  async #remember(
    identified: Identified,
    name: string,
    options: ImportOptions,
    error: FractalError,
  ): Promise<void> {
    await this.#ports.store.transact(options.principal, async (transaction) => {
      await transaction.bookkeep(
        `delete from node.sources where source_sha256 = $1 and source_name = $2 and status = 'rejected'`,
        [identified.sha256, path.basename(name)],
      );
      const result: FileResult = {
        source: name,
        kind: null,
        status: 'rejected',
        documents: 0,
        sections: 0,
        obligations: 0,
        records: 0,
        warnings: [],
        error,
      };
      await rememberSource(transaction, this.#ports.clock, identified, result, []);
      await options.alongside?.(transaction, result);
    });
  }
}

function chooseReader(name: string, head: string, kind: string | undefined): Reader {
  const named = READERS.find((reader) => reader.format === kind);
  return named ?? detectReader({ name: path.basename(name), head });
}

async function rememberSource(
  transaction: Transaction,
  clock: Clock,
  identified: Identified,
  result: FileResult,
  versionIds: readonly string[],
): Promise<void> {
  const where = (place: ErrorPlace | undefined): string =>
    place?.line === undefined ? '' : ` (line ${place.line})`;
  await transaction.bookkeep(
    'insert into node.sources values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, make_timestamp($13), $14)',
    [
      identified.sha256,
      path.basename(result.source),
      BigInt(identified.bytes),
      result.kind ?? 'unknown',
      result.status,
      versionIds,
      result.documents,
      result.sections,
      result.obligations,
      BigInt(result.records),
      result.error?.code ?? null,
      result.error === undefined ? null : `${result.error.message}${where(result.error.place)}`,
      BigInt(clock.now()) * 1000n,
      transaction.stamp.commitVersion,
    ],
  );
}
