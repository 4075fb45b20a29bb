/**
 * @file Couples the learner's samples to the actors' inserts by Reverb's formula (arXiv:2102.04736, SampleToInsertRatio). With
 *
 *   difference = inserts x samplesPerInsert - samples,   centre = minSize x samplesPerInsert
 *
 * a sample of B is allowed once inserts >= minSize and while difference - B >= centre - errorBuffer; an insert of I is allowed
 * until minSize is reached and after that while difference + I x samplesPerInsert <= centre + errorBuffer. It only answers
 * questions and counts; who waits, and for what, is the caller's. Settings under which both sides could wait at once are
 * refused: with batches of B and inserts of up to I that is 2 x errorBuffer < B + I x samplesPerInsert (Reverb's
 * errorBuffer >= max(1, samplesPerInsert) is the case B = I = 1).
 */
import { ConfigError, InvariantError } from '../errors.js';

export interface RateLimiterOptions {
  /** Samples for each transition inserted after warm-up; > 0. */
  readonly samplesPerInsert: number;
  /** Transitions inserted before the first sample; at least 1. */
  readonly minSize: number;
  /** B: transitions a sample takes. */
  readonly batchSize: number;
  /** I: most transitions an insert brings. */
  readonly maxInsert: number;
  /** How far `difference` may leave `centre`, in samples. Default: a tenth of the centre, or B + I x samplesPerInsert if that is more. */
  readonly errorBuffer?: number;
}

/** What a checkpoint keeps; limits come from the configuration. */
export interface RateLimiterState {
  readonly inserts: number;
  readonly samples: number;
}

export class RateLimiter {
  readonly errorBuffer: number;
  /** minSize x samplesPerInsert: where `difference` stands when sampling keeps its pace. */
  readonly centre: number;
  readonly #options: RateLimiterOptions;
  #inserts = 0;
  #samples = 0;

  /** @throws ConfigError if a value is out of range or the settings could deadlock */
  constructor(options: RateLimiterOptions) {
    const { samplesPerInsert, minSize, batchSize, maxInsert } = options;
    if (!(samplesPerInsert > 0 && samplesPerInsert < Infinity)) {
      throw new ConfigError(`learner.samplesPerInsert must be above 0, got ${samplesPerInsert}`);
    }
    for (const [name, value] of [['minimal size', minSize], ['batch size', batchSize], ['largest insert', maxInsert]] as const) {
      if (!Number.isInteger(value) || value < 1) throw new ConfigError(`the rate limiter's ${name} must be an integer of at least 1, got ${value}`);
    }
    const turn = batchSize + maxInsert * samplesPerInsert;
    this.centre = minSize * samplesPerInsert;
    this.errorBuffer = options.errorBuffer ?? Math.max(0.1 * this.centre, turn);
    if (!(2 * this.errorBuffer >= turn && this.errorBuffer < Infinity)) {
      throw new ConfigError(
        `the rate limiter must have 2 x errorBuffer >= batch size + largest insert x samplesPerInsert = ${turn}, or learner and actors could wait for each other for ever, got errorBuffer ${this.errorBuffer}`,
      );
    }
    this.#options = options;
  }

  /** Transitions inserted since the run began. */
  get inserts(): number {
    return this.#inserts;
  }

  /** Transitions sampled since the run began. */
  get samples(): number {
    return this.#samples;
  }

  /** inserts x samplesPerInsert - samples. */
  get difference(): number {
    return this.#inserts * this.#options.samplesPerInsert - this.#samples;
  }

  /** Samples taken for each transition inserted beyond the first `minSize`; 0 before. */
  get ratio(): number {
    const beyond = this.#inserts - this.#options.minSize;
    return beyond > 0 ? this.#samples / beyond : 0;
  }

  /** May a sample of `count` transitions be taken now? */
  canSample(count: number = this.#options.batchSize): boolean {
    return this.#inserts >= this.#options.minSize && this.difference - count >= this.centre - this.errorBuffer;
  }

  /** May `count` transitions be inserted now? */
  canInsert(count: number = this.#options.maxInsert): boolean {
    if (this.#inserts < this.#options.minSize) return true;
    return this.difference + count * this.#options.samplesPerInsert <= this.centre + this.errorBuffer;
  }

  /** Counts a sample of `count` transitions. @throws InvariantError if it was not allowed */
  sampled(count: number): void {
    if (!this.canSample(count)) throw new InvariantError(`a sample must wait until the rate limiter allows it, got ${count} at difference ${this.difference}`);
    this.#samples += count;
  }

  /** Counts an insert of `count` transitions. @throws InvariantError if it was not allowed */
  inserted(count: number): void {
    if (!this.canInsert(count)) throw new InvariantError(`an insert must wait until the rate limiter allows it, got ${count} at difference ${this.difference}`);
    this.#inserts += count;
  }

  get state(): RateLimiterState {
    return { inserts: this.#inserts, samples: this.#samples };
  }

  /** @throws InvariantError if a count is no count */
  restore({ inserts, samples }: RateLimiterState): void {
    for (const value of [inserts, samples]) {
      if (!Number.isSafeInteger(value) || value < 0) throw new InvariantError(`a rate limiter's counts must be integers of at least 0, got ${inserts} inserts and ${samples} samples`);
    }
    this.#inserts = inserts;
    this.#samples = samples;
  }
}
