import { describe, expect, it } from 'vitest';
import { fromHalf, toHalf } from '../../../../shared/benchmarks/nasbench301/halfFloat.js';

describe('half precision', () => {
  // Sign 1 bit, exponent 5 (bias 15), fraction 10: 1 = 0x3c00, 1 + 2^-10 = 0x3c01, largest 65,504 = 0x7bff, smallest 2^-24 = 0x0001.
  it.each([
    [0, 0x0000], [-0, 0x8000], [1, 0x3c00], [1 + 2 ** -10, 0x3c01], [-2, 0xc000], [65_504, 0x7bff], [2 ** -14, 0x0400], [2 ** -24, 0x0001],
    [Infinity, 0x7c00], [-Infinity, 0xfc00], [NaN, 0x7e00],
  ])('writes and reads %d', (value, half) => {
    expect(toHalf(value)).toBe(half);
    expect(fromHalf(half)).toBe(value);
  });

  it.each([
    ['ties to the even one', 1 + 2 ** -11, 0x3c00],
    ['ties to the even one above', 1 + 3 * 2 ** -11, 0x3c02],
    ['up into the next exponent', 2 - 2 ** -12, 0x4000],
    ['below the smallest to zero', 2 ** -26, 0],
    ['up from the subnormals', 2 ** -14 - 2 ** -26, 0x0400],
    ['past the largest to infinity', 65_520, 0x7c00],
    ['short of that to the largest', 65_519, 0x7bff],
  ])('rounds %s', (_, value, half) => expect(toHalf(value)).toBe(half));

  it('puts every half there is back to itself', () => {
    for (let half = 0; half < 65_536; half++) {
      const value = fromHalf(half);
      if (!Number.isNaN(value) && toHalf(value) !== half) expect([half, toHalf(value)]).toEqual([half, half]);
      if (Number.isNaN(value)) expect(toHalf(value)).toBe(0x7e00);
    }
  });
});
