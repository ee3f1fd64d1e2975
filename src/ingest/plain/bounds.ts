/** What is said when a plain document or PDF file passes a bound. */
import { FIXED_LIMITS, badInputError, type FixedLimitName, type FractalError } from '../../base/index.ts';

export function overDocumentLimit(
  source: string,
  name: FixedLimitName,
  what: string,
  line = 1,
): FractalError {
  const { value, unit } = FIXED_LIMITS[name];
  return badInputError(`limit.${name}`, `${what} passes the bound of ${value} ${unit}`, 'Split the file.', {
    place: { source, line },
  });
}
