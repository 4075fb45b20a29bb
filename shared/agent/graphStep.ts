/**
 * @file The learner's step as one graph: both networks on s', the online network's forward and backward on s, Huber loss, clip and
 * optimizer update. The loss is the one of loss.ts, the update that of optimizer.ts. B batch, N neighbours, P flat length.
 */
import type { Graph, Operation, Output, Variable } from '../engine/graph.js';
import {
  absolute, add, argMax, concat, divide, l2Loss, maximum, mean, minimum, multiply, pick, reshape, select, square, squareRoot, stopGradient, subtract,
} from '../engine/graphOps.js';
import { networkValue, Parameters, tokenInput, validSlots, type FlatLayout, type NetworkForm, type TokenInput } from './graphNetwork.js';
import { ADAM, RMSPROP } from './optimizer.js';
import type { OptimizerSpec } from './types.js';

/** The flat variables f32 [P] that a step reads and, but for the target, writes. */
export interface StepVariables {
  readonly online: Variable;
  readonly target: Variable;
  /** The optimizer's two slots in the order of OPTIMIZER_SLOTS. */
  readonly slots: readonly [Variable, Variable];
}

/** What a step is fed; all but `rate` are f32 or int32 [B]. */
export interface StepFeeds {
  readonly state: TokenInput;
  readonly next: TokenInput;
  readonly actions: Output;
  readonly nStepReturns: Output;
  readonly discounts: Output;
  readonly importanceWeights: Output;
  /** f32 []: the optimizer's step size at this update. */
  readonly rate: Output;
}

export interface StepGraph {
  readonly feeds: StepFeeds;
  /** f32 [B]. */
  readonly tdErrors: Output;
  /** f32 [3]: loss, gradient norm before clipping, mean Q(s, a). */
  readonly summary: Output;
  /** Writes the new weights and slots, or leaves all as they were if the gradient norm is not finite. */
  readonly update: readonly Operation[];
}

/** Far below any Q-value; masked slots are never the largest. */
const MASKED_VALUE = -3e38;

export function stepFeeds(graph: Graph, form: NetworkForm): StepFeeds {
  return {
    state: tokenInput(graph, form.spec),
    next: tokenInput(graph, form.spec),
    actions: graph.placeholder('int32', [-1]),
    nStepReturns: graph.placeholder('f32', [-1]),
    discounts: graph.placeholder('f32', [-1]),
    importanceWeights: graph.placeholder('f32', [-1]),
    rate: graph.placeholder('f32', []),
  };
}

export interface StepPlan {
  readonly form: NetworkForm;
  readonly layout: FlatLayout;
  readonly variables: StepVariables;
  readonly optimizer: OptimizerSpec;
  readonly huberDelta: number;
}

export function stepGraph(graph: Graph, plan: StepPlan): StepGraph {
  const { form, layout, variables } = plan;
  const feeds = stepFeeds(graph, form);
  const online = new Parameters(layout, graph.read(variables.online));
  const target = new Parameters(layout, graph.read(variables.target));

  const targets = doubleQTargets(form, online, target, feeds);
  const { tokenSums, q } = networkValue(form, online, feeds.state, true);
  const qTaken = pick(q, feeds.actions);
  const tdErrors = subtract(targets, qTaken);
  const loss = mean(multiply(feeds.importanceWeights, huber(tdErrors, plan.huberDelta)), [0]);

  const gradient = flatGradient(form, online, feeds.state, tokenSums, loss);
  const gradientNorm = squareRoot(multiply(l2Loss(gradient), graph.scalar(2)));
  const summary = graph.value('Pack', [[loss, gradientNorm, mean(qTaken, [0])]]);
  return { feeds, tdErrors, summary, update: update(plan, gradient, gradientNorm, feeds.rate) };
}

