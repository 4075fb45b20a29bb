import { describe, expect, it } from 'vitest';
import { ConfigError, InvariantError, ShapeError } from '../../../shared/errors.js';
import type { TransitionColumns } from '../../../shared/mdp/types.js';
import { PrioritizedReplay, type ReplayOptions } from '../../../shared/replay/prioritizedReplay.js';
import { Rng } from '../../../shared/rng.js';
import { randomTransitions } from '../wire/batches.js';

const base: ReplayOptions = { capacity: 8, codeWords: 1, priorityExponent: 0.5, importanceExponent: 0.5, priorityEpsilon: 1e-6 };

/** Transitions whose every column tells their number `first + i`; priorities are given. */
function numbered(first: number, priorities: readonly number[], codeWords: 1 | 2 = 1): TransitionColumns {
  const size = priorities.length;
  const numbers = Array.from({ length: size }, (_, i) => first + i);
  const codes = (offset: number): Uint32Array => Uint32Array.from(numbers.flatMap((k) => (codeWords === 1 ? [k + offset] : [k + offset, k + offset + 500])));
  return {
    size, codeWords, stateCodes: codes(0), nextCodes: codes(1000),
    stateSeeds: Uint32Array.from(numbers, (k) => k + 2000), nextSeeds: Uint32Array.from(numbers, (k) => k + 3000),
    nStepReturns: Float32Array.from(numbers, (k) => k + 0.5), discounts: Float32Array.from(numbers, (k) => 1 / (k + 1)),
    priorities: Float32Array.from(priorities), actions: Uint8Array.from(numbers, (k) => k % 256),
  };
}

function drawn(replay: PrioritizedReplay, size: number, seed = 1) {
  const sample = replay.newSample(size);
  replay.sample(new Rng(seed), sample);
  return sample;
}

describe.each([1, 2] as const)('PrioritizedReplay, %i words a code', (codeWords) => {
  it('gives back whole rows, whichever slot they are in', () => {
    const replay = new PrioritizedReplay({ ...base, codeWords, capacity: 50 });
    replay.add(numbered(0, new Array<number>(30).fill(1), codeWords));
    replay.add(numbered(30, new Array<number>(45).fill(1), codeWords)); // 25 of them go over the first 25
    const { columns } = drawn(replay, 50);
    const expected = numbered(0, new Array<number>(75).fill(1), codeWords);
    const firsts: number[] = [];
    for (let row = 0; row < 50; row++) {
      const k = columns.stateCodes[row * codeWords] as number;
      firsts.push(k);
      for (const name of ['stateSeeds', 'nextSeeds', 'nStepReturns', 'discounts', 'actions'] as const) expect(columns[name][row]).toBe(expected[name][k]);
      for (const name of ['stateCodes', 'nextCodes'] as const) {
        expect(columns[name].slice(row * codeWords, (row + 1) * codeWords)).toEqual(expected[name].slice(k * codeWords, (k + 1) * codeWords));
      }
    }
    // Equal masses in 50 strata: every slot once, and what is held is 25..74.
    expect(firsts.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i + 25));
    expect([replay.size, replay.inserted]).toEqual([50, 75]);
  });
});

