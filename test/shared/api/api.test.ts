import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initialWeights } from '../../../shared/agent/parameters.js';
import { loadAgent, lookUp, METHOD_NAMES, neighboursOf, openBenchmark, randomArchitecture, search, type Benchmark } from '../../../shared/api/index.js';
import { resolveConfig } from '../../../shared/config/resolve.js';
import { createRunFolder, runFolder } from '../../../shared/config/runFolder.js';
import { networkSpec } from '../../../shared/run/engineOf.js';
import { encodeWeights } from '../../../shared/wire/weights.js';
import { toyBenchmark } from '../search/toyBenchmark.js';

const toy = toyBenchmark();
const best = toy.optimum?.validationAccuracy ?? NaN;

describe('architectures as JSON', () => {
  it('looks an architecture up', () => {
    const found = lookUp(toy, { toy: 77 });
    expect(found).toEqual({ id: 'toy-77', validationAccuracy: toy.table[77], testAccuracy: expect.any(Number) as number, parameters: null });
  });

  it('gives the neighbours in the space\'s order', () => {
    const out = new Uint32Array(12);
    toy.neighbours(Uint32Array.of(77), 0, out);
    expect(neighboursOf(toy, { toy: 77 })).toEqual(Array.from(out, (code) => ({ toy: code })));
  });

  it('draws by seed', () => {
    const draws = Array.from({ length: 20 }, (_, seed) => randomArchitecture(toy, seed));
    expect(randomArchitecture(toy, 3)).toEqual(draws[3]);
    expect(new Set(draws.map((draw) => draw['toy'])).size).toBeGreaterThan(10);
  });

  it('refuses what is outside, and what the benchmark does not hold', () => {
    expect(() => lookUp(toy, { toy: 1e6 })).toThrow('toy must be below 256');
    const part: Benchmark = { ...toy, holds: (codes) => (codes[0] ?? 0) < 10 };
    expect(() => neighboursOf(part, { toy: 77 })).toThrow('the architecture must be one that toy holds (made up for tests), got toy-77');
  });
});

describe('search', () => {
  it('searches the benchmark itself', async () => {
    const result = await search({ benchmark: toy, method: 'local-search', budget: 200, seed: 4 });
    expect(result.queries).toBe(200);
    expect(result.history.map(({ query }) => query)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
    expect(result.best.validationAccuracy).toBe(Math.max(...result.history.map((entry) => entry.validationAccuracy)));
    expect(result.best.validationAccuracy).toBeLessThanOrEqual(best);
  });

  it('asks a function of the caller\'s once for each query, and none that is known', async () => {
    const asked: number[] = [];
    const objective = ({ query, architecture }: { query: number; architecture: Readonly<Record<string, unknown>> }): Promise<number> => {
      asked.push(query);
      return Promise.resolve(1 - Number(architecture['toy']) / 256);
    };
    const whole = await search({ benchmark: toy, method: 'evolution', budget: 40, seed: 2, objective });
    expect(asked).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    asked.length = 0;
    const resumed = await search({ benchmark: toy, method: 'evolution', budget: 40, seed: 2, objective, history: whole.history.slice(0, 25) });
    expect(asked).toEqual(Array.from({ length: 15 }, (_, i) => i + 26));
    expect(resumed).toEqual(whole);
  });

  it('refuses an answer that is no fraction, a method without its agent and another search\'s history', async () => {
    const options = { benchmark: toy, method: 'random-search', budget: 5 } as const;
    await expect(search({ ...options, objective: () => Promise.resolve(93.2) })).rejects.toThrow('an objective\'s accuracy must be a fraction in 0..1, got 93.2');
    await expect(search({ ...options, method: 'agent' })).rejects.toThrow('method agent must have a trained agent');
    await expect(search({ ...options, parallel: 0 })).rejects.toThrow('parallel must be an integer of at least 1, got 0');
    const { history } = await search({ ...options, seed: 9 });
    await expect(search({ ...options, seed: 8, history })).rejects.toThrow('the history must be this search\'s');
  });
});

describe('a trained agent', () => {
  let folder: string;
  let run: string;
  let benchmark: Benchmark;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'archwalk-api-'));
    run = join(folder, 'trained');
    benchmark = await openBenchmark({ name: 'nasbench301' });
    const config = resolveConfig({ assignments: ['experiment.benchmark=nasbench301', 'experiment.preset=small'] });
    createRunFolder(runFolder(run), config);
    const metadata = { version: 3, learnerSteps: 30, configHash: 'c', trainingQueries: 1234, rewardScale: { alpha: 32, logSigma: 27 } };
    writeFileSync(runFolder(run).weights, encodeWeights(initialWeights(networkSpec(config, benchmark), 1), metadata, 'f32'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is loaded from its run, searches, and is closed', async () => {
    const agent = await loadAgent(run, benchmark);
    expect(agent).toMatchObject({ run: 'trained', trainingQueries: 1234, learnerSteps: 30 });
    for (const method of METHOD_NAMES.slice(0, 2)) {
      const { queries, history } = await search({ benchmark, method, budget: 12, seed: 1, agent });
      expect(queries).toBe(12);
      expect(history.at(-1)?.validationAccuracy).toBe(lookUp(benchmark, history.at(-1)?.architecture ?? {}).validationAccuracy);
    }
    await agent.close();
  });

  it('is refused on another search space, and where nothing has trained', async () => {
    await expect(loadAgent(run, toy)).rejects.toThrow('the benchmark must be the search space that trained was trained on, nasbench301, got toy');
    await expect(loadAgent(join(folder, 'nothing'), benchmark)).rejects.toThrow('config.json does not exist');
  });
});
