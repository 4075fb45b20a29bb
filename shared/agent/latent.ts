/**
 * @file Where architectures lie in the trained network's latent space, for plots of it: the current architecture's token as it enters
 * the encoder (a function of the architecture alone) and as it leaves it (coloured by the neighbours presented beside it).
 * Computed by the tfjs reference whatever route trained the weights. Dimensions: B states, D width.
 */
import { loadTensorflow, type Tensorflow } from '../engine/tensorflow.js';
import type { TokenBatch } from '../mdp/types.js';
import { checkTokenBatch } from './batchChecks.js';
import type { InferenceOptions } from './engineOptions.js';
import { uploadWeights } from './tfjsInference.js';
import { currentTokens, disposeWeights, networkInput, type TfjsWeights } from './tfjsNetwork.js';
import type { NetworkSpec, WeightSnapshot } from './types.js';

export interface LatentEmbeddings {
  /** f32 [B, D]: the token's projection, with bias and position. */
  readonly projected: Float32Array;
  /** f32 [B, D]: the token after the last layer and the final norm; V is linear in it. */
  readonly encoded: Float32Array;
}

/** States embedded in one pass: 256 of NAS-Bench-301's largest are 20 MB of features. */
const CHUNK = 256;

/** Owns the weights on the device. */
export class LatentEncoder {
  readonly spec: NetworkSpec;
  readonly #tf: Tensorflow;
  readonly #weights: TfjsWeights;

  /** @throws ShapeError if names or shapes of `weights` differ from the spec's */
  constructor(tf: Tensorflow, spec: NetworkSpec, weights: WeightSnapshot) {
    this.spec = spec;
    this.#tf = tf;
    this.#weights = uploadWeights(tf, spec, weights);
  }

  /**
   * Embeddings of the current architectures of `tokens`, any number of them; the arrays belong to the caller.
   * @throws ShapeError or InvariantError on tokens that do not fit the network
   */
  embed(tokens: TokenBatch): LatentEmbeddings {
    checkTokenBatch(tokens, this.spec);
    const { width: D } = this.spec;
    const embeddings = { projected: new Float32Array(tokens.batch * D), encoded: new Float32Array(tokens.batch * D) };
    const idsPerState = tokens.ids.length / tokens.batch;
    for (let from = 0; from < tokens.batch; from += CHUNK) {
      const to = Math.min(from + CHUNK, tokens.batch);
      const chunk = { batch: to - from, ids: tokens.ids.subarray(from * idsPerState, to * idsPerState), counts: tokens.counts.subarray(from, to) };
      const part = this.#tf.tidy(() => currentTokens(this.#tf, this.spec, this.#weights, networkInput(this.#tf, this.spec, chunk)));
      embeddings.projected.set(part.projected.dataSync<'float32'>(), from * D);
      embeddings.encoded.set(part.encoded.dataSync<'float32'>(), from * D);
      this.#tf.dispose([part.projected, part.encoded]);
    }
    return embeddings;
  }

  dispose(): void {
    disposeWeights(this.#weights);
  }
}

/**
 * @throws EngineError if the engine cannot be loaded as asked
 * @throws ShapeError if names or shapes of `weights` differ from the spec's
 */
export async function createLatentEncoder(options: Omit<InferenceOptions, 'seed' | 'batchSize'>, weights: WeightSnapshot): Promise<LatentEncoder> {
  const { threads, device, precision, spec } = options;
  return new LatentEncoder(await loadTensorflow({ threads, device, bf16: precision === 'bf16' }), spec, weights);
}
