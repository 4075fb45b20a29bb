import { describe, expect, it } from 'vitest';
import { bootstrapMeanInterval } from '../../../../shared/report/statistics/bootstrap.js';
import { Rng } from '../../../../shared/rng.js';

const normals = (rng: Rng, n: number, mean = 0): number[] => Array.from({ length: n }, () => mean + rng.normal());

describe('bootstrapMeanInterval', () => {
  // Mean of 400 standard normals: 1.96 / sqrt(400) = 0.098 on either side.
  it('has the width the normal theory gives for one group', () => {
    const values = normals(new Rng(1), 400);
    const mean = values.reduce((a, b) => a + b, 0) / 400;
    const [low, high] = bootstrapMeanInterval([values], new Rng(2));
    expect(high - mean).toBeGreaterThan(0.085);
    expect(high - mean).toBeLessThan(0.112);
    expect(mean - low).toBeCloseTo(high - mean, 1);
  });

  it('is the same at one seed and another at another', () => {
    const values = normals(new Rng(1), 30);
    expect(bootstrapMeanInterval([values], new Rng(3))).toEqual(bootstrapMeanInterval([values], new Rng(3)));
    expect(bootstrapMeanInterval([values], new Rng(3))).not.toEqual(bootstrapMeanInterval([values], new Rng(4)));
  });

  // Two values, resampled twice: means 0, 1/2, 1 with probabilities 1/4, 1/2, 1/4; so 50 % of the resamples lie in [1/4 quantile, 3/4 quantile] = [0 or .5, .5 or 1].
  it('draws the exact distribution of a tiny sample', () => {
    const [low, high] = bootstrapMeanInterval([[0, 1]], new Rng(5), { resamples: 4_000, level: 0.9 });
    expect([low, high]).toEqual([0, 1]);
    expect(bootstrapMeanInterval([[0, 1]], new Rng(5), { resamples: 4_000, level: 0.4 })).toEqual([0.5, 0.5]);
  });

  // Ten training seeds 0, 1, ..., 9 with constant searches: only the seeds vary, sd of their mean 2.87 / sqrt(10) = 0.908. Pooled, it would be 0.09.
  it('lets training seeds vary before searches', () => {
    const groups = Array.from({ length: 10 }, (_, g) => new Array<number>(100).fill(g));
    const [low, high] = bootstrapMeanInterval(groups, new Rng(7));
    expect((high - low) / 2).toBeGreaterThan(1.5);
    expect((high - low) / 2).toBeLessThan(2);
    const [lowPooled, highPooled] = bootstrapMeanInterval([groups.flat()], new Rng(7));
    expect((highPooled - lowPooled) / 2).toBeLessThan(0.25);
  });

  it('covers the true mean about 95 times in 100', () => {
    const rng = new Rng(9);
    let covered = 0;
    for (let i = 0; i < 300; i++) {
      const groups = Array.from({ length: 12 }, () => normals(rng, 10, rng.normal()));
      const [low, high] = bootstrapMeanInterval(groups, rng, { resamples: 300, level: 0.95 });
      if (low <= 0 && high >= 0) covered++;
    }
    expect(covered / 300).toBeGreaterThan(0.87);
    expect(covered / 300).toBeLessThanOrEqual(0.99);
  });

  it.each([[[], 'none'], [[[1], []], '1, 0']] as const)('refuses %j', (groups, got) => {
    expect(() => bootstrapMeanInterval(groups, new Rng(1))).toThrow(`a bootstrap needs at least one value in each of at least one group, got groups of ${got}`);
  });
});
