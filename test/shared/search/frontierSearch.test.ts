import { describe, expect, it } from 'vitest';
import { shapedPotential } from '../../../shared/mdp/reward.js';
import { PATIENCE } from '../../../shared/search/frontierSearch.js';
import { runSearches } from '../../../shared/search/runSearches.js';
import type { SearchTrace } from '../../../shared/search/types.js';
import { oracle, toyBenchmark } from './toyBenchmark.js';

const benchmark = toyBenchmark({ ruggedness: 1 });
const rewardScale = { alpha: 12, logSigma: 9 };
/** All 12 neighbours are presented, so nothing depends on the sample. Their Q is wrong on purpose: it follows the test accuracy. */
const agent = {
  ...oracle(benchmark, 12), rewardScale,
  answer: async (requests: Parameters<ReturnType<typeof oracle>['answer']>[0]) => (await oracle(benchmark, 12).answer(requests)).map((reply) => ({
    ...reply, values: Float32Array.from(reply.presented, (code) => q(code)),
  })),
};
function q(code: number): number {
  const out = new Float64Array(1);
  benchmark.testAccuracies(Uint32Array.of(code), 1, out);
  return Math.fround(3 * (out[0] ?? 0) + code / 1e6);
}
const neighboursOf = (code: number): number[] => {
  const out = new Uint32Array(benchmark.space.maxNeighbours);
  return Array.from(out.subarray(0, benchmark.neighbours(Uint32Array.of(code), 0, out)));
};
const accuracy = (code: number): number => benchmark.table[code] ?? NaN;

/** The whole course again, by the rule as it is written and with everything looked at afresh each query. */
function slowCourse(start: number, queries: number): { codes: number[]; jumps: number } {
  const codes = [start];
  let jumps = 0;
  while (codes.length < queries) {
    const current = codes.at(-1) ?? start;
    const accuracies = codes.map(accuracy);
    const sinceBest = codes.length - 1 - accuracies.indexOf(Math.max(...accuracies));
    const fresh = (code: number): number[] => neighboursOf(code).filter((n) => !codes.includes(n));
    const walks = sinceBest < PATIENCE && fresh(current).length > 0;
    const steps = (walks ? [current] : codes).flatMap((s) => fresh(s).map((n) => ({ n, f: shapedPotential(rewardScale, accuracy(s)) + q(n) })));
    const best = steps.reduce((a, b) => (b.f > a.f ? b : a));
    if (!walks) jumps++;
    codes.push(best.n);
  }
  return { codes, jumps };
}

describe('frontierSearch', () => {
  it('takes the course of its slow twin: a walk while it pays, then the best of the frontier', async () => {
    const seeds = Array.from({ length: 12 }, (_, i) => i);
    const traces: SearchTrace[] = await runSearches({ method: 'agent-frontier', benchmark, seeds, budget: 60, agent });
    let jumps = 0;
    for (const trace of traces) {
      const slow = slowCourse(trace.codes[0] ?? 0, 60);
      expect(Array.from(trace.codes)).toEqual(slow.codes);
      jumps += slow.jumps;
    }
    expect(jumps).toBeGreaterThan(50);
  });

  it('walks as the agent does until the best has not improved for PATIENCE queries', async () => {
    const seeds = [1, 2, 3, 4, 5, 6];
    const [walks, frontier] = await Promise.all((['agent', 'agent-frontier'] as const).map((method) => runSearches({ method, benchmark, seeds, budget: 40, agent })));
    for (const [i, trace] of (frontier ?? []).entries()) {
      const stalled = trace.incumbents.findIndex((incumbent, query) => query - incumbent >= PATIENCE);
      expect(stalled).toBeGreaterThan(PATIENCE - 1);
      expect(Array.from(trace.codes.slice(0, stalled + 1))).toEqual(Array.from(walks?.[i]?.codes.slice(0, stalled + 1) ?? []));
    }
  });
});
