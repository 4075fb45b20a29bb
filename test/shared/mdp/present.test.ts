import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { presentNeighbours, presentScratch } from '../../../shared/mdp/present.js';
import { Rng } from '../../../shared/rng.js';
import { toyBenchmark } from '../search/toyBenchmark.js';
import { completeGraph, graphBenchmark, type GraphBenchmark } from './graphBenchmark.js';

function present(benchmark: GraphBenchmark, s: number, seed: number, limit: number): number[] {
  const words = benchmark.space.codeWords;
  const out = new Uint32Array(limit * words).fill(0xfade);
  const count = presentNeighbours(benchmark, benchmark.code(s), 0, seed, limit, presentScratch(benchmark), out);
  return Array.from({ length: count }, (_, i) => out[i * words] as number);
}

/** The same draw, slowly: take one of those left, put the first of those left in its place. */
function presentSlowly(neighbours: readonly number[], seed: number, limit: number): number[] {
  const rng = new Rng(seed);
  const left = [...neighbours];
  const chosen: number[] = [];
  while (chosen.length < limit && left.length > 0) {
    const bound = BigInt(left.length);
    let product = BigInt(rng.uint32()) * bound;
    while (product % 2n ** 32n < 2n ** 32n % bound) product = BigInt(rng.uint32()) * bound;
    const j = Number(product >> 32n);
    chosen.push(left[j] as number);
    left[j] = left[0] as number;
    left.shift();
  }
  return chosen;
}

describe.each([1, 2] as const)('presentNeighbours, %i words a code', (codeWords) => {
  const graph = completeGraph(9, codeWords);
  const others = (s: number): number[] => [0, 1, 2, 3, 4, 5, 6, 7, 8].filter((t) => t !== s);

  it('presents all where there are fewer than the limit, in seeded order', () => {
    const shown = present(graph, 4, 77, 20);
    expect([...shown].sort()).toEqual(others(4));
    expect(shown).not.toEqual(others(4));
    expect(present(graph, 4, 77, 20)).toEqual(shown);
    expect(present(graph, 4, 78, 20)).not.toEqual(shown);
  });

  it('is the slow shuffle', () => {
    fc.assert(fc.property(fc.nat(8), fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 1, max: 12 }), (s, seed, limit) => {
      expect(present(graph, s, seed, limit)).toEqual(presentSlowly(others(s), seed, limit));
    }));
  });

  it('leaves words past the count alone, and writes from outOffset on', () => {
    const out = new Uint32Array(8 * codeWords).fill(0xfade);
    const path = graphBenchmark({ neighbours: [[1], [0]], accuracies: [0, 1], codeWords });
    expect(presentNeighbours(path, path.code(0), 0, 5, 3, presentScratch(path), out, 2 * codeWords)).toBe(1);
    expect(Array.from(out.subarray(2 * codeWords, 3 * codeWords))).toEqual(Array.from(path.code(1)));
    expect(out.filter((word) => word === 0xfade)).toHaveLength(7 * codeWords);
  });

  it('presents none where there is none', () => {
    const alone = graphBenchmark({ neighbours: [[]], accuracies: [0.5], codeWords });
    expect(present(alone, 0, 1, 5)).toEqual([]);
  });
});

describe('the sample', () => {
  // 20,000 seeds, 3 of 8 neighbours: each of the 8 x 7 ordered first pairs 357.1 times on average, standard deviation 18.7;
  // chi-square over 56 cells has 55 degrees of freedom: its 99.9 % quantile is 93.2.
  it('is uniform over ordered pairs', () => {
    const graph = completeGraph(9);
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 20_000; seed++) {
      const key = present(graph, 0, seed, 3).slice(0, 2).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(56);
    const expected = 20_000 / 56;
    const chiSquare = [...counts.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    expect(chiSquare).toBeLessThan(93.2);
  });

  it('does not depend on what the scratch was used for before', () => {
    const toy = toyBenchmark();
    const scratch = presentScratch(toy);
    const fresh = new Uint32Array(5);
    const reused = new Uint32Array(5);
    presentNeighbours(toy, Uint32Array.of(200), 0, 1, 5, scratch, reused);
    presentNeighbours(toy, Uint32Array.of(3), 0, 9, 5, scratch, reused);
    presentNeighbours(toy, Uint32Array.of(3), 0, 9, 5, presentScratch(toy), fresh);
    expect(reused).toEqual(fresh);
  });
});
