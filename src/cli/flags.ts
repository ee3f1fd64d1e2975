/** Flags as data: the parser, `--help`, completion and docs/cli.md all come from these definitions. */

export interface Flag {
  /** Without dashes. A name of one letter is written with one dash. */
  readonly name: string;
  readonly short?: string;
  /** `list`: commas separate, and the flag may be given again. `path`: completed as a folder. */
  readonly type: 'boolean' | 'string' | 'integer' | 'number' | 'date' | 'list' | 'choice' | 'path';
  /** What stands for the value in help. */
  readonly arg?: string;
  /** The words a `choice` takes. */
  readonly values?: readonly string[];
  readonly default?: string | number;
  /** Environment variable used when the flag is absent. */
  readonly env?: string;
  /** Bounds of a number, both included. */
  readonly min?: number;
  readonly max?: number;
  readonly doc: string;
}

export const GLOBAL_FLAGS = [
  {
    name: 'data',
    type: 'path',
    arg: 'DIR',
    default: '.fractal',
    env: 'FRACTAL_DATA',
    doc: 'The data directory.',
  },
  {
    name: 'as',
    type: 'string',
    arg: 'PRINCIPAL',
    doc: 'Act as this principal, with the right to impersonate. Default: oneself.',
  },
  {
    name: 'purpose',
    type: 'string',
    arg: 'TEXT',
    env: 'FRACTAL_PURPOSE',
    doc: 'What the command is for, where rules ask for it: one of the purposes that an administrator gave you.',
  },
  {
    name: 'json',
    type: 'boolean',
    doc: 'One JSON document on standard output, or JSON lines for a stream, and nothing else there.',
  },
  { name: 'quiet', short: 'q', type: 'boolean', doc: 'No progress, no notes; errors only.' },
  { name: 'help', short: 'h', type: 'boolean', doc: 'Show help.' },
  { name: 'version', short: 'V', type: 'boolean', doc: 'Show the version.' },
] as const satisfies readonly Flag[];

type Absent<F> = F extends { default: string | number } ? never : undefined;

/** What a flag holds after parsing. */
export type FlagValue<F extends Flag> = F['type'] extends 'boolean'
  ? boolean
  : F['type'] extends 'list'
    ? readonly string[]
    : F['type'] extends 'integer' | 'number'
      ? number | Absent<F>
      : F extends { values: readonly (infer V)[] }
        ? V | Absent<F>
        : string | Absent<F>;

export type FlagValues<Fs extends readonly Flag[]> = {
  readonly [F in Fs[number] as F['name']]: FlagValue<F>;
};

export type GlobalValues = FlagValues<typeof GLOBAL_FLAGS>;

/** As typed: `--data` or `-k`. */
export const dashed = (name: string): string => (name.length === 1 ? `-${name}` : `--${name}`);
