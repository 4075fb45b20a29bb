/** @file The contract's part on one learner step: double-Q errors, loss, gradient and clip, all against the slow twin. */
import { describe, expect, it } from 'vitest';
import { InvariantError, ShapeError } from '../../shared/errors.js';
import { argMaxValid, weightedHuberLoss } from '../../shared/agent/loss.js';
import { ADAM } from '../../shared/agent/optimizer.js';
import { parameterShapes } from '../../shared/agent/parameters.js';
import type { LearnerOptions } from '../../shared/agent/engineOptions.js';
import type { LearnerBatch, LearnerEngine, NetworkSpec } from '../../shared/agent/types.js';
import { allValues, largestDifference, randomBatch, randomTokens, roughWeights, specVariants, tiniestSpec, tinyOptions, tinySpec, type EngineRouteUnderTest } from './learnerFixtures.js';
import { slowGradient, slowQ, slowQTaken, slowTdErrors, slowWeights } from './slowNetwork.js';

const ONLINE = 3;
const TARGET = 4;

/** A learner whose online and target networks are two different rough ones. */
async function roughLearner(route: EngineRouteUnderTest, overrides: Partial<LearnerOptions> = {}): Promise<LearnerEngine> {
  const engine = await route.learner(tinyOptions(overrides));
  engine.setWeights(roughWeights(engine.spec, ONLINE));
  engine.setTargetWeights(roughWeights(engine.spec, TARGET));
  return engine;
}

const networks = (spec: NetworkSpec) => [slowWeights(roughWeights(spec, ONLINE)), slowWeights(roughWeights(spec, TARGET))] as const;

/** The clipped gradient of an engine's first Adam step, end to end: its first moment over 1 - beta1. */
function firstGradient(engine: LearnerEngine): Float64Array {
  const moments = engine.optimizerState().filter(({ name }) => name.startsWith('optimizer.firstMoment.'));
  return Float64Array.from(allValues(moments), (m) => m / (1 - ADAM.beta1));
}

const norm = (values: ArrayLike<number>) => Math.sqrt(Array.from(values).reduce((sum, v) => sum + v * v, 0));

/** The twin's gradient in parameter order. */
function expectedGradient(spec: NetworkSpec, batch: LearnerBatch, huberDelta: number): Float64Array {
  const byName = slowGradient(spec, ...networks(spec), batch, huberDelta);
  return Float64Array.from(parameterShapes(spec).flatMap(({ name }) => [...(byName.get(name) as Float64Array)]));
}

