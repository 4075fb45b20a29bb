import fc from 'fast-check';
import { wilcoxonRankSum } from 'simple-statistics';
import { describe, expect, it } from 'vitest';
import { holm, midranks, probabilityOfImprovement, wilcoxonSignedRank } from '../../../../shared/report/statistics/comparison.js';
import { normalTail } from '../../../../shared/report/statistics/normal.js';
import { Rng } from '../../../../shared/rng.js';

const smallInts = fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 1, maxLength: 12 });

describe('probabilityOfImprovement', () => {
  // Pairs of {3, 1} with {2, 1}: 3>2, 3>1, 1<2, 1=1: (1 + 1 + 0 + 1/2) / 4.
  it('counts wins, and ties by half', () => expect(probabilityOfImprovement([3, 1], [2, 1])).toBe(0.625));

  it('agrees with the double loop and with simple-statistics\' rank sum', () => {
    fc.assert(fc.property(smallInts, smallInts, (x, y) => {
      let wins = 0;
      for (const a of x) for (const b of y) wins += a > b ? 1 : a === b ? 0.5 : 0;
      const p = probabilityOfImprovement(x, y);
      expect(p).toBeCloseTo(wins / (x.length * y.length), 12);
      expect(p + probabilityOfImprovement(y, x)).toBeCloseTo(1, 12);
      expect(p * x.length * y.length + (x.length * (x.length + 1)) / 2).toBeCloseTo(wilcoxonRankSum([...x], [...y]), 9);
    }));
  });

  it('refuses an empty sample', () => expect(() => probabilityOfImprovement([], [1])).toThrow('needs two samples, got 0 and 1 values'));
});

describe('midranks', () => {
  it('gives ties their mean rank', () => expect(Array.from(midranks([10, 5, 10, 7]))).toEqual([3.5, 1, 3.5, 2]));
});

/** All 2^n signs of the non-zero ranks, each equally likely. */
function enumeratedP(differences: readonly number[]): number {
  const ranks = Array.from(midranks(differences.map(Math.abs)));
  const nonZero = ranks.filter((_, i) => differences[i] !== 0);
  const positive = differences.reduce((sum, d, i) => (d > 0 ? sum + (ranks[i] ?? 0) : sum), 0);
  const middle = nonZero.reduce((a, b) => a + b, 0) / 2;
  let extreme = 0;
  for (let signs = 0; signs < 2 ** nonZero.length; signs++) {
    const sum = nonZero.reduce((s, rank, i) => ((signs >> i) & 1 ? s + rank : s), 0);
    if (Math.abs(sum - middle) >= Math.abs(positive - middle) - 1e-9) extreme++;
  }
  return extreme / 2 ** nonZero.length;
}

