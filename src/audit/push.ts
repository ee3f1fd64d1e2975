/** Sends a log to a node that holds it for others: in bounded parts, again after a failure, from where it stood. */
import { FractalError, badInputError, integrityError, systemPause, type Limits } from '../base/index.ts';
import type { ReceivedPart, ReplicaState } from './replica.ts';

/** A log, or a file of one. */
export interface LogSource {
  readonly origin: string;
  /** Entries that its checkpoint covers. */
  readonly size: number;
  /** C2SP signed note. */
  readonly checkpoint: string;
  /** Number of the first entry that it has. */
  readonly first: number;
  /** Lines of segments from an entry on, at least one, as many as fit into a part. */
  readonly lines: (from: number, most: number) => Promise<readonly string[]>;
}

export interface PushOptions {
  readonly limits: Pick<Limits, 'audit_batch_entries' | 'audit_push_tries' | 'audit_push_pause_ms'>;
  readonly onProgress?: ((done: number, size: number) => void) | undefined;
}

const UNLIKE: readonly string[] = ['audit.fork', 'audit.replica_differs', 'audit.replica_stale'];

type Receive = (part: ReceivedPart) => Promise<ReplicaState>;

/** Answers what the hub holds at the end, with the cosigned note. */
export async function pushLog(
  source: LogSource,
  receive: Receive,
  options: PushOptions,
): Promise<ReplicaState> {
  const { limits, onProgress } = options;
  const { origin, checkpoint, size } = source;
  const send = async (from: number, lines: readonly string[]): Promise<ReplicaState> =>
    await again(() => receive({ origin, from, lines, checkpoint }), limits);
  try {
    let state = await send(0, []);
    while (state.size < size) {
      const from = state.size + state.pending;
      if (from < source.first)
        throw badInputError(
          'audit.push_gap',
          `what is sent begins with entry ${source.first}, and only ${from} are held there`,
          `Export from entry ${from} on.`,
        );
      const most = Math.min(limits.audit_batch_entries, size - from);
      const next = await send(from, most <= 0 ? [] : await source.lines(from, most));
      if (next.size === state.size && next.pending === state.pending)
        throw integrityError(
          'audit.push_stuck',
          `the hub holds ${next.size} entries and ${next.pending} that wait, and takes no more`,
          'What is sent does not fit its checkpoint: export the log again, or push it from the edge.',
        );
      onProgress?.(next.size + next.pending, size);
      state = next;
    }
    return state;
  } catch (error) {
    if (error instanceof FractalError && UNLIKE.includes(error.code)) await nameFirst(source, send);
    throw error;
  }
}

/**
 * Each entry names the one before, so the first that differs is found by halves: an entry that is the same says that all
 * before it are. The last part shows the hub both sides of the break, and the hub names it.
 */
async function nameFirst(
  source: LogSource,
  send: (from: number, lines: readonly string[]) => Promise<ReplicaState>,
): Promise<void> {
  let [low, high] = [source.first, source.size];
  const isSame = async (entry: number): Promise<boolean> => {
    try {
      // Of what is not held there, nothing can be said to be the same.
      return entry < (await send(entry, await source.lines(entry, 1))).size;
    } catch (failure) {
      if (!(failure instanceof FractalError)) throw failure;
      if (UNLIKE.includes(failure.code)) return false;
      throw failure;
    }
  };
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await isSame(middle)) low = middle + 1;
    else high = middle;
  }
  if (low >= source.size) return;
  const from = Math.max(source.first, low - 1);
  await send(from, await source.lines(from, low - from + 1));
}

const NEVER = new AbortController().signal;

async function again<T>(
  work: () => Promise<T>,
  { audit_push_tries: tries, audit_push_pause_ms: first }: PushOptions['limits'],
): Promise<T> {
  for (let tried = 1; ; tried++)
    try {
      return await work();
    } catch (error) {
      const isPassing = error instanceof FractalError && error.kind === 'unavailable';
      if (!isPassing || tried >= tries) throw error;
      await systemPause(first * 2 ** (tried - 1), NEVER);
    }
}
