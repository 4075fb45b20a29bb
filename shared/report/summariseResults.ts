/** @file From traces to results.json: what each method reached at each budget. */
import type { Benchmark } from '../benchmarks/types.js';
import { ConfigError } from '../errors.js';
import { Rng } from '../rng.js';
import type { MethodName } from '../search/types.js';
import { compareMethods } from './compareMethods.js';
import { samplerText, type AccuracySummary, type BestCell, type MethodAtBudget, type MethodTraces, type Reference, type Results } from './results.js';
import { scoreTraces, valuesAt, type MethodScores, type SearchScores } from './scores.js';
import { bootstrapMeanInterval } from './statistics/bootstrap.js';
import { summarise } from './statistics/summary.js';
import { thresholds } from './thresholds.js';

export interface SummaryOptions {
  readonly benchmark: Benchmark;
  /** Another benchmark of the same space that re-scores the incumbents; null for the one searched. */
  readonly judge: Benchmark | null;
  /** Names of the agent's runs; empty where no agent was evaluated. */
  readonly runs: readonly string[];
  readonly trainingQueries: number | null;
  readonly budgets: readonly number[];
  readonly traces: readonly MethodTraces[];
  /** Of the bootstrap. */
  readonly seed: number;
}

/** Accuracies this close to the optimum are the optimum. */
const SAME_ACCURACY = 1e-9;

/** @throws ConfigError if there is no search to summarise */
export function summariseResults(options: SummaryOptions): Results {
  const { benchmark, judge, traces, budgets } = options;
  const first = traces[0]?.groups[0]?.[0];
  if (first === undefined) throw new ConfigError('an evaluation needs at least one search of one method, got none');
  const scores = scoreTraces(traces, judge);
  const scorer = judge ?? benchmark;
  const reference = referenceOf(scorer, scores);
  const rng = new Rng(options.seed);
  const methods: Partial<Record<MethodName, Record<string, MethodAtBudget>>> = {};
  for (const { method, groups } of scores) {
    methods[method] = Object.fromEntries(budgets.map((budget) => [
      String(budget), atBudget(groups, budget, benchmark, reference, judge !== null, rng.split(method, budget)),
    ]));
  }
  return {
    benchmark: benchmark.description.name, dataset: benchmark.description.dataset,
    backend: benchmark.description.backend, provenance: benchmark.description.provenance,
    judge: scorer.description.backend, judgeProvenance: scorer.description.provenance,
    run: options.runs.length === 0 ? null : options.runs.join(', '),
    settings: benchmark.description.settings ?? {},
    trainingQueries: options.trainingQueries, trainingSeeds: options.runs.length,
    budgets, seeds: traces[0]?.groups[0]?.length ?? 0, firstSeed: first.seed, sampler: samplerText(benchmark.description.sampler), reference, methods,
    thresholds: thresholds(traces, benchmark),
    comparisons: compareMethods(scores, budgets, rng.split('comparisons')),
    best: scores.map((method) => bestCell(method, benchmark)),
  };
}

function referenceOf(scorer: Benchmark, scores: readonly MethodScores[]): Reference {
  if (scorer.optimum !== null) return { kind: 'optimum of the benchmark', ...scorer.optimum };
  let validationAccuracy = -Infinity;
  let testAccuracy: number | null = null;
  for (const { groups } of scores) {
    for (const search of groups.flat()) {
      validationAccuracy = Math.max(validationAccuracy, search.validation.reduce((a, b) => Math.max(a, b)));
      if (search.test !== null) testAccuracy = Math.max(testAccuracy ?? -Infinity, search.test.reduce((a, b) => Math.max(a, b)));
    }
  }
  return { kind: 'best found by any method here', validationAccuracy, testAccuracy };
}

function atBudget(
  groups: MethodScores['groups'], budget: number, benchmark: Benchmark, reference: Reference, judged: boolean, rng: Rng,
): MethodAtBudget {
  const at = budget - 1;
  const summary = (of: (scores: SearchScores) => number, label: string): AccuracySummary => {
    const values = valuesAt(groups, of);
    return { ...summarise(values.flat()), ci95: bootstrapMeanInterval(values, rng.split(label)) };
  };
  const searches = groups.flat();
  const validationAccuracy = summary((s) => s.validation[at] ?? NaN, 'validation');
  const testAccuracy = searches.every((s) => s.test !== null) ? summary((s) => s.test?.[at] ?? NaN, 'test') : null;
  const found = summarise(searches.map(({ trace }) => (trace.incumbents[at] ?? 0) + 1));
  const optimum = benchmark.optimum?.validationAccuracy;
  return {
    validationAccuracy,
    testAccuracy,
    regret: {
      validation: reference.validationAccuracy - validationAccuracy.mean,
      test: testAccuracy === null || reference.testAccuracy === null ? null : reference.testAccuracy - testAccuracy.mean,
    },
    shareAtOptimum: optimum === undefined ? null
      : searches.filter(({ trace }) => (trace.best[at] ?? 0) >= optimum - SAME_ACCURACY).length / searches.length,
    queriesToBest: { mean: found.mean, median: found.quartiles[1] },
    searchedAccuracy: judged ? summary((s) => s.trace.best[at] ?? NaN, 'searched') : null,
  };
}

/** The method's best incumbent by what its searches saw, with the scorer's numbers. */
function bestCell({ method, groups }: MethodScores, benchmark: Benchmark): BestCell {
  const searches = groups.flat();
  const last = (s: SearchScores): number => s.trace.best.at(-1) ?? -Infinity;
  const best = searches.reduce((a, b) => (last(b) > last(a) ? b : a));
  const offset = (best.trace.incumbents.at(-1) ?? 0) * benchmark.space.codeWords;
  return {
    method, seed: best.trace.seed,
    id: benchmark.space.id(best.trace.codes, offset),
    architecture: benchmark.space.toJson(best.trace.codes, offset),
    validationAccuracy: best.validation.at(-1) ?? NaN,
    testAccuracy: best.test?.at(-1) ?? null,
  };
}
