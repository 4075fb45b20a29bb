/**
 * @file A search space small enough to enumerate: `digits` digits base `base` (code = the number), neighbours change one digit, accuracies
 * are a sum of per-digit effects plus an interaction of adjacent digits, so that there are several local optima.
 */
import type { Benchmark, SearchSpace } from '../../../shared/benchmarks/types.js';
import { OutOfDomainError } from '../../../shared/errors.js';
import { mix32, Rng } from '../../../shared/rng.js';

export interface ToyOptions {
  readonly digits?: number;
  readonly base?: number;
  /** Strength of the interaction: 0 leaves one peak. */
  readonly ruggedness?: number;
  readonly seed?: number;
  readonly test?: boolean;
}

export interface ToyBenchmark extends Benchmark {
  /** Validation accuracy of every code. */
  readonly table: Float64Array;
  /** Accuracies asked for so far, repeats included. */
  readonly asked: { count: number };
}

const uniform = (...labels: number[]): number => labels.reduce((h, l) => mix32(h ^ mix32(l)), 7) / 4294967296;

function toySpace(digits: number, base: number): SearchSpace {
  const size = base ** digits;
  const digit = (code: number, i: number): number => Math.floor(code / base ** i) % base;
  return {
    name: 'toy', codeWords: 1, maxNeighbours: digits * (base - 1), size,
    features: { active: digits, rows: digits * base },
    contains: (codes, offset) => (codes[offset] ?? size) < size,
    randomCode: (rng, out, offset) => { out[offset] = rng.int(size); },
    neighbours: (codes, offset, out) => {
      const code = codes[offset] ?? 0;
      let n = 0;
      for (let i = 0; i < digits; i++) {
        for (let d = 0; d < base; d++) if (d !== digit(code, i)) out[n++] = code + (d - digit(code, i)) * base ** i;
      }
      return n;
    },
    featureIds: (codes, offset, out, outOffset) => {
      for (let i = 0; i < digits; i++) out[outOffset + i] = i * base + digit(codes[offset] ?? 0, i);
    },
    id: (codes, offset) => `toy-${codes[offset] ?? ''}`,
    toJson: (codes, offset) => ({ toy: codes[offset] ?? 0 }),
    fromJson: (json) => {
      const code = (json as { toy?: unknown } | null)?.toy;
      if (typeof code !== 'number' || code >= size) throw new OutOfDomainError(`toy must be below ${size}, got ${JSON.stringify(json)}`);
      return Uint32Array.of(code);
    },
  };
}

export function toyBenchmark(options: ToyOptions = {}): ToyBenchmark {
  const { digits = 4, base = 4, ruggedness = 0.5, seed = 1, test = true } = options;
  const space = toySpace(digits, base);
  const raw = Float64Array.from({ length: space.size }, (_, code) => {
    let sum = 0;
    const at = (i: number): number => Math.floor(code / base ** i) % base;
    for (let i = 0; i < digits; i++) {
      sum += uniform(seed, i, at(i)) + (i > 0 ? ruggedness * uniform(seed, 100 + i, at(i), at(i - 1)) : 0);
    }
    return sum;
  });
  const low = Math.min(...raw);
  const high = Math.max(...raw);
  const table = raw.map((value) => 0.5 + (0.45 * (value - low)) / (high - low));
  const testTable = table.map((value, code) => value - 0.05 * uniform(seed, 999, code));
  const asked = { count: 0 };
  return {
    description: { name: 'toy', dataset: 'none', backend: 'table', provenance: 'made up for tests' },
    space, table, asked,
    optimum: { validationAccuracy: Math.max(...table), testAccuracy: Math.max(...testTable) },
    hasTestAccuracy: test,
    holds: (codes, offset) => space.contains(codes, offset),
    randomCode: (rng, out, offset) => { space.randomCode(rng, out, offset); },
    neighbours: (codes, offset, out) => space.neighbours(codes, offset, out),
    validationAccuracies: (codes, count, out) => {
      asked.count += count;
      for (let i = 0; i < count; i++) out[i] = table[codes[i] ?? 0] ?? NaN;
    },
    testAccuracies: (codes, count, out) => {
      for (let i = 0; i < count; i++) out[i] = testTable[codes[i] ?? 0] ?? NaN;
    },
    queryKey: (codes, offset) => codes[offset] ?? 0,
  };
}

/** A Q-source that knows the table: the value of a neighbour is its accuracy; neighbours are presented in a seeded random order, at most `limit`. */
export function oracle(benchmark: ToyBenchmark, limit: number) {
  return {
    neighbours: limit,
    rewardScale: { alpha: 0, logSigma: 0 },
    answer: (requests: readonly { code: Uint32Array; seed: number }[]) => Promise.resolve(requests.map(({ code, seed }) => {
      const all = new Uint32Array(benchmark.space.maxNeighbours);
      const count = benchmark.neighbours(code, 0, all);
      const order = Array.from(all.subarray(0, count));
      const rng = new Rng(seed);
      for (let i = count - 1; i > 0; i--) {
        const j = rng.int(i + 1);
        [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
      }
      const presented = Uint32Array.from(order.slice(0, limit));
      return { accuracies: new Float64Array(0), presented, values: Float32Array.from(presented, (c) => benchmark.table[c] ?? 0), count: presented.length };
    })),
  };
}
