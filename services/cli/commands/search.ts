/** @file `archwalk search`: one search under a query budget, on the benchmark or on an objective of the user's own; resumed by the same command. */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark } from '../../../shared/benchmarks/types.js';
import { lockRunFolder, readRunConfig, runFolder, type RunFolder } from '../../../shared/config/runFolder.js';
import type { Config } from '../../../shared/config/schema.js';
import { ConfigError, EXIT } from '../../../shared/errors.js';
import type { MainContext } from '../../../shared/lifecycle.js';
import { CommandObjective } from '../../../shared/objective/commandObjective.js';
import { HttpObjective } from '../../../shared/objective/httpObjective.js';
import type { ObjectiveLimits } from '../../../shared/objective/retry.js';
import { percent } from '../../../shared/report/textTable.js';
import { loadRunAgent, type RunAgent } from '../../../shared/run/runAgent.js';
import { benchmarkObjective } from '../../../shared/search/benchmarkObjective.js';
import type { HistoryEntry } from '../../../shared/search/history.js';
import { Ledger, type SearchIdentity } from '../../../shared/search/ledger.js';
import { parseMethods } from '../../../shared/search/methods.js';
import { searchObjective, type Objective } from '../../../shared/search/searchObjective.js';
import { isAgentMethod, type MethodName } from '../../../shared/search/types.js';
import { type BenchmarkOptions, benchmarkSetting, openWithProgress } from '../benchmarkOptions.js';
import { ProgressLine } from '../progressLine.js';

export interface SearchOptions extends BenchmarkOptions {
  /** The agent's run; without one another method and a benchmark must be named. */
  readonly run?: string;
  /** Default: agent. */
  readonly method?: string;
  readonly budget: number;
  /** Default 0. */
  readonly seed?: number;
  /** Shell command: architecture JSON on stdin, accuracy on stdout. */
  readonly objectiveCommand?: string;
  /** The architecture's JSON is POSTed there; the answer's body is the accuracy. */
  readonly objectiveUrl?: string;
  /** Of one evaluation. Default 86,400. */
  readonly timeoutSeconds?: number;
  /** Attempts after a failed one. Default 2. */
  readonly retries?: number;
  /** Evaluations at once, where the method allows. Default 1. */
  readonly parallel?: number;
  /** The search's folder. Default: searches/METHOD-seedS in the run's folder, else ./searches/BENCHMARK-METHOD-seedS. */
  readonly out?: string;
  readonly json: boolean;
}

interface Setting {
  readonly method: MethodName;
  readonly seed: number;
  readonly benchmark: Benchmark;
  readonly run: { readonly folder: RunFolder; readonly config: Config } | null;
  readonly folder: RunFolder;
}

const DAY_SECONDS = 86_400;
/** setTimeout's longest. */
const MOST_SECONDS = 2_147_483;
const RETRY_PAUSE_MS = 1_000;

/**
 * @returns 0, or 130 when interrupted (the same command goes on)
 * @throws ConfigError for options that do not fit, an objective that failed for good, or a search folder in use or of another search
 */
export async function search(options: SearchOptions, { signal, closing }: Pick<MainContext, 'signal' | 'closing'>): Promise<number> {
  const setting = await openSetting(options);
  const { method, seed, benchmark, run, folder } = setting;
  const limits = limitsOf(options);
  closing.add('the search folder\'s lock', lockRunFolder(folder));
  const agent = isAgentMethod(method) && run !== null ? await loadRunAgent(run.folder, run.config, benchmark, 1, closing) : null;
  mkdirSync(folder.root, { recursive: true });
  const path = join(folder.root, 'history.jsonl');
  const identity = identityOf(setting, options, agent);
  const ledger = new Ledger(path, identity);
  closing.add('the history', () => { ledger.close(); });
  const progress = new ProgressLine(process.stderr);
  try {
    await searchObjective({
      method, benchmark, seed, history: ledger, signal, budget: options.budget, parallel: options.parallel ?? 1,
      objective: objectiveOf(options, setting, limits, identity),
      ...(agent === null ? {} : { agent: agent.q }),
      onProgress: (finished, budget) => { progress.show(`search with ${method}`, finished, budget, 'queries'); },
    });
  } catch (error) {
    progress.clear();
    if (!signal.aborted) throw error;
    process.stderr.write(`saved ${ledger.entries().length} of ${options.budget} queries in ${path}; the same command goes on\n`);
    return EXIT.interrupted;
  }
  progress.clear();
  report(ledger.entries().filter(({ query }) => query <= options.budget), setting, path, options);
  return EXIT.done;
}