describe('PrioritizedReplay', () => {
  it('takes a batch larger than itself: the newest stay', () => {
    const replay = new PrioritizedReplay(base);
    replay.add(numbered(0, new Array<number>(19).fill(1)));
    expect(Array.from(drawn(replay, 8).columns.stateCodes).sort((a, b) => a - b)).toEqual([11, 12, 13, 14, 15, 16, 17, 18]);
    expect(drawn(replay, 8).generations.every((g) => g === 2 || g === 3)).toBe(true);
  });

  // Priorities 1, 4, 9, 16 with exponent 1/2: masses 1 2 3 4 (and epsilon), so probabilities 0.1 0.2 0.3 0.4. Weights with
  // exponent 1/2: (4 x P)^-1/2 over the largest, that of P = 0.1: sqrt(0.1 / P) = 1, 0.7071, 0.5774, 0.5.
  it('draws by priority and weighs by its inverse, worked', () => {
    const replay = new PrioritizedReplay(base);
    replay.add(numbered(0, [1, 4, 9, 16]));
    expect(replay.totalMass).toBeCloseTo(10, 5);
    const sample = drawn(replay, 10);
    expect(Array.from(sample.indices)).toEqual([0, 1, 1, 2, 2, 2, 3, 3, 3, 3]);
    const weights = [1, 0.7071, 0.5774, 0.5];
    sample.importanceWeights.forEach((weight, i) => { expect(weight).toBeCloseTo(weights[sample.indices[i] as number] as number, 4); });
  });

  // In a batch that holds no transition of the least priority the largest weight is still 1.
  it('normalises by the largest weight of the batch, not of the replay', () => {
    const replay = new PrioritizedReplay(base);
    replay.add(numbered(0, [1e-4, 100, 400]));
    // Masses 0.01, 10 and 20, in four strata of 7.5: the first draws slot 1 (but for one time in 750), the last slot 2.
    const sample = drawn(replay, 4);
    expect([sample.indices[0], sample.indices[3]]).toEqual([1, 2]);
    expect(sample.importanceWeights[0]).toBe(1);
    expect(sample.importanceWeights[3]).toBeCloseTo(Math.SQRT1_2, 5);
  });

  it('is uniform at exponent 0, with weights 1', () => {
    const replay = new PrioritizedReplay({ ...base, priorityExponent: 0 });
    replay.add(numbered(0, [0, 1, 100, 1e6]));
    const sample = drawn(replay, 4);
    expect(Array.from(sample.indices)).toEqual([0, 1, 2, 3]);
    expect(Array.from(sample.importanceWeights)).toEqual([1, 1, 1, 1]);
    expect(replay.priorityQuantiles([0.5])).toBeNull();
  });

  // |-9| and 25 with exponent 1/2 become masses 3 and 5.
  it('writes new priorities by the size of the TD error', () => {
    const replay = new PrioritizedReplay(base);
    replay.add(numbered(0, [1, 1]));
    const sample = drawn(replay, 2);
    replay.updatePriorities(sample, Float32Array.of(-9, 25));
    expect(replay.totalMass).toBeCloseTo(8, 5);
    expect(drawn(replay, 8).indices.filter((slot) => slot === 1)).toHaveLength(5);
  });

  it('skips and counts priorities whose slot was overwritten since', () => {
    const replay = new PrioritizedReplay({ ...base, capacity: 4 });
    replay.add(numbered(0, [1, 1, 1, 1]));
    const sample = drawn(replay, 4);
    replay.add(numbered(4, [1, 1, 1]));
    replay.updatePriorities(sample, Float32Array.of(10_000, 10_000, 10_000, 81));
    expect(replay.stalePriorities).toBe(3);
    expect(replay.totalMass).toBeCloseTo(1 + 1 + 1 + 9, 4);
    replay.updatePriorities(drawn(replay, 4), new Float32Array(4));
    expect(replay.stalePriorities).toBe(3);
  });

  it('gives every transition some mass, also at a TD error of 0', () => {
    const replay = new PrioritizedReplay(base);
    replay.add(numbered(0, [0, 0]));
    expect(replay.totalMass).toBeCloseTo(2e-3, 10);
    expect(Array.from(drawn(replay, 2).indices)).toEqual([0, 1]);
  });

  // 1,001 priorities 0, 0.001, ..., 1: quantiles are the probabilities.
  it('estimates quantiles of the priorities', () => {
    const replay = new PrioritizedReplay({ ...base, capacity: 2_000 });
    expect(replay.priorityQuantiles([0.5])).toBeNull();
    replay.add(numbered(0, Array.from({ length: 1_001 }, (_, i) => ((i * 707) % 1_001) / 1000)));
    const [low, middle, high] = replay.priorityQuantiles([0.1, 0.5, 0.9]) as [number, number, number];
    expect(low).toBeCloseTo(0.1, 2);
    expect(middle).toBeCloseTo(0.5, 2);
    expect(high).toBeCloseTo(0.9, 2);
  });

  it('holds a transition in at most 60 bytes at two words a code, tree included', () => {
    const replay = new PrioritizedReplay({ ...base, codeWords: 2, capacity: 100_000 });
    expect(replay.sizeBytes / 100_000).toBeLessThan(60);
  });

  it.each([{ capacity: 0 }, { capacity: 1.5 }, { capacity: 2 ** 25 }, { priorityExponent: -1 }, { priorityExponent: NaN }, { importanceExponent: 1.1 }, { priorityEpsilon: 0 }])('refuses %o', (wrong) => {
    expect(() => new PrioritizedReplay({ ...base, ...wrong })).toThrow(ConfigError);
  });

  it('refuses rows of another width, an empty draw, too few or broken TD errors, and changes nothing then', () => {
    const replay = new PrioritizedReplay(base);
    expect(() => drawn(replay, 1)).toThrow(InvariantError);
    expect(() => { replay.add(randomTransitions(2, 1, 2)); }).toThrow(ShapeError);
    expect(() => { replay.add(numbered(0, [1, NaN])); }).toThrow(InvariantError);
    expect(replay.size).toBe(0);
    replay.add(numbered(0, [1, 1]));
    const sample = drawn(replay, 2);
    expect(() => { replay.updatePriorities(sample, new Float32Array(1)); }).toThrow(ShapeError);
    expect(() => { replay.updatePriorities(sample, Float32Array.of(4, Infinity)); }).toThrow(InvariantError);
    expect(replay.totalMass).toBeCloseTo(2, 5);
  });
});