describe('wilcoxonSignedRank', () => {
  // Ten paired differences without ties or zeros, all but two (ranks 1 and 4) positive: W+ = 55 - 5 = 50. The published two-sided
  // critical value at 5 % for n = 10 is 8 for the smaller sum, 5 at 2 %: P(W <= 5) = 10/1024 by counting partitions, so p = 20/1024.
  it('knows a worked case', () => {
    const test = wilcoxonSignedRank([-1, 2, 3, -4, 5, 6, 7, 8, 9, 10]);
    expect(test.statistic).toBe(50);
    expect(test.pValue).toBeCloseTo(20 / 1024, 12);
    expect(test.exact).toBe(true);
  });

  // All ten positive: 2/1024. With three training seeds nothing can be below 2/8: that is what a table of three seeds can say.
  it.each([[10, 2 / 1024], [3, 0.25], [1, 1]])('cannot say more than %i pairs allow', (pairs, p) => {
    expect(wilcoxonSignedRank(Array.from({ length: pairs }, (_, i) => i + 1)).pValue).toBeCloseTo(p, 12);
  });

  // Pratt: |differences| 0 0 1 2 3 have ranks 1.5 1.5 3 4 5; the zeros' ranks are dropped, so W+ of {1, 2, 3} positive is 12 (6 if zeros had gone first).
  it('ranks zeros and then drops them', () => {
    const test = wilcoxonSignedRank([0, 0, 1, 2, 3]);
    expect(test).toMatchObject({ statistic: 12, nonZero: 3, pairs: 5, pValue: 0.25 });
  });

  it('finds nothing where every difference is zero', () => expect(wilcoxonSignedRank([0, 0, 0])).toMatchObject({ pValue: 1, nonZero: 0 }));

  it('agrees with the enumeration of all signs, ties and zeros included', () => {
    fc.assert(fc.property(smallInts, (differences) => {
      expect(wilcoxonSignedRank(differences).pValue).toBeCloseTo(Math.min(1, enumeratedP(differences)), 10);
    }), { numRuns: 60 });
  });

  it('goes over to the normal approximation smoothly', () => {
    const rng = new Rng(5);
    for (let repeat = 0; repeat < 20; repeat++) {
      const fifty = Array.from({ length: 50 }, () => Math.round(4 * (rng.normal() + 0.25)));
      const exact = wilcoxonSignedRank(fifty);
      const approximate = wilcoxonSignedRank([...fifty, 0]);
      expect(approximate.exact).toBe(false);
      expect(Math.abs(approximate.pValue - exact.pValue)).toBeLessThan(0.02);
    }
  });

  it('is level: under no difference about 5 % of p-values lie below 0.05', () => {
    const rng = new Rng(6);
    let below = 0;
    for (let i = 0; i < 2_000; i++) if (wilcoxonSignedRank(Array.from({ length: 20 }, () => rng.normal())).pValue < 0.05) below++;
    expect(below / 2_000).toBeGreaterThan(0.035);
    expect(below / 2_000).toBeLessThan(0.06);
  });

  it.each([[[] as number[]], [[1, NaN]]])('refuses %j', (differences) => {
    expect(() => wilcoxonSignedRank(differences)).toThrow('needs at least one pair and numbers only');
  });
});

describe('holm', () => {
  // .01 x 4 = .04; .02 x 3 = .06; .03 x 2 = .06; .5 x 1.
  it('steps down and never decreases', () => {
    const adjusted = holm([0.03, 0.01, 0.5, 0.02]);
    [0.06, 0.04, 0.5, 0.06].forEach((p, i) => expect(adjusted[i]).toBeCloseTo(p, 12));
  });
  it('stops at 1', () => expect(holm([0.9, 0.8])).toEqual([1, 1]));

  it('rejects what the step-down procedure rejects', () => {
    fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 }), fc.double({ min: 0.001, max: 0.5, noNaN: true }), (pValues, level) => {
      const rejected = new Set<number>();
      for (const [k, i] of pValues.map((_, i) => i).sort((a, b) => (pValues[a] ?? 0) - (pValues[b] ?? 0)).entries()) {
        if ((pValues.length - k) * (pValues[i] ?? 0) > level) break;
        rejected.add(i);
      }
      holm(pValues).forEach((p, i) => expect(p <= level).toBe(rejected.has(i)));
    }));
  });
});

describe('normalTail', () => {
  // Published: P(Z >= 1.959964) = 0.025, P(Z >= 5) = 2.866515719e-7, P(Z >= 10) = 7.619853024e-24, P(Z >= 3) = 1.349898032e-3.
  it.each([[1.959963984540054, 0.025], [5, 2.866515718791939e-7], [10, 7.619853024160526e-24], [3, 1.349898031630095e-3], [0, 0.5], [2.9999999, 1.349898474e-3]])('P(Z >= %f)', (z, p) => {
    expect(Math.abs(normalTail(z) / p - 1)).toBeLessThan(1e-6);
    if (z !== 2.9999999) expect(Math.abs(normalTail(z) / p - 1)).toBeLessThan(1e-9);
  });

  it('agrees with the integral of the density', () => {
    for (const z of [-2, -0.5, 0.3, 1, 2.5, 3.5]) {
      let integral = 0;
      for (let i = 0; i < 200_000; i++) integral += Math.exp(-((z + (i + 0.5) * 1e-4) ** 2) / 2) * 1e-4;
      expect(normalTail(z)).toBeCloseTo(integral / Math.sqrt(2 * Math.PI), 8);
    }
  });
});
