/**
 * @file The compiled route: the network and its step as TensorFlow graphs built and run through the addon of shared/engine/addon, with
 * custom operations where set-up compiled them. Held to the composed tfjs reference by the contract tests.
 */
import { isAddonBuilt } from '../engine/graphAddon.js';
import type { GraphOptions } from './graphForm.js';
import { GraphInference } from './graphInference.js';
import { GraphLearner, type GraphLearnerOptions } from './graphLearner.js';
import type { InferenceEngine, LearnerEngine } from './types.js';

/** True where set-up compiled the addon. */
export function isGraphAvailable(): boolean {
  return isAddonBuilt();
}

/** @throws EngineError if the engine cannot be had as asked; ShapeError if the network's sizes do not fit each other */
export function createGraphLearner(options: GraphLearnerOptions): Promise<LearnerEngine> {
  return Promise.resolve().then(() => new GraphLearner(options));
}

/** As createGraphLearner, for Q-values only. */
export function createGraphInference(options: GraphOptions): Promise<InferenceEngine> {
  return Promise.resolve().then(() => new GraphInference(options));
}
