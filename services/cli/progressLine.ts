/** @file Progress on stderr: one line that is rewritten on a terminal, one line a tenth of the way elsewhere. */

export interface ProgressStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export class ProgressLine {
  readonly #stream: ProgressStream;
  #shown = '';
  #step = '';

  constructor(stream: ProgressStream) {
    this.#stream = stream;
  }

  /** @param done of total, in `unit`s */
  show(what: string, done: number, total: number, unit: string): void {
    const text = `${what}: ${done.toLocaleString('en-US')} of ${total.toLocaleString('en-US')} ${unit}`;
    if (this.#stream.isTTY === true) {
      if (text !== this.#shown) this.#stream.write(`\r${text.padEnd(this.#shown.length)}`);
      this.#shown = text;
      return;
    }
    const step = `${what} ${Math.floor((10 * done) / total)}`;
    if (step !== this.#step) this.#stream.write(`${text}\n`);
    this.#step = step;
  }

  /** Leaves the terminal's line free for what follows. */
  clear(): void {
    if (this.#shown !== '') this.#stream.write(`\r${' '.repeat(this.#shown.length)}\r`);
    this.#shown = '';
  }
}
