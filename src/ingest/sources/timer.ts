/** Runs the standing sources that are due, one after the other, while a node serves. */
import { FractalError, type Limits, type Log } from '../../base/index.ts';
import type { Sources } from './sources.ts';

export interface SourceTimerOptions {
  readonly sources: Sources;
  readonly limits: Limits;
  readonly log: Log;
  readonly principal: string;
}

export class SourceTimer {
  readonly #options: SourceTimerOptions;
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(options: SourceTimerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#round();
  }

  /** Ends the download that runs, waits for the document that is being taken in. */
  async stop(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #round(): Promise<void> {
    try {
      for (const feed of await this.#options.sources.due()) {
        if (this.#stop.signal.aborted) return;
        await this.#run(feed.name);
      }
    } catch (error) {
      this.#tell('standing sources could not be read', error);
    }
    if (this.#stop.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#round();
    }, this.#options.limits.source_tick_ms);
    this.#timer.unref();
  }

  async #run(name: string): Promise<void> {
    const { sources, principal, log } = this.#options;
    const counts = { added: 0, updated: 0, unchanged: 0, rejected: 0 };
    try {
      for await (const result of sources.run(name, principal, false, this.#stop.signal))
        counts[result.status]++;
      log('info', 'source', { name, ...counts });
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#tell(`source ${name}`, error);
    }
  }

  #tell(what: string, error: unknown): void {
    const code = error instanceof FractalError ? error.code : 'unexpected';
    this.#options.log('warn', `${what} failed and will be tried again`, { code });
  }
}
