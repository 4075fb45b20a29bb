/** @file The contract's part on what a learner holds: initial weights, the target network, snapshots, and memory. */
import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../shared/errors.js';
import { initialWeights } from '../../shared/agent/parameters.js';
import { largestDifference, randomBatch, randomTokens, roughWeights, tiniestSpec, tinyOptions, tinySpec, validValues, type EngineRouteUnderTest } from './learnerFixtures.js';
import { slowTdErrors, slowWeights } from './slowNetwork.js';

export function describeState(route: EngineRouteUnderTest): void {
  describe('weights of a learner', () => {
    it('start as initialWeights of the seed, online and target alike', async () => {
      const engine = await route.learner(tinyOptions({ seed: 5 }));
      expect(engine.onlineWeights()).toEqual(initialWeights(tinySpec, 5));
      expect(engine.targetWeights()).toEqual(initialWeights(tinySpec, 5));
      engine.dispose();
    });

    it('round-trip bit for bit, each network on its own', async () => {
      const engine = await route.learner(tinyOptions());
      engine.setWeights(roughWeights(tinySpec, 1));
      engine.setTargetWeights(roughWeights(tinySpec, 2));
      expect(engine.onlineWeights()).toEqual(roughWeights(tinySpec, 1));
      expect(engine.targetWeights()).toEqual(roughWeights(tinySpec, 2));
      engine.dispose();
    });

    it('refuse other shapes and stay as they were', async () => {
      const engine = await route.learner(tinyOptions());
      const wrong = roughWeights({ ...tinySpec, width: 4 }, 1);
      expect(() => engine.setWeights(wrong)).toThrow(ShapeError);
      expect(() => engine.setTargetWeights(wrong)).toThrow(ShapeError);
      expect(engine.onlineWeights()).toEqual(initialWeights(tinySpec, 11));
      expect(engine.targetWeights()).toEqual(initialWeights(tinySpec, 11));
      engine.dispose();
    });

    it('online: a step moves them, and snapshots taken before stay as they were', async () => {
      const engine = await route.learner(tinyOptions());
      const before = engine.onlineWeights();
      await engine.step(randomBatch(tinySpec, 20));
      expect(before).toEqual(initialWeights(tinySpec, 11));
      expect(engine.onlineWeights()).not.toEqual(before);
      engine.dispose();
    });

    it('target: a step leaves them, copyTarget takes the online ones, and later steps leave the copy', async () => {
      const engine = await route.learner(tinyOptions());
      await engine.step(randomBatch(tinySpec, 20));
      expect(engine.targetWeights()).toEqual(initialWeights(tinySpec, 11));
      engine.copyTarget();
      const copied = engine.onlineWeights();
      expect(engine.targetWeights()).toEqual(copied);
      await engine.step(randomBatch(tinySpec, 30));
      expect(engine.targetWeights()).toEqual(copied);
      engine.dispose();
    });

    it('target: the step after copyTarget bootstraps from the copy', async () => {
      const engine = await route.learner(tinyOptions());
      await engine.step(randomBatch(tinySpec, 20));
      engine.copyTarget();
      const copy = slowWeights(engine.onlineWeights());
      const batch = randomBatch(tinySpec, 30);
      expect(largestDifference((await engine.step(batch)).tdErrors, slowTdErrors(tinySpec, copy, copy, batch))).toBeLessThan(1e-4);
      engine.dispose();
    });

    it('handed to an inference engine give the learner\'s own Q-values', async () => {
      const learner = await route.learner(tinyOptions());
      await learner.step(randomBatch(tinySpec, 20));
      const actor = await route.inference(tinyOptions({ seed: 1 }));
      actor.setWeights(learner.onlineWeights());
      const tokens = randomTokens(tinySpec, [4, 2, 3], 5);
      const [a, b] = [validValues(await learner.q(tokens), tokens, 4), validValues(await actor.q(tokens), tokens, 4)];
      expect(largestDifference(a, b)).toBeLessThan(1e-6);
      learner.dispose();
      actor.dispose();
    });
  });

  it.skipIf(route.liveTensors === undefined)('1,000 learner steps and everything around them leave nothing behind', { timeout: 300_000 }, async () => {
    const live = route.liveTensors as () => Promise<number>;
    const start = await live();
    const learner = await route.learner(tinyOptions({ spec: tiniestSpec }));
    const actor = await route.inference(tinyOptions({ spec: tiniestSpec }));
    const batches = [20, 21, 22, 23].map((seed) => randomBatch(tiniestSpec, seed));
    const tokens = randomTokens(tiniestSpec, [4, 2, 3], 5);
    let afterFirst: number | null = null;
    for (let i = 0; i < 1000; i++) {
      await learner.step(batches[i % 4] as (typeof batches)[number]);
      await learner.step({ ...(batches[0] as (typeof batches)[number]), actions: new Int32Array(1) }).catch(() => undefined);
      if (i % 20 === 0) {
        learner.copyTarget();
        learner.setWeights(learner.onlineWeights());
        learner.setTargetWeights(learner.targetWeights());
        learner.setOptimizerState(learner.optimizerState());
        actor.setWeights(learner.onlineWeights());
        await actor.q(tokens);
        await learner.q(tokens);
      }
      afterFirst ??= await live();
    }
    expect(await live()).toBe(afterFirst);
    learner.dispose();
    actor.dispose();
    expect(await live()).toBe(start);
  });
}
