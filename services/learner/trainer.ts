/**
 * @file The learner's loop: sample, rebuild tokens from codes, one engine step, priorities back. While the engine works on one
 * batch (on its own threads) the next is sampled and assembled, so the priorities a batch is drawn by are one step old; in
 * lockstep nothing is prefetched.
 */
import type { LearnerBatch, LearnerEngine, LearnerStepResult } from '../../shared/agent/types.js';
import { Stopwatch } from '../../shared/metrics/intervals.js';
import type { MetricSet } from '../../shared/metrics/metricSet.js';
import type { TokenEncoder } from '../../shared/mdp/tokens.js';
import type { TokenBatch } from '../../shared/mdp/types.js';
import type { PrioritizedReplay, ReplaySample } from '../../shared/replay/prioritizedReplay.js';
import type { RateLimiter } from '../../shared/replay/rateLimiter.js';
import type { Rng } from '../../shared/rng.js';
import type { Signal } from '../../shared/signal.js';

export type Phase = 'wait' | 'assemble' | 'engine' | 'priorities';

export interface TrainerOptions {
  readonly engine: LearnerEngine;
  readonly replay: PrioritizedReplay;
  readonly encoder: TokenEncoder;
  readonly limiter: RateLimiter;
  readonly rng: Rng;
  readonly batchSize: number;
  readonly targetUpdatePeriod: number;
  readonly lockstep: boolean;
  /** Resolves once it is worth asking the rate limiter again: something was inserted. */
  readonly awaitInserts: (signal: AbortSignal) => Promise<void>;
  /** Notified after each sample. */
  readonly sampled: Signal;
  readonly metrics: MetricSet;
  readonly monotonic: () => number;
}

/** One of the two sets of buffers a batch lives in between its sampling and its priorities. */
interface Slot {
  readonly sample: ReplaySample;
  readonly state: TokenBatch;
  readonly next: TokenBatch;
  readonly actions: Int32Array;
}

export class Trainer {
  steps = 0;
  stalePriorities = 0;
  last: LearnerStepResult | null = null;
  #progressAt: number;
  #waiting = false;
  readonly stopwatch: Stopwatch<Phase>;
  readonly #options: TrainerOptions;
  readonly #slots: readonly [Slot, Slot];
  #prefetched: Slot | null = null;

  constructor(options: TrainerOptions) {
    this.#options = options;
    this.stopwatch = new Stopwatch(options.monotonic);
    this.#progressAt = options.monotonic();
    this.#slots = [this.#newSlot(), this.#newSlot()];
  }

  /** Seconds since the last step; 0 while it waits for inserts. */
  get secondsSinceProgress(): number {
    return this.#waiting ? 0 : (this.#options.monotonic() - this.#progressAt) / 1000;
  }

  /** Steps until `afterStep` answers false or `signal` fires; `afterStep` runs between steps, when nothing is in flight. */
  async run(signal: AbortSignal, afterStep: () => Promise<boolean>): Promise<void> {
    while (!signal.aborted) {
      const slot = this.#prefetched ?? (await this.#nextSample(signal));
      this.#prefetched = null;
      if (slot === null) return;
      await this.#step(slot);
      if (!(await afterStep())) return;
    }
  }

  async #step(slot: Slot): Promise<void> {
    const { engine, targetUpdatePeriod, lockstep } = this.#options;
    const [result] = await this.#timed('engine', () => {
      const running = engine.step(this.#batchOf(slot));
      if (!lockstep) this.#prefetch(slot);
      return running;
    });
    await this.#timed('priorities', () => Promise.resolve(this.#writePriorities(slot, result)));
    this.steps++;
    this.#progressAt = this.#options.monotonic();
    this.last = result;
    if (this.steps % targetUpdatePeriod === 0) engine.copyTarget();
    this.#options.metrics.add('learnerSteps');
    this.#options.metrics.add('learnerSamples', this.#options.batchSize);
  }

  async #nextSample(signal: AbortSignal): Promise<Slot | null> {
    const { limiter, batchSize, awaitInserts } = this.#options;
    if (!limiter.canSample(batchSize)) {
      this.#waiting = true;
      const [, waited] = await this.#timed('wait', async () => {
        while (!limiter.canSample(batchSize) && !signal.aborted) await awaitInserts(signal);
      });
      this.#waiting = false;
      this.#options.metrics.add('learnerWait', waited / 1000);
    }
    return signal.aborted ? null : this.#assembled(this.#slots[0]);
  }

  async #assembled(slot: Slot): Promise<Slot> {
    await this.#timed('assemble', () => Promise.resolve(this.#fill(slot)));
    return slot;
  }

  #prefetch(busy: Slot): void {
    const { limiter, batchSize } = this.#options;
    if (!limiter.canSample(batchSize)) return;
    const free = busy === this.#slots[0] ? this.#slots[1] : this.#slots[0];
    this.#fill(free);
    this.#prefetched = free;
  }

  #fill(slot: Slot): void {
    const { replay, encoder, limiter, rng, batchSize, sampled } = this.#options;
    replay.sample(rng, slot.sample);
    limiter.sampled(batchSize);
    sampled.notify();
    const { columns } = slot.sample;
    encoder.encode(columns.stateCodes, columns.stateSeeds, batchSize, slot.state);
    encoder.encode(columns.nextCodes, columns.nextSeeds, batchSize, slot.next);
    slot.actions.set(columns.actions);
  }

  #batchOf({ sample, state, next, actions }: Slot): LearnerBatch {
    const { nStepReturns, discounts } = sample.columns;
    return { state, next, actions, nStepReturns, discounts, importanceWeights: sample.importanceWeights };
  }

  #writePriorities({ sample }: Slot, { tdErrors }: LearnerStepResult): void {
    const before = this.#options.replay.stalePriorities;
    this.#options.replay.updatePriorities(sample, tdErrors);
    const stale = this.#options.replay.stalePriorities - before;
    this.stalePriorities += stale;
    if (stale > 0) this.#options.metrics.add('replayStalePriorities', stale);
  }

  async #timed<T>(phase: Phase, work: () => Promise<T>): Promise<[T, number]> {
    const timed = await this.stopwatch.time(phase, work);
    this.#options.metrics.observe('learnerStepDuration', timed[1] / 1000, phase);
    return timed;
  }

  #newSlot(): Slot {
    const { replay, encoder, batchSize } = this.#options;
    return { sample: replay.newSample(batchSize), state: encoder.allocate(batchSize), next: encoder.allocate(batchSize), actions: new Int32Array(batchSize) };
  }
}
