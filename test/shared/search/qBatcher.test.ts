import { describe, expect, it } from 'vitest';
import type { QFunction, TokenBatch } from '../../../shared/mdp/types.js';
import { QBatcher } from '../../../shared/search/qBatcher.js';
import { runSearches } from '../../../shared/search/runSearches.js';
import { toyBenchmark } from './toyBenchmark.js';

const benchmark = toyBenchmark();
const { active } = benchmark.space.features;
const NEIGHBOURS = 5;

/** Q of a slot: the sum of its own feature ids, so that each value says which token it was read from. The array is reused, as an engine's is. */
function summing(sizes: number[] = []): QFunction {
  let out = new Float32Array(0);
  return (tokens: TokenBatch) => {
    sizes.push(tokens.batch);
    if (out.length !== tokens.batch * NEIGHBOURS) out = new Float32Array(tokens.batch * NEIGHBOURS);
    for (let b = 0; b < tokens.batch; b++) {
      for (let i = 0; i < NEIGHBOURS; i++) {
        const from = (b * (1 + NEIGHBOURS) + 1 + i) * active;
        out[b * NEIGHBOURS + i] = tokens.ids.subarray(from, from + active).reduce((a, id) => a + id, 0);
      }
    }
    return Promise.resolve(out);
  };
}
const featureSum = (code: number): number => {
  const ids = new Uint16Array(active);
  benchmark.space.featureIds(Uint32Array.of(code), 0, ids, 0);
  return ids.reduce((a, id) => a + id, 0);
};
const requests = Array.from({ length: 7 }, (_, i) => ({ kind: 'q' as const, code: Uint32Array.of(11 * i), seed: 100 + i }));

describe('QBatcher', () => {
  it('gives each state the codes presented to it and their values, in batches of one size', async () => {
    const sizes: number[] = [];
    const batcher = new QBatcher({ benchmark, q: summing(sizes), neighbours: NEIGHBOURS, rewardScale: null, batchSize: 3 });
    const replies = await batcher.answer(requests);
    expect(sizes).toEqual([3, 3, 3]);
    expect(replies).toHaveLength(7);
    for (const [i, reply] of replies.entries()) {
      expect(reply.count).toBe(NEIGHBOURS);
      expect(Array.from(reply.values)).toEqual(Array.from(reply.presented, featureSum));
      const neighbours = new Uint32Array(benchmark.space.maxNeighbours);
      benchmark.neighbours(requests[i]?.code ?? neighbours, 0, neighbours);
      expect(Array.from(neighbours)).toEqual(expect.arrayContaining(Array.from(reply.presented)));
    }
  });

  it('answers the same whatever the batch size', async () => {
    const answers = await Promise.all([1, 4, 64].map((batchSize) => new QBatcher({ benchmark, q: summing(), neighbours: NEIGHBOURS, rewardScale: null, batchSize }).answer(requests)));
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });

  it('carries whole searches, the same together and alone', async () => {
    const agent = (batchSize: number) => new QBatcher({ benchmark, q: summing(), neighbours: NEIGHBOURS, rewardScale: null, batchSize });
    const together = await runSearches({ method: 'agent', benchmark, seeds: [1, 2, 3], budget: 30, agent: agent(2) });
    const [alone] = await runSearches({ method: 'agent', benchmark, seeds: [2], budget: 30, agent: agent(8) });
    expect(together[1]).toEqual(alone);
  });
});
