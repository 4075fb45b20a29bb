/** @file `NetworkOps` out of TensorFlow's own operations: the fallback, and what the fused ones are held to. Dimensions as there. */
import type { Output } from './graph.js';
import { composedOptimizer } from './composedOptimizer.js';
import { add, batchMatMul, cast, concat, divide, erf, less, matMul, mean, multiply, reciprocalRoot, reshape, select, slice, softmax, square, subtract, transpose, unstack } from './graphOps.js';
import type { LayerParameters, LayerShape, NetworkOps } from './networkOps.js';

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
  return slice(padded, [0, 0], [F, D]);
}

export const composedOps: NetworkOps = { tokenSum, tokenSumGradient, layerNorm, encoderLayer, applyOptimizer: composedOptimizer };

/** Mean of x f32 [B, N] over the first `counts` columns of each row, f32 [B, 1]; 0 where the count is 0. */
export function meanOfValid(x: Output, valid: Output, counts: Output): Output {
  const { graph } = x;
  const zeros = graph.value('ZerosLike', [x]);
  const total = graph.value('Sum', [select(valid, x, zeros), graph.ints([1])], { attributes: [['keep_dims', 'bool', true]] });
  const atLeastOne = graph.value('Maximum', [reshape(cast(counts, 'f32'), [-1, 1]), graph.scalar(1)]);
  return divide(total, atLeastOne);
}
