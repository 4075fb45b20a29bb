/** @file One search for programs: on the benchmark's own accuracies, or on a function of the caller's. */
import type { Benchmark } from '../benchmarks/types.js';
import { ConfigError } from '../errors.js';
import { benchmarkObjective } from '../search/benchmarkObjective.js';
import { type HistoryEntry, MemoryHistory } from '../search/history.js';
import { searchObjective, type Evaluation } from '../search/searchObjective.js';
import type { MethodName } from '../search/types.js';
import type { TrainedAgent } from './agent.js';

export interface SearchRequestOptions {
  readonly benchmark: Benchmark;
  readonly method: MethodName;
  /** Queries, 1..1,000,000. */
  readonly budget: number;
  /** uint32; default 0. Of it follows the start, which is the same for every method. */
  readonly seed?: number;
  /** Needed by the methods `agent` and `agent-frontier`. */
  readonly agent?: TrainedAgent;
  /** Validation accuracy of an architecture, a fraction in 0..1; default: the benchmark's. What it throws ends the search. */
  readonly objective?: (evaluation: Evaluation, signal: AbortSignal) => Promise<number>;
  /** Evaluations at once, where the method allows; default 1. */
  readonly parallel?: number;
  /** Finished evaluations of the same search, not paid for again: the `history` of a result. */
  readonly history?: readonly HistoryEntry[];
  readonly onProgress?: (finished: number, budget: number) => void;
  readonly signal?: AbortSignal;
}

export interface SearchResult {
  /** Queries spent: the budget, or fewer where the method ran out of architectures. */
  readonly queries: number;
  /** The entry with the best validation accuracy, the first on ties. */
  readonly best: HistoryEntry;
  /** Every evaluation in the order of its query. */
  readonly history: readonly HistoryEntry[];
}

/**
 * Runs one search to the end of its budget. What it proposes depends on method, seed and the objective's answers only.
 * @throws ConfigError for a budget, a parallelism or an accuracy out of range, or an agent's method without its agent; CheckpointError if
 * `history` is another search's; what the objective threw
 */
export async function search(options: SearchRequestOptions): Promise<SearchResult> {
  const { benchmark, method, budget, seed = 0, agent, objective, parallel = 1, onProgress, signal = new AbortController().signal } = options;
  if (!Number.isInteger(parallel) || parallel < 1) throw new ConfigError(`parallel must be an integer of at least 1, got ${parallel}`);
  const history = new MemoryHistory();
  for (const entry of options.history ?? []) history.append(entry);
  const { queries } = await searchObjective({
    benchmark, method, budget, seed, parallel, history, signal,
    objective: objective === undefined ? benchmarkObjective(benchmark) : { evaluate: async (evaluation, abort) => fraction(await objective(evaluation, abort)) },
    ...(agent === undefined ? {} : { agent: agent.q }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  const entries = history.entries().filter(({ query }) => query <= queries);
  return { queries, history: entries, best: entries.reduce((a, b) => (b.validationAccuracy > a.validationAccuracy ? b : a)) };
}

function fraction(accuracy: number): number {
  if (typeof accuracy === 'number' && accuracy >= 0 && accuracy <= 1) return accuracy;
  throw new ConfigError(`an objective's accuracy must be a fraction in 0..1, got ${String(accuracy)}`);
}
