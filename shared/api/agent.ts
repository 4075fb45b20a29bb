/** @file A trained agent for programs: its network in memory until it is closed. */
import type { Benchmark } from '../benchmarks/types.js';
import { readRunConfig, runFolder } from '../config/runFolder.js';
import { ConfigError } from '../errors.js';
import { Closing } from '../lifecycle.js';
import { loadRunAgent } from '../run/runAgent.js';
import type { QSource } from '../search/types.js';

export interface TrainedAgent {
  /** What `search` and `runEvaluation` take. */
  readonly q: QSource;
  /** Name of the run it comes from. */
  readonly run: string;
  /** Evaluations that its training spent; null where the run did not note it. */
  readonly trainingQueries: number | null;
  readonly learnerSteps: number;
  /** Frees the network; the agent cannot be used afterwards. */
  close(): Promise<void>;
}

/** States valued by one call of the network. */
const Q_BATCH = 64;

/**
 * Loads the newest saved weights of a run.
 * @param run the run's folder, e.g. `runs/nasbench301-small-seed1`
 * @param benchmark one of the search space that the run was trained on; another data set or backend of it is fine
 * @throws ConfigError if the folder holds no trained run, or was trained on another search space; CheckpointError if its weights are damaged
 */
export async function loadAgent(run: string, benchmark: Benchmark): Promise<TrainedAgent> {
  const folder = runFolder(run);
  const config = readRunConfig(folder);
  const { name } = benchmark.description;
  if (config.experiment.benchmark !== name) throw new ConfigError(`the benchmark must be the search space that ${folder.name} was trained on, ${config.experiment.benchmark}, got ${name}`);
  const closing = new Closing();
  try {
    const { q, trainingQueries, learnerSteps } = await loadRunAgent(folder, config, benchmark, Q_BATCH, closing);
    return { q, trainingQueries, learnerSteps, run: folder.name, close: () => closing.run() };
  } catch (error) {
    await closing.run();
    throw error;
  }
}
