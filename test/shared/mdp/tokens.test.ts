import { describe, expect, it } from 'vitest';
import { ConfigError, ShapeError } from '../../../shared/errors.js';
import { presentNeighbours, presentScratch } from '../../../shared/mdp/present.js';
import { TokenEncoder } from '../../../shared/mdp/tokens.js';
import { toyBenchmark } from '../search/toyBenchmark.js';
import { completeGraph, graphBenchmark } from './graphBenchmark.js';

// Architectures 0, 1, 2, 3; 0 - 1 - 2 in a row, 3 alone. F = 5, K = 2, second id of every token "none" within the space is 4.
const row = (codeWords: 1 | 2) => graphBenchmark({ neighbours: [[1], [0, 2], [1], []], accuracies: [0.1, 0.2, 0.3, 0.4], codeWords });

function flatCodes(benchmark: ReturnType<typeof row>, states: readonly number[]): Uint32Array {
  return Uint32Array.from(states.flatMap((s) => Array.from(benchmark.code(s))));
}

describe.each([1, 2] as const)('TokenEncoder, %i words a code', (codeWords) => {
  const benchmark = row(codeWords);

  it('writes the current architecture, its neighbours, and F in masked tokens', () => {
    const encoder = new TokenEncoder(benchmark, 3);
    const batch = encoder.allocate(3);
    encoder.encode(flatCodes(benchmark, [0, 2, 3]), Uint32Array.of(7, 8, 9), 3, batch);
    expect(Array.from(batch.counts)).toEqual([1, 1, 0]);
    expect(Array.from(batch.ids)).toEqual([
      0, 4, 1, 4, 5, 5, 5, 5,
      2, 4, 1, 4, 5, 5, 5, 5,
      3, 4, 5, 5, 5, 5, 5, 5,
    ]);
    expect(Array.from(encoder.presentedCodes.subarray(0, codeWords))).toEqual(Array.from(benchmark.code(1)));
  });

  it('empties rows past the count and what a longer row left behind', () => {
    const encoder = new TokenEncoder(benchmark, 2);
    const batch = encoder.allocate(2);
    encoder.encode(flatCodes(benchmark, [1, 1]), Uint32Array.of(1, 2), 2, batch);
    expect(Array.from(batch.counts)).toEqual([2, 2]);
    encoder.encode(flatCodes(benchmark, [0]), Uint32Array.of(1), 1, batch);
    expect(Array.from(batch.counts)).toEqual([1, 0]);
    expect(Array.from(batch.ids)).toEqual([0, 4, 1, 4, 5, 5, 5, 5, 5, 5, 5, 5]);
  });
});

describe('TokenEncoder', () => {
  it('presents what presentNeighbours presents, row by row, at any batch', () => {
    const toy = toyBenchmark();
    const limit = 7;
    const encoder = new TokenEncoder(toy, limit);
    const codes = Uint32Array.from({ length: 64 }, (_, i) => (i * 37) % 256);
    const seeds = Uint32Array.from({ length: 64 }, (_, i) => i * 1_000_003);
    const batch = encoder.allocate(64);
    encoder.encode(codes, seeds, 64, batch);
    const out = new Uint32Array(limit);
    const ids = new Uint16Array(4);
    for (let b = 0; b < 64; b++) {
      const count = presentNeighbours(toy, codes, b, seeds[b] as number, limit, presentScratch(toy), out);
      expect(batch.counts[b]).toBe(count);
      expect(encoder.presentedCodes.slice(b * limit, b * limit + count)).toEqual(out.slice(0, count));
      for (let i = 0; i <= count; i++) {
        toy.space.featureIds(i === 0 ? codes.subarray(b) : out, i === 0 ? 0 : i - 1, ids, 0);
        expect(batch.ids.slice((b * 8 + i) * 4, (b * 8 + i + 1) * 4)).toEqual(ids);
      }
    }
  });

  it('allocates nothing once its largest batch was seen', () => {
    const encoder = new TokenEncoder(completeGraph(6), 5);
    const large = encoder.allocate(4);
    encoder.encode(Uint32Array.of(0, 1, 2, 3), new Uint32Array(4), 4, large);
    const before = encoder.presentedCodes;
    encoder.encode(Uint32Array.of(0, 1), new Uint32Array(2), 2, encoder.allocate(2));
    expect(encoder.presentedCodes).toBe(before);
  });

  it('starts empty', () => {
    const batch = new TokenEncoder(completeGraph(4), 2).allocate(2);
    expect(batch).toEqual({ batch: 2, ids: new Uint16Array(12).fill(5), counts: new Int32Array(2) });
  });

  it.each([0, 256, 1.5])('refuses %d neighbours', (limit) => {
    expect(() => new TokenEncoder(completeGraph(4), limit)).toThrow(ConfigError);
  });

  it('refuses a batch of another encoder, or too small a one', () => {
    const encoder = new TokenEncoder(completeGraph(4), 2);
    const other = new TokenEncoder(completeGraph(4), 3).allocate(2);
    expect(() => { encoder.encode(Uint32Array.of(0), Uint32Array.of(0), 1, other); }).toThrow(ShapeError);
    expect(() => { encoder.encode(Uint32Array.of(0, 1), Uint32Array.of(0, 0), 2, encoder.allocate(1)); }).toThrow(ShapeError);
  });
});
