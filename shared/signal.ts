/** @file A condition that loops wait on instead of sleeping: `notify` wakes everyone who waits. */

export class Signal {
  #wake: (() => void) | null = null;
  #next: Promise<void> | null = null;

  /** Resolves at the next `notify`, or when `abort` fires. */
  async wait(abort?: AbortSignal): Promise<void> {
    if (abort?.aborted === true) return;
    this.#next ??= new Promise((resolve) => (this.#wake = resolve));
    if (abort === undefined) return this.#next;
    let stop = (): void => undefined;
    const aborted = new Promise<void>((resolve) => {
      stop = resolve;
      abort.addEventListener('abort', stop, { once: true });
    });
    await Promise.race([this.#next, aborted]);
    abort.removeEventListener('abort', stop);
  }

  notify(): void {
    this.#wake?.();
    this.#wake = null;
    this.#next = null;
  }
}
