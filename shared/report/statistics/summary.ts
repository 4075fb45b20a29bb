/** @file Summaries of a sample of search results. */
import { mean, quantileSorted, sampleStandardDeviation } from 'simple-statistics';
import { InvariantError } from '../../errors.js';

export interface Summary {
  readonly mean: number;
  /** Sample standard deviation (n - 1); 0 for one value. */
  readonly std: number;
  /** Interquartile mean. */
  readonly iqm: number;
  readonly min: number;
  readonly quartiles: readonly [number, number, number];
  readonly max: number;
}

/**
 * Interquartile mean: the mean of the middle half, the observations on its edges counted by their fraction inside
 * (n = 6: a quarter is 1.5 values, so weights 0 1/2 1 1 1/2 0). @throws InvariantError on an empty sample
 */
export function interquartileMean(values: readonly number[]): number {
  if (values.length === 0) throw new InvariantError('an interquartile mean needs at least one value, got none');
  const sorted = [...values].sort((a, b) => a - b);
  const quarter = sorted.length / 4;
  let sum = 0;
  for (let i = 0; i < sorted.length; i++) {
    const inside = Math.min(i + 1, sorted.length - quarter) - Math.max(i, quarter);
    if (inside > 0) sum += (sorted[i] ?? 0) * inside;
  }
  return sum / (sorted.length / 2);
}

/** @throws InvariantError on an empty sample */
export function summarise(values: readonly number[]): Summary {
  if (values.length === 0) throw new InvariantError('a summary needs at least one value, got none');
  const sorted = [...values].sort((a, b) => a - b);
  return {
    mean: mean(sorted),
    std: sorted.length > 1 ? sampleStandardDeviation(sorted) : 0,
    iqm: interquartileMean(sorted),
    min: sorted[0] ?? NaN,
    quartiles: [quantileSorted(sorted, 0.25), quantileSorted(sorted, 0.5), quantileSorted(sorted, 0.75)],
    max: sorted.at(-1) ?? NaN,
  };
}
