/** What the compiled route promises beyond the contract of every route: bf16, concurrency, memory, and its two forms' agreement. */
import { describe, expect, it } from 'vitest';
import { createGraphInference, createGraphLearner, isGraphAvailable } from '../../../shared/agent/graphEngine.js';
import type { GraphLearnerOptions } from '../../../shared/agent/graphLearner.js';
import { EngineError } from '../../../shared/errors.js';
import { largestDifference, randomBatch, randomTokens, roughWeights, tinyOptions, tinySpec } from '../../contract/learnerFixtures.js';

const options = (overrides: Partial<GraphLearnerOptions> = {}): GraphLearnerOptions => ({ ...tinyOptions(), ...overrides });

describe.skipIf(!isGraphAvailable())('graph engine', () => {
  it.each(['fused', 'composed'] as const)('in bf16 (%s) stays near f32: inputs of products keep eight bits, sums stay f32', async (opsForm) => {
    const weights = roughWeights(tinySpec, 3);
    const tokens = randomTokens(tinySpec, [4, 2, 0, 1], 9);
    const values = await Promise.all((['f32', 'bf16'] as const).map(async (precision) => {
      const engine = await createGraphInference({ ...options(), precision, opsForm });
      engine.setWeights(weights);
      const q = await engine.q(tokens);
      engine.dispose();
      return q;
    }));
    const difference = largestDifference(values[0] as Float32Array, values[1] as Float32Array);
    expect(difference).toBeGreaterThan(1e-5);
    expect(difference).toBeLessThan(0.1);
  });

  it('learns in bf16 as in f32, step by step', async () => {
    const losses = await Promise.all((['f32', 'bf16'] as const).map(async (precision) => {
      const learner = await createGraphLearner(options({ precision }));
      const seen: number[] = [];
      for (let i = 0; i < 40; i++) seen.push((await learner.step(randomBatch(tinySpec, 5))).loss);
      learner.dispose();
      return seen;
    }));
    const [f32, bf16] = losses as [number[], number[]];
    expect(bf16.at(-1)).toBeLessThan(0.5 * (bf16[0] as number));
    expect(Math.abs((bf16.at(-1) as number) - (f32.at(-1) as number))).toBeLessThan(0.15 * (f32[0] as number));
  });

  it('gives equal steps in both forms, to rounding', async () => {
    const learners = await Promise.all((['fused', 'composed'] as const).map((opsForm) => createGraphLearner(options({ opsForm }))));
    for (let i = 0; i < 5; i++) {
      const results = await Promise.all(learners.map((learner) => learner.step(randomBatch(tinySpec, i))));
      expect(largestDifference(results[0]?.tdErrors as Float32Array, results[1]?.tdErrors as Float32Array)).toBeLessThan(1e-4);
    }
    for (const learner of learners) learner.dispose();
  });

  it('answers many calls at once and swaps weights between them: each answer is of one snapshot whole', async () => {
    const engine = await createGraphInference(options());
    const tokens = randomTokens(tinySpec, [4, 3], 2);
    const snapshots = [roughWeights(tinySpec, 1), roughWeights(tinySpec, 2)];
    const expected: Float32Array[] = [];
    for (const snapshot of snapshots) {
      engine.setWeights(snapshot);
      expected.push((await engine.q(tokens)).slice());
    }
    const runs: Promise<Float32Array>[] = [];
    for (let i = 0; i < 60; i++) {
      engine.setWeights(snapshots[i % 2] as (typeof snapshots)[0]);
      runs.push(engine.q(tokens));
    }
    for (const q of await Promise.all(runs)) expect(expected.some((one) => largestDifference(one, q) === 0)).toBe(true);
    engine.dispose();
  });

  it('keeps its memory flat over 3,000 steps and inferences', async () => {
    const learner = await createGraphLearner(options());
    const batch = randomBatch(tinySpec, 1);
    const run = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        await learner.step(batch);
        await learner.q(batch.state);
        if (i % 100 === 0) learner.copyTarget();
      }
    };
    await run(1_000);
    const before = process.memoryUsage().rss;
    await run(3_000);
    // A leak of the fed or fetched tensors alone, about 600 bytes a step, would be hidden; one of a [B T, D] tensor a node is not.
    expect(process.memoryUsage().rss - before).toBeLessThan(12e6);
    learner.dispose();
  }, 60_000);

  it('refuses to run once disposed, and a GPU that is not there', async () => {
    const learner = await createGraphLearner(options());
    learner.dispose();
    await expect(learner.q(randomTokens(tinySpec, [1], 1))).rejects.toThrow(EngineError);
    await expect(createGraphLearner(options({ device: 'gpu' }))).rejects.toThrow(/engine.device=gpu must find a GPU/);
  });
});
