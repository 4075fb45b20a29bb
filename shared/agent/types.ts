/**
 * @file The agent's contract with its engines: what the network is, what a learner step takes and gives, what a weight
 * snapshot holds. Every route (composed tfjs, compiled graph) implements `LearnerEngine` and `InferenceEngine` and is held
 * to the same numbers by the contract tests.
 *
 * Dimensions: B batch, N presented neighbours at most, T = 1 + N tokens, K feature ids a token, F feature rows, D width, H heads.
 */
import type { TokenBatch } from '../mdp/types.js';

export type PositionalEncoding = 'role' | 'sinusoidal' | 'learned';
export type Precision = 'f32' | 'bf16';

/** The transformer Q-network (paper: width; depth, heads and feed-forward width are ours). */
export interface NetworkSpec {
  /** N. */
  readonly neighbours: number;
  /** K. */
  readonly activeFeatures: number;
  /** F. */
  readonly featureRows: number;
  /** D; divisible by `heads`. */
  readonly width: number;
  readonly layers: number;
  /** H. */
  readonly heads: number;
  readonly feedForwardWidth: number;
  readonly positionalEncoding: PositionalEncoding;
  /** True: Q = V + A - mean of A over valid slots. False: Q = A. */
  readonly dueling: boolean;
}

/** One named parameter array, row-major f32. */
export interface NamedArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Parameters of one network in `parameterShapes(spec)` order. The arrays belong to the receiver. */
export type WeightSnapshot = readonly NamedArray[];

export interface OptimizerSpec {
  readonly kind: 'adam' | 'rmsprop-centred';
  /** Rate of the first update. */
  readonly learningRate: number;
  /** Linear decay: from the first update to update `steps` the rate falls to `finalShare` of the first, and stays there. Absent: constant. */
  readonly decay?: { readonly steps: number; readonly finalShare: number };
  /** Global gradient norm is clipped to this; > 0. */
  readonly gradientClipNorm: number;
}

export interface LearnerBatch {
  readonly state: TokenBatch;
  readonly next: TokenBatch;
  /** int32 [B], 0..N-1. */
  readonly actions: Int32Array;
  /** f32 [B] each. */
  readonly nStepReturns: Float32Array;
  readonly discounts: Float32Array;
  readonly importanceWeights: Float32Array;
}

export interface LearnerStepResult {
  /** f32 [B]: TD errors delta, signed, in reward units; |delta| is the new priority. Owned by the caller. */
  readonly tdErrors: Float32Array;
  /** Huber loss, importance weighted, mean over the batch. */
  readonly loss: number;
  /** Global norm before clipping. */
  readonly gradientNorm: number;
  /** Mean of Q(s, a) over the batch. */
  readonly meanQ: number;
}

export interface InferenceEngine {
  readonly spec: NetworkSpec;
  /** Q-values f32 [B, N] of the online network; see QFunction. */
  q(tokens: TokenBatch): Promise<Float32Array>;
  /** Swaps all weights at once: no call sees a mix. @throws ShapeError if names or shapes differ from the spec's */
  setWeights(weights: WeightSnapshot): void;
  dispose(): void;
}

export interface LearnerEngine extends InferenceEngine {
  /** One double-Q step on `batch`: gradients, clip, optimizer update. Calls are never concurrent. */
  step(batch: LearnerBatch): Promise<LearnerStepResult>;
  /** Target network := online network. */
  copyTarget(): void;
  onlineWeights(): WeightSnapshot;
  targetWeights(): WeightSnapshot;
  setTargetWeights(weights: WeightSnapshot): void;
  /** Optimizer slots and its step counter as named arrays, for checkpoints; `setOptimizerState` takes exactly these back. */
  optimizerState(): readonly NamedArray[];
  setOptimizerState(state: readonly NamedArray[]): void;
}

/** What an engine is made from. `seed` fixes the initial weights. */
export interface EngineOptions {
  readonly spec: NetworkSpec;
  readonly seed: number;
  readonly precision: Precision;
  readonly batchSize: number;
}
