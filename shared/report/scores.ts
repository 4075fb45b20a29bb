/**
 * @file The numbers behind the tables: for each search, the accuracies of its incumbent after each query, as the search saw them and as
 * a judge scores them.
 */
import type { Benchmark } from '../benchmarks/types.js';
import { ofIncumbents } from '../search/runSearches.js';
import type { SearchTrace } from '../search/types.js';
import type { MethodTraces } from './results.js';

/** One search's incumbent after each query, f64 [budget] each. */
export interface SearchScores {
  readonly trace: SearchTrace;
  readonly validation: Float64Array;
  readonly test: Float64Array | null;
}

export interface MethodScores {
  readonly method: MethodTraces['method'];
  readonly groups: readonly (readonly SearchScores[])[];
}

/** The traces' own accuracies, or those of a judge that re-scores each incumbent (it may hold other numbers, never other architectures). */
export function scoreTraces(traces: readonly MethodTraces[], judge: Benchmark | null): MethodScores[] {
  return traces.map(({ method, groups }) => ({ method, groups: groups.map((group) => group.map((trace) => scoreTrace(trace, judge))) }));
}

function scoreTrace(trace: SearchTrace, judge: Benchmark | null): SearchScores {
  if (judge === null) return { trace, validation: trace.best, test: trace.testAccuracies };
  return {
    trace,
    validation: ofIncumbents(trace.codes, trace.incumbents, judge, 'validationAccuracies'),
    test: judge.hasTestAccuracy ? ofIncumbents(trace.codes, trace.incumbents, judge, 'testAccuracies') : null,
  };
}

/** One number a search, in groups. */
export function valuesAt(groups: MethodScores['groups'], of: (scores: SearchScores) => number): number[][] {
  return groups.map((group) => group.map(of));
}
