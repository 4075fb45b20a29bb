/**
 * @file Bootstrap intervals that respect how the numbers came about: groups are training seeds, values their searches. Training seeds are
 * drawn with replacement, then searches within each drawn one (Davison and Hinkley 1997, section 3.8); with one group only the searches vary, and
 * the interval speaks of that one agent, never of the method's training.
 */
import { quantileSorted } from 'simple-statistics';
import { InvariantError } from '../../errors.js';
import type { Rng } from '../../rng.js';

export type Interval = readonly [low: number, high: number];

export interface BootstrapOptions {
  /** Resamples drawn. */
  readonly resamples: number;
  /** Coverage, e.g. 0.95. */
  readonly level: number;
}

export const DEFAULT_BOOTSTRAP: BootstrapOptions = { resamples: 2_000, level: 0.95 };

/**
 * Percentile interval of the mean over all values.
 * @param groups one array of values a training seed, none empty
 * @throws InvariantError if there is no group or one is empty
 */
export function bootstrapMeanInterval(groups: readonly (readonly number[])[], rng: Rng, options: BootstrapOptions = DEFAULT_BOOTSTRAP): Interval {
  if (groups.length === 0 || groups.some((group) => group.length === 0)) {
    throw new InvariantError(`a bootstrap needs at least one value in each of at least one group, got groups of ${groups.map((g) => g.length).join(', ') || 'none'}`);
  }
  const means = Array.from(Float64Array.from({ length: options.resamples }, () => resampledMean(groups, rng)).sort());
  const tail = (1 - options.level) / 2;
  return [quantileSorted(means, tail), quantileSorted(means, 1 - tail)];
}

function resampledMean(groups: readonly (readonly number[])[], rng: Rng): number {
  let sum = 0;
  let count = 0;
  for (let g = 0; g < groups.length; g++) {
    const group = groups[groups.length === 1 ? 0 : rng.int(groups.length)] as readonly number[];
    for (let i = 0; i < group.length; i++) sum += group[rng.int(group.length)] ?? 0;
    count += group.length;
  }
  return sum / count;
}
