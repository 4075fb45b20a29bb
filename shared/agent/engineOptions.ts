/** @file What `createLearnerEngine` and `createInferenceEngine` take, whichever route answers. */
import type { EngineOptions, OptimizerSpec } from './types.js';

/** `tfjs`: composed operations, the reference. `graph`: one compiled TensorFlow graph. `auto`: graph where it was built, else tfjs. */
export type EngineRoute = 'auto' | 'graph' | 'tfjs';

/** Where the arithmetic runs; the first engine made in a process settles it for all (the library reads it once, as it loads). */
export interface EnginePlacement {
  /** Threads of the engine; 0 leaves it to TensorFlow. */
  readonly threads: number;
  /** `gpu` refuses to run without one. */
  readonly device: 'auto' | 'cpu' | 'gpu';
}

export interface InferenceOptions extends EngineOptions, EnginePlacement {}

export interface LearnerOptions extends InferenceOptions {
  readonly optimizer: OptimizerSpec;
  /** |TD error| at which the Huber loss turns linear, > 0; 1 if absent. */
  readonly huberDelta?: number;
}

/** |TD error| at which the loss turns linear where the caller names none. */
export const DEFAULT_HUBER_DELTA = 1;
