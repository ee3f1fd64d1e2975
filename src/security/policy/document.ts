/** A policy as data: what policies/*.json hold. `check.ts` says whether it makes sense; docs/policy.md explains it. */
import type { Action } from '../../query/index.ts';
import type { PersonalData } from '../../schema/index.ts';

/** Types of the condition language. `hours` is `Mon-Fri 08:00-18:00`, in UTC. */
export type ValueType = 'text' | 'number' | 'flag' | 'date' | 'text[]' | 'hours';

export type Operand =
  | string
  | number
  | boolean
  | { readonly column: string }
  | { readonly principal: string }
  /** The day; what the call is for, as the caller declared. */
  | { readonly environment: 'today' | 'purpose' }
  | { readonly date: string };

export type Comparison = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';

/** SQL's three values: what cannot be known (an empty cell, an attribute that is not there) is neither true nor false. */
export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition }
  | { readonly [C in Comparison]?: readonly [Operand, Operand] }
  /** The first is one of a list: literals, or an attribute of the principal. */
  | { readonly in: readonly [Operand, readonly string[] | { readonly principal: string }] }
  /** A column that holds a list has the second in it. */
  | { readonly has: readonly [{ readonly column: string }, Operand] }
  | { readonly starts: readonly [Operand, Operand] }
  /** The cell is empty. */
  | { readonly missing: { readonly column: string } }
  /** The moment of asking lies in these hours. */
  | { readonly within: { readonly principal: string } };

export type Mask =
  | { readonly mask: 'null' }
  | { readonly mask: 'constant'; readonly value: string }
  /** The same text gives the same code until the node stops; nobody without the key can make it. */
  | { readonly mask: 'hash' }
  /** The first characters, then `***`. */
  | { readonly mask: 'partial'; readonly keep: number }
  /** The first day of the year. */
  | { readonly mask: 'year' }
  /** A free text without the people named in it, as `personal_spans` says. */
  | { readonly mask: 'spans' };

export interface ColumnRules {
  /** Only these are shown; all when absent. */
  readonly only?: readonly string[];
  readonly hide?: readonly string[];
  readonly mask?: Readonly<Record<string, Mask>>;
  /** What becomes of columns that hold personal data, by its kind. */
  readonly personal?: Readonly<Partial<Record<PersonalData, 'hide' | Mask>>>;
}

export interface Grant {
  /** Names the rule in decisions and errors. */
  readonly id: string;
  /** Why it is there, for whoever asks what it is about. */
  readonly doc?: string;
  readonly actions: readonly Action[];
  /** `esh.sites`, `esh.*` or `*`. */
  readonly tables: readonly string[];
  /** Rows it covers; all when absent. */
  readonly where?: Condition;
  /** When it counts; a condition without columns. */
  readonly when?: Condition;
  readonly columns?: ColumnRules;
}

/** Wins over every grant. A condition that cannot be known denies. */
export interface Denial {
  readonly id: string;
  readonly doc?: string;
  /** Roles it is for; all when absent. */
  readonly roles?: readonly string[];
  readonly actions: readonly Action[];
  readonly tables: readonly string[];
  readonly where?: Condition;
  readonly when?: Condition;
  /** Only these columns; whole rows when absent. */
  readonly columns?: readonly string[];
}

export interface Role {
  readonly doc: string;
  readonly grants: readonly Grant[];
}

export interface PolicyDocument {
  readonly format: 'fractal.policy/1';
  readonly version: string;
  /** Attributes that conditions may ask of a principal. */
  readonly attributes: Readonly<Record<string, ValueType>>;
  readonly roles: Readonly<Record<string, Role>>;
  readonly denials: readonly Denial[];
}
