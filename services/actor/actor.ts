/**
 * @file The actor's loop: show all environments to the network in one batch, act, send full batches of transitions, take
 * newer weights between two steps. It waits, and says so, for its first weights, for room in the stream, and where its weights
 * are older than actor.maxWeightAgeSeconds.
 */
import type { InferenceEngine } from '../../shared/agent/types.js';
import { systemClock } from '../../shared/clock.js';
import { type Config, largestBatch } from '../../shared/config/schema.js';
import type { Logger } from '../../shared/logger.js';
import { TransitionBuffer } from '../../shared/mdp/transitionBuffer.js';
import type { VectorEnvironment } from '../../shared/mdp/vectorEnvironment.js';
import type { MetricSet } from '../../shared/metrics/metricSet.js';
import { LeaseLostError } from '../../shared/redis/lease.js';
import type { TransitionProducer } from '../../shared/redis/transitionProducer.js';
import type { WeightFollower } from '../../shared/redis/weightFollower.js';

export interface ActorOptions {
  readonly config: Config;
  readonly engine: InferenceEngine;
  readonly environment: VectorEnvironment;
  readonly codeWords: 1 | 2;
  readonly producer: TransitionProducer;
  readonly follower: WeightFollower;
  readonly metrics: MetricSet;
  readonly logger: Logger;
  /** Takes a new lease where the old one was given away, and has the producer use it. */
  readonly leaseAgain: () => Promise<void>;
}

export class Actor {
  /** Transitions the stream accepted. */
  transitions = 0;
  #blockedMs = 0;
  #sendingSince: number | null = null;
  readonly #options: ActorOptions;
  readonly #buffer: TransitionBuffer;
  #truncations = 0;

  constructor(options: ActorOptions) {
    this.#options = options;
    const { config, codeWords } = options;
    this.#buffer = new TransitionBuffer(largestBatch(config), codeWords);
  }

  /** Milliseconds spent in sending, nearly all of it waiting for room, the wait under way counted so far. */
  get currentBlockedMs(): number {
    return this.#blockedMs + (this.#sendingSince === null ? 0 : systemClock.monotonic() - this.#sendingSince);
  }

  /** Acts until `signal` fires, then sends what it has, as far as there is room. */
  async run(signal: AbortSignal): Promise<void> {
    const { config } = this.#options;
    while (!signal.aborted) {
      await this.#newestWeights(signal);
      if (signal.aborted) break;
      await this.#step();
      if (this.#buffer.size >= config.actor.sendTransitions) await this.#send(signal);
    }
    await this.#flush();
  }

  async #newestWeights(signal: AbortSignal): Promise<void> {
    const { follower, engine, config, logger, metrics } = this.#options;
    const { maxWeightAgeSeconds } = config.actor;
    if (follower.version < 0) await follower.wait(signal);
    if (follower.ageSeconds > maxWeightAgeSeconds && !signal.aborted) {
      logger.warn(`weights must be at most ${maxWeightAgeSeconds} s old, and are ${follower.ageSeconds.toFixed(0)}: waiting for newer ones`);
      await follower.wait(signal);
    }
    const newer = follower.take();
    if (newer === null) return;
    engine.setWeights(newer.weights);
    metrics.set('actorWeightVersion', newer.version);
  }

  async #step(): Promise<void> {
    const { engine, environment, metrics } = this.#options;
    const start = systemClock.monotonic();
    const q = await engine.q(environment.tokens);
    metrics.observe('actorInference', (systemClock.monotonic() - start) / 1000);
    environment.step(q, this.#buffer);
    metrics.add('actorEpisodes', environment.counts.truncations - this.#truncations);
    this.#truncations = environment.counts.truncations;
  }

  /** Sends what was gathered, waiting for room. What could not be sent before `signal` fired is kept. */
  async #send(signal: AbortSignal): Promise<void> {
    const { metrics } = this.#options;
    const { size } = this.#buffer;
    const start = systemClock.monotonic();
    this.#sendingSince = start;
    try {
      if (!(await this.#append(signal))) return;
    } finally {
      this.#blockedMs += systemClock.monotonic() - start;
      this.#sendingSince = null;
    }
    this.transitions += size;
    metrics.add('actorTransitions', size);
    this.#buffer.clear();
  }

  /** Appends the buffer, under a new lease where the old one was given away. @returns false if `signal` fired first */
  async #append(signal: AbortSignal): Promise<boolean> {
    const { producer, follower, metrics, leaseAgain } = this.#options;
    for (;;) {
      try {
        const { waitedMs } = await producer.append(this.#buffer.view(), Math.max(0, follower.version), signal);
        metrics.add('actorBlocked', waitedMs / 1000);
        return true;
      } catch (error) {
        if (signal.aborted) return false;
        if (!(error instanceof LeaseLostError)) throw error;
        await leaseAgain();
      }
    }
  }

  /** The last transitions go out if there is room for them soon; else they are lost with this actor, and it says how many. */
  async #flush(): Promise<void> {
    if (this.#buffer.size === 0) return;
    await this.#send(AbortSignal.timeout(flushMs));
    if (this.#buffer.size > 0) this.#options.logger.warn(`${this.#buffer.size} transitions were not sent: the stream had no room for ${flushMs / 1000} s`);
  }
}

/** Longest wait for room at the end; a stop within 10 s is promised. */
const flushMs = 3_000;
