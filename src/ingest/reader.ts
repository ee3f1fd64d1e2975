/**
 * Port: a reader turns the bytes of one file into documents and their section trees.
 *
 * A reader is a pure function of its input: no clock, no disk, no database. It streams: it never holds the whole file,
 * and it yields the sections of a document in reading order, parents before children.
 */
import type { Limits } from '../base/index.ts';

/** What a reader is told. */
export interface ReaderInput {
  /** Name to use in errors and warnings: a file name or address without secrets. */
  readonly name: string;
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly limits: Limits;
}

/** The first bytes of a file, for telling its format. */
export interface Sniff {
  readonly name: string;
  /** Up to 16 KiB, decoded as UTF-8 (or by byte order mark) with errors replaced. */
  readonly head: string;
}

/** The document, as the first event of each. */
export interface DocumentHead {
  /** Stable across versions and sources: `us/cfr/40/262`, `us/cfr/29/1910.147`, `uk/uksi/2005/1643`. */
  readonly documentId: string;
  /** Upper-case code: `US`, `UK`, `EU`. */
  readonly jurisdiction: string;
  /** `cfr`, `uksi`, `ukpga`, … */
  readonly family: string;
  /** Official short citation: `40 CFR Part 262`, `SI 2005/1643`. */
  readonly citation: string;
  readonly title: string;
  /** BCP 47 tag. */
  readonly language: string;
  /** `YYYY-MM-DD`, first day this text applies; undefined when the source does not say. */
  readonly inForceFrom: string | undefined;
  /** `YYYY-MM-DD`, first day it no longer applies; undefined when it does or the source does not say. */
  readonly inForceTo: string | undefined;
}

/** Words for the level of a node; the same for every format. */
export const SECTION_LEVELS = [
  'title',
  'chapter',
  'subchapter',
  'part',
  'subpart',
  'subject-group',
  'division',
  'section',
  'paragraph',
  'appendix',
  'schedule',
  'article',
  'annex',
  'table',
  'note',
  'preamble',
  'signature',
  'form',
] as const;
export type SectionLevel = (typeof SECTION_LEVELS)[number];

/** One node of the section tree. */
export interface SectionNode {
  /** Unique in its document and stable across versions: `s262.34`, `s1910.147-d-4-i`, or the format's own eId. */
  readonly eid: string;
  readonly parentEid: string | undefined;
  readonly level: SectionLevel;
  /** As printed: `§ 262.34` is `262.34`; a paragraph is `(a)`. */
  readonly num: string | undefined;
  /** Official citation down to this node: `29 CFR 1910.147(d)(4)(i)`. */
  readonly citation: string;
  readonly heading: string | undefined;
  /** Own text without that of children. White space is normalised; lines are divided by `\n`; table cells by `\t`. */
  readonly text: string;
}

export type ReadEvent =
  | { readonly type: 'document'; readonly head: DocumentHead }
  | { readonly type: 'section'; readonly section: SectionNode }
  /** A note beside the text that says which act changed it: `S. 19(6) substituted (20.6.2003) by …`. */
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'warning'; readonly message: string; readonly line: number | undefined }
  | { readonly type: 'end' };

export interface Reader {
  /** `ecfr`, `cfr-annual`, `clml`. The `kind` of an import. */
  readonly format: string;
  /** In a few words, for `fractal import --help`. */
  readonly description: string;
  /** Whether the file looks like this format. Cheap, never throws. */
  matches(sniff: Sniff): boolean;
  /**
   * Events in groups, as they come. Each document is `document`, then sections and warnings, then `end`. A file may hold
   * several documents (a whole CFR title holds one per part).
   * Throws `bad_input` with line and reason; nothing the reader yielded for the open document then counts.
   */
  read(input: ReaderInput): AsyncIterable<readonly ReadEvent[]>;
}
