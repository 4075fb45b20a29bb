/**
 * @file Q-values by composed tfjs operations: the reference for actors' and searchers' inference. A swap of
 * weights is one assignment, so no call sees a mix.
 */
import { loadTensorflow, type Tensorflow } from '../engine/tensorflow.js';
import type { TokenBatch } from '../mdp/types.js';
import { checkTokenBatch } from './batchChecks.js';
import type { InferenceOptions } from './engineOptions.js';
import { flatten } from './flatArrays.js';
import { checkNamedArrays, initialWeights, parameterShapes } from './parameters.js';
import { disposeWeights, networkInput, qValues, splitWeights, type TfjsWeights } from './tfjsNetwork.js';
import type { InferenceEngine, NetworkSpec, WeightSnapshot } from './types.js';

/** Owns its weights. */
export class TfjsInference implements InferenceEngine {
  readonly spec: NetworkSpec;
  readonly #tf: Tensorflow;
  #weights: TfjsWeights;

  /** @param weights checked here. @throws ShapeError as setWeights */
  constructor(tf: Tensorflow, spec: NetworkSpec, weights: WeightSnapshot) {
    this.spec = spec;
    this.#tf = tf;
    this.#weights = uploadWeights(tf, spec, weights);
  }

  /** @throws ShapeError or InvariantError as checkTokenBatch, InvariantError on an unknown feature id */
  async q(tokens: TokenBatch): Promise<Float32Array> {
    return inferQ(this.#tf, this.spec, this.#weights, tokens);
  }

  setWeights(weights: WeightSnapshot): void {
    const next = uploadWeights(this.#tf, this.spec, weights);
    disposeWeights(this.#weights);
    this.#weights = next;
  }

  dispose(): void {
    disposeWeights(this.#weights);
  }
}

/**
 * Q-values f32 [B, N] of `tokens`, computed before it returns.
 * @throws ShapeError or InvariantError on tokens that do not fit the network
 */
export function inferQ(tf: Tensorflow, spec: NetworkSpec, weights: TfjsWeights, tokens: TokenBatch): Float32Array {
  checkTokenBatch(tokens, spec);
  const q = tf.tidy(() => qValues(tf, spec, weights, networkInput(tf, spec, tokens)));
  const values = q.dataSync<'float32'>();
  q.dispose();
  return values;
}

/**
 * The snapshot on the device, owned by the caller.
 * @throws ShapeError if names or shapes differ from the spec's
 */
export function uploadWeights(tf: Tensorflow, spec: NetworkSpec, weights: WeightSnapshot): TfjsWeights {
  checkNamedArrays(weights, parameterShapes(spec), 'weights');
  return splitWeights(tf, spec, tf.tensor1d(flatten(weights), 'float32'));
}

/** @throws EngineError if the engine cannot be loaded as asked */
export async function createTfjsInference(options: InferenceOptions): Promise<InferenceEngine> {
  const { threads, device, precision, spec, seed } = options;
  const tf = await loadTensorflow({ threads, device, bf16: precision === 'bf16' });
  return new TfjsInference(tf, spec, initialWeights(spec, seed));
}
