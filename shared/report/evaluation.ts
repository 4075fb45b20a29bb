/** @file One evaluation: runs every method's searches, summarises them, and writes results.json, curves.csv, searches.csv, report.html. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark } from '../benchmarks/types.js';
import { ConfigError } from '../errors.js';
import { Rng } from '../rng.js';
import { checkAgent } from '../search/methods.js';
import { runSearches } from '../search/runSearches.js';
import { isAgentMethod, type MethodName, type QSource, type SearchTrace } from '../search/types.js';
import { curvesCsv, curvesOf, type CurvePoint } from './curves.js';
import type { MethodTraces, Results } from './results.js';
import { scoreTraces, type MethodScores } from './scores.js';
import { searchesCsv } from './searchesCsv.js';
import { summariseResults } from './summariseResults.js';

/** One trained agent: a training seed. */
export interface EvaluatedAgent {
  readonly run: string;
  /** Evaluations that its training spent; null where unknown. */
  readonly trainingQueries: number | null;
  readonly q: QSource;
}

export interface EvaluationOptions {
  readonly benchmark: Benchmark;
  /** Another benchmark of the same space that re-scores the incumbents; null for the one searched. */
  readonly judge: Benchmark | null;
  /** Empty where no agent is evaluated; the agent's methods need at least one. */
  readonly agents: readonly EvaluatedAgent[];
  readonly methods: readonly MethodName[];
  readonly budgets: readonly number[];
  /** Searches a method and agent, of seeds firstSeed, firstSeed + 1, ... */
  readonly seeds: number;
  readonly firstSeed: number;
  readonly onProgress?: (progress: EvaluationProgress) => void;
  readonly signal?: AbortSignal;
}

export interface EvaluationProgress {
  readonly method: MethodName;
  /** Queries spent by this method's searches so far, of `total`. */
  readonly queries: number;
  readonly total: number;
}

/** All an evaluation knows, for tables, plots and files. */
export interface Evaluation {
  readonly results: Results;
  readonly curves: readonly CurvePoint[];
  readonly scores: readonly MethodScores[];
}

/**
 * @throws ConfigError if budgets or seeds are out of range, no method is named, a method that walks with an agent has none, or the judge
 * is of another search space
 */
export async function runEvaluation(options: EvaluationOptions): Promise<Evaluation> {
  check(options);
  const { benchmark, judge, agents, firstSeed } = options;
  const budgets = [...new Set(options.budgets)].sort((a, b) => a - b);
  const budget = budgets.at(-1) ?? 0;
  const seeds = Array.from({ length: options.seeds }, (_, i) => firstSeed + i);
  const traces: MethodTraces[] = [];
  for (const method of options.methods) {
    const groups: SearchTrace[][] = [];
    for (const agent of isAgentMethod(method) ? agents : [undefined]) {
      groups.push(await runSearches({
        method, benchmark, seeds, budget,
        ...(agent === undefined ? {} : { agent: agent.q }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
        onProgress: (queries, total) => options.onProgress?.({ method, queries, total }),
      }));
    }
    traces.push({ method, groups });
  }
  const withAgent = options.methods.some(isAgentMethod);
  const results = summariseResults({
    benchmark, judge, budgets, traces, seed: firstSeed,
    runs: withAgent ? agents.map((agent) => agent.run) : [],
    trainingQueries: withAgent ? meanTrainingQueries(agents) : null,
  });
  const scores = scoreTraces(traces, judge);
  return { results, scores, curves: await curvesOf(scores, budget, new Rng(firstSeed)) };
}

function check({ benchmark, judge, agents, methods, budgets, seeds }: EvaluationOptions): void {
  if (methods.length === 0) throw new ConfigError('an evaluation needs at least one method, got none');
  if (agents.length === 0) for (const method of methods) checkAgent(method, undefined);
  if (budgets.length === 0 || budgets.some((b) => !Number.isInteger(b) || b < 1 || b > 1_000_000)) {
    throw new ConfigError(`budgets must be integers in 1..1,000,000, got "${budgets.join(',')}"`);
  }
  if (!Number.isInteger(seeds) || seeds < 1 || seeds > 100_000) throw new ConfigError(`seeds must be an integer in 1..100,000, got ${seeds}`);
  if (judge !== null && judge.space.name !== benchmark.space.name) {
    throw new ConfigError(`the judge must score architectures of ${benchmark.space.name}, got one of ${judge.space.name}`);
  }
}

function meanTrainingQueries(agents: readonly EvaluatedAgent[]): number | null {
  let sum = 0;
  for (const { trainingQueries } of agents) {
    if (trainingQueries === null) return null;
    sum += trainingQueries;
  }
  return sum / agents.length;
}

/** Writes results.json, curves.csv, searches.csv and, where given, report.html into `folder`, each whole or not at all. */
export function writeEvaluation(folder: string, evaluation: Evaluation, benchmark: Benchmark, html: string | null): void {
  const { results, curves, scores } = evaluation;
  mkdirSync(folder, { recursive: true });
  const runs = results.run === null ? [] : results.run.split(', ');
  const files: Record<string, string> = {
    'results.json': `${JSON.stringify(results, null, 2)}\n`,
    'curves.csv': curvesCsv(curves, results.reference),
    'searches.csv': searchesCsv(scores, runs, results.budgets, benchmark),
    ...(html === null ? {} : { 'report.html': html }),
  };
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    writeFileSync(`${path}.tmp`, content);
    renameSync(`${path}.tmp`, path);
  }
}
