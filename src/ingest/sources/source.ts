/** What a short name or an address means: a document, the versions of one, or a stream of new ones. */
import type { WebRequest } from './web.ts';

export interface SourceItem {
  /** Unique in its source, and the same each time it is listed: a date, a number, an entry with its time. */
  readonly key: string;
  /** Sorts as text; what the cursor of a standing source holds. `YYYY-MM-DD`, a time, or '' when there is none. */
  readonly position: string;
  /** The document in the forms it may be had in, best first. */
  readonly requests: readonly WebRequest[];
  /** File name that the readers see. */
  readonly name: string;
  /** Formats that it may have; empty when any will do. */
  readonly expect: readonly string[];
  /** First day the text applies, for formats that do not say. */
  readonly inForceFrom: string | undefined;
  /** For an item that only refers to a document elsewhere: what finds it. `requests` is then empty. */
  readonly via?: Source;
}

export interface Source {
  /** As it is written, in one spelling. */
  readonly word: string;
  /**
   * `document`: asked for anew each time, and taken in when it changed. `versions`: dated texts of one act, each fetched
   * once. `stream`: documents that go on coming, each fetched once.
   */
  readonly kind: 'document' | 'versions' | 'stream';
  /** The act on this node whose versions these are. */
  readonly documentId?: string;
  /** The document that the name means. */
  one(listings: Listings, signal: AbortSignal): Promise<SourceItem>;
  /** What the publisher lists at and behind the position, oldest first. */
  list(listings: Listings, since: string, signal: AbortSignal): Promise<readonly SourceItem[]>;
}

/** Small answers that are read whole: lists, feeds. */
export interface Listings {
  json(request: WebRequest, signal: AbortSignal): Promise<unknown>;
  /** `until`: what follows this text is not read. */
  text(request: WebRequest, signal: AbortSignal, until?: string): Promise<string>;
}

export interface Adapter {
  readonly scheme: string;
  /** How the short name is written, and what it means. */
  readonly form: string;
  readonly meaning: string;
  /** Undefined when `rest`, what follows the scheme, is not in the form. */
  parse(rest: string): Source | undefined;
}

/** An item that is not versioned and whose list is itself. */
export const alone = (source: Omit<Source, 'kind' | 'list'>): Source => ({
  ...source,
  kind: 'document',
  list: async (listings, _since, signal) => [await source.one(listings, signal)],
});

/** By position, then by key. */
export const inOrder = (items: readonly SourceItem[]): readonly SourceItem[] =>
  items.toSorted((a, b) => compare(a.position, b.position) || compare(a.key, b.key));

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The newest version not after the day; undefined when there is none. */
export const newestBy = (items: readonly SourceItem[], day: string | undefined): SourceItem | undefined =>
  items.findLast((item) => day === undefined || item.position <= day);
