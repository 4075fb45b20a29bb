/** @file Benchmarks for programs: opened by name with the command line's defaults, and asked about architectures as JSON instead of codes. */
import { openBenchmark as openByOptions, type OpenBenchmarkOptions } from '../benchmarks/registry.js';
import type { ArchitectureJson, Benchmark } from '../benchmarks/types.js';
import { readEnvironment } from '../config/environment.js';
import { OutOfDomainError } from '../errors.js';
import { Rng } from '../rng.js';

/** As OpenBenchmarkOptions, with defaults: data set cifar10, backend auto, the data folder ARCHWALK_DATA or ~/.cache/archwalk. */
export type BenchmarkChoice = Pick<OpenBenchmarkOptions, 'name'> & Partial<OpenBenchmarkOptions>;

/** What a benchmark knows of one architecture. */
export interface LookUp {
  /** NAS-Bench-101 module hash, NAS-Bench-201 string, NAS-Bench-301 canonical genotype. */
  readonly id: string;
  /** Fraction. */
  readonly validationAccuracy: number;
  /** Fraction; null where the benchmark knows none. */
  readonly testAccuracy: number | null;
  /** Trainable parameters; null where unknown. */
  readonly parameters: number | null;
}

/**
 * Opens a benchmark; its files must lie in the data folder (`archwalk data get NAME`), but for NAS-Bench-301's embedded surrogate, which comes along.
 * @throws ConfigError for an unknown name, data set, backend or module; DatasetError for a missing or damaged file
 */
export function openBenchmark(choice: BenchmarkChoice): Promise<Benchmark> {
  return openByOptions({ dataset: 'cifar10', backend: 'auto', ...choice, dataFolder: choice.dataFolder ?? readEnvironment().dataFolder });
}

/** Looks one architecture up; costs no query of any search. @throws OutOfDomainError if it is none of the space, or not held by the benchmark */
export function lookUp(benchmark: Benchmark, architecture: ArchitectureJson): LookUp {
  const code = heldCode(benchmark, architecture);
  const accuracy = new Float64Array(1);
  benchmark.validationAccuracies(code, 1, accuracy);
  const validationAccuracy = accuracy[0] ?? NaN;
  if (benchmark.hasTestAccuracy) benchmark.testAccuracies(code, 1, accuracy);
  return {
    id: benchmark.space.id(code, 0),
    validationAccuracy,
    testAccuracy: benchmark.hasTestAccuracy ? (accuracy[0] ?? NaN) : null,
    parameters: benchmark.parameters?.(code, 0) ?? null,
  };
}

/** The architectures one step away that the benchmark holds, in the space's fixed order. @throws OutOfDomainError as lookUp */
export function neighboursOf(benchmark: Benchmark, architecture: ArchitectureJson): ArchitectureJson[] {
  const { space } = benchmark;
  const codes = new Uint32Array(space.maxNeighbours * space.codeWords);
  const count = benchmark.neighbours(heldCode(benchmark, architecture), 0, codes);
  return Array.from({ length: count }, (_, i) => space.toJson(codes, i * space.codeWords));
}

/** A random architecture by the benchmark's own sampler. @param seed uint32; the same seed draws the same one */
export function randomArchitecture(benchmark: Benchmark, seed: number): ArchitectureJson {
  const code = new Uint32Array(benchmark.space.codeWords);
  benchmark.randomCode(new Rng(seed), code, 0);
  return benchmark.space.toJson(code, 0);
}

function heldCode(benchmark: Benchmark, architecture: ArchitectureJson): Uint32Array {
  const code = benchmark.space.fromJson(architecture);
  if (benchmark.holds(code, 0)) return code;
  throw new OutOfDomainError(`the architecture must be one that ${benchmark.description.name} holds (${benchmark.description.provenance}), got ${benchmark.space.id(code, 0)}`);
}
