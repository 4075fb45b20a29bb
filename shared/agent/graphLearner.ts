/** @file The double-Q learner by the compiled graph: one run a step. What a step computes stands in graphStep.ts. */
import { Graph } from '../engine/graph.js';
import type { Call, Feed, Session } from '../engine/graphSession.js';
import { EngineError } from '../errors.js';
import type { TokenBatch } from '../mdp/types.js';
import { checkLearnerBatch } from './batchChecks.js';
import { DEFAULT_HUBER_DELTA, type LearnerOptions } from './engineOptions.js';
import { tokenFeeds } from './graphFeeds.js';
import { networkForm, openSession, type GraphOptions } from './graphForm.js';
import { inferenceGraph, inferQ } from './graphInference.js';
import { flatLayout, Parameters } from './graphNetwork.js';
import { stepGraph } from './graphStep.js';
import { flatVariable, type BoundVariable } from './graphWeights.js';
import { adamStepSize, checkOptimizerState, decodeStepCount, encodeStepCount, learningRateAt, OPTIMIZER_SLOTS } from './optimizer.js';
import { checkNamedArrays, initialWeights, parameterShapes } from './parameters.js';
import type { LearnerBatch, LearnerEngine, LearnerStepResult, NamedArray, NetworkSpec, OptimizerSpec, WeightSnapshot } from './types.js';

export type GraphLearnerOptions = LearnerOptions & GraphOptions;

/** What the learner keeps of its graph. */
interface Machinery {
  readonly session: Session;
  readonly online: BoundVariable;
  readonly target: BoundVariable;
  readonly slots: readonly [BoundVariable, BoundVariable];
  readonly step: Call;
  readonly q: Call;
  readonly copyTarget: Call;
}

function build(options: GraphLearnerOptions): Machinery {
  const { spec, optimizer, huberDelta = DEFAULT_HUBER_DELTA } = options;
  const graph = new Graph();
  const layout = flatLayout(spec);
  const form = networkForm(options);
  const [online, target, first, second] = ['online', 'target', 'firstSlot', 'secondSlot'].map((name) => flatVariable(graph, name, layout)) as FourVariables;
  const variables = { online: online.variable, target: target.variable, slots: [first.variable, second.variable] as const };
  const { feeds, tdErrors, summary, update } = stepGraph(graph, { form, layout, variables, optimizer, huberDelta });
  const bindQ = inferenceGraph(graph, form, new Parameters(layout, graph.read(online.variable)));
  const copy = graph.assign(target.variable, graph.read(online.variable));
  const session = openSession(graph, options);
  const { state, next, actions, nStepReturns, discounts, importanceWeights, rate } = feeds;
  return {
    session,
    online: online.bind(session),
    target: target.bind(session),
    slots: [first.bind(session), second.bind(session)],
    step: session.prepare({
      feeds: [state.ids, state.counts, next.ids, next.counts, actions, nStepReturns, discounts, importanceWeights, rate],
      fetches: [tdErrors, summary],
      targets: update,
    }),
    q: bindQ(session),
    copyTarget: session.prepare({ targets: [copy], inline: true }),
  };
}

type FourVariables = [ReturnType<typeof flatVariable>, ReturnType<typeof flatVariable>, ReturnType<typeof flatVariable>, ReturnType<typeof flatVariable>];

export class GraphLearner implements LearnerEngine {
  readonly spec: NetworkSpec;
  readonly #optimizer: OptimizerSpec;
  readonly #machinery: Machinery;
  readonly #summary = new Float32Array(3);
  readonly #rate = new Float32Array(1);
  #updates = 0;

  constructor(options: GraphLearnerOptions) {
    this.spec = options.spec;
    this.#optimizer = options.optimizer;
    this.#machinery = build(options);
    const { online, target, slots } = this.#machinery;
    const weights = initialWeights(options.spec, options.seed);
    online.set(weights);
    target.set(weights);
    for (const slot of slots) slot.setZero();
  }

  /**
   * @throws ShapeError or InvariantError on a batch that does not fit
   * @throws EngineError if the gradient is not finite; the weights are then as they were
   */
  async step(batch: LearnerBatch): Promise<LearnerStepResult> {
    checkLearnerBatch(batch, this.spec);
    const tdErrors = new Float32Array(batch.state.batch);
    await this.#machinery.step.start(this.#feeds(batch), [tdErrors, this.#summary]);
    const [loss, gradientNorm, meanQ] = this.#summary as unknown as [number, number, number];
    if (!Number.isFinite(gradientNorm)) {
      throw new EngineError(`the gradient must be finite, its norm is ${gradientNorm} at loss ${loss}; lower learner.learningRate or look for a bad return`);
    }
    this.#updates++;
    return { tdErrors, loss, gradientNorm, meanQ };
  }

  #feeds({ state, next, actions, nStepReturns, discounts, importanceWeights }: LearnerBatch): Feed[] {
    const update = this.#updates + 1;
    const rate = learningRateAt(this.#optimizer, update);
    this.#rate[0] = this.#optimizer.kind === 'adam' ? adamStepSize(rate, update) : rate;
    const shape = [state.batch];
    const columns = [actions, nStepReturns, discounts, importanceWeights].map((values) => ({ values, shape }));
    return [...tokenFeeds(state, this.spec), ...tokenFeeds(next, this.spec), ...columns, { values: this.#rate, shape: [] }];
  }

  q(tokens: TokenBatch): Promise<Float32Array> {
    return inferQ(this.#machinery.q, tokens, this.spec);
  }

  copyTarget(): void {
    this.#machinery.copyTarget.run([], []);
  }

  setWeights(weights: WeightSnapshot): void {
    checkNamedArrays(weights, parameterShapes(this.spec), 'weights');
    this.#machinery.online.set(weights);
  }

  setTargetWeights(weights: WeightSnapshot): void {
    checkNamedArrays(weights, parameterShapes(this.spec), 'weights');
    this.#machinery.target.set(weights);
  }

  onlineWeights(): WeightSnapshot {
    return this.#machinery.online.get();
  }

  targetWeights(): WeightSnapshot {
    return this.#machinery.target.get();
  }

  optimizerState(): readonly NamedArray[] {
    const names = OPTIMIZER_SLOTS[this.#optimizer.kind];
    return [encodeStepCount(this.#updates), ...this.#machinery.slots.flatMap((slot, i) => slot.get(`optimizer.${names[i] ?? ''}.`))];
  }

  setOptimizerState(state: readonly NamedArray[]): void {
    checkOptimizerState(state, this.#optimizer.kind, this.spec);
    const [count, ...arrays] = state as [NamedArray, ...NamedArray[]];
    this.#updates = decodeStepCount(count);
    const half = arrays.length / 2;
    this.#machinery.slots.forEach((slot, i) => slot.set(arrays.slice(i * half, (i + 1) * half)));
  }

  dispose(): void {
    this.#machinery.session.close();
  }
}
