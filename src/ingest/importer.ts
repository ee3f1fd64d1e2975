/** Files into knowledge: one transaction per file, each added whole or rejected whole with the reason. */
import path from 'node:path';
import {
  FIXED_LIMITS,
  badInputError,
  type Clock,
  type ErrorPlace,
  type FractalError,
  type FileSystem,
  type Limits,
} from '../base/index.ts';
import type { Embedder } from '../query/index.ts';
import { parseDate, type Store, type Transaction } from '../store/index.ts';
import { DocumentApply, type AppliedDocument, type SharedByFile, type Source } from './apply/document.ts';
import { FactWriter } from './apply/facts.ts';
import { ObligationWriter } from './apply/obligations.ts';
import { largeGroups } from './apply/groups.ts';
import { applyMappedRecords } from './apply/mapped-records.ts';
import { KnownDocuments } from './apply/known-documents.ts';
import { Passages } from './apply/passages.ts';
import { applyRecords, recordTable } from './apply/records.ts';
import { READERS, detectReader } from './detect.ts';
import { importFault } from './faults.ts';
import { rejectedResult, type FileResult } from './file-result.ts';
import { checkUnchanged, identify, seenBefore, type Identified, type Links } from './identify.ts';
import type { Reader } from './reader.ts';
import { findMapping, type Mapping } from './records/index.ts';

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
}

/** What a caller may do in the transaction that brings a file in, or notes its rejection; it may run again. */
export type OnApplied = (transaction: Transaction, result: FileResult) => Promise<void>;

export interface ImportMore {
  readonly signal?: AbortSignal;
  /** What `identify` answered a moment ago. */
  readonly identified?: Identified;
  /** Left out: a link is followed. */
  readonly links?: Links;
  readonly onApplied?: OnApplied;
}

interface Ports {
  readonly store: Store;
  readonly embedder: Embedder;
  readonly clock: Clock;
  readonly fs: FileSystem;
  readonly limits: Limits;
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

  /**
   * Never throws for what is wrong with the file: that is a result. Throws what is wrong with the machine or the node.
   * `name` is what the user calls the file.
   */
  async importFile(
    file: string,
    name: string,
    options: ImportOptions,
    more: ImportMore = {},
  ): Promise<FileResult> {
    const { fs, limits, store } = this.#ports;
    const { signal } = more;
    let identified = more.identified;
    try {
      identified ??= await identify(fs, limits, file, signal, more.links);
      // A date given now may be the one that was missing then.
      if (options.inForceFrom === undefined && options.mapping === undefined) {
        const [before] = await seenBefore(store, [{ name, sha256: identified.sha256 }]);
        if (before !== undefined) return before;
      }
      return await this.#apply(file, name, identified, options, more);
    } catch (error) {
      if (signal?.aborted === true) throw error;
      const known = importFault(error);
      // What is wrong with the machine or the node is the caller's to judge; a file, or our own fault in reading it, is not.
      if (known.kind !== 'bad_input' && known.kind !== 'internal') throw known;
      const result = rejectedResult(name, known);
      if (identified !== undefined && known.kind === 'bad_input')
        await this.#remember(identified, options, known, result, more.onApplied);
      return result;
    }
  }

  async #apply(
    file: string,
    name: string,
    identified: Identified,
    options: ImportOptions,
    { signal, onApplied }: ImportMore,
  ): Promise<FileResult> {
    const { store, fs } = this.#ports;
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
      await checkUnchanged(fs, file, identified);
      signal?.throwIfAborted();
      await rememberSource(transaction, this.#ports.clock, identified, applied.result, applied.versionIds);
      await onApplied?.(transaction, applied.result);
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
    const { limits } = this.#ports;
    const reader = chooseReader(name, identified.head, options.kind);
    const source: Source = {
      name: path.basename(name),
      sha256: identified.sha256,
      bytes: identified.bytes,
      format: reader.format,
    };
    const obligations = new ObligationWriter(transaction);
    const shared: SharedByFile = {
      passages: new Passages(transaction, this.#ports.embedder, limits),
      facts: new FactWriter(transaction, limits),
      obligations,
      documents: new KnownDocuments(transaction),
    };
    try {
      return await this.#readDocuments(transaction, file, name, reader, source, shared, options, signal);
    } finally {
      await obligations.close();
    }
  }

  async #readDocuments(
    transaction: Transaction,
    file: string,
    name: string,
    reader: Reader,
    source: Source,
    shared: SharedByFile,
    options: ImportOptions,
    signal: AbortSignal | undefined,
  ): Promise<Applied> {
    const { fs, limits } = this.#ports;
    const applied: AppliedDocument[] = [];
    const warnings: string[] = [];
    let dropped = 0;
    let open: DocumentApply | undefined;
    const read = reader.read({ name, chunks: fs.readStream(file), limits });
    for await (const events of largeGroups(read, FIXED_LIMITS.import_group_chars.value)) {
      signal?.throwIfAborted();
      await shared.documents.look(events);
      for (const event of events)
        switch (event.type) {
          case 'document': {
            const head = { ...event.head, jurisdiction: options.jurisdiction ?? event.head.jurisdiction };
            open = await DocumentApply.start(
              { ...this.#ports, transaction, shared },
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
    await shared.passages.stage();
    await shared.facts.write();
    await shared.obligations.finish();
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
      obligations: shared.obligations.count,
      ...shared.facts.counts,
      records: 0,
      warnings,
    };
    return { result, versionIds: applied.map((one) => one.versionId) };
  }

  /** A rejected source is kept with its reason; the same bytes may be tried again. */
  async #remember(
    identified: Identified,
    options: ImportOptions,
    error: FractalError,
    result: FileResult,
    onApplied: OnApplied | undefined,
  ): Promise<void> {
    await this.#ports.store.transact(options.principal, async (transaction) => {
      await transaction.bookkeep(
        `delete from node.sources where source_sha256 = $1 and source_name = $2 and status = 'rejected'`,
        [identified.sha256, path.basename(result.source)],
      );
      await rememberSource(transaction, this.#ports.clock, identified, { ...result, error }, []);
      await onApplied?.(transaction, result);
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
