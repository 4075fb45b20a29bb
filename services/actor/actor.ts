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
import type { WeightFollower } from '../../shared/redis/weightFollower.js';
import type { Sender } from './sender.js';

/** What acting needs, in lockstep or not. */
export interface ActingOptions {
  readonly config: Config;
  readonly engine: InferenceEngine;
  readonly environment: VectorEnvironment;
  readonly codeWords: 1 | 2;
  readonly sender: Sender;
  readonly metrics: MetricSet;
  readonly logger: Logger;
}

export interface ActorOptions extends ActingOptions {
  readonly follower: WeightFollower;
}

export class Actor {
  readonly #options: ActorOptions;
  readonly #buffer: TransitionBuffer;
  readonly #stepper: Stepper;

  constructor(options: ActorOptions) {
    this.#options = options;
    this.#buffer = new TransitionBuffer(largestBatch(options.config), options.codeWords);
    this.#stepper = new Stepper(options);
  }

  /** Version and age of the weights acted with. */
  get weights(): { readonly version: number; readonly ageSeconds: number } {
    return this.#options.follower;
  }

  /** Acts until `signal` fires, then sends what it has, as far as there is room. */
  async run(signal: AbortSignal): Promise<void> {
    const { config, sender } = this.#options;
    while (!signal.aborted) {
      await this.#newestWeights(signal);
      if (signal.aborted) break;
      await this.#stepper.step(this.#buffer);
      if (this.#buffer.size >= config.actor.sendTransitions) await sender.send(this.#buffer, this.#version, signal);
    }
    await this.#flush();
  }

  get #version(): number {
    return Math.max(0, this.#options.follower.version);
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

  /** The last transitions go out if there is room for them soon; else they are lost with this actor, and it says how many. */
  async #flush(): Promise<void> {
    if (this.#buffer.size === 0) return;
    await this.#options.sender.send(this.#buffer, this.#version, AbortSignal.timeout(flushMs));
    if (this.#buffer.size > 0) this.#options.logger.warn(`${this.#buffer.size} transitions were not sent: the stream had no room for ${flushMs / 1000} s`);
  }
}

/** Longest wait for room at the end; a stop within 10 s is promised. */
const flushMs = 3_000;

/** One round of all environments, measured. */
export class Stepper {
  readonly #options: ActingOptions;
  #truncations = 0;

  constructor(options: ActingOptions) {
    this.#options = options;
  }

  async step(out: TransitionBuffer): Promise<void> {
    const { engine, environment, metrics } = this.#options;
    const start = systemClock.monotonic();
    const q = await engine.q(environment.tokens);
    metrics.observe('actorInference', (systemClock.monotonic() - start) / 1000);
    environment.step(q, out);
    metrics.add('actorEpisodes', environment.counts.truncations - this.#truncations);
    this.#truncations = environment.counts.truncations;
  }
}
