/**
 * @file The one door to the engines: picks the route. `graph` compiles the network and its step into TensorFlow graph functions and
 * needs the addon that set-up builds; `tfjs` composes them of tfjs operations, is the reference, and always works where the engine loads.
 */
import { EngineError } from '../errors.js';
import type { EngineRoute, InferenceOptions, LearnerOptions } from './engineOptions.js';
import { createTfjsInference } from './tfjsInference.js';
import { createTfjsLearner } from './tfjsLearner.js';
import type { InferenceEngine, LearnerEngine } from './types.js';

interface Routed {
  readonly route: EngineRoute;
}

/**
 * @throws EngineError if the engine cannot be loaded as asked, or route `graph` was never built here
 * @throws ShapeError if the network's sizes do not fit each other
 */
export async function createLearnerEngine({ route, ...options }: LearnerOptions & Routed): Promise<LearnerEngine> {
  const graph = await graphRoute(route);
  return graph === null ? createTfjsLearner(options) : graph.createGraphLearner(options);
}

/** As createLearnerEngine, for Q-values only. */
export async function createInferenceEngine({ route, ...options }: InferenceOptions & Routed): Promise<InferenceEngine> {
  const graph = await graphRoute(route);
  return graph === null ? createTfjsInference(options) : graph.createGraphInference(options);
}

/** The graph route's module if `route` means it here, else null for tfjs. Loaded only then, since it opens the addon. */
async function graphRoute(route: EngineRoute): Promise<typeof import('./graphEngine.js') | null> {
  if (route === 'tfjs') return null;
  const graph = await import('./graphEngine.js');
  if (graph.isGraphAvailable()) return graph;
  if (route === 'auto') return null;
  throw new EngineError('engine.route graph needs the compiled addon, which is not built here: run make setup, or set engine.route to tfjs');
}
