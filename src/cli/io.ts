/** The outside as the commands see it: handed in, so that a test can hold it. */
import type { Clock } from '../base/index.ts';

export interface Sink {
  readonly isTty: boolean;
  /** Width of the terminal. */
  readonly columns: number;
  /** Resolves when the text may be forgotten; slow readers slow the writer. Does nothing once the reader has gone. */
  write(chunk: string | Uint8Array): Promise<void>;
  /** Whether the reader has gone, as `head` does after ten lines. */
  readonly closed: boolean;
}

export type Interrupt = 'SIGINT' | 'SIGTERM';

export interface Io {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly clock: Clock;
  /** The folder that holds `sample/`. */
  readonly root: string;
  readonly version: string;
  /** Calls on each interrupt, until undone. */
  onInterrupt(listener: (signal: Interrupt) => void): () => void;
  /** Calls when the reader of standard output goes away, until undone. */
  onStdoutClosed(listener: () => void): () => void;
  /** Ends the process now. */
  exit(code: number): void;
}
