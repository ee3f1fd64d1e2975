/**
 * A mapping as data (`mapping-schema.ts` is the same as JSON Schema): how the records of one source become rows of `esh.*`. The vocabulary is closed: a mapping can
 * copy, combine, look up and convert cells; it runs no code and no regular expression over data.
 */
import { checkMapping, mappingFault } from './mapping-check.ts';

/** Text from a record. A plain string is the name of a column; `Name*` is the one column that begins so. */
export type TextRule =
  | string
  | { readonly value: string }
  | { readonly column: string }
  /** Empty parts are left out; with `all`, one empty part makes the whole empty. */
  | { readonly concat: readonly TextRule[]; readonly separator?: string; readonly all?: boolean }
  /** The first that is not empty. */
  | { readonly first: readonly TextRule[] }
  /** A code and what it stands for: codes in place, or the name of a table of the mapping. */
  | {
      readonly lookup: TextRule;
      readonly codes: string | Readonly<Record<string, string>>;
      readonly otherwise?: TextRule;
    }
  | { readonly cases: readonly Case[]; readonly otherwise?: TextRule }
  /** What stands between two marks; without the mark nothing, unless `whole`. */
  | {
      readonly part: TextRule;
      readonly after?: string;
      readonly before?: string;
      readonly last?: boolean;
      readonly whole?: boolean;
    }
  | { readonly letters: TextRule; readonly as: 'lower' | 'upper' }
  /** A number as text, without leading zeros and `.0`. */
  | { readonly plain: TextRule }
  /** With zeros before it. */
  | { readonly padded: TextRule; readonly digits: number }
  /** An identity from columns: the first 128 bits of SHA-256. */
  | { readonly id: readonly TextRule[]; readonly prefix?: string }
  /** A definition of the mapping. */
  | { readonly use: string }
  /** What stands in the entry of `each` that this row is for. */
  | { readonly each: string }
  /** Texts of a JSON list in a cell, or of a list with marks between, joined. */
  | { readonly join: ListRule; readonly separator: string }
  /** Name of the file. */
  | { readonly source: 'name' };

export interface Case {
  readonly when: Condition;
  readonly then: TextRule;
}

export type Condition =
  | { readonly column: string; readonly is: readonly string[] }
  /** Any of these is a number above zero. */
  | { readonly positive: readonly string[] }
  /** Any of these says yes. */
  | { readonly yes: readonly string[] }
  | { readonly filled: readonly string[] }
  /** The cell holds one of these words, in any case of letters. */
  | { readonly column: string; readonly contains: readonly string[] }
  | { readonly any: readonly Condition[] }
  | { readonly all: readonly Condition[] }
  | { readonly not: Condition };

/** `split` is the mark between the texts of a list, or `json` for a JSON list. */
export type ListRule =
  { readonly list: TextRule; readonly split: string } | { readonly items: readonly TextRule[] };

export interface NumberRule {
  readonly number: TextRule;
  readonly min?: number;
  readonly max?: number;
  readonly times?: number;
}

/** See `dates.ts` for the words of a format. */
export interface DateRule {
  readonly date: TextRule;
  readonly formats: readonly string[];
  /** Time of day in another column. */
  readonly time?: TextRule;
  readonly timeFormats?: readonly string[];
  /** It tells of something that has happened: a day after today is doubtful. */
  readonly past?: boolean;
  readonly notBefore?: string;
  /** Added to the instant: `23:59:59` for the end of the day it names. */
  readonly plus?: string;
}

export type Rule = TextRule | ListRule | NumberRule | DateRule;

export interface EachEntry {
  readonly [name: string]: string;
}

/** Rows of one table. */
export interface Emission {
  /** `esh.incidents` */
  readonly table: string;
  readonly columns: Readonly<Record<string, Rule>>;
  /** One row for each entry. */
  readonly each?: readonly EachEntry[];
  /** Only when this holds. */
  readonly when?: Condition;
  /** A thing that many records speak of: one row for each key, and only where the node has none yet. */
  readonly once?: boolean;
  /** `[start, end]`: an end before its start is doubtful. */
  readonly order?: readonly (readonly [string, string])[];
}

export interface CsvShape {
  readonly type: 'csv';
  readonly delimiter: string;
  /** `none`: quotes are ordinary characters. */
  readonly quote?: 'none';
}
export interface JsonShape {
  readonly type: 'json';
  /** Keys on the way to each list of records; `[[]]` is a list at the top, or one record a line. */
  readonly paths: readonly (readonly string[])[];
}
export interface XlsxShape {
  readonly type: 'xlsx';
}

export interface Mapping {
  readonly name: string;
  readonly description: string;
  /** A later edition of a source whose columns changed is another mapping. */
  readonly match: {
    /** Ends of file names, with `*` for anything. */
    readonly files?: readonly string[];
    /** Columns that must be there; for JSON, keys. */
    readonly columns?: readonly string[];
  };
  readonly shape: CsvShape | JsonShape | XlsxShape;
  /** `detect`: each line is UTF-8, or else Windows-1252. */
  readonly encoding?: 'utf-8' | 'latin-1' | 'detect';
  /** Cells that mean nothing is there. */
  readonly empty?: readonly string[];
  readonly codes?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly define?: Readonly<Record<string, TextRule>>;
  /** Columns that may be missing from the file. */
  readonly optional?: readonly string[];
  /** Columns that are different for every record; without it the keys of the first table are compared. */
  readonly unique?: readonly string[];
  /** Records of a key that has come before: rejected, or kept with `#2` and a doubt. */
  readonly repeats?: 'reject' | 'number';
  /** Records that are no rows of ours, and why. */
  readonly reject?: readonly { readonly when: Condition; readonly reason: string }[];
  /** No record of this source is a row of ours. */
  readonly refuse?: string;
  /** The first table is what a record is; the others are derived from it. */
  readonly emit: readonly Emission[];
}

/** Checks a mapping that comes from a file: its keys, and every rule against the tables. */
export function asMapping(value: unknown, source: string): Mapping {
  checkMapping(value, source);
  const mapping = value as Mapping;
  if (mapping.emit.length === 0 && mapping.refuse === undefined)
    throw mappingFault(
      source,
      'emit',
      'makes no rows',
      'Name a table, or say in `refuse` why there are none.',
    );
  return mapping;
}
