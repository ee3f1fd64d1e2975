/** Jobs of the ingest queue as everybody sees them. */
import type { Problem } from '../../base/index.ts';

/**
 * - `queued`: waits for its turn, or for a process that works on it
 * - `running`: its files are being read
 * - `paused`: by a person; `resume` goes on
 * - `done`: every file ended, well or not
 * - `cancelled`: what was in stays, what was left is not read
 * - `failed`: the machine or the node could not go on; `resume` does once it is mended
 */
export type JobState = 'queued' | 'running' | 'paused' | 'done' | 'cancelled' | 'failed';

/** `rejected`: the file is at fault; `failed`: the machine or the node is. */
export type ItemState = 'queued' | 'running' | 'done' | 'rejected' | 'failed' | 'cancelled';

/** Times are ISO 8601 in UTC. */
export interface Job {
  readonly id: number;
  readonly kind: 'import';
  readonly state: JobState;
  /** Whether the process that answers works on it, or will when its turn comes. */
  readonly active: boolean;
  readonly priority: number;
  readonly principal: string;
  readonly paths: readonly string[];
  /** Whether all its files are known. */
  readonly listed: boolean;
  readonly files_total: number;
  readonly files_done: number;
  readonly bytes_total: number;
  readonly bytes_done: number;
  readonly added: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly rejected: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Over a sliding window; null while nothing is read. */
  readonly bytes_per_s: number | null;
  readonly seconds_left: number | null;
  /** The file that is being read. */
  readonly current: string | null;
  /** When it is tried again after a failure of the machine. */
  readonly waiting_until: string | null;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  /** Why it failed, or what the machine failed with last. */
  readonly error: Problem | null;
}

/** A file that was rejected, failed, or came in only in part. */
export interface JobFault {
  readonly item: number;
  readonly source: string;
  readonly state: ItemState;
  readonly attempts: number;
  readonly error: Problem;
}

export interface JobDetail extends Job {
  readonly faults: readonly JobFault[];
  /** Also those beyond the bound of `faults`. */
  readonly faults_total: number;
}

export const UNFINISHED: readonly JobState[] = ['queued', 'running', 'paused'];
