/** @file `archwalk evaluate`: every method under the same budgets, as a table on stdout and results.json, curves.csv, searches.csv, report.html. */
import { join } from 'node:path';
import type { Benchmark } from '../../../shared/benchmarks/types.js';
import { readRunConfig, runFolder, type RunFolder } from '../../../shared/config/runFolder.js';
import type { Config } from '../../../shared/config/schema.js';
import { ConfigError, EXIT } from '../../../shared/errors.js';
import type { Closing, MainContext } from '../../../shared/lifecycle.js';
import { runEvaluation, writeEvaluation, type EvaluatedAgent } from '../../../shared/report/evaluation.js';
import { htmlReport } from '../../../shared/report/html.js';
import { textTable } from '../../../shared/report/textTable.js';
import { loadRunAgent } from '../../../shared/run/runAgent.js';
import { parseMethods } from '../../../shared/search/methods.js';
import { isAgentMethod, METHOD_NAMES } from '../../../shared/search/types.js';
import { type BenchmarkOptions, benchmarkSetting, openWithProgress } from '../benchmarkOptions.js';
import { ProgressLine } from '../progressLine.js';

export interface EvaluateOptions extends BenchmarkOptions {
  /** One run's folder, or several of one configuration but for the seed, comma-separated: the training seeds. None: baselines only. */
  readonly run?: string;
  /** Comma-separated; default: the run's, else 10,20,50,100,150,300. */
  readonly budgets?: string;
  /** Searches a method. Default: the run's, else 200. */
  readonly seeds?: number;
  /** Seed of the first search; the others count up from it. Default 0. */
  readonly firstSeed?: number;
  /** Comma-separated, or "all", the default (without the agent where no run is given). */
  readonly methods?: string;
  /** Backend that scores the found cells instead of the one searched. */
  readonly judge?: string;
  /** Default: evaluation/ in the first run's folder, else ./evaluation. */
  readonly out?: string;
  /** results.json on stdout instead of the table. */
  readonly json: boolean;
}

interface Run {
  readonly folder: RunFolder;
  readonly config: Config;
}

const DEFAULT_BUDGETS = [10, 20, 50, 100, 150, 300];
const DEFAULT_SEEDS = 200;
/** States valued by one call of the network: large enough to fill it, small enough to stay in the cache. */
const Q_BATCH = 64;

/** @returns 0, or 130 when interrupted @throws ConfigError for options that do not fit */
export async function evaluate(options: EvaluateOptions, { signal, closing }: Pick<MainContext, 'signal' | 'closing'>): Promise<number> {
  const runs = (options.run ?? '').split(',').filter((path) => path !== '').map(openRun);
  const { benchmark, judge } = await openBenchmarks(options, runs);
  const methods = parseMethods(options.methods ?? (runs.length > 0 ? 'all' : METHOD_NAMES.filter((name) => !isAgentMethod(name)).join(',')));
  const defaults = runs[0]?.config.evaluation ?? { budgets: DEFAULT_BUDGETS, seeds: DEFAULT_SEEDS };
  const seeds = options.seeds ?? defaults.seeds;
  const agents = methods.some(isAgentMethod) ? await loadAgents(runs, benchmark, Math.min(Q_BATCH, seeds), closing) : [];
  const progress = new ProgressLine(process.stderr);
  try {
    const evaluation = await runEvaluation({
      benchmark, judge, agents, methods, seeds, signal, firstSeed: options.firstSeed ?? 0,
      budgets: options.budgets === undefined ? defaults.budgets : parseBudgets(options.budgets),
      onProgress: ({ method, queries, total }) => { progress.show(method, queries, total, 'queries'); },
    });
    progress.clear();
    const out = options.out ?? defaultOut(runs, benchmark, judge);
    writeEvaluation(out, evaluation, benchmark, htmlReport(evaluation, runs[0]?.config ?? null));
    process.stdout.write(options.json ? `${JSON.stringify(evaluation.results)}\n` : `${textTable(evaluation.results)}\n`);
    process.stderr.write(`report: ${join(out, 'report.html')}\n`);
    return EXIT.done;
  } catch (error) {
    progress.clear();
    if (signal.aborted) return EXIT.interrupted;
    throw error;
  }
}

function openRun(path: string): Run {
  const folder = runFolder(path);
  return { folder, config: readRunConfig(folder) };
}

async function openBenchmarks(options: EvaluateOptions, runs: readonly Run[]): Promise<{ benchmark: Benchmark; judge: Benchmark | null }> {
  const setting = benchmarkSetting('evaluate', options, runs[0]?.config ?? null);
  for (const { folder, config } of runs) {
    if (config.experiment.benchmark !== setting.name) {
      throw new ConfigError(`--benchmark must be the search space that ${folder.name} was trained on, ${config.experiment.benchmark}, got ${setting.name}`);
    }
  }
  const benchmark = await openWithProgress(setting);
  const judge = options.judge === undefined ? null : await openWithProgress({ ...setting, backend: options.judge });
  return { benchmark, judge: judge?.description.provenance === benchmark.description.provenance ? null : judge };
}

async function loadAgents(runs: readonly Run[], benchmark: Benchmark, batchSize: number, closing: Closing): Promise<EvaluatedAgent[]> {
  const agents: EvaluatedAgent[] = [];
  for (const { folder, config } of runs) {
    const { q, trainingQueries } = await loadRunAgent(folder, config, benchmark, batchSize, closing);
    agents.push({ run: folder.name, q, trainingQueries });
  }
  return agents;
}

/** @throws ConfigError unless the text is a comma-separated list of whole numbers */
export function parseBudgets(text: string): number[] {
  const budgets = text.split(',').map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : NaN));
  if (budgets.some(Number.isNaN)) throw new ConfigError(`--budgets must be whole numbers with commas between them, got "${text}"`);
  return budgets;
}

/** evaluation/ for the run's own benchmark, a folder below it for another data set, backend, setting or judge, so that none overwrites another. */
function defaultOut(runs: readonly Run[], benchmark: Benchmark, judge: Benchmark | null): string {
  const own = runs[0];
  if (own === undefined) return 'evaluation';
  const { dataset, backend, settings = {} } = benchmark.description;
  const trained: Readonly<Record<string, string | number>> = own.config.benchmark;
  const parts = [
    ...(dataset === own.config.experiment.dataset ? [] : [dataset]),
    ...(own.config.experiment.backend === 'auto' || backend === own.config.experiment.backend ? [] : [backend]),
    ...Object.entries(settings).filter(([key, value]) => trained[key] !== value && trained[key] !== 0).map(([key, value]) => `${key}-${String(value).replace(':', '-')}`),
    ...(judge === null ? [] : [`judged-by-${judge.description.backend}`]),
  ];
  return parts.length === 0 ? own.folder.evaluation : join(own.folder.evaluation, parts.join('-'));
}
