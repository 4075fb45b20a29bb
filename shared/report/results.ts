/**
 * @file What an evaluation says: results.json's shape. Accuracies are fractions. Within a method, traces come in groups: one
 * group a training seed (the agent's runs), a single group for the baselines, which are not trained.
 */
import type { ArchitectureJson } from '../benchmarks/types.js';
import type { MethodName, SearchTrace } from '../search/types.js';
import type { Interval } from './statistics/bootstrap.js';

/** All searches of one method. */
export interface MethodTraces {
  readonly method: MethodName;
  /** One array of searches a training seed, the same search seeds in each. */
  readonly groups: readonly (readonly SearchTrace[])[];
}

export interface AccuracySummary {
  readonly mean: number;
  /** Over searches, n - 1. */
  readonly std: number;
  readonly iqm: number;
  /** 95 % bootstrap interval of the mean: training seeds, then searches within. */
  readonly ci95: Interval;
  readonly min: number;
  readonly quartiles: readonly [number, number, number];
  readonly max: number;
}

export interface MethodAtBudget {
  /** Of the incumbent, the best by the validation accuracy that the search saw; by the judge, where one re-scores it. */
  readonly validationAccuracy: AccuracySummary;
  /** Of the same architecture; null where unknown. */
  readonly testAccuracy: AccuracySummary | null;
  /** Reference minus mean; null where there is no reference of that kind. */
  readonly regret: { readonly validation: number; readonly test: number | null };
  /** Share of searches that hold an architecture of the table's best validation accuracy; null where no optimum is known. */
  readonly shareAtOptimum: number | null;
  /** Queries after which the incumbent was found. */
  readonly queriesToBest: { readonly mean: number; readonly median: number };
  /** What the search itself saw, where a judge re-scores. */
  readonly searchedAccuracy: AccuracySummary | null;
}

export interface ThresholdReached {
  /** Share of searches that reached it within the largest budget. */
  readonly share: number;
  /** Median queries to reach it, searches that did not counted as later than all; null where fewer than half did. */
  readonly medianQueries: number | null;
  /** Mean queries, where every search reached it. */
  readonly meanQueries: number | null;
}

export interface Threshold {
  readonly name: string;
  readonly validationAccuracy: number;
  readonly methods: Readonly<Partial<Record<MethodName, ThresholdReached>>>;
}

export interface Comparison {
  readonly budget: number;
  readonly method: MethodName;
  readonly against: MethodName;
  /** Mean of method minus baseline over pairs with one search seed, and its 95 % interval. */
  readonly difference: number;
  readonly ci95: Interval;
  /** P(a search of the method ends above a search of the baseline), ties half. */
  readonly probabilityOfImprovement: number;
  /** What a replication is: a training seed, or, with one training seed, a search (then the test speaks of that agent only). */
  readonly unit: 'training seed' | 'search';
  readonly pairs: number;
  /** Wilcoxon signed-rank, two-sided, Pratt's zeros. */
  readonly pValue: number;
  /** Corrected by Holm over the baselines at this budget. */
  readonly pHolm: number;
}

export interface BestCell {
  readonly method: MethodName;
  readonly seed: number;
  readonly id: string;
  readonly architecture: ArchitectureJson;
  readonly validationAccuracy: number;
  readonly testAccuracy: number | null;
}

export interface Reference {
  readonly kind: 'optimum of the benchmark' | 'best found by any method here';
  readonly validationAccuracy: number;
  readonly testAccuracy: number | null;
}

export interface Results {
  readonly benchmark: string;
  readonly dataset: string;
  /** Which backend the searches asked, and what its numbers are. */
  readonly backend: string;
  readonly provenance: string;
  /** Backend that scored the incumbents, and what its numbers are. */
  readonly judge: string;
  readonly judgeProvenance: string;
  /** Run names, joined by ", "; null where no agent was evaluated. */
  readonly run: string | null;
  /** Evaluations that training one agent spent (the mean over runs); null where unknown or no agent was evaluated. */
  readonly trainingQueries: number | null;
  /** Training seeds, the agent's replications. */
  readonly trainingSeeds: number;
  readonly budgets: readonly number[];
  /** The benchmark's own choices behind its numbers, e.g. {repeats: 'mean', epochs: 108}; empty where it has none. */
  readonly settings: Readonly<Record<string, string | number>>;
  /** Searches a method and training seed. */
  readonly seeds: number;
  readonly firstSeed: number;
  readonly sampler: string;
  readonly reference: Reference;
  readonly methods: Readonly<Partial<Record<MethodName, Readonly<Record<string, MethodAtBudget>>>>>;
  readonly thresholds: readonly Threshold[];
  readonly comparisons: readonly Comparison[];
  readonly best: readonly BestCell[];
}

/** How the random architectures of starts, restarts and random search are drawn, stated in every result. */
export const samplerText = (sampler: string | undefined): string =>
  `starts, restarts and random search draw ${sampler ?? "from the benchmark's own sampler over architectures"}; every method starts at the same architecture for one seed`;
