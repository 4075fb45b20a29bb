/**
 * @file Every method that walks with the agent (without one, the first method) against every other method, pairwise by search seed. With several training
 * seeds the replication is the training seed: one mean difference each. With one, it is the search, and the test speaks of that agent.
 */
import type { Rng } from '../rng.js';
import { isAgentMethod } from '../search/types.js';
import type { Comparison } from './results.js';
import type { MethodScores } from './scores.js';
import { bootstrapMeanInterval } from './statistics/bootstrap.js';
import { holm, probabilityOfImprovement, wilcoxonSignedRank } from './statistics/comparison.js';
import { summarise } from './statistics/summary.js';

/** Differences are rounded to this many decimals before they are ranked, so that equal ones tie whatever their last bits. */
const DECIMALS = 12;

export function compareMethods(scores: readonly MethodScores[], budgets: readonly number[], rng: Rng): Comparison[] {
  const agents = scores.filter(({ method }) => isAgentMethod(method));
  const compared = agents.length > 0 ? agents : scores.slice(0, 1);
  return compared.flatMap((ours) => {
    const baselines = scores.filter((theirs) => !compared.includes(theirs));
    const plain = baselines.flatMap((theirs) => budgets.map((budget) => compare(ours, theirs, budget, rng.split(ours.method, theirs.method, budget))));
    return corrected(plain, budgets);
  });
}

/** Holm's correction over the baselines at each budget. */
function corrected(plain: readonly Omit<Comparison, 'pHolm'>[], budgets: readonly number[]): Comparison[] {
  const adjusted = new Map(budgets.flatMap((budget) => {
    const family = plain.filter((c) => c.budget === budget);
    return holm(family.map((c) => c.pValue)).map((p, i) => [family[i], p] as const);
  }));
  return plain.map((comparison) => ({ ...comparison, pHolm: adjusted.get(comparison) ?? 1 }));
}

function compare(ours: MethodScores, theirs: MethodScores, budget: number, rng: Rng): Omit<Comparison, 'pHolm'> {
  const value = (s: { validation: Float64Array }): number => s.validation[budget - 1] ?? NaN;
  const baseline = theirs.groups[0] ?? [];
  const differences = ours.groups.map((group) => group.map((search, i) => {
    const other = baseline[i];
    return Number((value(search) - (other === undefined ? NaN : value(other))).toFixed(DECIMALS));
  }));
  const replicated = differences.length > 1;
  const units = replicated ? differences.map((group) => summarise(group).mean) : differences.flat();
  const test = wilcoxonSignedRank(units);
  return {
    budget, method: ours.method, against: theirs.method,
    difference: summarise(differences.flat()).mean,
    ci95: bootstrapMeanInterval(differences, rng),
    probabilityOfImprovement: probabilityOfImprovement(ours.groups.flat().map(value), baseline.map(value)),
    unit: replicated ? 'training seed' : 'search', pairs: test.pairs, pValue: test.pValue,
  };
}
