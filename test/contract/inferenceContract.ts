/** @file The contract's part on Q-values: equal to the slow twin, indifferent to order, padding, masked slots and batch mates. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ShapeError, InvariantError } from '../../shared/errors.js';
import { initialWeights } from '../../shared/agent/parameters.js';
import type { NetworkSpec } from '../../shared/agent/types.js';
import type { TokenBatch } from '../../shared/mdp/types.js';
import { allValues, largestDifference, randomTokens, roughWeights, specVariants, tinyOptions, tinySpec, validValues, type EngineRouteUnderTest } from './learnerFixtures.js';
import { slowQ, slowWeights } from './slowNetwork.js';

const K = tinySpec.activeFeatures;

/** Row b's tokens reordered: neighbour slot i takes what stood in slot order[i]. */
function permuted(tokens: TokenBatch, order: readonly number[]): TokenBatch {
  const ids = tokens.ids.slice();
  const row = (1 + tinySpec.neighbours) * K;
  for (let b = 0; b < tokens.batch; b++) {
    order.forEach((from, to) => ids.set(tokens.ids.subarray(b * row + (1 + from) * K, b * row + (2 + from) * K), b * row + (1 + to) * K));
  }
  return { ...tokens, ids };
}

export function describeInference(route: EngineRouteUnderTest): void {
  describe('Q-values', () => {
    it.each(specVariants)('equal the slow twin to 1e-4: %s', async (_, spec) => {
      const weights = roughWeights(spec, 3);
      const tokens = randomTokens(spec, [4, 3, 1, 4, 2], 5);
      const engine = await route.inference(tinyOptions({ spec }));
      engine.setWeights(weights);
      const q = await engine.q(tokens);
      expect(q).toHaveLength(5 * spec.neighbours);
      expect(q.every(Number.isFinite)).toBe(true);
      expect(largestDifference(validValues(q, tokens, spec.neighbours), validValues(slowQ(spec, slowWeights(weights), tokens), tokens, spec.neighbours))).toBeLessThan(1e-4);
      engine.dispose();
    });

    it('are finite for a state without any valid neighbour', async () => {
      const engine = await route.inference(tinyOptions());
      expect((await engine.q(randomTokens(tinySpec, [0, 2], 5))).every(Number.isFinite)).toBe(true);
      engine.dispose();
    });

    it('permute as the neighbours do, since role encoding tells no slot from another', async () => {
      const engine = await route.inference(tinyOptions());
      engine.setWeights(roughWeights(tinySpec, 3));
      await fc.assert(
        fc.asyncProperty(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), fc.integer({ min: 0, max: 1e6 }), async (order, seed) => {
          const tokens = randomTokens(tinySpec, [4, 4], seed);
          const plain = (await engine.q(tokens)).slice();
          const shuffled = (await engine.q(permuted(tokens, order))).slice();
          const expected = [0, 4].flatMap((start) => order.map((from) => plain[start + from] as number));
          expect(largestDifference(shuffled, expected)).toBeLessThan(1e-5);
        }),
        { numRuns: 25, seed: 1 },
      );
      engine.dispose();
    });

    it('do depend on the slot under the learned encoding', async () => {
      const spec: NetworkSpec = { ...tinySpec, positionalEncoding: 'learned' };
      const engine = await route.inference(tinyOptions({ spec }));
      engine.setWeights(roughWeights(spec, 3));
      const tokens = randomTokens(spec, [4], 9);
      const plain = (await engine.q(tokens)).slice();
      const shuffled = (await engine.q(permuted(tokens, [1, 0, 2, 3]))).slice();
      expect(largestDifference(shuffled, [1, 0, 2, 3].map((i) => plain[i] as number))).toBeGreaterThan(1e-3);
      engine.dispose();
    });

    it('of valid neighbours do not change at all with what stands in masked slots', async () => {
      const engine = await route.inference(tinyOptions());
      engine.setWeights(roughWeights(tinySpec, 3));
      const padded = randomTokens(tinySpec, [2, 1, 3], 5);
      const filled = randomTokens(tinySpec, [4, 4, 4], 77);
      padded.counts.forEach((count, b) => {
        const start = b * 5 * K;
        filled.ids.set(padded.ids.subarray(start, start + (1 + count) * K), start);
      });
      const disguised: TokenBatch = { ...filled, counts: padded.counts };
      const plain = validValues(await engine.q(padded), padded, 4);
      expect(validValues(await engine.q(disguised), padded, 4)).toEqual(plain);
      expect(validValues(await engine.q(filled), padded, 4)).not.toEqual(plain); // the same ids, unmasked, do count
      engine.dispose();
    });

    it('do not depend on how many slots the network pads to', async () => {
      const wide: NetworkSpec = { ...tinySpec, neighbours: 9 };
      const weights = roughWeights(tinySpec, 3);
      const tokens = randomTokens(tinySpec, [4], 5);
      const wideIds = new Uint16Array(10 * K).fill(tinySpec.featureRows);
      wideIds.set(tokens.ids);
      const [narrowEngine, wideEngine] = [await route.inference(tinyOptions()), await route.inference(tinyOptions({ spec: wide }))];
      narrowEngine.setWeights(weights);
      wideEngine.setWeights(weights);
      const narrow = validValues(await narrowEngine.q(tokens), tokens, 4);
      const padded = validValues(await wideEngine.q({ batch: 1, ids: wideIds, counts: tokens.counts }), tokens, 9);
      expect(largestDifference(narrow, padded)).toBeLessThan(1e-5);
      narrowEngine.dispose();
      wideEngine.dispose();
    });

    it('of a state are the same alone and among others, whatever batch size came before', async () => {
      const engine = await route.inference(tinyOptions());
      engine.setWeights(roughWeights(tinySpec, 3));
      const tokens = randomTokens(tinySpec, [4, 2, 3, 1, 4, 2, 3], 5);
      const together = (await engine.q(tokens)).slice();
      for (const b of [0, 3, 6]) {
        const alone: TokenBatch = { batch: 1, ids: tokens.ids.slice(b * 5 * K, (b + 1) * 5 * K), counts: tokens.counts.slice(b, b + 1) };
        const q = await engine.q(alone);
        expect(largestDifference(validValues(q, alone, 4), Array.from(together.subarray(b * 4, b * 4 + (alone.counts[0] as number))))).toBeLessThan(1e-5);
      }
      engine.dispose();
    });

    it('dueling: V moves every value alike and the mean runs over valid slots only', async () => {
      const engine = await route.inference(tinyOptions());
      const weights = roughWeights(tinySpec, 3).map((a) => (a.name === 'heads.value.kernel' ? { ...a, values: new Float32Array(8) } : a));
      engine.setWeights(weights.map((a) => (a.name === 'heads.value.bias' ? { ...a, values: Float32Array.of(7) } : a)));
      const tokens = randomTokens(tinySpec, [4, 2, 1], 5);
      const q = (await engine.q(tokens)).slice();
      // With V = 7 everywhere, the valid slots of each state average to exactly V: advantages cancel over them and over nothing else.
      tokens.counts.forEach((count, b) => {
        const values = q.subarray(b * 4, b * 4 + count);
        expect(values.reduce((sum, v) => sum + v, 0) / count).toBeCloseTo(7, 4);
      });
      engine.dispose();
    });
  });

  describe('weights of an inference engine', () => {
    it('start as initialWeights of the seed, so that equal seeds give equal values', async () => {
      const tokens = randomTokens(tinySpec, [4, 3], 5);
      const values: number[][] = [];
      for (const seed of [11, 11, 12]) {
        const engine = await route.inference(tinyOptions({ seed }));
        values.push([...(await engine.q(tokens))]);
        engine.setWeights(initialWeights(tinySpec, seed));
        expect([...(await engine.q(tokens))]).toEqual(values.at(-1));
        engine.dispose();
      }
      expect(values[1]).toEqual(values[0]);
      expect(values[2]).not.toEqual(values[0]);
    });

    it.each([
      ['a wrong shape', (w: ReturnType<typeof roughWeights>) => w.map((a, i) => (i === 3 ? { ...a, shape: [1, ...a.shape] } : a))],
      ['a wrong name', (w: ReturnType<typeof roughWeights>) => w.map((a, i) => (i === 3 ? { ...a, name: 'other' } : a))],
      ['too few values', (w: ReturnType<typeof roughWeights>) => w.map((a, i) => (i === 3 ? { ...a, values: a.values.slice(1) } : a))],
      ['a missing array', (w: ReturnType<typeof roughWeights>) => w.slice(0, -1)],
      ['an extra array', (w: ReturnType<typeof roughWeights>) => [...w, { name: 'extra', shape: [1], values: new Float32Array(1) }]],
      ['another order', (w: ReturnType<typeof roughWeights>) => [...w].reverse()],
    ])('refuse %s and stay as they were', async (_, spoil) => {
      const engine = await route.inference(tinyOptions());
      const tokens = randomTokens(tinySpec, [4, 3], 5);
      const before = [...(await engine.q(tokens))];
      expect(() => engine.setWeights(spoil(roughWeights(tinySpec, 8)))).toThrow(ShapeError);
      expect([...(await engine.q(tokens))]).toEqual(before);
      engine.setWeights(roughWeights(tinySpec, 8));
      expect([...(await engine.q(tokens))]).not.toEqual(before);
      engine.dispose();
    });

    it('belong to the engine once set: changing the snapshot later changes nothing', async () => {
      const engine = await route.inference(tinyOptions());
      const tokens = randomTokens(tinySpec, [4, 3], 5);
      const weights = roughWeights(tinySpec, 8);
      engine.setWeights(weights);
      const before = [...(await engine.q(tokens))];
      for (const { values } of weights) values.fill(0);
      expect([...(await engine.q(tokens))]).toEqual(before);
      expect(allValues(weights).every((v) => v === 0)).toBe(true);
      engine.dispose();
    });
  });

  describe('refused tokens', () => {
    const good = randomTokens(tinySpec, [4, 3], 5);
    it.each([
      ['no rows', { ...good, batch: 0, ids: new Uint16Array(0), counts: new Int32Array(0) }, ShapeError],
      ['ids of another shape', { ...good, ids: good.ids.slice(1) }, ShapeError],
      ['counts of another length', { ...good, counts: good.counts.slice(1) }, ShapeError],
      ['a count above N', { ...good, counts: Int32Array.of(5, 1) }, InvariantError],
      ['a negative count', { ...good, counts: Int32Array.of(-1, 1) }, InvariantError],
      ['an id above F', { ...good, ids: good.ids.map((id, i) => (i === 2 ? 8 : id)) }, InvariantError],
    ])('%s', async (_, tokens, error) => {
      const engine = await route.inference(tinyOptions());
      await expect(engine.q(tokens)).rejects.toThrow(error);
      engine.dispose();
    });
  });
}
