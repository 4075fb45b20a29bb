/**
 * @file Many searches of one method on a benchmark, in lockstep: each round answers one request of every search, all
 * accuracies by one call of the benchmark and all Q-values by batched calls of the network. A search's course depends on
 * its seed alone, not on which others run beside it.
 */
import type { Benchmark } from '../benchmarks/types.js';
import { checkAgent, METHODS, MOST_REPEATS, searchContext } from './methods.js';
import { REFUSED, type QueryBudget } from './queryBudget.js';
import { accuracyReply, type EvaluateRequest, type MethodName, type QRequest, type QSource, type SearchProcess, type SearchReply, type SearchRequest, type SearchTrace } from './types.js';

export interface SearchesOptions {
  readonly method: MethodName;
  readonly benchmark: Benchmark;
  /** One search each; uint32. */
  readonly seeds: readonly number[];
  /** Queries a search. */
  readonly budget: number;
  /** The agent's network; required by the methods that walk with an agent, unused by the others. */
  readonly agent?: QSource;
  /** Called now and then with the queries spent by all searches together and the queries there are to spend. */
  readonly onProgress?: (queries: number, total: number) => void;
  /** Stops between rounds. */
  readonly signal?: AbortSignal;
}

/** A search on its way. */
interface Running {
  readonly process: SearchProcess;
  readonly budget: QueryBudget;
  request: SearchRequest;
}

/** Searches resumed between two returns to the event loop. */
const RESUMED_AT_ONCE = 16;

/**
 * @returns one trace a seed, in order
 * @throws ConfigError if the method walks with an agent and none (that fits) is given
 */
export async function runSearches(options: SearchesOptions): Promise<SearchTrace[]> {
  const { method, benchmark, seeds, budget, agent } = options;
  checkAgent(method, agent);
  const all = seeds.map((seed) => {
    const context = searchContext(method, benchmark, seed, budget, agent);
    const process = METHODS[method](context);
    return { process, budget: context.budget, request: firstRequest(process) };
  });
  let active: Running[] = all;
  for (let resumed = 0; active.length > 0; ) {
    options.signal?.throwIfAborted();
    const replies = await answer(active, benchmark, agent);
    active = active.filter((search) => !isOver(search.budget));
    for (const search of active) {
      const step = search.process.next(replies.get(search) as SearchReply);
      search.request = step.value as SearchRequest;
      if (++resumed % RESUMED_AT_ONCE === 0) await new Promise(setImmediate);
    }
    options.onProgress?.(all.reduce((sum, search) => sum + search.budget.queries, 0), seeds.length * budget);
  }
  return all.map((search, i) => traceOf(method, seeds[i] ?? 0, search.budget, benchmark));
}

function firstRequest(process: SearchProcess): SearchRequest {
  return process.next().value as SearchRequest;
}

/** True once the budget is spent, or so many repeats came in a row that no new architecture is to be expected. */
export function isOver(budget: QueryBudget): boolean {
  return budget.spent || budget.repeatsInARow >= MOST_REPEATS;
}

async function answer(active: readonly Running[], benchmark: Benchmark, agent: QSource | undefined): Promise<Map<Running, SearchReply>> {
  const replies = new Map<Running, SearchReply>();
  const asking = active.filter((search) => search.request.kind === 'q');
  const evaluating = active.filter((search) => search.request.kind === 'evaluate');
  answerEvaluations(evaluating, benchmark).forEach((reply, i) => replies.set(evaluating[i] as Running, reply));
  if (agent !== undefined && asking.length > 0) {
    const answers = await agent.answer(asking.map((search) => search.request as QRequest));
    answers.forEach((reply, i) => replies.set(asking[i] as Running, reply));
  }
  return replies;
}

/** Admits what every search asks for, evaluates all that is new in one call, and settles it. */
function answerEvaluations(searches: readonly Running[], benchmark: Benchmark): SearchReply[] {
  const words = benchmark.space.codeWords;
  const fresh: { budget: QueryBudget; query: number }[] = [];
  const parts: Uint32Array[] = [];
  const queries = searches.map(({ budget, request }) => {
    const { codes, count } = request as EvaluateRequest;
    return Int32Array.from({ length: count }, (_, i) => {
      const before = budget.queries;
      const query = budget.admit(codes, i * words);
      if (budget.queries > before) {
        fresh.push({ budget, query });
        parts.push(codes.subarray(i * words, (i + 1) * words));
      }
      return query;
    });
  });
  const codes = new Uint32Array(fresh.length * words);
  parts.forEach((part, i) => { codes.set(part, i * words); });
  const accuracies = new Float64Array(fresh.length);
  if (fresh.length > 0) benchmark.validationAccuracies(codes, fresh.length, accuracies);
  fresh.forEach(({ budget, query }, i) => { budget.settle(query, accuracies[i] ?? NaN); });
  return searches.map(({ budget }, s) =>
    accuracyReply(Float64Array.from(queries[s] ?? [], (query) => (query === REFUSED ? NaN : budget.accuracy(query)))));
}

/** The trace of a search whose queries are all settled, with the test accuracy of each incumbent. */
export function traceOf(method: MethodName, seed: number, budget: QueryBudget, benchmark: Benchmark): SearchTrace {
  const { best, incumbents } = budget.bestSoFar();
  const codes = budget.codes();
  return {
    method, seed, queries: budget.queries, codes, accuracies: budget.accuracies(), best, incumbents,
    testAccuracies: benchmark.hasTestAccuracy ? ofIncumbents(codes, incumbents, benchmark, 'testAccuracies') : null,
  };
}

/** f64 [budget]: an accuracy of the incumbent after each query; each distinct incumbent is asked for once. */
export function ofIncumbents(
  codes: Uint32Array, incumbents: Int32Array, benchmark: Benchmark, which: 'validationAccuracies' | 'testAccuracies',
): Float64Array {
  const words = benchmark.space.codeWords;
  const distinct = [...new Set(incumbents)];
  const asked = new Uint32Array(distinct.length * words);
  distinct.forEach((query, i) => { asked.set(codes.subarray(query * words, (query + 1) * words), i * words); });
  const values = new Float64Array(distinct.length);
  benchmark[which](asked, distinct.length, values);
  const of = new Map(distinct.map((query, i) => [query, values[i] ?? NaN]));
  return Float64Array.from(incumbents, (query) => of.get(query) ?? NaN);
}
