/** @file Sends an actor's gathered transitions, waiting for room, under a new lease where the old one was given away. */
import { systemClock } from '../../shared/clock.js';
import type { TransitionBuffer } from '../../shared/mdp/transitionBuffer.js';
import type { MetricSet } from '../../shared/metrics/metricSet.js';
import { LeaseLostError } from '../../shared/redis/lease.js';
import type { TransitionProducer } from '../../shared/redis/transitionProducer.js';

export interface SenderOptions {
  readonly producer: TransitionProducer;
  readonly metrics: MetricSet;
  /** Takes a new lease where the old one was given away, and has the producer use it. */
  readonly leaseAgain: () => Promise<void>;
}

export class Sender {
  /** Transitions the stream accepted. */
  transitions = 0;
  #blockedMs = 0;
  #since: number | null = null;
  readonly #options: SenderOptions;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** Milliseconds spent in sending and in `whileBlocked`, nearly all of it waiting, the wait under way counted so far. */
  get currentBlockedMs(): number {
    return this.#blockedMs + (this.#since === null ? 0 : systemClock.monotonic() - this.#since);
  }

  /** Counts the time of `wait` as blocked. */
  async whileBlocked<T>(wait: () => Promise<T>): Promise<T> {
    const start = systemClock.monotonic();
    this.#since = start;
    try {
      return await wait();
    } finally {
      this.#blockedMs += systemClock.monotonic() - start;
      this.#since = null;
    }
  }

  /**
   * Sends what `buffer` holds and clears it.
   * @param walk in lockstep, where the environments stand after it
   * @returns false if `signal` fired first: the buffer is as it was
   */
  async send(buffer: TransitionBuffer, weightVersion: number, signal: AbortSignal, walk?: Uint8Array): Promise<boolean> {
    const { size } = buffer;
    if (!(await this.whileBlocked(() => this.#append(buffer, weightVersion, signal, walk)))) return false;
    this.transitions += size;
    this.#options.metrics.add('actorTransitions', size);
    buffer.clear();
    return true;
  }

  async #append(buffer: TransitionBuffer, weightVersion: number, signal: AbortSignal, walk: Uint8Array | undefined): Promise<boolean> {
    const { producer, metrics, leaseAgain } = this.#options;
    for (;;) {
      try {
        const { waitedMs } = await producer.append(buffer.view(), weightVersion, signal, walk);
        metrics.add('actorBlocked', waitedMs / 1000);
        return true;
      } catch (error) {
        if (signal.aborted) return false;
        if (!(error instanceof LeaseLostError)) throw error;
        await leaseAgain();
      }
    }
  }
}
