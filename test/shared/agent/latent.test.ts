/** @file Latent embeddings against the slow twin, over the seam between two passes, and without leaks. */
import { describe, expect, it } from 'vitest';
import { createLatentEncoder } from '../../../shared/agent/latent.js';
import { loadTensorflow } from '../../../shared/engine/tensorflow.js';
import { InvariantError, ShapeError } from '../../../shared/errors.js';
import { largestDifference, randomTokens, roughWeights, tiniestSpec, tinyOptions, tinySpec } from '../../contract/learnerFixtures.js';
import { slowCurrentTokens, slowWeights } from '../../contract/slowNetwork.js';

const weights = roughWeights(tinySpec, 3);

describe('LatentEncoder', () => {
  it('gives the twin\'s projected and encoded token of each state', async () => {
    const encoder = await createLatentEncoder(tinyOptions(), weights);
    const tokens = randomTokens(tinySpec, [4, 2, 0, 1], 5);
    const { projected, encoded } = encoder.embed(tokens);
    const expected = slowCurrentTokens(tinySpec, slowWeights(weights), tokens);
    expect(largestDifference(projected, expected.projected.flat())).toBeLessThan(1e-5);
    expect(largestDifference(encoded, expected.encoded.flat())).toBeLessThan(1e-4);
    encoder.dispose();
  });

  it('projects an architecture to one place whatever is shown beside it; its encoding does see the neighbours', async () => {
    const encoder = await createLatentEncoder(tinyOptions(), weights);
    const [a, b] = [randomTokens(tinySpec, [4], 5), randomTokens(tinySpec, [4], 6)];
    b.ids.set(a.ids.subarray(0, 3)); // the same current architecture, other neighbours
    const [first, second] = [encoder.embed(a), encoder.embed(b)];
    expect(second.projected).toEqual(first.projected);
    expect(largestDifference(second.encoded, first.encoded)).toBeGreaterThan(1e-3);
    encoder.dispose();
  });

  it('embeds more states than one pass takes, each as it is embedded alone, and leaves no tensors', async () => {
    const tf = await loadTensorflow({ threads: 1, device: 'cpu', bf16: false });
    const before = tf.memory().numTensors;
    const encoder = await createLatentEncoder(tinyOptions(), weights);
    const many = randomTokens(tinySpec, Array.from({ length: 300 }, (_, b) => b % 5), 9);
    const all = encoder.embed(many);
    expect([all.projected.length, all.encoded.length]).toEqual([300 * 8, 300 * 8]);
    for (const b of [0, 255, 256, 299]) {
      const alone = encoder.embed({ batch: 1, ids: many.ids.slice(b * 15, (b + 1) * 15), counts: many.counts.slice(b, b + 1) });
      expect(largestDifference(all.encoded.subarray(b * 8, (b + 1) * 8), alone.encoded)).toBeLessThan(1e-5);
    }
    encoder.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses weights of another network and tokens that do not fit', async () => {
    await expect(createLatentEncoder(tinyOptions({ spec: tiniestSpec }), weights)).rejects.toThrow(ShapeError);
    const encoder = await createLatentEncoder(tinyOptions(), weights);
    const tokens = randomTokens(tinySpec, [4], 5);
    expect(() => encoder.embed({ ...tokens, ids: tokens.ids.slice(1) })).toThrow(ShapeError);
    expect(() => encoder.embed({ ...tokens, counts: Int32Array.of(9) })).toThrow(InvariantError);
    encoder.dispose();
  });
});
