/** Wakes those who wait for something to have changed. A ring between looking and waiting is not lost. */
export class Bell {
  #rung = 0;
  readonly #waiting = new Set<() => void>();

  /** How often it rang: take it before looking, hand it to `after`. */
  get rung(): number {
    return this.#rung;
  }

  ring(): void {
    this.#rung++;
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves when it has rung since, when the time is over, or when the signal fires. */
  async after(rung: number, ms = Infinity, signal?: AbortSignal): Promise<void> {
    if (this.#rung !== rung || ms <= 0 || signal?.aborted === true) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal?.removeEventListener('abort', wake);
        clearTimeout(timer);
        resolve();
      };
      const timer = Number.isFinite(ms) ? setTimeout(wake, ms) : undefined;
      this.#waiting.add(wake);
      signal?.addEventListener('abort', wake);
    });
  }
}
