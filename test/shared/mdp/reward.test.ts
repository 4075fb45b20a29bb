import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../shared/errors.js';
import { QueryCounter } from '../../../shared/mdp/queryCounter.js';
import { logSigmaOf, measureShaping, shapedPotential, shapedReward, type RewardShaping } from '../../../shared/mdp/reward.js';
import { Rng } from '../../../shared/rng.js';
import { completeGraph, graphBenchmark } from './graphBenchmark.js';

const shaping = (alpha: number, logSigma: number): RewardShaping => ({ alpha, logSigma, samples: 2 });

describe('logSigmaOf', () => {
  // e^0 = 1 and e^(ln 3) = 3: mean 2, deviation 1, ln 1 = 0.
  it('is the log of the deviation of e^(alpha R)', () => {
    expect(logSigmaOf(Float64Array.of(0, 1), Math.log(3))).toBeCloseTo(0, 14);
    // e^(6 x 0.5) = 20.0855, e^(6 x 0.6) = 36.5982: half their distance is 8.25635, ln 2.11098.
    expect(logSigmaOf(Float64Array.of(0.5, 0.6), 6)).toBeCloseTo(2.11098, 5);
  });

  it('agrees with the naive formula where that does not overflow', () => {
    fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 50 }), fc.double({ min: 0.5, max: 40, noNaN: true }), (values, alpha) => {
      fc.pre(Math.max(...values) - Math.min(...values) > 1e-3);
      const powers = values.map((value) => Math.exp(alpha * value));
      const mean = powers.reduce((a, b) => a + b) / powers.length;
      const sigma = Math.sqrt(powers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / powers.length);
      expect(logSigmaOf(Float64Array.from(values), alpha)).toBeCloseTo(Math.log(sigma), 8);
    }));
  });

  // alpha + ln of the deviation of (e^(-alpha x 0.5), 1), which is (1 - e^-100) / 2: 200 - ln 2 = 199.306853.
  it('does not overflow at alpha 200, nor lose its digits at a tiny one', () => {
    expect(logSigmaOf(Float64Array.of(0.5, 1), 200)).toBeCloseTo(200 - Math.LN2, 9);
    // alpha -> 0: deviation of 1 + alpha R is alpha x 0.25.
    expect(logSigmaOf(Float64Array.of(0.25, 0.75), 1e-9)).toBeCloseTo(Math.log(0.25e-9), 6);
    expect(logSigmaOf(Float64Array.of(0.25, 0.75), 0)).toBeCloseTo(Math.log(0.25), 12);
  });
});

describe('measureShaping', () => {
  it('is the deviation over its own draws, and counts the distinct ones as queries', () => {
    const benchmark = completeGraph(50);
    const queries = new QueryCounter();
    const measured = measureShaping(benchmark, 6, 3_000, new Rng(3), queries);
    expect(queries.count).toBe(50);
    const rng = new Rng(3);
    const codes = Uint32Array.from({ length: 3_000 }, () => rng.int(50));
    const accuracies = Float64Array.from(codes, (s) => (s + 1) / 51);
    expect(measured).toEqual({ alpha: 6, logSigma: logSigmaOf(accuracies, 6), samples: 3_000 });
    expect(JSON.parse(JSON.stringify(measured))).toEqual(measured);
  });

  it('makes the deviation of the shaped accuracy 1', () => {
    const benchmark = completeGraph(50);
    const measured = measureShaping(benchmark, 32, 20_000, new Rng(4), new QueryCounter());
    const shaped = Array.from({ length: 50 }, (_, s) => shapedReward(measured, 0, (s + 1) / 51));
    const mean = shaped.reduce((a, b) => a + b) / 50;
    const sigma = Math.sqrt(shaped.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 50);
    expect(sigma).toBeCloseTo(1, 1);
  });

  it('refuses a space with one accuracy, an alpha or a count out of range', () => {
    const flat = graphBenchmark({ neighbours: [[1], [0]], accuracies: [0.9, 0.9] });
    expect(() => measureShaping(flat, 6, 100, new Rng(1), new QueryCounter())).toThrow(ConfigError);
    for (const alpha of [-1, 201, NaN]) expect(() => measureShaping(completeGraph(5), alpha, 100, new Rng(1), new QueryCounter())).toThrow(ConfigError);
    for (const samples of [1, 2.5]) expect(() => measureShaping(completeGraph(5), 6, samples, new Rng(1), new QueryCounter())).toThrow(ConfigError);
  });
});

describe('shapedPotential', () => {
  // sigma = e^2, alpha = 4: e^(4 x 0.5 - 2) = 1.
  it('is e^(alpha R) / sigma, and R / sigma at alpha 0', () => {
    expect(shapedPotential({ alpha: 4, logSigma: 2 }, 0.5)).toBe(1);
    expect(shapedPotential({ alpha: 0, logSigma: Math.log(0.25) }, 0.5)).toBeCloseTo(2, 14);
  });

  it.each([0, 6, 32])('makes a step\'s reward the difference of two potentials at alpha %d', (alpha) => {
    const scale = shaping(alpha, 0.9 * alpha);
    expect(shapedReward(scale, 0.6, 0.9)).toBeCloseTo(shapedPotential(scale, 0.9) - shapedPotential(scale, 0.6), 12);
  });
});

describe('shapedReward', () => {
  // alpha = ln 4, sigma = 2: (4^1 - 4^0.5) / 2 = 1, back it is -1.
  it('is the difference of the powers over sigma', () => {
    const four = shaping(Math.log(4), Math.LN2);
    expect(shapedReward(four, 0.5, 1)).toBeCloseTo(1, 14);
    expect(shapedReward(four, 1, 0.5)).toBeCloseTo(-1, 14);
    expect(shapedReward(four, 0.7, 0.7)).toBe(0);
  });

  it('is the plain difference over the deviation at alpha 0', () => {
    expect(shapedReward(shaping(0, Math.log(0.25)), 0.5, 0.75)).toBeCloseTo(1, 14);
  });

  // A loop in the space earns nothing: the potentials cancel.
  it('telescopes', () => {
    const accuracy = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(fc.property(accuracy, accuracy, accuracy, (a, b, c) => {
      const s = shaping(32, 30);
      expect(shapedReward(s, a, b) + shapedReward(s, b, c) + shapedReward(s, c, a)).toBeCloseTo(0, 10);
    }));
  });

  it('keeps its digits for a gain of 1e-12, where the difference of two powers keeps none', () => {
    const reward = shapedReward(shaping(32, 32), 1, 1 + 1e-12);
    expect(reward / (32 * (1 + 1e-12 - 1))).toBeCloseTo(1, 10);
  });

  // e^(200 - 100) = 2.7e43 is over float32's 3.4e38.
  it('refuses a reward that float32 cannot hold', () => {
    expect(() => shapedReward(shaping(200, 100), 0.5, 1)).toThrow(ConfigError);
    expect(shapedReward(shaping(200, 199), 0.5, 1)).toBeCloseTo(Math.E, 9);
  });
});
