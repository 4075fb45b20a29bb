/**
 * @file A benchmark given by hand: architectures 0..S-1, their neighbours and accuracies. With two words a code the second is the
 * first's complement, so that a swapped or dropped word shows.
 */
import type { Benchmark, SearchSpace } from '../../../shared/benchmarks/types.js';
import { OutOfDomainError } from '../../../shared/errors.js';

export interface GraphOptions {
  /** neighbours[s]: where one step from s may lead. */
  readonly neighbours: readonly (readonly number[])[];
  readonly accuracies: readonly number[];
  readonly codeWords?: 1 | 2;
  /** Architectures that random draws come from; all by default. */
  readonly starts?: readonly number[];
}

export interface GraphBenchmark extends Benchmark {
  /** Number of validationAccuracies calls, and of accuracies in them. */
  readonly asked: { calls: number; accuracies: number };
  code(s: number): Uint32Array;
}

export function graphBenchmark({ neighbours, accuracies, codeWords = 1, starts }: GraphOptions): GraphBenchmark {
  const size = neighbours.length;
  const asked = { calls: 0, accuracies: 0 };
  const write = (s: number, out: Uint32Array, offset: number): void => {
    out[offset] = s;
    if (codeWords === 2) out[offset + 1] = ~s >>> 0;
  };
  const read = (codes: Uint32Array, offset: number): number => {
    const s = codes[offset] ?? size;
    if (s >= size || (codeWords === 2 && codes[offset + 1] !== ~s >>> 0)) throw new OutOfDomainError(`no architecture of the graph, got ${s}`);
    return s;
  };
  const space: SearchSpace = {
    name: 'graph', codeWords, size,
    maxNeighbours: Math.max(1, ...neighbours.map((list) => list.length)),
    features: { active: 2, rows: size + 1 },
    contains: (codes, offset) => (codes[offset] ?? size) < size,
    randomCode: (rng, out, offset) => { write(starts === undefined ? rng.int(size) : (starts[rng.int(starts.length)] ?? 0), out, offset); },
    neighbours: (codes, offset, out) => {
      const list = neighbours[read(codes, offset)] ?? [];
      list.forEach((s, i) => { write(s, out, i * codeWords); });
      return list.length;
    },
    featureIds: (codes, offset, out, outOffset) => {
      out[outOffset] = read(codes, offset);
      out[outOffset + 1] = size;
    },
    id: (codes, offset) => `graph-${read(codes, offset)}`,
    toJson: (codes, offset) => ({ graph: read(codes, offset) }),
    fromJson: () => { throw new OutOfDomainError('the graph of a test must be given as codes, got JSON'); },
  };
  return {
    space, asked,
    description: { name: 'graph', dataset: 'none', backend: 'table', provenance: 'made up for tests' },
    optimum: null,
    hasTestAccuracy: false,
    holds: space.contains,
    randomCode: space.randomCode,
    neighbours: space.neighbours,
    validationAccuracies: (codes, count, out) => {
      asked.calls++;
      asked.accuracies += count;
      for (let i = 0; i < count; i++) out[i] = accuracies[read(codes, i * codeWords)] ?? NaN;
    },
    testAccuracies: () => { throw new OutOfDomainError('the graph of a test has no test accuracies'); },
    queryKey: (codes, offset) => (codeWords === 1 ? read(codes, offset) : `s${read(codes, offset)}`),
    code: (s) => {
      const code = new Uint32Array(codeWords);
      write(s, code, 0);
      return code;
    },
  };
}

/** Everyone is everyone's neighbour; architecture s has accuracy (s + 1) / (size + 1). */
export function completeGraph(size: number, codeWords: 1 | 2 = 1): GraphBenchmark {
  const all = Array.from({ length: size }, (_, s) => s);
  return graphBenchmark({
    neighbours: all.map((s) => all.filter((t) => t !== s)),
    accuracies: all.map((s) => (s + 1) / (size + 1)),
    codeWords,
  });
}
