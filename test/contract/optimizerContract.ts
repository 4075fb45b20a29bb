/** @file The contract's part on optimizers: each against a slow float64 twin, and stopped and continued bit for bit. */
import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../shared/errors.js';
import { decodeStepCount, optimizerStateShapes } from '../../shared/agent/optimizer.js';
import type { LearnerEngine, NamedArray, OptimizerSpec } from '../../shared/agent/types.js';
import { allValues, largestDifference, randomBatch, tinyOptions, tinySpec, type EngineRouteUnderTest } from './learnerFixtures.js';

const RATE = 1e-2;
const optimizers: readonly OptimizerSpec[] = [
  { kind: 'adam', learningRate: RATE, gradientClipNorm: 1.5 },
  { kind: 'rmsprop-centred', learningRate: RATE, gradientClipNorm: 1.5 },
];

/** First and second slot of all parameters, end to end. */
function slots(state: readonly NamedArray[]): [Float64Array, Float64Array] {
  const half = (state.length - 1) / 2;
  return [Float64Array.from(allValues(state.slice(1, 1 + half))), Float64Array.from(allValues(state.slice(1 + half)))];
}

/** One number's update by each optimizer, from the formulas as published. @returns [change of the weight, second slot] */
const twins: Record<OptimizerSpec['kind'], (g: number, first: number, second: number, t: number) => [number, number]> = {
  adam: (g, first, second, t) => {
    const v = 0.999 * second + 0.001 * g * g;
    const corrected = first / (1 - 0.9 ** t) / (Math.sqrt(v) + 1e-8);
    return [-RATE * corrected * Math.sqrt(1 - 0.999 ** t), v];
  },
  'rmsprop-centred': (g, first, second) => {
    const s = 0.95 * second + 0.05 * g * g;
    return [(-RATE * g) / Math.sqrt(s - first * first + 1.5e-7), s];
  },
};
const decay = { adam: 0.9, 'rmsprop-centred': 0.95 } as const;

async function train(engine: LearnerEngine, from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++) await engine.step(randomBatch(tinySpec, 100 + i));
}

export function describeOptimizers(route: EngineRouteUnderTest): void {
  describe.each(optimizers.map((optimizer) => [optimizer.kind, optimizer] as const))('optimizer %s', (kind, optimizer) => {
    it('starts at zero, in the shapes of its state', async () => {
      const engine = await route.learner(tinyOptions({ optimizer }));
      const state = engine.optimizerState();
      expect(state.map(({ name, shape, values }) => ({ name, shape, size: values.length }))).toEqual(optimizerStateShapes(kind, tinySpec));
      expect(allValues(state).every((v) => v === 0)).toBe(true);
      engine.dispose();
    });

    it('lets its rate fall to nothing where the decay says so', async () => {
      const engine = await route.learner(tinyOptions({ optimizer: { ...optimizer, decay: { steps: 3, finalShare: 0 } } }));
      await train(engine, 0, 2);
      const before = allValues(engine.onlineWeights());
      await train(engine, 2, 3);
      expect(allValues(engine.onlineWeights())).toEqual(before);
      engine.dispose();
    });

    it('updates as the slow twin does, each of 5 steps', async () => {
      const engine = await route.learner(tinyOptions({ optimizer }));
      let [before, [first, second]] = [Float64Array.from(allValues(engine.onlineWeights())), slots(engine.optimizerState())];
      for (let t = 1; t <= 5; t++) {
        await train(engine, t, t + 1);
        const after = Float64Array.from(allValues(engine.onlineWeights()));
        const state = engine.optimizerState();
        const [nextFirst, nextSecond] = slots(state);
        expect(decodeStepCount(state[0] as NamedArray)).toBe(t);
        // The first slot is a running mean, so it holds the (clipped) gradient that this step used.
        const g = nextFirst.map((m, i) => (m - decay[kind] * (first[i] as number)) / (1 - decay[kind]));
        expect(Math.sqrt(g.reduce((sum, v) => sum + v * v, 0))).toBeLessThan(1.5 * 1.001);
        const twin = Array.from(g, (value, i) => twins[kind](value, nextFirst[i] as number, second[i] as number, t));
        expect(largestDifference(nextSecond, twin.map(([, s]) => s))).toBeLessThan(1e-6);
        // Where the gradient is noise beside epsilon the quotient is noise too: compare where it is not.
        const clear = [...g.keys()].filter((i) => Math.abs(g[i] as number) > 1e-4);
        expect(clear.length).toBeGreaterThan(g.length / 2);
        expect(largestDifference(clear.map((i) => (after[i] as number) - (before[i] as number)), clear.map((i) => twin[i]?.[0] as number))).toBeLessThan(0.01 * RATE);
        [before, first, second] = [after, nextFirst, nextSecond];
      }
      engine.dispose();
    });

    it('continues bit for bit: 6 steps = 2 steps, exported into a fresh engine, and 4 more', async () => {
      const straight = await route.learner(tinyOptions({ optimizer }));
      await train(straight, 0, 6);
      const stopped = await route.learner(tinyOptions({ optimizer }));
      await train(stopped, 0, 2);
      const resumed = await route.learner(tinyOptions({ optimizer, seed: 99 }));
      resumed.setWeights(stopped.onlineWeights());
      resumed.setTargetWeights(stopped.targetWeights());
      resumed.setOptimizerState(stopped.optimizerState());
      stopped.dispose();
      await train(resumed, 2, 6);
      expect(resumed.onlineWeights()).toEqual(straight.onlineWeights());
      expect(resumed.optimizerState()).toEqual(straight.optimizerState());
      straight.dispose();
      resumed.dispose();
    });

    it.each([
      ['no step counter', (s: readonly NamedArray[]) => s.slice(1)],
      ['a missing slot', (s: readonly NamedArray[]) => s.slice(0, -1)],
      ['a slot of another shape', (s: readonly NamedArray[]) => s.map((a, i) => (i === 2 ? { ...a, shape: [99] } : a))],
      ['a step counter that is none', (s: readonly NamedArray[]) => s.map((a, i) => (i === 0 ? { ...a, values: Float32Array.of(0.5, 0) } : a))],
    ])('refuses a state with %s and stays as it was', async (_, spoil) => {
      const engine = await route.learner(tinyOptions({ optimizer }));
      await train(engine, 0, 2);
      const before = engine.optimizerState();
      expect(() => engine.setOptimizerState(spoil(before))).toThrow(ShapeError);
      expect(engine.optimizerState()).toEqual(before);
      engine.dispose();
    });
  });

  it('refuses the state of the other optimizer', async () => {
    const [adam, rmsprop] = [await route.learner(tinyOptions()), await route.learner(tinyOptions({ optimizer: optimizers[1] as OptimizerSpec }))];
    expect(() => adam.setOptimizerState(rmsprop.optimizerState())).toThrow(ShapeError);
    adam.dispose();
    rmsprop.dispose();
  });
}
