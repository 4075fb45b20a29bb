/** @file The trained agent of a run's folder, ready to value neighbours: what an evaluation or a search walks with. */
import { readFileSync } from 'node:fs';
import { createInferenceEngine } from '../agent/createEngine.js';
import type { Benchmark } from '../benchmarks/types.js';
import type { RunFolder } from '../config/runFolder.js';
import type { Config } from '../config/schema.js';
import { CheckpointError, ConfigError } from '../errors.js';
import type { Closing } from '../lifecycle.js';
import { engineChoice, networkSpec } from './engineOf.js';
import { QBatcher } from '../search/qBatcher.js';
import { decodeWeights, type DecodedWeights } from '../wire/weights.js';

export interface RunAgent {
  readonly q: QBatcher;
  /** Evaluations that training spent up to these weights; null where the run did not note it. */
  readonly trainingQueries: number | null;
  readonly learnerSteps: number;
  /** Says which weights these are: a search resumes only with the same ones. */
  readonly weightsVersion: number;
}

/**
 * Loads weights.safetensors into an inference engine; `closing` disposes it.
 * @param batchSize states a call
 * @throws ConfigError if the run has no weights yet; CheckpointError if they are damaged or of another network; EngineError if the engine cannot be loaded as configured
 */
export async function loadRunAgent(folder: RunFolder, config: Config, benchmark: Benchmark, batchSize: number, closing: Closing): Promise<RunAgent> {
  const { weights, trainingQueries = null, rewardScale = null, version, learnerSteps } = readWeights(folder);
  const engine = await createInferenceEngine({
    spec: networkSpec(config, benchmark), batchSize, seed: config.experiment.seed, threads: config.engine.learnerThreads, ...engineChoice(config),
  });
  closing.add('the inference engine', () => { engine.dispose(); });
  try {
    engine.setWeights(weights);
  } catch (cause) {
    throw new CheckpointError(`${folder.weights} must hold the weights of this run's network on ${benchmark.space.name}`, cause);
  }
  const q = new QBatcher({ benchmark, q: (tokens) => engine.q(tokens), neighbours: config.mdp.neighbours, rewardScale, batchSize });
  return { q, trainingQueries, learnerSteps, weightsVersion: version };
}

function readWeights(folder: RunFolder): DecodedWeights {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(folder.weights);
  } catch (cause) {
    throw new ConfigError(`--run must be a run that has trained, and ${folder.weights} does not exist`, cause);
  }
  try {
    return decodeWeights(bytes);
  } catch (cause) {
    throw new CheckpointError(`${folder.weights} must hold weights, and is damaged`, cause);
  }
}
