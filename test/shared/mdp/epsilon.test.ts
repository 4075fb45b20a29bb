import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../shared/errors.js';
import { epsilonOf, vanDerCorput } from '../../../shared/mdp/epsilon.js';

describe('vanDerCorput', () => {
  // Bits mirrored at the point: 1 = 0.1b, 2 = 10b -> 0.01b, 3 = 11b -> 0.11b, 6 = 110b -> 0.011b.
  it('mirrors the bits of its argument', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7].map(vanDerCorput)).toEqual([0, 1 / 2, 1 / 4, 3 / 4, 1 / 8, 5 / 8, 3 / 8, 7 / 8]);
    expect(vanDerCorput(0xffffffff)).toBe(1 - 2 ** -32);
  });

  it('agrees with the slow sum of digits', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 0xffffffff }), (g) => {
      let sum = 0;
      for (let bit = 0; bit < 32; bit++) sum += (Math.floor(g / 2 ** bit) % 2) * 2 ** -(bit + 1);
      return sum === vanDerCorput(g);
    }));
  });

  // Any 2^k slots in a row starting at 0 fall one into each of 2^k equal parts: the ladder is covered at every scale.
  it.each([8, 64, 1024])('puts one of the first %i slots into each part', (slots) => {
    const parts = new Set(Array.from({ length: slots }, (_, g) => Math.floor(vanDerCorput(g) * slots)));
    expect(parts.size).toBe(slots);
  });

  it.each([-1, 0.5, 2 ** 32, NaN])('refuses slot %d', (g) => {
    expect(() => vanDerCorput(g)).toThrow(ConfigError);
  });
});

describe('epsilonOf', () => {
  // Ape-X: 0.4^(1 + 7 x 0) = 0.4, 0.4^(1 + 7/2) = 0.4^4.5 = 0.016191, towards 0.4^8 = 0.00065536.
  it('runs from the base down to its power', () => {
    expect(epsilonOf(0, 0.4, 7)).toBe(0.4);
    expect(epsilonOf(1, 0.4, 7)).toBeCloseTo(0.016191, 6);
    expect(epsilonOf(0xffffffff, 0.4, 7)).toBeCloseTo(0.00065536, 8);
    expect(epsilonOf(5, 0, 7)).toBe(0);
  });

  it.each([[1.5, 7], [-0.1, 7], [NaN, 7], [0.4, -1], [0.4, Infinity]])('refuses base %d with exponent %d', (base, exponent) => {
    expect(() => epsilonOf(0, base, exponent)).toThrow(ConfigError);
  });
});
