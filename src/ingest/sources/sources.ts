/**
 * Law from its publishers: one document by name, all its versions, or a standing source that is asked again and again.
 *
 * Where a document came from is written in the transaction that takes it in, and so is the cursor of its source: a crash
 * at any point leaves a document that is fetched again, never one that is passed over.
 */
import {
  FIXED_LIMITS,
  asFractalError,
  badInputError,
  notFoundError,
  type Clock,
  type FileSystem,
  type FractalError,
  type Limits,
} from '../../base/index.ts';
import type { Store } from '../../store/index.ts';
import type { FileResult } from '../file-result.ts';
import type { Importer } from '../importer.ts';
import type { Downloads } from './downloads.ts';
import { Fetcher } from './fetcher.ts';
import { Intake, fetchKey, isOpen, refusal, type IntakeOptions } from './intake.ts';
import { WebListings } from './listings.ts';
import { sourceNamed } from './names.ts';
import type { NetworkPolicy } from './network.ts';
import { addFeed, endRun, readFeeds, readFetches, removeFeed, type Feed, type Fetch } from './records.ts';
import type { Listings, Source, SourceItem } from './source.ts';
import type { Web } from './web.ts';

export interface SourcesPorts {
  readonly store: Store;
  readonly importer: Importer;
  readonly web: Web;
  readonly downloads: Downloads;
  readonly policy: NetworkPolicy;
  readonly fs: FileSystem;
  readonly clock: Clock;
  readonly limits: Limits;
}

export interface NamedImport {
  /** Short name or address. */
  readonly word: string;
  /** All versions that the publisher lists and this node does not have. */
  readonly versions: boolean;
  /** Of the one document, in hexadecimal. */
  readonly sha256: string | undefined;
  readonly allowNetwork: boolean;
}

export interface ListedVersion {
  readonly key: string;
  /** `YYYY-MM-DD`, when it has a day. */
  readonly date: string | undefined;
  readonly here: boolean;
}

export type NewFeed = Pick<Feed, 'name' | 'source' | 'everyS' | 'kind' | 'jurisdiction' | 'since'>;

export class Sources {
  readonly #ports: SourcesPorts;
  readonly #listings: Listings;
  readonly #intake: Intake;
  /** Sources that run now: the timer and a command must not run one twice at a time. */
  readonly #running = new Set<string>();

