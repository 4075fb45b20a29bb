/**
 * @file The evaluator's look at one weight version: some greedy searches to a small budget, and, once, the two baselines that
 * stand beside them. Cheap on purpose; the figures to publish come from `archwalk evaluate`.
 */
import type { Benchmark } from '../../shared/benchmarks/types.js';
import { runSearches } from '../../shared/search/runSearches.js';
import type { MethodName, QSource, SearchTrace } from '../../shared/search/types.js';

/** Mean best validation accuracy (fraction) by query budget. */
export type MeansByBudget = Readonly<Record<string, number>>;

export interface QuickEvaluationOptions {
  readonly benchmark: Benchmark;
  /** Searches per method. */
  readonly searches: number;
  /** Query budgets, ascending. */
  readonly budgets: readonly number[];
  readonly signal: AbortSignal;
}

export async function evaluateMethod(method: MethodName, agent: QSource | null, options: QuickEvaluationOptions): Promise<MeansByBudget> {
  const { benchmark, searches, budgets, signal } = options;
  const seeds = Array.from({ length: searches }, (_, seed) => seed);
  const traces = await runSearches({ method, benchmark, seeds, budget: Math.max(...budgets), signal, ...(agent === null ? {} : { agent }) });
  return Object.fromEntries(budgets.map((budget) => [String(budget), meanBest(traces, budget)]));
}

function meanBest(traces: readonly SearchTrace[], budget: number): number {
  return traces.reduce((sum, trace) => sum + (trace.best[budget - 1] ?? NaN), 0) / traces.length;
}
