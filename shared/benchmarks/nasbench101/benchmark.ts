/**
 * @file NAS-Bench-101 as a benchmark over a table of cells: the whole space, or a part of it whose neighbours outside the
 * part are dropped. A step is an array look-up in the stored graph; nothing is hashed.
 */
import { OutOfDomainError } from '../../errors.js';
import { mix32 } from '../../rng.js';
import type { Benchmark } from '../types.js';
import { CellIndex } from './cellIndex.js';
import type { NeighbourGraph } from './neighbourGraph.js';
import { classSampler, matrixSampler, type SamplerName } from './samplers.js';
import { nasbench101Space } from './space.js';
import type { AccuracyTable, CellTable } from './table.js';

/**
 * Which of a cell's trainings answers a query: the mean of all (default), always the k-th (0-based, in the file's order), or
 * one drawn for each cell by a seed and then always that one. Validation and test accuracy come from the same training.
 */
export type RepeatPolicy = { readonly kind: 'mean' } | { readonly kind: 'fixed'; readonly repeat: number } | { readonly kind: 'sampled'; readonly seed: number };

/** `mean`, `fixed:k`, `sampled:seed`: the policy as it is recorded. */
export function formatRepeatPolicy(policy: RepeatPolicy): string {
  if (policy.kind === 'mean') return 'mean';
  return policy.kind === 'fixed' ? `fixed:${policy.repeat}` : `sampled:${policy.seed}`;
}

/** Reads `mean`, `fixed:k` or `sampled:seed`. @throws OutOfDomainError on any other text */
export function parseRepeatPolicy(text: string): RepeatPolicy {
  const match = /^(?:(mean)|(fixed|sampled):(\d{1,10}))$/.exec(text);
  if (match === null) throw new OutOfDomainError(`the repeat policy must be mean, fixed:K or sampled:SEED, got ${JSON.stringify(text)}`);
  const value = Number(match[3]);
  if (match[1] !== undefined) return { kind: 'mean' };
  return match[2] === 'fixed' ? { kind: 'fixed', repeat: value } : { kind: 'sampled', seed: value };
}

/** One accuracy a cell by the policy: float64 [C] from float32 [C, R]. */
function pick(table: AccuracyTable, values: Float32Array, codes: Uint32Array, policy: RepeatPolicy): Float64Array {
  const { repeats } = table;
  const out = new Float64Array(codes.length);
  for (let cell = 0; cell < codes.length; cell++) {
    const first = cell * repeats;
    if (policy.kind === 'mean') {
      let sum = 0;
      for (let repeat = 0; repeat < repeats; repeat++) sum += values[first + repeat]!;
      out[cell] = sum / repeats;
    } else {
      const repeat = policy.kind === 'fixed' ? policy.repeat : mix32(policy.seed ^ mix32(codes[cell]!)) % repeats;
      out[cell] = values[first + repeat]!;
    }
  }
  return out;
}

const SAMPLER_TEXTS: Readonly<Record<SamplerName, string>> = {
  classes: 'uniformly over isomorphism classes',
  matrices: 'uniformly over 7 x 7 matrices and operations, drawn again until the pruned cell is held',
};

export interface Nasbench101Options {
  readonly repeats: RepeatPolicy;
  readonly sampler: SamplerName;
  /** Names file, cells, epochs in the benchmark's provenance; policy and sampler are added to it. */
  readonly source: string;
  /** `official` or `ecnas`. */
  readonly backend: string;
}

/** What archwalk's other parts see, and NAS-Bench-101's own columns. */
export interface Nasbench101Benchmark extends Benchmark {
  readonly cells: CellTable;
  readonly accuracies: AccuracyTable;
  readonly graph: NeighbourGraph;
  readonly repeats: RepeatPolicy;
  readonly sampler: SamplerName;
  /** As Benchmark's: the mean over repeats. */
  readonly trainingSeconds: (codes: Uint32Array, count: number, out: Float64Array) => void;
}

/**
 * @param accuracies one of `cells.budgets`
 * @param graph      over cells.codes
 * @throws OutOfDomainError if the policy names a repeat that the table does not have
 */
export function createNasbench101(cells: CellTable, accuracies: AccuracyTable, graph: NeighbourGraph, options: Nasbench101Options): Nasbench101Benchmark {
  const { codes } = cells;
  const { repeats, sampler } = options;
  if (repeats.kind === 'fixed' && repeats.repeat >= accuracies.repeats) {
    throw new OutOfDomainError(`the repeat policy fixed:K must have K in 0..${accuracies.repeats - 1} on this table, got ${repeats.repeat}`);
  }
  const index = new CellIndex(codes);
  const validation = pick(accuracies, accuracies.validationAccuracies, codes, repeats);
  const test = pick(accuracies, accuracies.testAccuracies, codes, repeats);
  const rowOf = (code: number): number => {
    const row = index.rowOf(code);
    if (row < 0) throw new OutOfDomainError(`an architecture must be one of the ${codes.length} cells of the table, got code ${code}`);
    return row;
  };
  const fill = (values: Float64Array) => (asked: Uint32Array, count: number, out: Float64Array): void => {
    for (let i = 0; i < count; i++) out[i] = values[rowOf(asked[i]!)]!;
  };
  const draw = sampler === 'classes' ? classSampler(codes) : matrixSampler((code) => index.rowOf(code) >= 0);
  const best = (values: Float64Array): number => values.reduce((most, value) => Math.max(most, value), 0);
  return {
    description: {
      name: 'nasbench101',
      dataset: 'cifar10',
      backend: options.backend,
      provenance: `${options.source}, repeats ${formatRepeatPolicy(repeats)} of ${accuracies.repeats}, random cells uniform over ${sampler}`,
      sampler: SAMPLER_TEXTS[sampler],
      settings: { repeats: formatRepeatPolicy(repeats), epochs: accuracies.epochs, sampler },
    },
    space: nasbench101Space,
    optimum: { validationAccuracy: best(validation), testAccuracy: best(test) },
    hasTestAccuracy: true,
    cells,
    accuracies,
    graph,
    repeats,
    sampler,
    holds: (asked, offset) => index.rowOf(asked[offset]!) >= 0,
    randomCode: (rng, out, offset) => {
      out[offset] = draw(rng);
    },
    neighbours: (asked, offset, out) => {
      const row = rowOf(asked[offset]!);
      const start = graph.offsets[row]!;
      const count = graph.offsets[row + 1]! - start;
      for (let i = 0; i < count; i++) out[i] = codes[graph.neighbours[start + i]!]!;
      return count;
    },
    validationAccuracies: fill(validation),
    testAccuracies: fill(test),
    queryKey: (asked, offset) => asked[offset]!,
    parameters: (asked, offset) => cells.parameters[rowOf(asked[offset]!)]!,
    trainingSeconds: fill(pick(accuracies, accuracies.trainingSeconds, codes, { kind: 'mean' })),
  };
}
