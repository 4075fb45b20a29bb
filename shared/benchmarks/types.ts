/**
 * @file The two interfaces every benchmark stands behind: a `SearchSpace` says what architectures there are and which are
 * neighbours; a `Benchmark` adds what is known of each. Everywhere else in archwalk an architecture is its *code*: W uint32
 * words (W = 1 or 2), written into flat arrays, so that the hot paths neither allocate nor hash objects.
 *
 * Dimensions: W words a code, M most neighbours an architecture can have, K active features a token, F feature rows.
 */
import type { Rng } from '../rng.js';

/** How a code becomes one token: the sum of K rows of an [F, d] projection (one-hot adjacency and labels, never materialised). */
export interface TokenFeatures {
  /** K: feature ids written per architecture; fewer active ones are padded with the id `rows`. */
  readonly active: number;
  /** F: number of distinct features; ids are 0..F-1, and F itself stands for "none" (a zero row). */
  readonly rows: number;
}

/** An architecture as the user writes it: the JSON shapes of `archwalk inspect` and of search objectives. */
export type ArchitectureJson = Readonly<Record<string, unknown>>;

export interface SearchSpace {
  /** e.g. `nasbench301`. */
  readonly name: string;
  /** W. */
  readonly codeWords: 1 | 2;
  /** M. */
  readonly maxNeighbours: number;
  /** Number of architectures (codes that `contains` accepts), for reports; may exceed 2^53 and is then rounded. */
  readonly size: number;
  readonly features: TokenFeatures;

  /** True if the W words at `offset` are an architecture of this space. */
  contains(codes: Uint32Array, offset: number): boolean;
  /** Writes a random architecture's code at `offset`. */
  randomCode(rng: Rng, out: Uint32Array, offset: number): void;
  /**
   * Writes the codes of all neighbours, in a fixed order, into `out` [M, W] from its start.
   * @returns how many were written, at most M
   */
  neighbours(codes: Uint32Array, offset: number, out: Uint32Array): number;
  /** Writes K feature ids into `out` at `outOffset`. */
  featureIds(codes: Uint32Array, offset: number, out: Uint16Array, outOffset: number): void;
  /** The architecture's id as its field names it (NB101 module hash, NB201 string, NB301 canonical genotype string). */
  id(codes: Uint32Array, offset: number): string;
  toJson(codes: Uint32Array, offset: number): ArchitectureJson;
  /**
   * @returns the code, W words
   * @throws OutOfDomainError naming what was required and what was found
   */
  fromJson(json: unknown): Uint32Array;
}

/** Which accuracies a benchmark's numbers are, recorded in every result. */
export interface BenchmarkDescription {
  /** e.g. `nasbench201`. */
  readonly name: string;
  /** e.g. `cifar10`; the benchmark's only data set where it has one. */
  readonly dataset: string;
  /** Which backend answers: `table`, `embedded`, `yahpo`, ... */
  readonly backend: string;
  /** One sentence: file, split, epochs, repeats. */
  readonly provenance: string;
  /** How random architectures are drawn, e.g. `uniformly over isomorphism classes`; absent where the benchmark does not say. */
  readonly sampler?: string;
  /** The benchmark's own choices behind its numbers, as they are set and recorded: e.g. `{repeats: 'mean', epochs: 108}`. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

/** Called while a benchmark's file is read or its cache made: what is being done, how far it is, its whole, and of what. */
export type OpeningProgress = (what: string, done: number, total: number, unit: 'bytes' | 'cells') => void;

export interface Benchmark {
  readonly description: BenchmarkDescription;
  readonly space: SearchSpace;
  /** Best accuracies of the whole space (fractions), where they are known: `validationAccuracy` the best validation accuracy, `testAccuracy` the best test accuracy. */
  readonly optimum: { readonly validationAccuracy: number; readonly testAccuracy: number | null } | null;
  /** False where the benchmark knows no test accuracy; `testAccuracies` then throws. */
  readonly hasTestAccuracy: boolean;

  /** True if this benchmark can answer for the code (a table may hold a part of its space). */
  holds(codes: Uint32Array, offset: number): boolean;
  /** A random architecture among those held. */
  randomCode(rng: Rng, out: Uint32Array, offset: number): void;
  /** As SearchSpace.neighbours, restricted to those held. */
  neighbours(codes: Uint32Array, offset: number, out: Uint32Array): number;
  /** Writes into out[0..count) the validation accuracies (fractions in [0, 1]) of `count` codes [count, W]. Deterministic. */
  validationAccuracies(codes: Uint32Array, count: number, out: Float64Array): void;
  /** As validationAccuracies, for test accuracy. @throws InvariantError if `hasTestAccuracy` is false */
  testAccuracies(codes: Uint32Array, count: number, out: Float64Array): void;
  /** A key by which two codes are the same architecture to this benchmark: what a *query* is counted by. */
  queryKey(codes: Uint32Array, offset: number): string | number;
  /** Trainable parameters, where known. */
  parameters?(codes: Uint32Array, offset: number): number | null;
  /** As validationAccuracies, for the seconds that training takes, where they are known. */
  readonly trainingSeconds?: (codes: Uint32Array, count: number, out: Float64Array) => void;
}
