/** @file Rates over the last interval, and shares of it spent in named states. */

/** Counts that only grow, turned into rates at each `take`. */
export class Rates<K extends string> {
  readonly #last = new Map<K, number>();
  readonly #now: () => number;
  #since: number;

  /** @param now milliseconds, monotonic */
  constructor(now: () => number) {
    this.#now = now;
    this.#since = now();
  }

  /** Rates per second of `counts` since the last `take` (zero at the first). */
  take(counts: Readonly<Record<K, number>>): Record<K, number> {
    const now = this.#now();
    const seconds = Math.max(1e-3, (now - this.#since) / 1000);
    this.#since = now;
    const rates = {} as Record<K, number>;
    for (const [key, value] of Object.entries(counts) as [K, number][]) {
      rates[key] = (value - (this.#last.get(key) ?? value)) / seconds;
      this.#last.set(key, value);
    }
    return rates;
  }
}

/** Time spent in each of several activities, as milliseconds in total and as shares of the interval between two `take`s. */
export class Stopwatch<K extends string> {
  readonly totals = new Map<K, number>();
  readonly #atTake = new Map<K, number>();
  readonly #open = new Map<K, number>();
  readonly #now: () => number;
  #since: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#since = now();
  }

  /** Runs `work` and counts its time as `key`. @returns its result and the milliseconds it took */
  async time<T>(key: K, work: () => Promise<T>): Promise<[T, number]> {
    const start = this.#now();
    this.#open.set(key, start);
    try {
      const result = await work();
      return [result, this.#now() - start];
    } finally {
      this.#open.delete(key);
      this.#add(key, this.#now() - start);
    }
  }

  /** Shares of the interval since the last `take`, 0..1, an activity under way counted so far. */
  take(keys: readonly K[]): Record<K, number> {
    const now = this.#now();
    const length = Math.max(1e-3, now - this.#since);
    this.#since = now;
    const shares = {} as Record<K, number>;
    for (const key of keys) {
      const total = (this.totals.get(key) ?? 0) + (this.#open.has(key) ? now - (this.#open.get(key) as number) : 0);
      shares[key] = Math.min(1, Math.max(0, (total - (this.#atTake.get(key) ?? 0)) / length));
      this.#atTake.set(key, total);
    }
    return shares;
  }

  #add(key: K, milliseconds: number): void {
    this.totals.set(key, (this.totals.get(key) ?? 0) + milliseconds);
  }
}
