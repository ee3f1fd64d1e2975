/**
 * One document of a source into the node: fetched, imported, and recorded in the transaction that takes it in. The cursor of
 * its source moves in the same transaction, or not at all.
 */
import { FIXED_LIMITS, asFractalError, sha256, type Clock, type FractalError } from '../../base/index.ts';
import type { Store, Transaction } from '../../store/index.ts';
import type { FileResult } from '../file-result.ts';
import type { ImportOptions, Importer } from '../importer.ts';
import { shownItem, type Fetched, type Fetcher } from './fetcher.ts';
import { moveCursor, recordFetch, type Feed, type Fetch } from './records.ts';
import type { Source, SourceItem } from './source.ts';

export interface IntakePorts {
  readonly store: Store;
  readonly importer: Importer;
  readonly fetcher: Fetcher;
  readonly clock: Clock;
}

export type IntakeOptions = ImportOptions;

export interface Task {
  readonly feed: Feed | undefined;
  readonly source: Source;
  readonly item: SourceItem;
  readonly before: Fetch | undefined;
  readonly sha256: string | undefined;
  /** Where the cursor goes with this document. */
  readonly moveTo: string | undefined;
}

export class Intake {
  readonly #ports: IntakePorts;

  constructor(ports: IntakePorts) {
    this.#ports = ports;
  }

  /** One document: fetched, taken in and recorded. Never throws for what is wrong with it. */
  async take(task: Task, options: IntakeOptions, signal: AbortSignal): Promise<FileResult> {
    let fetched: Fetched | 'not-modified';
    try {
      fetched = await this.#ports.fetcher.fetch(task.item, fetchOptions(task, options), signal);
    } catch (error) {
      signal.throwIfAborted();
      const refused = refusal(shownItem(task.item), asFractalError(error));
      await this.#recordRefusal(task, refused, options.principal);
      return refused;
    }
    if (fetched === 'not-modified') return unchanged(task.before?.url ?? shownItem(task.item));
    const result = await this.#import(task, fetched, options, signal);
    await fetched.done();
    return result;
  }

  async #import(
    task: Task,
    fetched: Fetched,
    options: IntakeOptions,
    signal: AbortSignal,
  ): Promise<FileResult> {
    const { importer, store } = this.#ports;
    let recorded = false;
    const onApplied = async (transaction: Transaction, result: FileResult): Promise<void> => {
      await this.#record(transaction, task, fetched, result);
      recorded = true;
    };
    const inForceFrom = options.inForceFrom ?? fetched.inForceFrom;
    const result = await importer.importFile(
      fetched.file,
      fetched.name,
      { ...options, inForceFrom },
      { signal, onApplied },
    );
    // The same bytes were here already, or the fault is ours: nothing was written that the record could go with.
    if (!recorded) await store.transact(options.principal, (transaction) => onApplied(transaction, result));
    return {
      ...result,
      source: fetched.url,
      ...(result.error === undefined ? {} : { error: result.error.at({ source: fetched.url }) }),
    };
  }

  /** A document of a source that cannot be had is given up after some runs. What a pause may cure counts for nothing. */
  async #recordRefusal(task: Task, result: FileResult, principal: string): Promise<void> {
    if (task.feed === undefined || result.error?.kind === 'unavailable') return;
    const nothing = { etag: undefined, lastModified: undefined, sha256: '', bytes: 0 };
    const fetched = { ...nothing, url: result.source, name: task.item.name };
    await this.#ports.store.transact(principal, (transaction) =>
      this.#record(transaction, task, fetched, result),
    );
  }

  async #record(
    transaction: Transaction,
    task: Task,
    fetched: Omit<Fetch, 'feed' | 'item' | 'status' | 'errorCode' | 'tries'>,
    result: FileResult,
  ): Promise<void> {
    const isIn = result.status !== 'rejected';
    const record: Fetch = {
      feed: task.feed?.name ?? '',
      item: task.feed === undefined ? fetchKey(task.source, task.item) : task.item.key,
      url: fetched.url,
      etag: fetched.etag,
      lastModified: fetched.lastModified,
      sha256: fetched.sha256,
      name: fetched.name,
      bytes: fetched.bytes,
      status: result.status,
      errorCode: result.error?.code,
      tries: isIn ? 0 : (task.before?.tries ?? 0) + 1,
    };
    await recordFetch(transaction, record, this.#ports.clock.now());
    const isSettled = isIn || !isOpen(record);
    if (task.feed !== undefined && task.moveTo !== undefined && isSettled)
      await moveCursor(transaction, task.feed.name, task.moveTo);
  }
}

/** Not in yet, and not given up. */
export const isOpen = (fetch: Fetch | undefined): boolean =>
  fetch === undefined || (fetch.status === 'rejected' && fetch.tries < FIXED_LIMITS.source_item_tries.value);

/** Names a single import without showing its address, which may hold a key. */
export const fetchKey = (source: Source, item: SourceItem): string =>
  `${sha256(source.word).slice(0, 16)} ${item.key}`;

/** A document is asked for unconditionally when it was refused, or when the caller now says something else about it. */
function fetchOptions(task: Task, options: IntakeOptions): Parameters<Fetcher['fetch']>[1] {
  const { before, feed } = task;
  const saysMore =
    feed === undefined &&
    [options.kind, options.jurisdiction, options.inForceFrom, task.sha256].some(
      (value) => value !== undefined,
    );
  const known = saysMore || before === undefined || before.status === 'rejected' ? undefined : before;
  return { known, sha256: task.sha256, kind: options.kind };
}

const NOTHING = { kind: null, documents: 0, sections: 0, obligations: 0, records: 0, warnings: [] };

const unchanged = (source: string): FileResult => ({ ...NOTHING, source, status: 'unchanged' });

export const refusal = (source: string, error: FractalError): FileResult => ({
  ...NOTHING,
  source,
  status: 'rejected',
  error: error.at({ source }),
});
