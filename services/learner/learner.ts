/**
 * @file The learner, put together: replay and rate limiter between two loops (ingest and train), weights out, checkpoints,
 * status. It begins from the newest checkpoint there is, or anew.
 */
import type { LearnerEngine } from '../../shared/agent/types.js';
import type { Benchmark } from '../../shared/benchmarks/types.js';
import { systemClock } from '../../shared/clock.js';
import { type Config, largestBatch } from '../../shared/config/schema.js';
import { ArchwalkError } from '../../shared/errors.js';
import type { Logger } from '../../shared/logger.js';
import type { QueryCounter } from '../../shared/mdp/queryCounter.js';
import type { TokenEncoder } from '../../shared/mdp/tokens.js';
import type { MetricSet } from '../../shared/metrics/metricSet.js';
import type { TransitionConsumer } from '../../shared/redis/transitionStream.js';
import type { PrioritizedReplay } from '../../shared/replay/prioritizedReplay.js';
import type { RateLimiter } from '../../shared/replay/rateLimiter.js';
import type { Rng } from '../../shared/rng.js';
import { Signal } from '../../shared/signal.js';
import type { Checkpointer, Progress } from './checkpointer.js';
import { type IngestOptions, ingest } from './ingest.js';
import type { Lockstep } from './lockstep.js';
import type { Publisher } from './publisher.js';
import { Trainer } from './trainer.js';

export interface LearnerOptions {
  readonly config: Config;
  readonly engine: LearnerEngine;
  readonly replay: PrioritizedReplay;
  readonly limiter: RateLimiter;
  readonly encoder: TokenEncoder;
  readonly rng: Rng;
  readonly consumer: TransitionConsumer;
  readonly publisher: Publisher;
  readonly checkpointer: Checkpointer;
  /** Takes the ingest loop's place where the run is in lockstep, else null. */
  readonly lockstep: Lockstep | null;
  readonly metrics: MetricSet;
  readonly logger: Logger;
  readonly benchmark: Benchmark;
  readonly queries: QueryCounter;
  /** What the checkpoint says was done before. */
  readonly before: { readonly steps: number; readonly seconds: number };
}

export class Learner {
  readonly trainer: Trainer;
  readonly #options: LearnerOptions;
  readonly #inserted = new Signal();
  readonly #sampled = new Signal();
  readonly #startedAt = systemClock.monotonic();

  constructor(options: LearnerOptions) {
    this.#options = options;
    const { config, engine, replay, encoder, limiter, rng, metrics } = options;
    this.trainer = new Trainer({
      engine, replay, encoder, limiter, rng, metrics, batchSize: config.learner.batchSize, targetUpdatePeriod: config.learner.targetUpdatePeriod,
      lockstep: options.lockstep !== null, awaitInserts: (signal) => this.#awaitInserts(signal), sampled: this.#sampled, monotonic: systemClock.monotonic,
    });
    this.trainer.steps = options.before.steps;
  }

  /** Seconds this run has trained, earlier processes included. */
  get seconds(): number {
    return this.#options.before.seconds + (systemClock.monotonic() - this.#startedAt) / 1000;
  }

  get done(): boolean {
    const { steps, minutes } = this.#options.config.learner;
    return this.trainer.steps >= steps || (minutes > 0 && this.seconds >= 60 * minutes);
  }

  /**
   * Trains until the run's goal or `signal`, then writes a last checkpoint.
   * @returns true if the goal was reached
   * @throws LeaseLostError if another learner took over: nothing is written then
   */
  async run(signal: AbortSignal): Promise<boolean> {
    const { publisher, checkpointer, consumer, logger } = this.#options;
    await publisher.publish(this.trainer.steps);
    const ending = new AbortController();
    const both = AbortSignal.any([signal, ending.signal]);
    const ingesting = this.#options.lockstep === null ? this.#ingest(both).finally(() => ending.abort()) : Promise.resolve();
    const training = this.trainer.run(both, () => this.#afterStep()).finally(() => ending.abort());
    both.addEventListener('abort', () => consumer.close(), { once: true });
    const results = await Promise.allSettled([training, ingesting]);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    await publisher.publish(this.trainer.steps);
    await publisher.settle();
    await checkpointer.write(this.#progress());
    logger.info({ steps: this.trainer.steps, goalReached: this.done }, 'saved');
    return this.done;
  }

  #progress(): Progress {
    return { steps: this.trainer.steps, seconds: this.seconds, weightVersion: this.#options.publisher.version };
  }

  async #ingest(signal: AbortSignal): Promise<void> {
    const { config, consumer, replay, limiter, metrics, benchmark, queries } = this.#options;
    const options: IngestOptions = {
      consumer, replay, limiter, metrics, benchmark, queries, warmUpTransitions: config.learner.warmUpTransitions, maxInsert: largestBatch(config), inserted: this.#inserted, sampled: this.#sampled,
    };
    await unlessCutOff(signal, ingest(options, signal));
  }

  async #awaitInserts(signal: AbortSignal): Promise<void> {
    const { lockstep } = this.#options;
    if (lockstep === null) await this.#inserted.wait(signal);
    else await unlessCutOff(signal, lockstep.refill(this.trainer.steps, signal));
  }

  /** @returns false once the run's goal is reached */
  async #afterStep(): Promise<boolean> {
    const { config, publisher, checkpointer } = this.#options;
    if (this.trainer.steps % config.learner.publishPeriod === 0) await publisher.publish(this.trainer.steps);
    checkpointer.maybeBegin(this.#progress());
    return !this.done;
  }
}

/** Waits for `work`; where `signal` cut a wait for Redis off, that is its end. */
async function unlessCutOff(signal: AbortSignal, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (signal.aborted && error instanceof ArchwalkError && error.retryable) return;
    throw error;
  }
}