/** R + d Q-(s', a*), a* the online network's best valid neighbour. f32 [B]. */
function doubleQTargets(form: NetworkForm, online: Parameters, target: Parameters, { next, nStepReturns, discounts }: StepFeeds): Output {
  const qNext = networkValue(form, online, next).q;
  const qNextTarget = networkValue(form, target, next).q;
  const chosen = argMax(select(validSlots(next, form.spec), qNext, qNext.graph.scalar(MASKED_VALUE)));
  return stopGradient(add(nStepReturns, multiply(discounts, pick(qNextTarget, chosen))));
}

/** Elementwise huber of loss.ts: with c = min(|x|, delta) it is c (|x| - c / 2). */
function huber(x: Output, delta: number): Output {
  const { graph } = x;
  const size = absolute(x);
  const clipped = minimum(size, graph.scalar(delta));
  return multiply(clipped, subtract(size, multiply(clipped, graph.scalar(0.5))));
}

/** The gradient of the loss in flat order f32 [P], zero in the gaps. */
function flatGradient({ ops }: NetworkForm, online: Parameters, input: TokenInput, tokenSums: Output, loss: Output): Output {
  const { graph } = loss;
  const { shapes } = online.layout;
  const kernel = online.get('token.kernel');
  const others = online.views.filter((view) => view !== kernel);
  const [atTokenSums, ...rest] = graph.gradients(loss, [tokenSums, ...others]) as [Output, ...Output[]];
  const byView = new Map(others.map((view, i) => [view, rest[i] as Output]));
  byView.set(kernel, ops.tokenSumGradient(input.ids, kernel, atTokenSums));
  const pieces = online.views.flatMap((view, i) => {
    const size = shapes[i]?.size ?? 0;
    const gap = (online.layout.offsets[i + 1] ?? online.layout.size) - (online.layout.offsets[i] ?? 0) - size;
    const piece = reshape(byView.get(view) ?? view, [size]);
    return gap === 0 ? [piece] : [piece, graph.constant('f32', [gap], new Float32Array(gap))];
  });
  return concat(pieces as [Output, Output, ...Output[]], 0);
}

function update({ variables, optimizer }: StepPlan, gradient: Output, norm: Output, rate: Output): Operation[] {
  const { graph } = gradient;
  const clip = graph.scalar(optimizer.gradientClipNorm);
  const g = multiply(gradient, divide(clip, maximum(norm, clip)));
  const old = [variables.online, ...variables.slots].map((variable) => graph.read(variable)) as [Output, Output, Output];
  const next = optimizer.kind === 'adam' ? adam(old, g, rate) : rmspropCentred(old, g, rate);
  const finite = graph.value('IsFinite', [norm]);
  const kept = next.map((value, i) => select(finite, value, old[i] as Output));
  return [variables.online, ...variables.slots].map((variable, i) => graph.assign(variable, kept[i] as Output));
}

/** a + (b - a) share. */
function towards(a: Output, b: Output, share: number): Output {
  return add(a, multiply(subtract(b, a), a.graph.scalar(share)));
}

function adam([w, m, v]: readonly [Output, Output, Output], g: Output, rate: Output): Output[] {
  const { graph } = g;
  const m1 = towards(m, g, 1 - ADAM.beta1);
  const v1 = towards(v, square(g), 1 - ADAM.beta2);
  const step = divide(multiply(m1, rate), add(squareRoot(v1), graph.scalar(ADAM.epsilon)));
  return [subtract(w, step), m1, v1];
}

function rmspropCentred([w, a, s]: readonly [Output, Output, Output], g: Output, rate: Output): Output[] {
  const { graph } = g;
  const a1 = towards(a, g, 1 - RMSPROP.decay);
  const s1 = towards(s, square(g), 1 - RMSPROP.decay);
  const variance = maximum(subtract(s1, square(a1)), graph.scalar(0));
  const step = divide(multiply(g, rate), squareRoot(add(variance, graph.scalar(RMSPROP.epsilon))));
  return [subtract(w, step), a1, s1];
}