async function openSetting(options: SearchOptions): Promise<Setting> {
  const [method, ...more] = parseMethods(options.method ?? 'agent');
  if (method === undefined || more.length > 0) throw new ConfigError(`--method must be one method, got "${options.method ?? ''}"`);
  if (isAgentMethod(method) && options.run === undefined) throw new ConfigError('search needs --run DIR with a trained agent, or --method and --benchmark, got no --run');
  const own = options.run === undefined ? null : runFolder(options.run);
  const run = own === null ? null : { folder: own, config: readRunConfig(own) };
  const setting = benchmarkSetting('search', options, run?.config ?? null);
  const trained = run?.config.experiment.benchmark;
  if (isAgentMethod(method) && setting.name !== trained) throw new ConfigError(`--benchmark must be the search space that the agent was trained on, ${trained ?? ''}, got ${setting.name}`);
  const benchmark = await openWithProgress(setting);
  const seed = options.seed ?? 0;
  const label = `${method}-seed${seed}`;
  const out = options.out ?? (own === null ? join('searches', `${benchmark.space.name}-${label}`) : join(own.root, 'searches', label));
  return { method, seed, benchmark, run, folder: runFolder(out) };
}

function limitsOf({ timeoutSeconds = DAY_SECONDS, retries = 2, parallel = 1, objectiveCommand, objectiveUrl }: SearchOptions): ObjectiveLimits {
  if (objectiveCommand !== undefined && objectiveUrl !== undefined) throw new ConfigError('a search has one objective, got both --objective-command and --objective-url');
  if (!(timeoutSeconds > 0 && timeoutSeconds <= MOST_SECONDS)) throw new ConfigError(`--timeout-seconds must be above 0 and at most 2,147,483, got ${timeoutSeconds}`);
  if (!Number.isInteger(parallel) || parallel < 1 || parallel > 1_000) throw new ConfigError(`--parallel must be in 1..1,000, got ${parallel}`);
  return { timeoutMs: Math.ceil(1_000 * timeoutSeconds), retries, retryPauseMs: RETRY_PAUSE_MS };
}

function identityOf({ method, seed, benchmark, run }: Setting, options: SearchOptions, agent: RunAgent | null): SearchIdentity {
  const { name, dataset, backend, settings = {} } = benchmark.description;
  return {
    benchmark: name, method, seed, ...settings,
    objective: options.objectiveCommand ?? options.objectiveUrl ?? `${dataset} (${backend})`,
    ...(agent === null || run === null ? {} : { run: run.folder.name, weightsVersion: agent.weightsVersion }),
  };
}

function objectiveOf({ objectiveCommand, objectiveUrl }: SearchOptions, { benchmark, folder }: Setting, limits: ObjectiveLimits, identity: SearchIdentity): Objective {
  if (objectiveCommand !== undefined) return new CommandObjective(objectiveCommand, join(folder.root, 'evaluations'), limits);
  if (objectiveUrl === undefined) return benchmarkObjective(benchmark);
  if (!URL.canParse(objectiveUrl) || !/^https?:/.test(objectiveUrl)) throw new ConfigError(`--objective-url must be an http or https address, got "${objectiveUrl}"`);
  const searchId = createHash('sha256').update(JSON.stringify([folder.root, identity])).digest('hex').slice(0, 16);
  return new HttpObjective(objectiveUrl, searchId, limits);
}

/** The best architecture on stdout: as text, or with the whole history as JSON. */
function report(history: readonly HistoryEntry[], { benchmark, method, seed }: Setting, path: string, options: SearchOptions): void {
  const best = history.reduce((a, b) => (b.validationAccuracy > a.validationAccuracy ? b : a));
  const testAccuracy = options.objectiveCommand === undefined && options.objectiveUrl === undefined ? testOf(best, benchmark) : null;
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ method, seed, budget: options.budget, queries: history.length, best: { ...best, testAccuracy }, history })}\n`);
    return;
  }
  const test = testAccuracy === null ? '' : `, test ${percent(testAccuracy)} %`;
  process.stdout.write(`best of ${history.length} queries: validation ${percent(best.validationAccuracy)} %${test}, found at query ${best.query}\n${best.id}\n${JSON.stringify(best.architecture)}\n`);
  process.stderr.write(`history: ${path}\n`);
}

function testOf({ architecture }: HistoryEntry, benchmark: Benchmark): number | null {
  if (!benchmark.hasTestAccuracy) return null;
  const out = new Float64Array(1);
  benchmark.testAccuracies(benchmark.space.fromJson(architecture), 1, out);
  return out[0] ?? null;
}
