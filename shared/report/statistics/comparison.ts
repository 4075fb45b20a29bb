/** @file Is one method better than another: probability of improvement, a paired test, and the correction for testing many times. */
import { InvariantError } from '../../errors.js';
import { normalTail } from './normal.js';

/**
 * P(X > Y) + P(X = Y)/2 for one value of each method drawn at random (Agarwal et al. 2021, arXiv:2108.13264; the Mann-Whitney
 * statistic over n m). By counting ranks, O((n + m) log). @throws InvariantError if a sample is empty
 */
export function probabilityOfImprovement(x: readonly number[], y: readonly number[]): number {
  if (x.length === 0 || y.length === 0) throw new InvariantError(`a probability of improvement needs two samples, got ${x.length} and ${y.length} values`);
  const ranks = midranks([...x, ...y]);
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += ranks[i] ?? 0;
  return (sum - (x.length * (x.length + 1)) / 2) / (x.length * y.length);
}

/** Ranks 1..n of the values, ties at their mean rank. */
export function midranks(values: readonly number[]): Float64Array {
  const order = values.map((_, i) => i).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const ranks = new Float64Array(values.length);
  for (let i = 0; i < order.length; ) {
    let end = i;
    while (end < order.length && values[order[end] ?? 0] === values[order[i] ?? 0]) end++;
    for (let k = i; k < end; k++) ranks[order[k] ?? 0] = (i + 1 + end) / 2;
    i = end;
  }
  return ranks;
}

export interface SignedRankTest {
  /** Sum of the ranks of positive differences. */
  readonly statistic: number;
  /** Two-sided; 1 where every difference is zero. */
  readonly pValue: number;
  /** Pairs, and those with a difference. */
  readonly pairs: number;
  readonly nonZero: number;
  readonly exact: boolean;
}

/** Pairs up to which the null distribution is enumerated; the normal approximation, with the ties' variance, beyond. */
const EXACT_PAIRS = 50;

/**
 * Wilcoxon signed-rank test on paired differences, two-sided, zeros by Pratt: all are ranked by |difference|, then the zeros' ranks are dropped.
 * Exact by enumeration of the signs' distribution (ties and zeros included) for few pairs.
 * @throws InvariantError if there is no pair or a difference is not a number
 */
export function wilcoxonSignedRank(differences: readonly number[]): SignedRankTest {
  if (differences.length === 0 || differences.some((d) => Number.isNaN(d))) {
    throw new InvariantError(`a signed-rank test needs at least one pair and numbers only, got ${differences.length} pairs`);
  }
  const all = midranks(differences.map(Math.abs));
  const ranks = Array.from(all).filter((_, i) => differences[i] !== 0);
  const statistic = differences.reduce((sum, d, i) => (d > 0 ? sum + (all[i] ?? 0) : sum), 0);
  const exact = differences.length <= EXACT_PAIRS;
  const pValue = ranks.length === 0 ? 1 : exact ? exactP(ranks, statistic) : normalP(ranks, statistic);
  return { statistic, pValue, pairs: differences.length, nonZero: ranks.length, exact };
}

/** The distribution of the sum of randomly signed ranks, by doubling them to integers and adding one rank at a time. */
function exactP(ranks: readonly number[], statistic: number): number {
  const doubled = ranks.map((rank) => Math.round(2 * rank));
  const total = doubled.reduce((a, b) => a + b, 0);
  const probability = new Float64Array(total + 1);
  probability[0] = 1;
  for (const rank of doubled) {
    for (let s = total; s >= 0; s--) probability[s] = ((probability[s] ?? 0) + (s >= rank ? (probability[s - rank] ?? 0) : 0)) / 2;
  }
  const low = Math.min(Math.round(2 * statistic), total - Math.round(2 * statistic));
  let tail = 0;
  for (let s = 0; s <= low; s++) tail += probability[s] ?? 0;
  return Math.min(1, 2 * tail);
}

/** Mean sum/2, variance sum of squares / 4: exact for any ties, since each rank's sign is a fair coin. */
function normalP(ranks: readonly number[], statistic: number): number {
  const mean = ranks.reduce((a, b) => a + b, 0) / 2;
  const deviation = Math.sqrt(ranks.reduce((a, b) => a + b * b, 0) / 4);
  return Math.min(1, 2 * normalTail(Math.abs(statistic - mean) / deviation));
}

/** Holm's step-down correction (Holm 1979): the adjusted p-values, in the order given. */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((a, b) => (pValues[a] ?? 0) - (pValues[b] ?? 0));
  const adjusted = new Array<number>(pValues.length).fill(0);
  let largest = 0;
  order.forEach((index, k) => {
    largest = Math.max(largest, Math.min(1, (pValues.length - k) * (pValues[index] ?? 0)));
    adjusted[index] = largest;
  });
  return adjusted;
}
