/** @file The composed tfjs route against the engines' contract, and what is its own: refusing a gradient that is not finite. */
import { describe, expect, it } from 'vitest';
import { createInferenceEngine, createLearnerEngine } from '../../../shared/agent/createEngine.js';
import { loadTensorflow } from '../../../shared/engine/tensorflow.js';
import { EngineError } from '../../../shared/errors.js';
import { learnerEngineContract } from '../../contract/learnerEngine.js';
import { randomBatch, tinyOptions, tinySpec } from '../../contract/learnerFixtures.js';

learnerEngineContract({
  name: 'tfjs',
  learner: (options) => createLearnerEngine({ ...options, route: 'tfjs' }),
  inference: (options) => createInferenceEngine({ ...options, route: 'tfjs' }),
  liveTensors: async () => (await loadTensorflow({ threads: 1, device: 'cpu', bf16: false })).memory().numTensors,
});

describe('a gradient that is not finite', () => {
  it('is refused, and weights, optimizer and memory stay as they were', async () => {
    const tensors = async () => (await loadTensorflow({ threads: 1, device: 'cpu', bf16: false })).memory().numTensors;
    const engine = await createLearnerEngine({ ...tinyOptions(), route: 'tfjs' });
    await engine.step(randomBatch(tinySpec, 20));
    const before = [engine.onlineWeights(), engine.optimizerState(), await tensors()];
    const broken = { ...randomBatch(tinySpec, 21), importanceWeights: new Float32Array(5).fill(Number.NaN) };
    await expect(engine.step(broken)).rejects.toThrow(EngineError);
    await expect(engine.step(broken)).rejects.toThrow(/the gradient must be finite/);
    expect([engine.onlineWeights(), engine.optimizerState(), await tensors()]).toEqual(before);
    engine.dispose();
  });
});
