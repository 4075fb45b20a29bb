/**
 * @file Q-values by composed tfjs operations: the reference for actors' and searchers' inference. All weights are one flat tensor,
 * so that a swap is one assignment and no call sees a mix.
 */
import { loadTensorflow, type Tensorflow } from '../engine/tensorflow.js';
import type { TokenBatch } from '../mdp/types.js';
import { checkTokenBatch } from './batchChecks.js';
import type { InferenceOptions } from './engineOptions.js';
import { flatten } from './flatArrays.js';
import { checkNamedArrays, initialWeights, parameterShapes } from './parameters.js';
import { networkInput, qValues, type Tensor1D } from './tfjsNetwork.js';
import type { InferenceEngine, NetworkSpec, WeightSnapshot } from './types.js';

/** Owns one tensor, the flat weights. */
export class TfjsInference implements InferenceEngine {
  readonly spec: NetworkSpec;
  readonly #tf: Tensorflow;
  #weights: Tensor1D;

  /** @param weights checked here. @throws ShapeError as setWeights */
  constructor(tf: Tensorflow, spec: NetworkSpec, weights: WeightSnapshot) {
    this.spec = spec;
    this.#tf = tf;
    this.#weights = weightTensor(tf, spec, weights);
  }

  /** @throws ShapeError or InvariantError as checkTokenBatch, InvariantError on an unknown feature id */
  // eslint-disable-next-line @typescript-eslint/require-await -- an async method turns the checks' throws into rejections
  async q(tokens: TokenBatch): Promise<Float32Array> {
    return inferQ(this.#tf, this.spec, this.#weights, tokens);
  }

  setWeights(weights: WeightSnapshot): void {
    const next = weightTensor(this.#tf, this.spec, weights);
    this.#weights.dispose();
    this.#weights = next;
  }

  dispose(): void {
    this.#weights.dispose();
  }
}

/**
 * Q-values f32 [B, N] of `tokens` under the flat weights f32 [P], computed before it returns.
 * @throws ShapeError or InvariantError on tokens that do not fit the network
 */
export function inferQ(tf: Tensorflow, spec: NetworkSpec, weights: Tensor1D, tokens: TokenBatch): Float32Array {
  checkTokenBatch(tokens, spec);
  const q = tf.tidy(() => qValues(tf, spec, weights, networkInput(tf, spec, tokens)));
  const values = q.dataSync<'float32'>();
  q.dispose();
  return values;
}

/**
 * The snapshot as one tensor f32 [P], owned by the caller.
 * @throws ShapeError if names or shapes differ from the spec's
 */
export function weightTensor(tf: Tensorflow, spec: NetworkSpec, weights: WeightSnapshot): Tensor1D {
  checkNamedArrays(weights, parameterShapes(spec), 'weights');
  return tf.tensor1d(flatten(weights), 'float32');
}

/** @throws EngineError if the engine cannot be loaded as asked */
export async function createTfjsInference(options: InferenceOptions): Promise<InferenceEngine> {
  const { threads, device, precision, spec, seed } = options;
  const tf = await loadTensorflow({ threads, device, bf16: precision === 'bf16' });
  return new TfjsInference(tf, spec, initialWeights(spec, seed));
}
