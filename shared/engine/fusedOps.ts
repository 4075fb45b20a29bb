/** @file `NetworkOps` as custom operations (shared/engine/ops), each one a single node that keeps its intermediates in cache. */
import type { Output } from './graph.js';
import { composedOps } from './composedOps.js';
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

function encoderLayer(x: Output, counts: Output, p: LayerParameters, shape: LayerShape): Output {
  if (shape.precision === 'bf16') return composedOps.encoderLayer(x, counts, p, shape);
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
