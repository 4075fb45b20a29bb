/** @file Shows the view on stderr: redrawn in place on a terminal, a plain line every ten seconds elsewhere. */
import { createLogUpdate } from 'log-update';
import { type ViewState, renderPlain, renderView } from './render.js';

const plainEveryMs = 10_000;

export class LiveView {
  readonly #terminal = process.stderr.isTTY;
  readonly #update = createLogUpdate(process.stderr);
  #lastPlain = -Infinity;

  show(state: ViewState): void {
    if (this.#terminal) {
      this.#update(renderView(state, process.stderr.columns).join('\n'));
      return;
    }
    const now = state.elapsedSeconds * 1000;
    if (now - this.#lastPlain < plainEveryMs) return;
    this.#lastPlain = now;
    process.stderr.write(`${renderPlain(state)}\n`);
  }

  /** A line that stays above the view. */
  say(line: string): void {
    if (this.#terminal) this.#update.clear();
    process.stderr.write(`${line}\n`);
  }

  done(): void {
    if (this.#terminal) this.#update.done();
  }
}
