/** What became of one file. */
import type { FractalError, Problem } from '../base/index.ts';

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

/** `source` is what the user calls the file. */
export function rejectedResult(source: string, error: FractalError): FileResult {
  return {
    source,
    kind: null,
    status: 'rejected',
    documents: 0,
    sections: 0,
    obligations: 0,
    records: 0,
    warnings: [],
    error: error.at({ source, line: error.place?.line ?? 1 }),
  };
}

/** A result as it goes over the wire and into the queue. */
export type ShownResult = Omit<FileResult, 'error'> & { readonly error?: Problem };

export function shownResult(result: FileResult): ShownResult {
  const { error, ...rest } = result;
  return { ...rest, ...(error === undefined ? {} : { error: error.toProblem() }) };
}
