/**
 * @file Few readers fetch weights at a time, so that the others' commands get through. A reader without a permit waits in XREAD
 * BLOCK until one comes back, or until the oldest runs out with its reader.
 */
import type { RedisClient } from './client.js';
import type { RunKeys } from './keys.js';
import { asList } from './lease.js';

/** A fetch that takes longer loses its permit, not its bytes. */
const permitMs = 30_000;

export class FetchPermits {
  readonly #client: RedisClient;
  readonly #keys: RunKeys;
  readonly #reader: string;
  readonly #permits: number;
  #waiting: RedisClient | null = null;

  constructor(client: RedisClient, keys: RunKeys, reader: string, permits: number) {
    this.#client = client;
    this.#keys = keys;
    this.#reader = reader;
    this.#permits = permits;
  }

  /** Runs `fetch` while holding a permit. @throws TransportError */
  async during<T>(fetch: () => Promise<T>): Promise<T> {
    await this.#enter();
    try {
      return await fetch();
    } finally {
      await this.#client.script('leaveFetch', [this.#keys.fetchers, this.#keys.fetchDone], [this.#reader]);
    }
  }

  close(): void {
    this.#waiting?.abort();
  }

  async #enter(): Promise<void> {
    for (;;) {
      const [status, lastId, untilMs] = asList(await this.#client.script('enterFetch', [this.#keys.fetchers, this.#keys.fetchDone], [this.#reader, this.#permits, permitMs]));
      if (status === 1) return;
      this.#waiting ??= await this.#client.forBlocking('fetch');
      const blockMs = Math.min(this.#waiting.maxBlockMs, Number(untilMs));
      await this.#waiting.run((redis) => redis.xread('COUNT', 1, 'BLOCK', blockMs, 'STREAMS', this.#keys.fetchDone, String(lastId)));
    }
  }
}
