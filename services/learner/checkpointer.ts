/**
 * @file When the learner saves, and what: everything at one moment between two steps, written while training goes on. Once a
 * checkpoint is durable the stream is trimmed behind it. Where the disk or Redis fails it, that is counted and said, and training
 * goes on.
 */
import type { LearnerEngine, NamedArray } from '../../shared/agent/types.js';
import type { CheckpointPart, CheckpointStore } from '../../shared/checkpoint/checkpointStore.js';
import { systemClock } from '../../shared/clock.js';
import { writeWhole } from '../../shared/config/runFolder.js';
import type { Config } from '../../shared/config/schema.js';
import { ArchwalkError, CheckpointWriteError } from '../../shared/errors.js';
import { describe } from '../../shared/lifecycle.js';
import type { Logger } from '../../shared/logger.js';
import type { QueryCounter } from '../../shared/mdp/queryCounter.js';
import type { RewardShaping } from '../../shared/mdp/reward.js';
import type { MetricSet } from '../../shared/metrics/metricSet.js';
import type { TransitionConsumer } from '../../shared/redis/transitionStream.js';
import type { PrioritizedReplay } from '../../shared/replay/prioritizedReplay.js';
import type { RateLimiter } from '../../shared/replay/rateLimiter.js';
import type { ReplaySnapshot } from '../../shared/replay/replaySnapshot.js';
import type { Rng } from '../../shared/rng.js';
import { encodeSafetensors } from '../../shared/wire/safetensors.js';
import { encodeWeights } from '../../shared/wire/weights.js';
import type { LearnerState } from './learnerState.js';

/** In lockstep, where the environments stood. */
export const WALK_FILE = 'walk.safetensors';

export interface CheckpointerOptions {
  readonly store: CheckpointStore;
  /** The learner lease's fencing token. */
  readonly token: number;
  readonly config: Config;
  readonly configHash: string;
  /** weights.safetensors of the run's folder: the newest saved weights. */
  readonly weightsPath: string;
  readonly engine: LearnerEngine;
  readonly replay: PrioritizedReplay;
  readonly limiter: RateLimiter;
  readonly queries: QueryCounter;
  readonly rng: Rng;
  readonly shaping: RewardShaping;
  readonly consumer: TransitionConsumer;
  /** In lockstep, where the environments stood after the last batch taken; null before the first, and otherwise. */
  readonly walk: () => Uint8Array | null;
  readonly metrics: MetricSet;
  readonly logger: Logger;
}

/** The counts that are the loops' own. */
export interface Progress {
  readonly steps: number;
  readonly seconds: number;
  readonly weightVersion: number;
}

export class Checkpointer {
  /** Bytes of stream behind the newest checkpoint, as last read; at redis.retainedBytes the next checkpoint is forced. */
  retainedBytes = 0;
  readonly #options: CheckpointerOptions;
  #lastAt = systemClock.monotonic();
  #writing: Promise<void> | null = null;
  /** What went wrong in the background that is neither the disk's fault nor Redis'. */
  #failure: Error | null = null;

  constructor(options: CheckpointerOptions) {
    this.#options = options;
  }

  /** Seconds since the last durable checkpoint, or since the start. */
  get ageSeconds(): number {
    return (systemClock.monotonic() - this.#lastAt) / 1000;
  }

  /**
   * Begins a checkpoint if one is due and none is under way; returns once its moment is taken. Nothing may be in flight in the engine.
   * @throws what went wrong with the one before, where it was a mistake of ours
   */
  maybeBegin(progress: Progress): void {
    const { config, metrics, logger } = this.#options;
    if (this.#failure !== null) throw this.#failure;
    const due = this.ageSeconds >= config.learner.checkpointPeriodSeconds || this.retainedBytes >= config.redis.retainedBytes;
    if (!due || this.#writing !== null) return;
    this.#lastAt = systemClock.monotonic();
    this.#writing = this.#write(progress)
      .catch((error: unknown) => {
        if (!(error instanceof CheckpointWriteError || (error instanceof ArchwalkError && error.retryable))) this.#failure = error instanceof Error ? error : new Error(String(error));
        metrics.add('learnerCheckpoints', 1, 'failed');
        logger.error(`${describe(error)}; training goes on without this checkpoint`);
      })
      .finally(() => (this.#writing = null));
  }

  /** Waits for the checkpoint under way. */
  async settle(): Promise<void> {
    await this.#writing;
  }

  /** Writes one now. @throws CheckpointWriteError, LeaseLostError, TransportError */
  async write(progress: Progress): Promise<void> {
    await this.settle();
    await this.#write(progress);
  }

  async #write(progress: Progress): Promise<void> {
    const { store, token, config, configHash, engine, replay, queries, shaping, consumer, weightsPath, metrics, logger } = this.#options;
    const startedAt = systemClock.monotonic();
    const state = this.#state(progress);
    const online = engine.onlineWeights();
    const trainingQueries = queries.count;
    const snapshot = replay.snapshot();
    try {
      await store.write(token, progress.steps, state, this.#parts(online, snapshot));
    } finally {
      // Where the disk failed before the replay's turn came, nobody iterated it.
      snapshot.release();
    }
    this.#lastAt = systemClock.monotonic();
    metrics.add('learnerCheckpoints', 1, 'written');
    this.retainedBytes = await consumer.trim(state.stream.lastId);
    writeWeights(weightsPath, encodeWeights(online, { version: progress.weightVersion, learnerSteps: progress.steps, configHash, trainingQueries, rewardScale: shaping }, 'f32'));
    logger.info({ steps: progress.steps, milliseconds: Math.round(systemClock.monotonic() - startedAt), kept: config.learner.checkpointsKept }, 'checkpoint written');
  }

  /** Of this moment. */
  #parts(online: readonly NamedArray[], snapshot: ReplaySnapshot): CheckpointPart[] {
    const { engine, queries, walk } = this.#options;
    const { hashes } = queries.state;
    const parts: CheckpointPart[] = [
      { name: 'online.safetensors', content: arrays(online) },
      { name: 'target.safetensors', content: arrays(engine.targetWeights()) },
      { name: 'optimizer.safetensors', content: arrays(engine.optimizerState()) },
      { name: 'queries.safetensors', content: encodeSafetensors([{ name: 'hashes', shape: [hashes.length], dtype: 'F64', values: hashes }], {}) },
      { name: 'replay.bin', content: snapshot.chunks() },
    ];
    const place = walk();
    if (place !== null) parts.push({ name: WALK_FILE, content: place });
    return parts;
  }

  #state({ steps, seconds, weightVersion }: Progress): LearnerState {
    const { limiter, rng, shaping, consumer, queries } = this.#options;
    return { steps, seconds, weightVersion, limiter: limiter.state, rng: rng.state, shaping, stream: consumer.position, queryLevel: queries.state.level };
  }
}

function arrays(named: readonly NamedArray[]): Uint8Array {
  return encodeSafetensors(named, {});
}

/** @throws CheckpointWriteError if the disk is full or not writable: the file there stays */
function writeWeights(path: string, bytes: Uint8Array): void {
  try {
    writeWhole(path, bytes);
  } catch (cause) {
    throw new CheckpointWriteError(`the newest weights must be written to ${path}, and cannot`, cause);
  }
}
