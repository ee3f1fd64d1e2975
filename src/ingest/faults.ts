/** Whose fault it is that a file could not be taken in: the file's, the machine's, or ours. */
import { asFractalError, badInputError, unavailableError, type FractalError } from '../base/index.ts';

/** What the operating system says when the machine cannot go on now. */
const MACHINE = [
  'ENOSPC',
  'EDQUOT',
  'EIO',
  'EROFS',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EBUSY',
  'ESTALE',
  'ETIMEDOUT',
];
/** The engines tell it in words only. */
const NO_SPACE = /no space left on device|disk quota exceeded|\(os error (?:28|122)\)/i;
const CAUSES_MAX = 8;

/** Any thrown value with the kind that says whether trying again may help. */
export function importFault(thrown: unknown): FractalError {
  const known = asFractalError(thrown);
  if (known.kind !== 'internal') return known;
  let error: unknown = thrown;
  for (let depth = 0; depth < CAUSES_MAX && error instanceof Error; depth++, error = error.cause) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return vanished(thrown);
    if (code === 'EACCES' || code === 'EPERM')
      return badInputError(
        'file.unreadable',
        'the file may not be read by the user who runs the node',
        'Change its permissions, then `fractal import retry`.',
        { cause: thrown },
      );
    if (MACHINE.includes(code) || NO_SPACE.test(error.message))
      return unavailableError(
        'import.machine',
        `the machine could not go on (${MACHINE.includes(code) ? code : 'no space left on the disk'})`,
        'Free disk space, or mend the disk or the mount; it is tried again after a pause.',
        { cause: thrown },
      );
  }
  return known;
}

export const vanished = (cause?: unknown): FractalError =>
  badInputError(
    'file.vanished',
    'the file is not there any more',
    'Put it back and run `fractal import retry`, or leave it: what was imported of it stays.',
    { cause },
  );
