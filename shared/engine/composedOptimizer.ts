/** @file The updates of shared/agent/optimizer.ts out of TensorFlow's own operations, on flat variables. */
import type { Output } from './graph.js';
import { add, divide, l2Loss, maximum, multiply, select, square, squareRoot, subtract } from './graphOps.js';
import type { AppliedUpdate, OptimizerUpdate } from './networkOps.js';

/** Old values (weights, first slot, second slot), clipped gradient: new values. */
type Rule = (old: readonly [Output, Output, Output], g: Output, update: OptimizerUpdate) => readonly [Output, Output, Output];

/** a + (b - a) share. */
function towards(a: Output, b: Output, share: number): Output {
  return add(a, multiply(subtract(b, a), a.graph.scalar(share)));
}

const adam: Rule = ([w, m, v], g, { rate, decays: [beta1, beta2], epsilon }) => {
  const m1 = towards(m, g, 1 - beta1);
  const v1 = towards(v, square(g), 1 - beta2);
  const step = divide(multiply(m1, rate), add(squareRoot(v1), g.graph.scalar(epsilon)));
  return [subtract(w, step), m1, v1];
};

const rmspropCentred: Rule = ([w, a, s], g, { rate, decays: [decay], epsilon }) => {
  const a1 = towards(a, g, 1 - decay);
  const s1 = towards(s, square(g), 1 - decay);
  const variance = maximum(subtract(s1, square(a1)), g.graph.scalar(0));
  const step = divide(multiply(g, rate), squareRoot(add(variance, g.graph.scalar(epsilon))));
  return [subtract(w, step), a1, s1];
};

/** See NetworkOps.applyOptimizer. */
export function composedOptimizer(update: OptimizerUpdate): AppliedUpdate {
  const { gradient, weights, slots, clipNorm, kind } = update;
  const { graph } = gradient;
  const norm = squareRoot(multiply(l2Loss(gradient), graph.scalar(2)));
  const clip = graph.scalar(clipNorm);
  const g = multiply(gradient, divide(clip, maximum(norm, clip)));
  const variables = [weights, ...slots] as const;
  const old = [graph.read(weights), graph.read(slots[0]), graph.read(slots[1])] as const;
  const next = kind === 'adam' ? adam(old, g, update) : rmspropCentred(old, g, update);
  const finite = graph.value('IsFinite', [norm]);
  const kept = next.map((value, i) => select(finite, value, old[i] as Output));
  return { norm, operations: variables.map((variable, i) => graph.assign(variable, kept[i] as Output)) };
}
