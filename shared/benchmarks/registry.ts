/**
 * @file Opens a benchmark by name. A name that is a path (`./my-space.js`, `./my-space.ts`, `/…`, `../…`) is a module of the user's own that
 * exports `benchmark: Benchmark` or `openBenchmark(options): Benchmark | Promise<Benchmark>`.
 */
import { register } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { closest } from 'fastest-levenshtein';
import { ConfigError } from '../errors.js';
import { openNasbench101, parseRepeatPolicy, type Nasbench101Table, type SamplerName } from './nasbench101/index.js';
import { nasbench201Datasets, openNasbench201 } from './nasbench201/benchmark.js';
import { nasbench301BackendName, nasbench301Backends, openNasbench301 } from './nasbench301/open.js';
import type { Benchmark, OpeningProgress } from './types.js';

export interface OpenBenchmarkOptions {
  /** `nasbench101`, `nasbench201`, `nasbench301`, or the path of a module, relative to the working folder. */
  readonly name: string;
  /** e.g. `cifar10`. */
  readonly dataset: string;
  /** `auto` or one of the benchmark's backends; some have options behind a colon (`ensemble-xgb:noise=7`). */
  readonly backend: string;
  /** ARCHWALK_DATA: one folder a benchmark lies in it. */
  readonly dataFolder: string;
  /** NAS-Bench-201: whether isomorphic cells are one query (`once`) or each its own (the default). */
  readonly countIsomorphic?: 'each' | 'once';
  /** NAS-Bench-101: which of a cell's trainings answers: `mean` (the default), `fixed:K`, `sampled:SEED`. */
  readonly repeats?: string;
  /** NAS-Bench-101: random cells uniform over isomorphism `classes` (the default) or over `matrices`. */
  readonly sampler?: SamplerName;
  /** NAS-Bench-101: epoch budget of the accuracies, 4, 12, 36 or 108; 0 (the default) is the table's own. */
  readonly epochs?: number;
  /** Called while a file is read or a cache made. */
  readonly onProgress?: OpeningProgress;
}

/** The options that only some benchmarks have, and what each is where it is not given. */
const ownOptions = { countIsomorphic: 'each', repeats: 'mean', sampler: 'classes', epochs: 0 } as const;

type OwnOption = keyof typeof ownOptions;

interface Entry {
  readonly datasets: readonly string[];
  /** The first is what `auto` means. */
  readonly backends: readonly string[];
  /** The name in a backend's text, where some backends have options behind it. */
  readonly nameOf?: (backend: string) => string;
  /** Which of the options that only some benchmarks have are this one's. */
  readonly own: readonly OwnOption[];
  open(options: OpenBenchmarkOptions): Benchmark | Promise<Benchmark>;
}

const entries: Readonly<Record<string, Entry>> = {
  nasbench101: {
    datasets: ['cifar10'],
    backends: ['auto', 'official', 'ecnas'],
    own: ['repeats', 'sampler', 'epochs'],
    open: ({ backend, repeats, epochs = 0, ...options }) =>
      openNasbench101({
        ...options, table: backend as Nasbench101Table,
        ...(repeats === undefined ? {} : { repeats: parseRepeatPolicy(repeats) }),
        ...(epochs === 0 ? {} : { epochs }),
      }),
  },
  nasbench201: {
    datasets: nasbench201Datasets,
    backends: ['table'],
    own: ['countIsomorphic'],
    open: ({ dataset, dataFolder, countIsomorphic }) => openNasbench201(dataset as (typeof nasbench201Datasets)[number], dataFolder, countIsomorphic),
  },
  nasbench301: {
    datasets: ['cifar10'],
    backends: nasbench301Backends,
    nameOf: nasbench301BackendName,
    own: [],
    open: ({ backend, dataFolder }) => openNasbench301(backend, dataFolder),
  },
};

/** The names the registry knows. */
export const benchmarkNames: readonly string[] = Object.keys(entries);

/** @throws ConfigError naming the nearest of `known` and listing them all */
function requireOneOf(what: string, given: string, known: readonly string[], more = ''): string {
  if (known.includes(given)) return given;
  throw new ConfigError(`${what} must be one of ${known.join(', ')}${more}, got "${given}". Did you mean "${closest(given, known)}"?`);
}

/** @throws ConfigError for an option that this benchmark does not have: it would be recorded and mean nothing */
function refuseOthersOptions(name: string, { own }: Entry, options: OpenBenchmarkOptions): void {
  for (const [option, unset] of Object.entries(ownOptions) as [OwnOption, string | number][]) {
    const given = options[option] ?? unset;
    if (given !== unset && !own.includes(option)) {
      throw new ConfigError(`benchmark.${option} must be left at ${unset} on ${name}, which has no such choice, got ${given}`);
    }
  }
}

function isBenchmark(value: unknown): value is Benchmark {
  const fields = value as Partial<Benchmark> | null | undefined;
  return (
    typeof fields === 'object' && fields !== null && typeof fields.description === 'object' && typeof fields.space === 'object' &&
    typeof fields.validationAccuracies === 'function' && typeof fields.queryKey === 'function' && typeof fields.neighbours === 'function' &&
    typeof fields.randomCode === 'function' && typeof fields.holds === 'function'
  );
}

let importsTypescript = false;

/** Imports a user's module, JavaScript or TypeScript. */
async function importModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  if (/\.m?ts$/.test(path) && !importsTypescript) {
    register(new URL('./typescriptHooks.js', import.meta.url));
    importsTypescript = true;
  }
  return (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
}

async function openModule(options: OpenBenchmarkOptions): Promise<Benchmark> {
  const path = resolve(options.name);
  let module: Readonly<Record<string, unknown>>;
  try {
    module = await importModule(path);
  } catch (error) {
    throw new ConfigError(`the benchmark module ${path} must be loadable, got "${(error as Error).message.split('\n')[0] ?? ''}"`, error);
  }
  const open = module['openBenchmark'] as ((options: OpenBenchmarkOptions) => Benchmark | Promise<Benchmark>) | undefined;
  const benchmark: unknown = typeof open === 'function' ? await open(options) : module['benchmark'];
  if (isBenchmark(benchmark)) return benchmark;
  throw new ConfigError(`the benchmark module ${path} must export benchmark or openBenchmark (see docs/own-benchmark.md), got exports ${Object.keys(module).join(', ') || 'none'}`);
}

/**
 * The benchmark of that name, ready to answer.
 * @throws ConfigError for an unknown name, data set, backend or module; DatasetError for a missing or damaged file
 */
export async function openBenchmark(options: OpenBenchmarkOptions): Promise<Benchmark> {
  if (/^\.{0,2}\//.test(options.name)) return openModule(options);
  const name = requireOneOf('the benchmark', options.name, benchmarkNames, ', or the path of a module (./my-space.js)');
  const entry = entries[name] as Entry;
  const dataset = requireOneOf(`the data set of ${name}`, options.dataset, entry.datasets);
  refuseOthersOptions(name, entry, options);
  if (options.backend === 'auto') return entry.open({ ...options, dataset, backend: entry.backends[0] as string });
  requireOneOf(`the backend of ${name}`, entry.nameOf?.(options.backend) ?? options.backend, ['auto', ...entry.backends.filter((one) => one !== 'auto')]);
  return entry.open({ ...options, dataset });
}
