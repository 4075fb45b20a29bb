/**
 * @file The flags that say which benchmark answers and how, shared by every command that opens one. A flag wins over the run's own
 * configuration, which wins over the defaults.
 */
import type { Command } from 'commander';
import { type OpenBenchmarkOptions, openBenchmark } from '../../shared/benchmarks/registry.js';
import type { Benchmark } from '../../shared/benchmarks/types.js';
import { readEnvironment } from '../../shared/config/environment.js';
import { resolveConfig } from '../../shared/config/resolve.js';
import type { Config } from '../../shared/config/schema.js';
import { ConfigError } from '../../shared/errors.js';
import { assignmentsFrom, wholeNumber } from './optionParsers.js';
import { withOpeningProgress } from './openingProgress.js';

export interface BenchmarkOptions {
  /** Default: the run's own. */
  readonly benchmark?: string;
  readonly dataset?: string;
  readonly backend?: string;
  /** NAS-Bench-101: `mean`, `fixed:K`, `sampled:SEED`. */
  readonly repeats?: string;
  /** NAS-Bench-101: `classes` or `matrices`. */
  readonly sampler?: string;
  /** NAS-Bench-101: 4, 12, 36 or 108. */
  readonly epochs?: number;
  /** NAS-Bench-201: `each` or `once`. */
  readonly countIsomorphic?: string;
}

/** What holds without each of the three flags, in words. */
export interface FlagDefaults {
  readonly benchmark: string;
  readonly dataset: string;
  readonly backend: string;
}

export function withBenchmarkFlags(command: Command, defaults: FlagDefaults): Command {
  return command
    .option('--benchmark <name>', `nasbench301, nasbench201, nasbench101, or the path of a module of your own (${defaults.benchmark})`)
    .option('--dataset <name>', `cifar10, cifar100 or ImageNet16-120 (NAS-Bench-201; ${defaults.dataset})`)
    .option('--backend <name>', `which backend answers (${defaults.backend})`)
    .option('--repeats <policy>', 'NAS-Bench-101: which of a cell\'s trainings answers: mean, fixed:K or sampled:SEED')
    .option('--sampler <name>', 'NAS-Bench-101: random cells uniform over classes or over matrices')
    .option('--epochs <n>', 'NAS-Bench-101: epochs of the trainings, 4, 12, 36 or 108', wholeNumber(0))
    .option('--count-isomorphic <how>', 'NAS-Bench-201: isomorphic cells are a query each, or once');
}

/** The flags as `key=value` assignments of configuration keys. */
export function benchmarkAssignments(options: BenchmarkOptions): string[] {
  return assignmentsFrom([
    ['experiment.benchmark', options.benchmark],
    ['experiment.dataset', options.dataset],
    ['experiment.backend', options.backend],
    ['benchmark.repeats', options.repeats],
    ['benchmark.sampler', options.sampler],
    ['benchmark.epochs', options.epochs],
    ['benchmark.countIsomorphic', options.countIsomorphic],
  ]);
}

/**
 * What to open by the flags and, where they are silent, by `trained`, a run's configuration.
 * @throws ConfigError where neither names a benchmark, or a flag's value is none
 */
export function benchmarkSetting(command: string, options: BenchmarkOptions, trained: Config | null): OpenBenchmarkOptions {
  if (options.benchmark === undefined && trained === null) throw new ConfigError(`${command} needs --run DIR or --benchmark NAME, got neither`);
  const { experiment, benchmark } = resolveConfig({ ...(trained === null ? {} : { file: trained }), assignments: benchmarkAssignments(options) });
  const { benchmark: name, dataset, backend } = experiment;
  return { name, dataset, backend, ...benchmark, dataFolder: readEnvironment().dataFolder };
}

/** Opens it, with progress on stderr while a cache is made. */
export function openWithProgress(setting: OpenBenchmarkOptions): Promise<Benchmark> {
  return withOpeningProgress((onProgress) => openBenchmark({ ...setting, onProgress }));
}
