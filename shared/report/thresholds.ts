/** @file How many queries each method needs to reach given validation accuracies, as the searches saw them. */
import type { Benchmark } from '../benchmarks/types.js';
import type { MethodName, SearchTrace } from '../search/types.js';
import type { MethodTraces, Threshold, ThresholdReached } from './results.js';
import { summarise } from './statistics/summary.js';

/** Thresholds: the mean that first-improvement local search (else random search) holds after the largest budget, and the optimum where it is known. */
export function thresholds(traces: readonly MethodTraces[], benchmark: Benchmark): Threshold[] {
  const wanted: { name: string; validationAccuracy: number }[] = [];
  const baseline = traces.find((t) => t.method === 'local-search') ?? traces.find((t) => t.method === 'random-search');
  if (baseline !== undefined) {
    const searches = baseline.groups.flat();
    const ends = searches.map((trace) => trace.best.at(-1) ?? NaN);
    wanted.push({ name: `mean of ${baseline.method} after ${searches[0]?.best.length ?? 0} queries`, validationAccuracy: summarise(ends).mean });
  }
  if (benchmark.optimum !== null) wanted.push({ name: 'optimum', validationAccuracy: benchmark.optimum.validationAccuracy });
  return wanted.map(({ name, validationAccuracy }) => {
    const methods: Partial<Record<MethodName, ThresholdReached>> = {};
    for (const { method, groups } of traces) methods[method] = reached(groups.flat(), validationAccuracy);
    return { name, validationAccuracy, methods };
  });
}

/** Accuracies this close below a threshold reach it. */
const SLACK = 1e-9;

function reached(searches: readonly SearchTrace[], accuracy: number): ThresholdReached {
  const queries = searches.map((trace) => {
    const at = trace.best.findIndex((best) => best >= accuracy - SLACK);
    return at < 0 ? Infinity : at + 1;
  });
  const sorted = queries.sort((a, b) => (a < b ? -1 : Number(a > b)));
  const share = sorted.filter(Number.isFinite).length / sorted.length;
  const middle = sorted[Math.ceil(sorted.length / 2) - 1] ?? Infinity;
  return {
    share,
    medianQueries: Number.isFinite(middle) ? middle : null,
    meanQueries: share === 1 ? sorted.reduce((a, b) => a + b, 0) / sorted.length : null,
  };
}
