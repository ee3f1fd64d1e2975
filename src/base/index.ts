export {
  FractalError,
  ERROR_KINDS,
  asFractalError,
  badInputError,
  deniedError,
  integrityError,
  internalError,
  invariant,
  notFoundError,
  unavailableError,
  unreachable,
  usageError,
} from './errors.ts';
export type { ErrorKind, ErrorPlace, Problem } from './errors.ts';
export { ManualClock, systemClock, today } from './clock.ts';
export type { Clock } from './clock.ts';
export { SeededRandom, systemRandom } from './random.ts';
export type { Random } from './random.ts';
export { newId } from './ids.ts';
export { nearest } from './nearest.ts';
export { Sha256, sha256 } from './hash.ts';
export { Serial } from './serial.ts';
export { DEFAULT_LIMITS, FIXED_LIMITS, LIMITS } from './limits.ts';
export type { FixedLimitName, Limit, LimitName, Limits } from './limits.ts';
export { nodeFileSystem } from './fs.ts';
export type { FileSystem, OpenFile } from './fs.ts';
export { silentLog } from './log.ts';
export type { Log, LogLevel } from './log.ts';
export { systemPause } from './pause.ts';
export type { Pause } from './pause.ts';
export { freeYoungMemory } from './young-memory.ts';
