/** The outside of a real process. */
import { systemClock } from '../base/index.ts';
import type { Interrupt, Io, Sink } from './io.ts';

const COLUMNS_DEFAULT = 80;

class ProcessSink implements Sink {
  readonly #stream: NodeJS.WriteStream;
  #closed = false;
  readonly #onClosed = new Set<() => void>();

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    // EPIPE: the reader had enough. Without a listener it would end the process with a stack trace.
    stream.on('error', () => {
      this.#closed = true;
      for (const listener of this.#onClosed) listener();
    });
  }

  get isTty(): boolean {
    return this.#stream.isTTY;
  }
  get columns(): number {
    return this.#stream.columns > 0 ? this.#stream.columns : COLUMNS_DEFAULT;
  }
  get closed(): boolean {
    return this.#closed;
  }

  write(chunk: string | Uint8Array): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      // Called after the write, also after a failed one.
      this.#stream.write(chunk, () => resolve());
    });
  }

  onClosed(listener: () => void): () => void {
    this.#onClosed.add(listener);
    return () => this.#onClosed.delete(listener);
  }
}

export function processIo(options: { readonly root: string; readonly version: string }): Io {
  const stdout = new ProcessSink(process.stdout);
  return {
    ...options,
    stdout,
    stderr: new ProcessSink(process.stderr),
    stdin: process.stdin,
    env: process.env,
    cwd: process.cwd(),
    clock: systemClock,
    onInterrupt: (listener) => {
      const handle = (signal: NodeJS.Signals): void => listener(signal as Interrupt);
      process.on('SIGINT', handle);
      process.on('SIGTERM', handle);
      return () => {
        process.off('SIGINT', handle);
        process.off('SIGTERM', handle);
      };
    },
    onStdoutClosed: (listener) => stdout.onClosed(listener),
    exit: (code) => process.exit(code),
  };
}
