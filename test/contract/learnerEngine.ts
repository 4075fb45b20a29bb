/**
 * @file What every engine route promises, run once for each route: the numbers of a slow float64 twin, masks that mask, a step that is
 * double Q-learning, optimizers that can be stopped and continued bit for bit, refusals that change nothing, and no leaks.
 */
import { describe } from 'vitest';
import { describeInference } from './inferenceContract.js';
import type { EngineRouteUnderTest } from './learnerFixtures.js';
import { describeState } from './learnerStateContract.js';
import { describeStep } from './learnerStepContract.js';
import { describeOptimizers } from './optimizerContract.js';

/** Runs the whole contract on one route. Call it at the top level of a test file. */
export function learnerEngineContract(route: EngineRouteUnderTest): void {
  describe(`engine route ${route.name}`, () => {
    describeInference(route);
    describeStep(route);
    describeOptimizers(route);
    describeState(route);
  });
}
