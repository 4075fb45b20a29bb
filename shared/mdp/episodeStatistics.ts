/** @file How the last episodes went: undiscounted shaped return and final accuracy, over a window of the newest ones. For metrics only; not part of a restored state. */

const window = 128;

export class EpisodeStatistics {
  readonly #running: Float64Array;
  readonly #returns: number[] = [];
  readonly #accuracies: number[] = [];

  /** @param environments E */
  constructor(environments: number) {
    this.#running = new Float64Array(environments);
  }

  reward(environment: number, reward: number): void {
    this.#running[environment] = (this.#running[environment] as number) + reward;
  }

  /** @param finalAccuracy validation accuracy of the episode's last architecture, a fraction */
  ended(environment: number, finalAccuracy: number): void {
    this.#returns.push(this.#running[environment] as number);
    this.#accuracies.push(finalAccuracy);
    this.#running[environment] = 0;
    if (this.#returns.length > window) {
      this.#returns.shift();
      this.#accuracies.shift();
    }
  }

  /** In reward units; null before the first end. */
  get meanReturn(): number | null {
    return mean(this.#returns);
  }

  /** A fraction; null before the first end. */
  get meanFinalAccuracy(): number | null {
    return mean(this.#accuracies);
  }
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
