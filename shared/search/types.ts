/**
 * @file What a search method is: a generator that asks for evaluations (and, for the agent, for Q-values) and is answered by
 * whoever drives it. So one method serves thousands of searches in lockstep on a table (`runSearches`) and one search on a
 * user's own objective (`searchObjective`), and neither time nor parallelism can change what it proposes.
 *
 * Dimensions: W words a code, n codes asked for at once.
 */
import type { Benchmark } from '../benchmarks/types.js';
import type { RewardScale } from '../mdp/reward.js';
import type { Rng } from '../rng.js';
import type { QueryBudget } from './queryBudget.js';

/** The names of DESIGN.md's results: `local-search` is first improvement, `local-search-best` best improvement. */
export const METHOD_NAMES = ['agent', 'agent-frontier', 'random-search', 'random-walk', 'local-search', 'local-search-best', 'evolution', 'predictor'] as const;
export type MethodName = (typeof METHOD_NAMES)[number];

/** True for the methods that walk with a trained agent, and so need one. */
export function isAgentMethod(method: MethodName): boolean {
  return method === 'agent' || method === 'agent-frontier';
}

/** Asks for the validation accuracies of `count` codes [count, W]. */
export interface EvaluateRequest {
  readonly kind: 'evaluate';
  readonly codes: Uint32Array;
  readonly count: number;
  /** False where the method does not look at the answer: the driver may go on while the evaluations run. */
  readonly wait: boolean;
}

/** Asks for the Q-values of the neighbours presented at one state. */
export interface QRequest {
  readonly kind: 'q';
  /** uint32 [W]. */
  readonly code: Uint32Array;
  /** Neighbour seed: which neighbours are presented, and in what order. */
  readonly seed: number;
}

export type SearchRequest = EvaluateRequest | QRequest;

/** The answer to a request; the parts that were not asked for are empty. The arrays are the method's until its next request. */
export interface SearchReply {
  /** f64 [n]: validation accuracies; NaN past the budget's end, unspecified if `wait` was false. */
  readonly accuracies: Float64Array;
  /** uint32 [count, W]: codes of the presented neighbours. */
  readonly presented: Uint32Array;
  /** f32 [count]: their Q-values. */
  readonly values: Float32Array;
  readonly count: number;
}

/** One search. It never ends by itself: its driver stops it once its budget is spent. */
export type SearchProcess = Generator<SearchRequest, void, SearchReply>;

/** What a method is given. */
export interface SearchContext {
  readonly benchmark: Pick<Benchmark, 'space' | 'holds' | 'randomCode' | 'neighbours' | 'queryKey'>;
  /** Which architectures the search has asked for. */
  readonly budget: QueryBudget;
  /** uint32 [W]: where it starts, the same for every method at one seed. */
  readonly start: Uint32Array;
  /** A stream of this search's own. */
  readonly rng: Rng;
  /** N: neighbours presented at most (the agent's only). */
  readonly presentedNeighbours: number;
  /** Scale of the agent's rewards; null without an agent, or where its weights do not say. */
  readonly rewardScale: RewardScale | null;
}

export type SearchMethod = (context: SearchContext) => SearchProcess;

/** Where Q-values come from: the searches' view of a trained agent. */
export interface QSource {
  /** N: neighbours presented at most, as in training. */
  readonly neighbours: number;
  /** Scale of the rewards its Q-values are sums of; null where it is not known (method `agent` does not need it). */
  readonly rewardScale: RewardScale | null;
  /** One reply a request, in order. */
  answer(requests: readonly QRequest[]): Promise<SearchReply[]>;
}

/** What one search did. */
export interface SearchTrace {
  readonly method: MethodName;
  readonly seed: number;
  /** Queries spent: the budget, or fewer where the method ran out of architectures. */
  readonly queries: number;
  /** uint32 [queries, W]: the architectures in the order of their queries. */
  readonly codes: Uint32Array;
  /** f64 [queries]: their validation accuracies. */
  readonly accuracies: Float64Array;
  /** f64 [budget]: best validation accuracy after each query (held after the last one). */
  readonly best: Float64Array;
  /** int32 [budget]: row of `codes` that holds it, the incumbent; the first on ties. */
  readonly incumbents: Int32Array;
  /** f64 [budget]: test accuracy of the incumbent, or null where the benchmark knows none. */
  readonly testAccuracies: Float64Array | null;
}

const NO_CODES = new Uint32Array(0);
const NO_VALUES = new Float32Array(0);

/** A reply to an EvaluateRequest. */
export function accuracyReply(accuracies: Float64Array): SearchReply {
  return { accuracies, presented: NO_CODES, values: NO_VALUES, count: 0 };
}

/** Asks for the accuracies of `codes` [count, W] and waits: f64 [count]. */
export function* evaluate(codes: Uint32Array, count: number): Generator<SearchRequest, Float64Array, SearchReply> {
  const reply = yield { kind: 'evaluate', codes, count, wait: true };
  return reply.accuracies;
}

/** Asks for the accuracy of one code and waits. */
export function* evaluateOne(code: Uint32Array): Generator<SearchRequest, number, SearchReply> {
  const accuracies = yield* evaluate(code, 1);
  return accuracies[0] ?? NaN;
}

/** Spends a query on one code without looking at the answer. */
export function* visit(code: Uint32Array): Generator<SearchRequest, void, SearchReply> {
  yield { kind: 'evaluate', codes: code, count: 1, wait: false };
}
