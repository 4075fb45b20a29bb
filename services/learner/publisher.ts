/**
 * @file Publishes the online network's weights, in the background: a step need not wait for the bytes to leave. Versions count
 * the snapshots; in lockstep a version is the number of learner steps, which a resumed run repeats.
 */
import type { LearnerEngine } from '../../shared/agent/types.js';
import type { Config } from '../../shared/config/schema.js';
import type { MetricSet } from '../../shared/metrics/metricSet.js';
import type { WeightPublisher } from '../../shared/redis/weightChannel.js';
import { encodeWeights } from '../../shared/wire/weights.js';

export interface PublisherOptions {
  readonly engine: LearnerEngine;
  readonly channel: WeightPublisher;
  readonly config: Config;
  readonly configHash: string;
  readonly metrics: MetricSet;
  /** Version published last, by the checkpoint; -1 before the first. */
  readonly versionBefore: number;
}

export class Publisher {
  readonly #options: PublisherOptions;
  #version: number;
  #sending: Promise<void> = Promise.resolve();

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#version = options.versionBefore;
  }

  /** Version of the newest snapshot taken. */
  get version(): number {
    return this.#version;
  }

  /** Takes a snapshot now and sends it after the one before. @throws LeaseLostError, TransportError of the send before */
  async publish(learnerSteps: number): Promise<void> {
    const { engine, channel, config, configHash, metrics } = this.#options;
    await this.#sending;
    const version = config.learner.lockstep ? learnerSteps : this.#version + 1;
    this.#version = version;
    const bytes = encodeWeights(engine.onlineWeights(), { version, learnerSteps, configHash }, config.redis.weightPrecision);
    this.#sending = channel.publish(version, bytes);
    this.#sending.then(() => metrics.set('learnerWeightVersion', version), () => undefined);
  }

  /** Waits for the last send. @throws as publish */
  async settle(): Promise<void> {
    await this.#sending;
  }
}
