/** The ways in which a conversion is refused. Each names the column and the types, never a value. */
import { badInputError, internalError, type FractalError } from '../../base/index.ts';

/** A type that the other side has no place for. */
export function typeError(column: string, type: string, cure: string): FractalError {
  return badInputError(
    'arrow.type',
    `column ${quoted(column)} has type ${type}, which cannot be converted`,
    cure,
  );
}

/** A value that the target type cannot hold. */
export function rangeError(column: string, what: string, cure: string): FractalError {
  return badInputError('arrow.range', `column ${quoted(column)} holds ${what}`, cure);
}

/** Arrow data that contradicts itself: from a peer or a file it must never reach a raw copy. */
export function malformedError(column: string, what: string): FractalError {
  return badInputError(
    'arrow.malformed',
    `the Arrow data of column ${quoted(column)} is malformed: ${what}`,
    'Write the data again with a correct Arrow writer.',
  );
}

export function missingBuffer(what: string): FractalError {
  return internalError('arrow.buffers', `the engine gave no ${what}`);
}

function quoted(column: string): string {
  return JSON.stringify(column);
}
