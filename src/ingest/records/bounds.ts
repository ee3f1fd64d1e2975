/** What is said when a record file passes a bound. */
import {
  FIXED_LIMITS,
  LIMITS,
  badInputError,
  type FixedLimitName,
  type FractalError,
  type LimitName,
} from '../../base/index.ts';

export function overLimit(
  source: string,
  name: FixedLimitName | LimitName,
  what: string,
  line = 1,
): FractalError {
  const fixed = name in FIXED_LIMITS;
  const { value, unit } = { ...LIMITS, ...FIXED_LIMITS }[name];
  return badInputError(
    `limit.${name}`,
    // A bound that the node may change is not told by its default.
    fixed ? `${what} passes the bound of ${value} ${unit}` : `${what} passes the bound ${name} (${unit})`,
    'Split the file, or fetch a smaller part of it.',
    { place: { source, line } },
  );
}
