/**
 * @file The network's larger operations. `composedOps` makes them of TensorFlow's own operations, always works, and is what the other is
 * held to; `fusedOps` are single custom operations that keep their intermediates in cache.
 *
 * Dimensions: B states, T tokens a state, R = B T rows, K ids a token, F feature rows, D width, H heads, G feed-forward width, P flat length.
 */
import type { Operation, Output, Variable } from './graph.js';

/** The parameters of a pre-norm encoder layer, in the order of `parameters.ts`. */
export interface LayerParameters {
  readonly attentionNormScale: Output;
  readonly attentionNormBias: Output;
  /** [D, 3D] and [3D]: query, key, value. */
  readonly qkvKernel: Output;
  readonly qkvBias: Output;
  readonly outputKernel: Output;
  readonly outputBias: Output;
  readonly feedForwardNormScale: Output;
  readonly feedForwardNormBias: Output;
  /** [D, G] and [G]. */
  readonly hiddenKernel: Output;
  readonly hiddenBias: Output;
  readonly feedForwardOutputKernel: Output;
  readonly feedForwardOutputBias: Output;
}

/** What the operations need to know of the network. */
export interface LayerShape {
  /** T. */
  readonly tokens: number;
  readonly width: number;
  readonly heads: number;
  readonly feedForwardWidth: number;
  readonly normEpsilon: number;
  /** bf16 rounds the inputs of every matrix product to bf16; sums stay f32. */
  readonly precision: 'f32' | 'bf16';
  /** Whether a gradient will be asked for: a fused layer then keeps what it needs. */
  readonly differentiable: boolean;
}

/** One optimizer update of flat variables f32 [P]. */
export interface OptimizerUpdate {
  readonly kind: 'adam' | 'rmsprop-centred';
  readonly weights: Variable;
  readonly slots: readonly [Variable, Variable];
  /** f32 [P]. */
  readonly gradient: Output;
  /** f32 []: the step size of this update. */
  readonly rate: Output;
  readonly clipNorm: number;
  /** beta1 and beta2 of Adam; the decay, twice, of centred RMSProp. */
  readonly decays: readonly [number, number];
  readonly epsilon: number;
}

/** Its operations, and the gradient's norm f32 [] before clipping. */
export interface AppliedUpdate {
  readonly norm: Output;
  readonly operations: readonly Operation[];
}

/** Both forms implement this. */
export interface NetworkOps {
  /** ids uint16 [B, T, K], kernel f32 [F, D]: the sum of the rows named by a token's ids, f32 [R, D]; id F adds nothing. */
  tokenSum(ids: Output, kernel: Output): Output;
  /** The gradient of `tokenSum` by its kernel, f32 [F, D], from the gradient f32 [R, D] of its result. */
  tokenSumGradient(ids: Output, kernel: Output, gradient: Output): Output;
  /** (x - mean) / sqrt(variance + epsilon) * scale + bias over the last axis of x f32 [R, D]. */
  layerNorm(x: Output, scale: Output, bias: Output, epsilon: number): Output;
  /** One encoder layer: x f32 [R, D], counts int32 [B] valid neighbours of each state; tokens past 1 + count are not attended to. */
  encoderLayer(x: Output, counts: Output, parameters: LayerParameters, shape: LayerShape): Output;
  /** Clips the gradient to the norm and updates weights and slots; a gradient whose norm is not finite changes nothing. */
  applyOptimizer(update: OptimizerUpdate): AppliedUpdate;
}
