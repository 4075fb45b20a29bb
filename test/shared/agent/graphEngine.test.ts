/** The compiled route under the contract of every route, in both forms of its operations. */
import { describe } from 'vitest';
import { createGraphInference, createGraphLearner, isGraphAvailable } from '../../../shared/agent/graphEngine.js';
import { learnerEngineContract } from '../../contract/learnerEngine.js';

describe.skipIf(!isGraphAvailable())('graph', () => {
  for (const opsForm of ['composed', 'fused'] as const) {
    learnerEngineContract({
      name: `graph, ${opsForm}`,
      learner: (options) => createGraphLearner({ ...options, opsForm }),
      inference: (options) => createGraphInference({ ...options, opsForm }),
    });
  }
});
