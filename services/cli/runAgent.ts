/** @file The trained agent of a run's folder, ready to value neighbours: what `evaluate` and `search` walk with. */
import { readFileSync } from 'node:fs';
import { createInferenceEngine } from '../../shared/agent/createEngine.js';
import { networkSpecOf } from '../../shared/agent/networkSpec.js';
import type { Benchmark } from '../../shared/benchmarks/types.js';
import type { RunFolder } from '../../shared/config/runFolder.js';
import type { Config } from '../../shared/config/schema.js';
import { CheckpointError, ConfigError } from '../../shared/errors.js';
import type { Closing } from '../../shared/lifecycle.js';
import { QBatcher } from '../../shared/search/qBatcher.js';
import { decodeSafetensors } from '../../shared/wire/safetensors.js';
import { decodeWeights, type DecodedWeights } from '../../shared/wire/weights.js';

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
  const { weights, trainingQueries, version, learnerSteps } = readWeights(folder);
  const spec = networkSpecOf(config.agent, config.mdp.neighbours, benchmark.space.features);
  const { route, device, precision, learnerThreads } = config.engine;
  const engine = await createInferenceEngine({
    spec, batchSize, route, device, threads: learnerThreads, seed: config.experiment.seed, precision: precision === 'bf16' ? 'bf16' : 'f32',
  });
  closing.add('the inference engine', () => { engine.dispose(); });
  try {
    engine.setWeights(weights);
  } catch (cause) {
    throw new CheckpointError(`${folder.weights} must hold the weights of this run's network on ${benchmark.space.name}`, cause);
  }
  const q = new QBatcher({ benchmark, q: (tokens) => engine.q(tokens), neighbours: config.mdp.neighbours, batchSize });
  return { q, trainingQueries, learnerSteps, weightsVersion: version };
}

function readWeights(folder: RunFolder): DecodedWeights & { trainingQueries: number | null } {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(folder.weights);
  } catch (cause) {
    throw new ConfigError(`--run must be a run that has trained, and ${folder.weights} does not exist`, cause);
  }
  try {
    const noted = decodeSafetensors(bytes).metadata.get('trainingQueries');
    return { ...decodeWeights(bytes), trainingQueries: noted === undefined ? null : Number(noted) };
  } catch (cause) {
    throw new CheckpointError(`${folder.weights} must hold weights, and is damaged`, cause);
  }
}
