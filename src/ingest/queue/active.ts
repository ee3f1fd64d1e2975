/** A job that this process works on. */
import type { JobOptions } from './job-rows.ts';
import type { RateWindow } from './rate.ts';

export interface ActiveJob {
  readonly id: number;
  readonly priority: number;
  readonly options: JobOptions;
  readonly rate: RateWindow;
  /** Whether the database says that it runs. */
  started: boolean;
  listed: boolean;
  /** Cancelled, paused or failed: the worker leaves it after the file at hand. */
  left: boolean;
  /** Ends the file at hand. */
  abort: AbortController;
  /** Whether anything was added since indexes were looked after. */
  changed: boolean;
  /** Failures of the machine since something succeeded. */
  failures: number;
  /** By the clock that never goes back: nothing is tried before. */
  notBefore: number;
  current: string | undefined;
}
