/** @file Our engine's side of the engine benchmark: one case loaded, timed turn by turn so that a peer's turns fit between. */
import { createGraphInference, createGraphLearner } from '../../shared/agent/graphEngine.js';
import { createTfjsInference } from '../../shared/agent/tfjsInference.js';
import { createTfjsLearner } from '../../shared/agent/tfjsLearner.js';
import type { InferenceEngine, LearnerEngine, Precision } from '../../shared/agent/types.js';
import { caseWeights, firstStates, learnerBatch, type EngineCase } from './engineCases.js';

/** `fused` and `composed` are the two forms of the compiled graph. */
export type EngineForm = 'fused' | 'composed' | 'tfjs';

/** What is timed: a learner step on the case's batch, or inference of so many states. */
export type Work = 'step' | number;

export interface Turn {
  /** Wall seconds of one step or one inference. */
  readonly seconds: number;
  /** Processor seconds of it, all threads: steady where the machine is shared. */
  readonly processorSeconds: number;
}

/** A loaded case. */
export interface Contender {
  /** Runs `count` times and gives the mean of one. */
  turn(work: Work, count: number): Promise<Turn>;
  close(): void;
}

const SEED = 1;
export const LEARNING_RATE = 5e-4;
export const CLIP_NORM = 10;

async function engines(of: EngineCase, form: EngineForm, precision: Precision, threads: number): Promise<[LearnerEngine, InferenceEngine]> {
  const options = { spec: of.spec, seed: SEED, precision, batchSize: of.batchSize, threads, device: 'cpu' } as const;
  const optimizer = { kind: 'adam', learningRate: LEARNING_RATE, gradientClipNorm: CLIP_NORM } as const;
  if (form === 'tfjs') return [await createTfjsLearner({ ...options, optimizer }), await createTfjsInference(options)];
  return [await createGraphLearner({ ...options, optimizer, opsForm: form }), await createGraphInference({ ...options, opsForm: form })];
}

/** Loads a case; both engines start at `caseWeights(of, 1)`. */
export async function ourContender(of: EngineCase, form: EngineForm, precision: Precision, threads: number): Promise<Contender & { q(): Promise<Float32Array> }> {
  const [learner, inference] = await engines(of, form, precision, threads);
  inference.setWeights(caseWeights(of, SEED));
  const batch = learnerBatch(of, SEED);
  const run = (work: Work): Promise<unknown> => (work === 'step' ? learner.step(batch) : inference.q(firstStates(batch.state, work)));
  return {
    q: () => inference.q(batch.state),
    turn: async (work, count) => {
      const before = process.cpuUsage();
      const start = performance.now();
      for (let i = 0; i < count; i++) await run(work);
      const seconds = (performance.now() - start) / 1000 / count;
      const used = process.cpuUsage(before);
      return { seconds, processorSeconds: (used.user + used.system) / 1e6 / count };
    },
    close: () => {
      learner.dispose();
      inference.dispose();
    },
  };
}
