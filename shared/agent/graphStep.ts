/**
 * @file The learner's step as one graph: both networks on s', the online network's forward and backward on s, Huber loss, clip and
 * optimizer update. The loss is the one of loss.ts, the update that of optimizer.ts. B batch, N neighbours, P flat length.
 */
import type { Graph, Operation, Output, Variable } from '../engine/graph.js';
import { absolute, add, argMax, concat, mean, minimum, multiply, pick, reshape, select, stopGradient, subtract } from '../engine/graphOps.js';
import type { OptimizerUpdate } from '../engine/networkOps.js';
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
  const { norm, operations } = form.ops.applyOptimizer(optimizerUpdate(plan, gradient, feeds.rate));
  const summary = graph.value('Pack', [[loss, norm, mean(qTaken, [0])]]);
  return { feeds, tdErrors, summary, update: operations };
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

/** The optimizer's constants, as optimizer.ts has them. */
function optimizerUpdate({ variables, optimizer }: StepPlan, gradient: Output, rate: Output): OptimizerUpdate {
  const constants = optimizer.kind === 'adam'
    ? { decays: [ADAM.beta1, ADAM.beta2] as const, epsilon: ADAM.epsilon }
    : { decays: [RMSPROP.decay, RMSPROP.decay] as const, epsilon: RMSPROP.epsilon };
  return { kind: optimizer.kind, weights: variables.online, slots: variables.slots, gradient, rate, clipNorm: optimizer.gradientClipNorm, ...constants };
}
