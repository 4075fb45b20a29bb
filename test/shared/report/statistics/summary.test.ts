import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interquartileMean, summarise } from '../../../../shared/report/statistics/summary.js';

describe('interquartileMean', () => {
  // n = 8: the middle four. n = 6: a quarter is 1.5 values, weights 0 .5 1 1 .5 0 over 3. n = 1, 2: all, and half of each.
  it.each([
    [[1, 2, 3, 4, 5, 6, 7, 100], (3 + 4 + 5 + 6) / 4],
    [[1, 2, 3, 4, 50, 600], (0.5 * 2 + 3 + 4 + 0.5 * 50) / 3],
    [[7], 7],
    [[1, 3], 2],
  ])('of %j', (values, expected) => expect(interquartileMean(values)).toBeCloseTo(expected, 12));

  it('agrees with trimming a sample in which each value stands four times', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 20 }), (values) => {
      const four = values.flatMap((v) => [v, v, v, v]).sort((a, b) => a - b);
      const middle = four.slice(values.length, 3 * values.length);
      expect(interquartileMean(values)).toBeCloseTo(middle.reduce((a, b) => a + b, 0) / middle.length, 9);
    }));
  });

  it('refuses an empty sample', () => expect(() => interquartileMean([])).toThrow('at least one value'));
});

describe('summarise', () => {
  // 2 4 4 4 5 5 7 9: mean 5, squares about it 32, over 7. Upper quartile at (n - 1) 3/4 = 5.25: 5 + (7 - 5)/4.
  it('gives mean, sample deviation, quartiles and extremes', () => {
    const summary = summarise([9, 2, 4, 5, 4, 7, 4, 5]);
    expect(summary).toMatchObject({ mean: 5, min: 2, max: 9 });
    expect(summary.std).toBeCloseTo(Math.sqrt(32 / 7), 12);
    expect(summary.quartiles).toEqual([4, 4.5, 5.5]);
  });
  it('has no deviation for one value', () => expect(summarise([3]).std).toBe(0));
  it('refuses an empty sample', () => expect(() => summarise([])).toThrow('at least one value'));
});
