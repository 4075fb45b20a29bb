/** @file Q-values by the compiled graph: what actors and searchers run. The weights are one variable, swapped whole between runs. */
import { Graph } from '../engine/graph.js';
import type { Call, Session } from '../engine/graphSession.js';
import type { TokenBatch } from '../mdp/types.js';
import { checkTokenBatch } from './batchChecks.js';
import { tokenFeeds } from './graphFeeds.js';
import { networkForm, openSession, type GraphOptions } from './graphForm.js';
import { flatLayout, networkValue, Parameters, tokenInput, type NetworkForm } from './graphNetwork.js';
import { flatVariable, type BoundVariable } from './graphWeights.js';
import { checkNamedArrays, initialWeights, parameterShapes } from './parameters.js';
import type { InferenceEngine, NetworkSpec, WeightSnapshot } from './types.js';

/** Adds a network that reads `online` to the graph; `bind` prepares its run. */
export function inferenceGraph(graph: Graph, form: NetworkForm, parameters: Parameters): (session: Session) => Call {
  const input = tokenInput(graph, form.spec);
  const { q } = networkValue(form, parameters, input);
  return (session) => session.prepare({ feeds: [input.ids, input.counts], fetches: [q], inline: true });
}

/** Runs `call` on a batch. @throws ShapeError or InvariantError on tokens that do not fit the network */
export async function inferQ(call: Call, tokens: TokenBatch, spec: NetworkSpec): Promise<Float32Array> {
  checkTokenBatch(tokens, spec);
  const q = new Float32Array(tokens.batch * spec.neighbours);
  await call.start(tokenFeeds(tokens, spec), [q]);
  return q;
}

export class GraphInference implements InferenceEngine {
  readonly spec: NetworkSpec;
  readonly #session: Session;
  readonly #weights: BoundVariable;
  readonly #call: Call;

  constructor(options: GraphOptions) {
    this.spec = options.spec;
    const graph = new Graph();
    const layout = flatLayout(options.spec);
    const online = flatVariable(graph, 'online', layout);
    const bind = inferenceGraph(graph, networkForm(options), new Parameters(layout, graph.read(online.variable)));
    this.#session = openSession(graph, options);
    this.#weights = online.bind(this.#session);
    this.#call = bind(this.#session);
    this.#weights.set(initialWeights(options.spec, options.seed));
  }

  /** The array is the caller's. @throws ShapeError or InvariantError on tokens that do not fit the network */
  q(tokens: TokenBatch): Promise<Float32Array> {
    return inferQ(this.#call, tokens, this.spec);
  }

  setWeights(weights: WeightSnapshot): void {
    checkNamedArrays(weights, parameterShapes(this.spec), 'weights');
    this.#weights.set(weights);
  }

  dispose(): void {
    this.#session.close();
  }
}
