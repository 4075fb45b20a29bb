/**
 * @file The network's larger operations, in two forms with one meaning: `composedOps` out of TensorFlow's own operations, which always
 * work and are what the fused ones are held to, and (fusedOps.ts) single custom operations that keep their intermediates in cache.
 *
 * Dimensions: B states, T tokens a state, R = B T rows, K ids a token, F feature rows, D width, H heads, G feed-forward width.
 */
import type { Output } from './graph.js';
import { add, batchMatMul, cast, concat, divide, erf, less, matMul, mean, multiply, reciprocalRoot, reshape, select, softmax, square, subtract, transpose, unstack } from './graphOps.js';

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
}

/** The exact GELU, x (1 + erf(x / sqrt 2)) / 2. */
export function gelu(x: Output): Output {
  const { graph } = x;
  const half = multiply(x, graph.scalar(0.5));
  return multiply(half, add(erf(multiply(x, graph.scalar(Math.SQRT1_2))), graph.scalar(1)));
}

/** x [R, in] times kernel [in, out] plus bias, f32; with bf16 the product's inputs are rounded. */
export function dense(x: Output, kernel: Output, bias: Output, precision: LayerShape['precision']): Output {
  const type = precision;
  return add(cast(matMul(cast(x, type), cast(kernel, type)), 'f32'), bias);
}

function layerNorm(x: Output, scale: Output, bias: Output, epsilon: number): Output {
  const centred = subtract(x, mean(x, [1], true));
  const variance = mean(square(centred), [1], true);
  const normal = multiply(centred, reciprocalRoot(add(variance, x.graph.scalar(epsilon))));
  return add(multiply(normal, scale), bias);
}

/** bool [B, 1, 1, T]: token t of a state is valid if t < 1 + count. */
function validTokens(counts: Output, tokens: number): Output {
  const { graph } = counts;
  const positions = graph.constant('int32', [1, 1, 1, tokens], Int32Array.from({ length: tokens }, (_, t) => t - 1));
  return less(positions, reshape(counts, [-1, 1, 1, 1]));
}

/** Softmax attention per head over each state's valid tokens. qkv f32 [R, 3D] to f32 [R, D]. */
function attention(qkv: Output, counts: Output, { tokens: T, width: D, heads: H, precision }: LayerShape): Output {
  const { graph } = qkv;
  const parts = transpose(reshape(cast(qkv, precision), [-1, T, 3, H, D / H]), [2, 0, 3, 1, 4]);
  const [query, key, value] = unstack(parts, 0) as [Output, Output, Output]; // [B, H, T, D/H] each
  const scores = multiply(cast(batchMatMul(query, key, true), 'f32'), graph.scalar(Math.sqrt(H / D)));
  const weights = softmax(select(validTokens(counts, T), scores, graph.scalar(MASKED_SCORE)));
  const mixed = cast(batchMatMul(cast(weights, precision), value), 'f32');
  return reshape(transpose(mixed, [0, 2, 1, 3]), [-1, D]);
}

/** Scores of masked tokens: their softmax weight underflows to exactly 0. */
const MASKED_SCORE = -3e38;

function encoderLayer(x: Output, counts: Output, p: LayerParameters, shape: LayerShape): Output {
  const { normEpsilon, precision } = shape;
  const qkv = dense(layerNorm(x, p.attentionNormScale, p.attentionNormBias, normEpsilon), p.qkvKernel, p.qkvBias, precision);
  const attended = add(x, dense(attention(qkv, counts, shape), p.outputKernel, p.outputBias, precision));
  const hidden = gelu(dense(layerNorm(attended, p.feedForwardNormScale, p.feedForwardNormBias, normEpsilon), p.hiddenKernel, p.hiddenBias, precision));
  return add(attended, dense(hidden, p.feedForwardOutputKernel, p.feedForwardOutputBias, precision));
}

/** The ids as int32 [R K] and, for each, the row of the token it belongs to. */
function segments(ids: Output): [indices: Output, rows: Output] {
  const { graph } = ids;
  const K = ids.shape[2] ?? 1;
  const indices = reshape(cast(ids, 'int32'), [-1]);
  const zero = graph.constant('int32', [], Int32Array.of(0));
  const one = graph.constant('int32', [], Int32Array.of(1));
  const count = graph.value('Size', [indices], { attributes: [['out_type', 'type', 3]] });
  const places = graph.value('Range', [zero, count, one]);
  return [indices, graph.value('FloorDiv', [places, graph.constant('int32', [], Int32Array.of(K))])];
}

function tokenSum(ids: Output, kernel: Output): Output {
  const { graph } = ids;
  const width = kernel.shape[1] ?? 1;
  const padded = concat([kernel, graph.constant('f32', [1, width], new Float32Array(width))], 0);
  return graph.value('SparseSegmentSum', [padded, ...segments(ids)]);
}

function tokenSumGradient(ids: Output, kernel: Output, gradient: Output): Output {
  const { graph } = ids;
  const [F = 1, D = 1] = kernel.shape;
  const rows = graph.constant('int32', [], Int32Array.of(F + 1));
  const padded = graph.value('SparseSegmentSumGrad', [gradient, ...segments(ids), rows]);
  return graph.value('Slice', [padded, graph.ints([0, 0]), graph.ints([F, D])]);
}

export const composedOps: NetworkOps = { tokenSum, tokenSumGradient, layerNorm, encoderLayer };

/** Mean of x f32 [B, N] over the first `counts` columns of each row, f32 [B, 1]; 0 where the count is 0. */
export function meanOfValid(x: Output, valid: Output, counts: Output): Output {
  const { graph } = x;
  const zeros = graph.value('ZerosLike', [x]);
  const total = graph.value('Sum', [select(valid, x, zeros), graph.ints([1])], { attributes: [['keep_dims', 'bool', true]] });
  const atLeastOne = graph.value('Maximum', [reshape(cast(counts, 'f32'), [-1, 1]), graph.scalar(1)]);
  return divide(total, atLeastOne);
}
