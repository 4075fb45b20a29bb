/** @file `NetworkOps` as custom operations (shared/engine/ops), each one a single node that keeps its intermediates in cache. */
import type { Output } from './graph.js';
import { add, cast, matMul } from './graphOps.js';
import type { AppliedUpdate, LayerParameters, LayerShape, NetworkOps, OptimizerUpdate } from './networkOps.js';

function tokenSum(ids: Output, kernel: Output): Output {
  return ids.graph.value('ArchwalkTokenSum', [ids, kernel]);
}

function tokenSumGradient(ids: Output, kernel: Output, gradient: Output): Output {
  return ids.graph.value('ArchwalkTokenSumGradient', [ids, kernel, gradient]);
}

function layerNorm(x: Output, scale: Output, bias: Output, epsilon: number): Output {
  return x.graph.value('ArchwalkLayerNorm', [x, scale, bias], { attributes: [['epsilon', 'float', epsilon]] });
}

/** qkv f32 [R, 3D] to f32 [R, D]: softmax attention per head over each state's valid tokens. */
export function attention(qkv: Output, counts: Output, { tokens, heads }: Pick<LayerShape, 'tokens' | 'heads'>): Output {
  return qkv.graph.value('ArchwalkAttention', [qkv, counts], { attributes: [['tokens', 'int', tokens], ['heads', 'int', heads]] });
}

/** gelu(x + bias), x f32 [R, G]. */
export function biasGelu(x: Output, bias: Output): Output {
  return x.graph.value('ArchwalkBiasGelu', [x, bias]);
}

/** total = x + residual, and its layer norm. */
export function addLayerNorm(x: Output, residual: Output, scale: Output, bias: Output, epsilon: number): { readonly normed: Output; readonly total: Output } {
  const operation = x.graph.operation('ArchwalkAddLayerNorm', [x, residual, scale, bias], { attributes: [['epsilon', 'float', epsilon]] });
  return { normed: x.graph.output(operation, 0), total: x.graph.output(operation, 1) };
}

/** With bf16 the products are TensorFlow's, which use the processor's bf16 units; what stands between them is fused. */
function encoderLayerBf16(x: Output, counts: Output, p: LayerParameters, shape: LayerShape): Output {
  const product = (a: Output, kernel: Output): Output => cast(matMul(cast(a, 'bf16'), cast(kernel, 'bf16')), 'f32');
  const qkv = add(product(layerNorm(x, p.attentionNormScale, p.attentionNormBias, shape.normEpsilon), p.qkvKernel), p.qkvBias);
  const mixed = add(product(attention(qkv, counts, shape), p.outputKernel), p.outputBias);
  const { normed, total } = addLayerNorm(mixed, x, p.feedForwardNormScale, p.feedForwardNormBias, shape.normEpsilon);
  const hidden = biasGelu(product(normed, p.hiddenKernel), p.hiddenBias);
  return add(total, add(product(hidden, p.feedForwardOutputKernel), p.feedForwardOutputBias));
}

function encoderLayer(x: Output, counts: Output, p: LayerParameters, shape: LayerShape): Output {
  if (shape.precision === 'bf16') return encoderLayerBf16(x, counts, p, shape);
  const parameters = [
    p.attentionNormScale, p.attentionNormBias, p.qkvKernel, p.qkvBias, p.outputKernel, p.outputBias,
    p.feedForwardNormScale, p.feedForwardNormBias, p.hiddenKernel, p.hiddenBias, p.feedForwardOutputKernel, p.feedForwardOutputBias,
  ];
  return x.graph.value('ArchwalkEncoderLayer', [x, counts, ...parameters], {
    attributes: [['tokens', 'int', shape.tokens], ['heads', 'int', shape.heads], ['epsilon', 'float', shape.normEpsilon], ['differentiable', 'bool', shape.differentiable]],
  });
}

function applyOptimizer({ kind, weights, slots, gradient, rate, clipNorm, decays, epsilon }: OptimizerUpdate): AppliedUpdate {
  const { graph } = gradient;
  const operation = graph.operation('ArchwalkApplyOptimizer', [weights.handle, slots[0].handle, slots[1].handle, gradient, rate], {
    attributes: [['kind', 'string', kind], ['clip_norm', 'float', clipNorm], ['decay', 'float', decays[0]], ['second_decay', 'float', decays[1]], ['epsilon', 'float', epsilon]],
  });
  return { norm: graph.output(operation), operations: [operation] };
}

export const fusedOps: NetworkOps = { tokenSum, tokenSumGradient, layerNorm, encoderLayer, applyOptimizer };
