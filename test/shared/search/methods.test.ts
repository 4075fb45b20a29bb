import { describe, expect, it } from 'vitest';
import { MOST_REPEATS, METHODS, parseMethods, searchContext } from '../../../shared/search/methods.js';
import { runSearches } from '../../../shared/search/runSearches.js';
import { METHOD_NAMES, type MethodName, type SearchTrace } from '../../../shared/search/types.js';
import { oracle, toyBenchmark } from './toyBenchmark.js';

const benchmark = toyBenchmark();
const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
const run = (method: MethodName, budget = 60, over: readonly number[] = seeds): Promise<SearchTrace[]> =>
  runSearches({ method, benchmark, seeds: over, budget, agent: oracle(benchmark, 9) });
const neighboursOf = (code: number): number[] => {
  const out = new Uint32Array(benchmark.space.maxNeighbours);
  return Array.from(out.subarray(0, benchmark.neighbours(Uint32Array.of(code), 0, out)));
};

describe.each(METHOD_NAMES)('%s', (method) => {
  it('spends exactly its budget, on distinct architectures, and is told the truth', async () => {
    for (const trace of await run(method)) {
      expect(trace.queries).toBe(60);
      expect(new Set(trace.codes).size).toBe(60);
      expect(Array.from(trace.accuracies)).toEqual(Array.from(trace.codes, (code) => benchmark.table[code]));
      expect(trace.best[59]).toBe(Math.max(...trace.accuracies));
      expect(trace.codes[trace.incumbents[59] ?? -1]).toBe(trace.codes[trace.accuracies.indexOf(Math.max(...trace.accuracies))]);
    }
  });

  it('asks the benchmark once for each query and never again', async () => {
    benchmark.asked.count = 0;
    await run(method, 40);
    expect(benchmark.asked.count).toBe(40 * seeds.length);
  });

  it('starts where every other method starts', async () => {
    const [trace] = await run(method, 5, [3]);
    expect(trace?.codes[0]).toBe(searchContext('random-search', benchmark, 3, 5).start[0]);
  });

  it('is the same search alone or beside others, and another at another seed', async () => {
    const together = await run(method);
    const alone = (await Promise.all(seeds.map((seed) => run(method, 60, [seed])))).flat();
    expect(alone).toEqual(together);
    expect(together[0]?.codes).not.toEqual(together[1]?.codes);
  });

  it('takes the same course under a larger budget', async () => {
    const [short] = await run(method, 20, [5]);
    const [long] = await run(method, 60, [5]);
    expect(long?.codes.slice(0, 20)).toEqual(short?.codes);
  });

  it('ends, having seen all there is, where the space is smaller than the budget', async () => {
    const small = toyBenchmark({ digits: 2, base: 4 });
    const traces = await runSearches({ method, benchmark: small, seeds: [1, 2], budget: 50, agent: oracle(small, 3) });
    for (const trace of traces) {
      expect(trace.queries).toBe(16);
      expect(trace.best[49]).toBe(small.optimum?.validationAccuracy);
      expect(trace.best).toHaveLength(50);
    }
  });

  it('gives the test accuracy of the same cell, and none where the benchmark knows none', async () => {
    const [trace] = await run(method, 30, [2]);
    const incumbents = Uint32Array.from(trace?.incumbents ?? [], (query) => trace?.codes[query] ?? 0);
    const expected = new Float64Array(30);
    benchmark.testAccuracies(incumbents, 30, expected);
    expect(trace?.testAccuracies).toEqual(expected);
    const blind = toyBenchmark({ test: false });
    const [without] = await runSearches({ method, benchmark: blind, seeds: [2], budget: 10, agent: oracle(blind, 9) });
    expect(without?.testAccuracies).toBeNull();
  });
});

describe('local search against brute force', () => {
  /** Follows a trace: each query after the first of a descent is a neighbour of its current architecture. */
  function descents(trace: SearchTrace): { ends: number[]; moves: number } {
    const ends: number[] = [];
    const known = new Set<number>();
    let current = trace.codes[0] ?? 0;
    let moves = 0;
    known.add(current);
    for (let q = 1; q < trace.queries; q++) {
      const code = trace.codes[q] ?? 0;
      const better = neighboursOf(current).filter((n) => known.has(n) && (benchmark.table[n] ?? 0) > (benchmark.table[current] ?? 0));
      expect(better).toEqual([]);
      if (!neighboursOf(current).includes(code)) return { ends: [...ends, current], moves };
      known.add(code);
      if ((benchmark.table[code] ?? 0) > (benchmark.table[current] ?? 0)) {
        current = code;
        moves++;
      }
    }
    return { ends, moves };
  }

  it('first improvement moves at once to a better neighbour, and leaves a descent only at a local optimum', async () => {
    let optima = 0;
    for (const trace of await run('local-search', 80, Array.from({ length: 30 }, (_, i) => i))) {
      const { ends, moves } = descents(trace);
      expect(moves).toBeGreaterThan(0);
      for (const end of ends) {
        optima++;
        expect(neighboursOf(end).every((n) => (benchmark.table[n] ?? 0) <= (benchmark.table[end] ?? 0))).toBe(true);
      }
    }
    expect(optima).toBeGreaterThan(10);
  });

  // 12 neighbours: after the start, each step asks for those of the 12 that are new; the next centre is the best of all 12.
  it('best improvement asks for whole neighbourhoods and moves to the best of each', async () => {
    for (const trace of await run('local-search-best', 80)) {
      let centre = trace.codes[0] ?? 0;
      const known = new Set([centre]);
      let q = 1;
      for (;;) {
        const fresh = neighboursOf(centre).filter((n) => !known.has(n));
        const asked = Array.from(trace.codes.slice(q, q + fresh.length));
        if (asked.length < fresh.length) break;
        expect(asked.sort((a, b) => a - b)).toEqual([...fresh].sort((a, b) => a - b));
        fresh.forEach((n) => known.add(n));
        q += fresh.length;
        const best = neighboursOf(centre).reduce((a, b) => ((benchmark.table[b] ?? 0) > (benchmark.table[a] ?? 0) ? b : a));
        if ((benchmark.table[best] ?? 0) <= (benchmark.table[centre] ?? 0)) break;
        centre = best;
      }
      expect(q).toBeGreaterThan(12);
    }
  });
});