export function describeStep(route: EngineRouteUnderTest): void {
  describe('a learner step', () => {
    it.each(specVariants)('gives the twin\'s double-Q errors, loss and mean Q: %s', async (_, spec) => {
      const batch = randomBatch(spec, 20);
      const [online, target] = networks(spec);
      const engine = await roughLearner(route, { spec });
      const result = await engine.step(batch);
      const expected = slowTdErrors(spec, online, target, batch);
      expect(largestDifference(result.tdErrors, expected)).toBeLessThan(1e-4);
      expect(result.loss).toBeCloseTo(weightedHuberLoss(expected, batch.importanceWeights, 1), 4);
      expect(result.meanQ).toBeCloseTo(slowQTaken(spec, online, batch).reduce((a, b) => a + b, 0) / 5, 4);
      engine.dispose();
    });

    it('is tested where it matters: choices of the two networks differ, and masked slots would win', () => {
      const { next } = randomBatch(tinySpec, 20);
      const [online, target] = networks(tinySpec).map((weights) => slowQ(tinySpec, weights, next)) as [Float64Array, Float64Array];
      const rows = [...next.counts.keys()].filter((b) => (next.counts[b] as number) > 0);
      const chosen = (q: Float64Array, b: number) => argMaxValid(q, b * 4, next.counts[b] as number);
      expect(rows.some((b) => chosen(online, b) !== chosen(target, b))).toBe(true);
      expect(rows.some((b) => chosen(online, b) !== argMaxValid(online, b * 4, 4))).toBe(true);
    });

    it('bootstraps nothing where the episode terminated, with or without valid neighbours', async () => {
      const batch: LearnerBatch = { ...randomBatch(tinySpec, 20), discounts: new Float32Array(5) };
      const engine = await roughLearner(route);
      const { tdErrors } = await engine.step(batch);
      const qTaken = slowQTaken(tinySpec, networks(tinySpec)[0], batch);
      expect(largestDifference(tdErrors, qTaken.map((q, b) => (batch.nStepReturns[b] as number) - q))).toBeLessThan(1e-4);
      engine.dispose();
    });

    it.each([
      ['two layers, role, dueling', tinySpec, 1] as const,
      ['learned, dueling', { ...tiniestSpec, positionalEncoding: 'learned' }, 1] as const,
      ['sinusoidal, dueling', { ...tiniestSpec, positionalEncoding: 'sinusoidal' }, 1] as const,
      ['role, not dueling', { ...tiniestSpec, dueling: false }, 1] as const,
      ['one head', { ...tiniestSpec, heads: 1 }, 1] as const,
      ['Huber bend at 0.2', tiniestSpec, 0.2] as const,
      ['Huber bend at 50, all quadratic', tiniestSpec, 50] as const,
    ])('follows the gradient that finite differences of the twin give: %s', async (_, spec, huberDelta) => {
      const batch = randomBatch(spec, 20);
      const engine = await roughLearner(route, { spec, huberDelta });
      const { gradientNorm } = await engine.step(batch);
      const expected = expectedGradient(spec, batch, huberDelta);
      const got = firstGradient(engine);
      expect(largestDifference(got, expected)).toBeLessThan(2e-4 * Math.max(1, norm(expected)));
      expect(norm(got) / norm(expected)).toBeCloseTo(1, 3);
      expect(gradientNorm / norm(expected)).toBeCloseTo(1, 3);
      engine.dispose();
    });

    it('weighs the rows: importance weight 0 takes a row out, doubling all doubles loss and gradient', async () => {
      const batch = randomBatch(tinySpec, 20);
      const run = async (importanceWeights: Float32Array) => {
        const engine = await roughLearner(route);
        const result = await engine.step({ ...batch, importanceWeights });
        const gradient = firstGradient(engine);
        engine.dispose();
        return { ...result, gradient };
      };
      const once = await run(Float32Array.of(1, 0.25, 0.5, 0.9, 0.7));
      const twice = await run(Float32Array.of(2, 0.5, 1, 1.8, 1.4));
      expect(twice.loss / once.loss).toBeCloseTo(2, 4);
      expect(largestDifference(twice.gradient, once.gradient.map((g) => 2 * g))).toBeLessThan(1e-4 * once.gradientNorm);
      expect(twice.tdErrors).toEqual(once.tdErrors); // importance weights never reach the priorities
      const only = await run(Float32Array.of(0, 0, 0, 1, 0));
      expect(only.loss).toBeCloseTo(weightedHuberLoss(once.tdErrors.subarray(3, 4), [1], 1) / 5, 4);
    });

    it('clips the global norm and reports it as it was', async () => {
      const batch = randomBatch(tinySpec, 20);
      const free = await roughLearner(route);
      const clipped = await roughLearner(route, { optimizer: { kind: 'adam', learningRate: 1e-2, gradientClipNorm: 0.01 } });
      const { gradientNorm } = await free.step(batch);
      expect(gradientNorm).toBeGreaterThan(0.1);
      expect((await clipped.step(batch)).gradientNorm).toBeCloseTo(gradientNorm, 5);
      const [full, short] = [firstGradient(free), firstGradient(clipped)];
      expect(norm(short)).toBeCloseTo(0.01, 6);
      expect(largestDifference(short, full.map((g) => (g * 0.01) / gradientNorm))).toBeLessThan(1e-6);
      free.dispose();
      clipped.dispose();
    });

    it('fits fixed returns', async () => {
      const batch: LearnerBatch = { ...randomBatch(tiniestSpec, 20), discounts: new Float32Array(5), importanceWeights: new Float32Array(5).fill(1) };
      const engine = await route.learner(tinyOptions({ spec: tiniestSpec, optimizer: { kind: 'adam', learningRate: 3e-2, gradientClipNorm: 1e6 } }));
      const first = await engine.step(batch);
      for (let i = 0; i < 100; i++) await engine.step(batch);
      const last = await engine.step(batch);
      expect(last.loss).toBeLessThan(0.02 * first.loss);
      engine.dispose();
    });

    it('hands out arrays of its own: a later step does not change them', async () => {
      const engine = await roughLearner(route);
      const { tdErrors } = await engine.step(randomBatch(tinySpec, 20));
      const copy = tdErrors.slice();
      await engine.step(randomBatch(tinySpec, 30));
      expect(tdErrors).toEqual(copy);
      engine.dispose();
    });
  });

  describe('a refused batch', () => {
    const good = randomBatch(tinySpec, 20);
    it.each([
      ['actions of another length', { ...good, actions: good.actions.slice(1) }, ShapeError],
      ['returns of another length', { ...good, nStepReturns: new Float32Array(6) }, ShapeError],
      ['discounts of another length', { ...good, discounts: new Float32Array(4) }, ShapeError],
      ['importance weights of another length', { ...good, importanceWeights: new Float32Array(0) }, ShapeError],
      ['next states of another number', { ...good, next: randomTokens(tinySpec, [4, 4, 4, 4], 1) }, ShapeError],
      ['state ids of another shape', { ...good, state: { ...good.state, ids: good.state.ids.slice(1) } }, ShapeError],
      ['an action at a masked slot', { ...good, actions: Int32Array.of(0, 0, 0, 2, 0) }, InvariantError],
      ['a negative action', { ...good, actions: Int32Array.of(0, -1, 0, 0, 0) }, InvariantError],
      ['an unknown feature id', { ...good, next: { ...good.next, ids: good.next.ids.map((id, i) => (i === 0 ? 8 : id)) } }, InvariantError],
      ['a bootstrap from a state without valid neighbours', { ...good, discounts: new Float32Array(5).fill(0.9) }, InvariantError],
    ])('%s changes nothing', async (_, batch: LearnerBatch, error) => {
      const engine = await roughLearner(route);
      const before = [engine.onlineWeights(), engine.optimizerState()];
      await expect(engine.step(batch)).rejects.toThrow(error);
      expect([engine.onlineWeights(), engine.optimizerState()]).toEqual(before);
      engine.dispose();
    });
  });
}