  constructor(ports: SourcesPorts) {
    this.#ports = ports;
    this.#listings = new WebListings(ports.web, ports.limits);
    const { downloads, fs } = ports;
    const fetcher = new Fetcher({ downloads, fs, listings: this.#listings });
    this.#intake = new Intake({ ...ports, fetcher });
  }

  /** Throws unless the network is on, by configuration or for this one command. */
  checkNetwork(allowNow: boolean): void {
    this.#ports.policy.require(allowNow);
  }

  /** Results as they come. What is wrong with one document is its result; a list that cannot be read is one result too. */
  async *import(
    request: NamedImport,
    options: IntakeOptions,
    signal: AbortSignal,
  ): AsyncGenerator<FileResult> {
    const { policy, limits } = this.#ports;
    policy.require(request.allowNetwork);
    const source = sourceNamed(request.word, limits);
    if (request.sha256 !== undefined && request.versions)
      throw badInputError(
        'source.sha256',
        'one hash cannot be that of many versions',
        'Leave --versions or --sha256 away.',
      );
    let items: readonly SourceItem[];
    try {
      items =
        request.versions || source.word.startsWith('feed:')
          ? await this.#missing(source, await source.list(this.#listings, '', signal))
          : [await source.one(this.#listings, signal)];
    } catch (error) {
      signal.throwIfAborted();
      yield refusal(source.word, asFractalError(error));
      return;
    }
    for (const item of items) {
      const known = (await readFetches(this.#ports.store, '', [fetchKey(source, item)])).get(
        fetchKey(source, item),
      );
      const task = {
        feed: undefined,
        source,
        item,
        before: known,
        sha256: request.sha256,
        moveTo: undefined,
      };
      yield await this.#intake.take(task, options, signal);
    }
  }

  /** What the publisher lists, and whether it is here. */
  async versions(
    word: string,
    allowNetwork: boolean,
    signal: AbortSignal,
  ): Promise<readonly ListedVersion[]> {
    this.#ports.policy.require(allowNetwork);
    const source = sourceNamed(word, this.#ports.limits);
    const items = await source.list(this.#listings, '', signal);
    const missing = new Set((await this.#missing(source, items)).map((item) => item.key));
    return items.map(({ key, position }) => ({
      key,
      date: position === '' ? undefined : position,
      here: !missing.has(key),
    }));
  }

  async list(name?: string): Promise<readonly Feed[]> {
    return await readFeeds(this.#ports.store, name);
  }

  async add(feed: NewFeed, principal: string): Promise<Feed> {
    const { store, clock, limits } = this.#ports;
    if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(feed.name))
      throw badInputError(
        'source.feed_name',
        'the name of a source has small letters, digits and dashes, at most 63',
        'Choose such a name.',
      );
    if (!(feed.everyS >= FIXED_LIMITS.source_every_min_s.value))
      throw badInputError(
        'source.every',
        `a source is asked at most every ${FIXED_LIMITS.source_every_min_s.value} s`,
        'Give a longer interval.',
      );
    const { word } = sourceNamed(feed.source, limits, true);
    await store.transact(principal, async (transaction) => {
      const names = await transaction.rows<{ name: string }>('select name from node.feeds');
      if (names.some(({ name }) => name === feed.name))
        throw badInputError('source.exists', 'there is a source of that name', 'Choose another name.');
      if (names.length >= FIXED_LIMITS.sources.value)
        throw badInputError(
          'source.count',
          `a node has at most ${FIXED_LIMITS.sources.value} sources`,
          'Remove one that is not needed.',
        );
      await addFeed(transaction, { ...feed, source: word }, clock.now());
    });
    return await this.#feed(feed.name);
  }

  async remove(name: string, principal: string): Promise<void> {
    await this.#feed(name);
    await this.#ports.store.transact(principal, (transaction) => removeFeed(transaction, name));
  }

  /** Sources whose time has come, the longest waiting first. */
  async due(): Promise<readonly Feed[]> {
    const now = this.#ports.clock.now();
    const feeds = await readFeeds(this.#ports.store, undefined);
    return feeds.filter((feed) => feed.dueAt <= now).toSorted((a, b) => a.dueAt - b.dueAt);
  }

  /** Fetches what is new. Throws when the list cannot be read; what is wrong with a document is its result. */
  async *run(
    name: string,
    principal: string,
    allowNetwork: boolean,
    signal: AbortSignal,
  ): AsyncGenerator<FileResult> {
    const { policy, limits, store } = this.#ports;
    policy.require(allowNetwork);
    const feed = await this.#feed(name);
    if (this.#running.has(name))
      throw badInputError('source.running', `the source ${name} runs already`, 'Wait until it has ended.');
    this.#running.add(name);
    let failure: FractalError | undefined;
    try {
      const source = sourceNamed(feed.source, limits, true);
      const options = {
        kind: feed.kind,
        jurisdiction: feed.jurisdiction,
        inForceFrom: undefined,
        principal,
      };
      let held = false;
      for (const { item, before } of await this.#fresh(feed, source, signal)) {
        const moveTo = held || item.position === '' ? undefined : item.position;
        const result = await this.#intake.take(
          { feed, source, item, before, sha256: undefined, moveTo },
          options,
          signal,
        );
        if (result.error !== undefined) failure ??= result.error;
        // Behind a document that is not in, nothing moves the cursor.
        held ||= result.status === 'rejected';
        yield result;
      }
    } catch (error) {
      signal.throwIfAborted();
      failure = asFractalError(error);
      throw failure;
    } finally {
      this.#running.delete(name);
      const now = this.#ports.clock.now();
      if (!signal.aborted)
        await store.transact(principal, (transaction) =>
          endRun(transaction, name, { now, dueAt: now + feed.everyS * 1000 }, failure),
        );
    }
  }

  async #feed(name: string): Promise<Feed> {
    const [feed] = await readFeeds(this.#ports.store, name);
    if (feed !== undefined) return feed;
    throw notFoundError(
      'source.unknown',
      'there is no source of that name',
      '`fractal source list` shows those that there are.',
    );
  }

  /** What is to be fetched in this run, oldest first. */
  async #fresh(
    feed: Feed,
    source: Source,
    signal: AbortSignal,
  ): Promise<readonly { readonly item: SourceItem; readonly before: Fetch | undefined }[]> {
    const { store, limits } = this.#ports;
    const since = feed.cursor ?? feed.since ?? '';
    const listed = await source.list(this.#listings, since, signal);
    // A source that was added without a day begins with the text of now.
    const wanted = source.kind === 'versions' && since === '' ? listed.slice(-1) : listed;
    const missing = await this.#missing(source, wanted);
    const before = await readFetches(
      store,
      feed.name,
      missing.map((item) => item.key),
    );
    return missing
      .map((item) => ({ item, before: before.get(item.key) }))
      .filter(({ before: fetch }) => source.kind === 'document' || isOpen(fetch))
      .slice(0, limits.source_items);
  }

  /** Without the dated versions that are here, however they came. */
  async #missing(source: Source, items: readonly SourceItem[]): Promise<readonly SourceItem[]> {
    if (source.kind !== 'versions' || source.documentId === undefined) return items;
    const rows = await this.#ports.store.rows<{ day: string }>(
      `select in_force_from::varchar as day from law.versions
        where document_id = $1 and in_force_from is not null and known_to is null and not deleted`,
      [source.documentId],
    );
    const here = new Set(rows.map((row) => row.day));
    return items.filter((item) => !here.has(item.position));
  }
}
