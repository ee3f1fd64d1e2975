/**
 * Errors, sorted by who must act.
 *
 * An error says what happened, where, why, and what would cure it. It never carries row data, document text or
 * secrets: messages end up in logs, in HTTP answers and in front of people who may not read the data.
 */

/** Who can cure the error, and so which exit code and HTTP status it maps to. */
export const ERROR_KINDS = {
  internal: { exit: 1, http: 500, actor: 'us' },
  usage: { exit: 2, http: 400, actor: 'caller' },
  denied: { exit: 3, http: 403, actor: 'caller' },
  not_found: { exit: 4, http: 404, actor: 'caller' },
  bad_input: { exit: 5, http: 422, actor: 'caller' },
  unavailable: { exit: 6, http: 503, actor: 'operator' },
  integrity: { exit: 7, http: 500, actor: 'operator' },
} as const;

export type ErrorKind = keyof typeof ERROR_KINDS;

/** Where in an input the error lies. `line` and `column` count from 1. */
export interface ErrorPlace {
  readonly source?: string;
  readonly line?: number;
  readonly column?: number;
}

export interface ErrorDetails {
  /** Stable, dotted, lower case: `xml.depth`, `sql.syntax`. Part of the public surface. */
  readonly code: string;
  /** What happened, in one sentence. */
  readonly message: string;
  /** What the reader can do about it. */
  readonly cure: string;
  readonly place?: ErrorPlace;
  readonly cause?: unknown;
}

/** RFC 9457 problem details, as HTTP answers and `--json` show it. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly kind: ErrorKind;
  readonly cure: string;
  readonly place?: ErrorPlace;
}

export class FractalError extends Error {
  override readonly name = 'FractalError';
  readonly kind: ErrorKind;
  readonly code: string;
  readonly cure: string;
  readonly place: ErrorPlace | undefined;

  constructor(kind: ErrorKind, details: ErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.code = details.code;
    this.cure = details.cure;
    this.place = details.place;
  }

  get exitCode(): number {
    return ERROR_KINDS[this.kind].exit;
  }

  /** The same error, placed in a source that the thrower did not know. */
  at(place: ErrorPlace): FractalError {
    return new FractalError(this.kind, {
      code: this.code,
      message: this.message,
      cure: this.cure,
      place: { ...this.place, ...place },
      cause: this.cause,
    });
  }

  toProblem(): Problem {
    return {
      type: `https://fractal.example/errors/${this.code}`,
      title: this.kind.replace('_', ' '),
      status: ERROR_KINDS[this.kind].http,
      detail: this.message,
      code: this.code,
      kind: this.kind,
      cure: this.cure,
      ...(this.place === undefined ? {} : { place: this.place }),
    };
  }

  static fromProblem(problem: Problem): FractalError {
    return new FractalError(problem.kind, {
      code: problem.code,
      message: problem.detail,
      cure: problem.cure,
      ...(problem.place === undefined ? {} : { place: problem.place }),
    });
  }
}

const make =
  (kind: ErrorKind) =>
  (
    code: string,
    message: string,
    cure: string,
    more: { place?: ErrorPlace; cause?: unknown } = {},
  ): FractalError =>
    new FractalError(kind, { code, message, cure, ...more });

/** The caller wrote a command, flag or request that does not exist. */
export const usageError = make('usage');
/** Policy says no. Names the rule, never the data. */
export const deniedError = make('denied');
/** The thing named is not here. */
export const notFoundError = make('not_found');
/** A document, record, query or value is not acceptable. Nothing was changed. */
export const badInputError = make('bad_input');
/** A peer, model, file lock or resource is missing; trying again or installing cures it. */
export const unavailableError = make('unavailable');
/** A checksum, signature or chain does not hold. */
export const integrityError = make('integrity');

/** A broken invariant: our fault. */
export function internalError(code: string, message: string, more: { cause?: unknown } = {}): FractalError {
  return new FractalError('internal', {
    code,
    message,
    cure: 'This is a defect in Fractal. Report it with the output of `fractal doctor --json`.',
    ...more,
  });
}

/** Any thrown value as a FractalError. What we did not foresee is our fault; the original stays as `cause`. */
export function asFractalError(error: unknown): FractalError {
  if (error instanceof FractalError) return error;
  // The foreign message stays in `cause`: it may quote data.
  const name = error instanceof Error ? error.constructor.name : typeof error;
  return internalError('internal.unexpected', `an unexpected ${name} was thrown`, { cause: error });
}

/** Ends the `default` branch of an exhaustive switch. */
export function unreachable(value: never): never {
  throw internalError('internal.unreachable', `a case is missing for ${JSON.stringify(value)}`);
}

/** A condition that only a defect can break. `what` must not contain data. */
export function invariant(condition: unknown, what: string): asserts condition {
  if (
    condition === false ||
    condition === null ||
    condition === undefined ||
    condition === 0 ||
    condition === ''
  )
    throw internalError('internal.invariant', `broken invariant: ${what}`);
}
