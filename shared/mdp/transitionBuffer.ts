/**
 * @file Transitions being gathered: columns of a fixed capacity, filled row by row by the environment, sent or added to the
 * replay as they are, and cleared.
 */
import { ShapeError } from '../errors.js';
import type { TransitionColumns } from './types.js';

export class TransitionBuffer implements TransitionColumns {
  /** Rows filled, 0..capacity; rows past it are leftovers. */
  size = 0;
  readonly capacity: number;
  readonly codeWords: 1 | 2;
  readonly stateCodes: Uint32Array;
  readonly stateSeeds: Uint32Array;
  readonly actions: Uint8Array;
  readonly nStepReturns: Float32Array;
  readonly discounts: Float32Array;
  readonly nextCodes: Uint32Array;
  readonly nextSeeds: Uint32Array;
  readonly priorities: Float32Array;

  /** @throws ShapeError if the capacity is no count */
  constructor(capacity: number, codeWords: 1 | 2) {
    if (!Number.isInteger(capacity) || capacity < 1) throw new ShapeError(`a transition buffer must have room for at least 1 row, got ${capacity}`);
    this.capacity = capacity;
    this.codeWords = codeWords;
    this.stateCodes = new Uint32Array(capacity * codeWords);
    this.stateSeeds = new Uint32Array(capacity);
    this.actions = new Uint8Array(capacity);
    this.nStepReturns = new Float32Array(capacity);
    this.discounts = new Float32Array(capacity);
    this.nextCodes = new Uint32Array(capacity * codeWords);
    this.nextSeeds = new Uint32Array(capacity);
    this.priorities = new Float32Array(capacity);
  }

  /** Rows that still fit. */
  get room(): number {
    return this.capacity - this.size;
  }

  clear(): void {
    this.size = 0;
  }

  /** The filled rows as columns of exactly `size` rows, over the same memory. */
  view(): TransitionColumns {
    const { size, codeWords } = this;
    return {
      size,
      codeWords,
      stateCodes: this.stateCodes.subarray(0, size * codeWords),
      stateSeeds: this.stateSeeds.subarray(0, size),
      actions: this.actions.subarray(0, size),
      nStepReturns: this.nStepReturns.subarray(0, size),
      discounts: this.discounts.subarray(0, size),
      nextCodes: this.nextCodes.subarray(0, size * codeWords),
      nextSeeds: this.nextSeeds.subarray(0, size),
      priorities: this.priorities.subarray(0, size),
    };
  }
}