describe('the other methods', () => {
  it('random walk goes from neighbour to neighbour', async () => {
    for (const trace of await run('random-walk')) {
      for (let q = 1; q < trace.queries; q++) {
        const reachable = Array.from(trace.codes.slice(0, q)).some((code) => neighboursOf(code).includes(trace.codes[q] ?? -1));
        expect(reachable).toBe(true);
      }
    }
  });

  it('the agent goes to the best of its presented neighbours that is new, by the Q it is given', async () => {
    const full = oracle(benchmark, 12);
    const traces = await runSearches({ method: 'agent', benchmark, seeds, budget: 30, agent: full });
    for (const trace of traces) {
      const known = new Set<number>();
      for (let q = 0; q + 1 < trace.queries; q++) {
        const code = trace.codes[q] ?? 0;
        known.add(code);
        const fresh = neighboursOf(code).filter((n) => !known.has(n));
        const best = fresh.reduce((a, b) => (Math.fround(benchmark.table[b] ?? 0) > Math.fround(benchmark.table[a] ?? 0) ? b : a));
        expect(trace.codes[q + 1]).toBe(best);
      }
    }
  });

  it('the agent redraws its sample while more neighbours exist than are shown, before it restarts', async () => {
    const shown = new Map<number, number>();
    const narrow = oracle(benchmark, 2);
    const counting = { ...narrow, answer: (requests: Parameters<typeof narrow.answer>[0]) => {
      requests.forEach(({ code }) => shown.set(code[0] ?? 0, (shown.get(code[0] ?? 0) ?? 0) + 1));
      return narrow.answer(requests);
    } };
    const traces = await runSearches({ method: 'agent', benchmark, seeds: [1], budget: 200, agent: counting });
    expect(traces[0]?.queries).toBe(200);
    expect(Math.max(...shown.values())).toBeGreaterThan(1);
  });

  it('evolution, local search and the predictor beat random search on a smooth space', async () => {
    const smooth = toyBenchmark({ digits: 6, base: 4, ruggedness: 0.2 });
    const many = Array.from({ length: 40 }, (_, i) => i);
    const mean = async (method: MethodName): Promise<number> => {
      const traces = await runSearches({ method, benchmark: smooth, seeds: many, budget: 100 });
      return traces.reduce((sum, trace) => sum + (trace.best[99] ?? 0), 0) / traces.length;
    };
    const random = await mean('random-search');
    for (const method of ['evolution', 'local-search', 'predictor'] as const) expect(await mean(method)).toBeGreaterThan(random + 0.005);
  });
});

describe('runSearches', () => {
  it('reports progress up to the whole', async () => {
    const seen: number[] = [];
    await runSearches({ method: 'random-search', benchmark, seeds, budget: 10, onProgress: (queries, total) => { seen.push(queries / total); } });
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it('lets other work run in between', async () => {
    let ticks = 0;
    const timer = setInterval(() => { ticks++; }, 0);
    await runSearches({ method: 'local-search', benchmark: toyBenchmark({ digits: 6, base: 5 }), seeds: Array.from({ length: 200 }, (_, i) => i), budget: 300 });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
  });

  it('stops when told to', async () => {
    const controller = new AbortController();
    const running = runSearches({ method: 'random-search', benchmark, seeds, budget: 50, signal: controller.signal, onProgress: () => { controller.abort(); } });
    await expect(running).rejects.toThrow('aborted');
  });

  it('refuses a search over the frontier by an agent that does not know the scale of its rewards', async () => {
    const agent = { ...oracle(benchmark, 9), rewardScale: null };
    await expect(runSearches({ method: 'agent-frontier', benchmark, seeds, budget: 5, agent })).rejects.toThrow('needs the scale of the agent\'s rewards');
  });

  it('refuses the agent without an agent', async () => {
    await expect(runSearches({ method: 'agent', benchmark, seeds, budget: 5 })).rejects.toThrow('method agent must have a trained agent (--run), got none');
  });
});

describe('parseMethods', () => {
  it('knows names and "all", in one order', () => {
    expect(parseMethods('evolution, agent')).toEqual(['agent', 'evolution']);
    expect(parseMethods('all')).toEqual(Object.keys(METHODS));
    expect(MOST_REPEATS).toBeGreaterThan(1_000);
  });

  it.each([['annealing', 'a method must be "all" or one of agent'], [' , ', 'methods must be "all" or some of']])('refuses "%s"', (text, message) => {
    expect(() => parseMethods(text)).toThrow(message);
  });
});
