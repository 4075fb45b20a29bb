import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { htmlReport } from '../../../shared/report/html.js';
import { runEvaluation, writeEvaluation, type EvaluationOptions } from '../../../shared/report/evaluation.js';
import { summariseResults } from '../../../shared/report/summariseResults.js';
import { textTable } from '../../../shared/report/textTable.js';
import type { MethodName, SearchTrace } from '../../../shared/search/types.js';
import { oracle, toyBenchmark } from '../search/toyBenchmark.js';

const benchmark = toyBenchmark();
const judge = { ...toyBenchmark({ seed: 2 }), description: { ...benchmark.description, backend: 'second', provenance: 'another table' } };
const base: EvaluationOptions = {
  benchmark, judge: null, agents: [{ run: 'run-a', trainingQueries: 1234, q: oracle(benchmark, 9) }],
  methods: ['agent', 'random-search', 'local-search'], budgets: [20, 5, 10], seeds: 12, firstSeed: 100,
};

/** A search of four queries by hand; codes 0..3 have the accuracies given. */
function trace(method: MethodName, seed: number, accuracies: readonly number[], optimumAt = -1): SearchTrace {
  const best: number[] = [];
  const incumbents: number[] = [];
  accuracies.forEach((accuracy, q) => {
    const improved = q === 0 || accuracy > (best[q - 1] ?? 0);
    best.push(improved ? accuracy : (best[q - 1] ?? 0));
    incumbents.push(improved ? q : (incumbents[q - 1] ?? 0));
  });
  const values = accuracies.map((a, q) => (q === optimumAt ? (benchmark.optimum?.validationAccuracy ?? 1) : a));
  return {
    method, seed, queries: 4, codes: Uint32Array.of(0, 1, 2, 3), accuracies: Float64Array.from(values), best: Float64Array.from(best),
    incumbents: Int32Array.from(incumbents), testAccuracies: Float64Array.from(best, (b) => b - 0.1),
  };
}

describe('summariseResults', () => {
  // Two searches a method and budgets 2 and 4. Ours end at .6 and .8 (best after two .5 and .8), theirs at .7 and .5 (.4 and .5).
  const traces = [
    { method: 'agent' as const, groups: [[trace('agent', 0, [0.4, 0.5, 0.6, 0.2]), trace('agent', 1, [0.8, 0.1, 0.1, 0.1])]] },
    { method: 'local-search' as const, groups: [[trace('local-search', 0, [0.4, 0.3, 0.6, 0.7]), trace('local-search', 1, [0.5, 0.2, 0.3, 0.1])]] },
  ];
  const results = summariseResults({ benchmark, judge: null, runs: ['a'], trainingQueries: 7, budgets: [2, 4], traces, seed: 1 });
  const at = (method: MethodName, budget: number) => results.methods[method]?.[String(budget)];

  it('gives means, deviations and regret at each budget', () => {
    expect(at('agent', 2)?.validationAccuracy.mean).toBeCloseTo(0.65, 12);
    expect(at('agent', 4)?.validationAccuracy.mean).toBeCloseTo(0.7, 12);
    expect(at('agent', 4)?.validationAccuracy.std).toBeCloseTo(Math.sqrt(0.02), 12);
    expect(at('agent', 4)?.testAccuracy?.mean).toBeCloseTo(0.6, 12);
    expect(at('agent', 4)?.regret.validation).toBeCloseTo((benchmark.optimum?.validationAccuracy ?? 0) - 0.7, 12);
    expect(at('agent', 4)?.regret.test).toBeCloseTo((benchmark.optimum?.testAccuracy ?? 0) - 0.6, 12);
    expect(at('agent', 4)?.searchedAccuracy).toBeNull();
  });

  // The incumbents of ours were found at queries 3 and 1.
  it('says when the best was found', () => expect(at('agent', 4)?.queriesToBest).toEqual({ mean: 2, median: 2 }));

  // Local search's mean after 4 is (.7 + .5)/2 = .6: ours reach it at queries 3 and 1, theirs at 3 and never.
  it('counts queries to local search\'s value', () => {
    expect(results.thresholds[0]).toMatchObject({ name: 'mean of local-search after 4 queries' });
    expect(results.thresholds[0]?.methods.agent).toEqual({ share: 1, medianQueries: 1, meanQueries: 2 });
    expect(results.thresholds[0]?.methods['local-search']).toEqual({ share: 0.5, medianQueries: 3, meanQueries: null });
    expect(results.thresholds[1]?.methods.agent).toEqual({ share: 0, medianQueries: null, meanQueries: null });
  });

  // Paired at 4 queries: .6 - .7 and .8 - .5, mean .1; of the four pairs of searches ours wins .6>.5, .8>.7, .8>.5.
  it('compares pairs of searches from the same start', () => {
    const comparison = results.comparisons.find((c) => c.budget === 4);
    expect(comparison).toMatchObject({ method: 'agent', against: 'local-search', unit: 'search', pairs: 2, probabilityOfImprovement: 0.75, pValue: 1 });
    expect(comparison?.difference).toBeCloseTo(0.1, 12);
  });

  it('takes training seeds as the replications where there are several', () => {
    const groups = [0, 0.01, 0.02, 0.03, 0.04].map((more) => [trace('agent', 0, [0.75 + more, 0, 0, 0]), trace('agent', 1, [0.8, 0.1, 0.1, 0.1])]);
    const several = summariseResults({
      benchmark, judge: null, runs: ['a', 'b', 'c', 'd', 'e'], trainingQueries: 7, budgets: [4], seed: 1, traces: [{ method: 'agent', groups }, traces[1] as (typeof traces)[1]],
    });
    expect(several.comparisons[0]).toMatchObject({ unit: 'training seed', pairs: 5, pValue: 2 / 32 });
  });

  it('names the best found as the reference where no optimum is known', () => {
    const unknown = summariseResults({ benchmark: { ...benchmark, optimum: null }, judge: null, runs: [], trainingQueries: null, budgets: [4], traces, seed: 1 });
    expect(unknown.reference).toEqual({ kind: 'best found by any method here', validationAccuracy: 0.8, testAccuracy: 0.8 - 0.1 });
    expect(unknown.methods.agent?.['4']?.shareAtOptimum).toBeNull();
    expect(unknown.run).toBeNull();
  });

  it('refuses to summarise nothing', () => {
    expect(() => summariseResults({ benchmark, judge: null, runs: [], trainingQueries: null, budgets: [4], traces: [], seed: 1 })).toThrow('at least one search of one method');
  });
});

describe('runEvaluation', () => {
  it('gives results.json its shape', async () => {
    const { results } = await runEvaluation(base);
    expect(results).toMatchObject({ benchmark: 'toy', dataset: 'none', judge: 'table', run: 'run-a', trainingQueries: 1234, trainingSeeds: 1, budgets: [5, 10, 20], seeds: 12, firstSeed: 100 });
    for (const method of base.methods) {
      expect(Object.keys(results.methods[method] ?? {})).toEqual(['5', '10', '20']);
      const { validationAccuracy, shareAtOptimum } = results.methods[method]?.['20'] ?? {};
      expect(validationAccuracy?.ci95[0]).toBeLessThanOrEqual(validationAccuracy?.mean ?? 0);
      expect(validationAccuracy?.ci95[1]).toBeGreaterThanOrEqual(validationAccuracy?.mean ?? 1);
      expect(shareAtOptimum).toBeGreaterThanOrEqual(0);
    }
    expect(results.comparisons).toHaveLength(2 * 3);
    expect(results.settings).toEqual({});
    expect(results.sampler).toContain("from the benchmark's own sampler over architectures");
    for (const { pValue, pHolm } of results.comparisons) expect(pHolm).toBeGreaterThanOrEqual(pValue);
  });

  it('records the benchmark\'s own settings and names its sampler, in results.json, the table and the report', async () => {
    const description = { ...benchmark.description, sampler: 'uniformly over classes of cells', settings: { repeats: 'fixed:1', epochs: 36 } };
    const evaluation = await runEvaluation({ ...base, benchmark: { ...benchmark, description } });
    expect(evaluation.results.settings).toEqual({ repeats: 'fixed:1', epochs: 36 });
    expect(evaluation.results.sampler).toBe('starts, restarts and random search draw uniformly over classes of cells; every method starts at the same architecture for one seed');
    expect(textTable(evaluation.results)).toContain('accuracies: made up for tests');
    const html = htmlReport(evaluation, null);
    expect(html).toContain('<td>benchmark.repeats</td><td>fixed:1</td>');
    expect(html).toContain('uniformly over classes of cells');
  });

  it('is the same at the same seeds', async () => {
    expect((await runEvaluation(base)).results).toEqual((await runEvaluation(base)).results);
  });

  it('re-scores the same cells by a judge, and keeps what the search saw', async () => {
    const plain = (await runEvaluation(base)).results;
    const { results, scores } = await runEvaluation({ ...base, judge });
    expect(results.judge).toBe('second');
    const at = results.methods.agent?.['20'];
    expect(at?.searchedAccuracy?.mean).toBe(plain.methods.agent?.['20']?.validationAccuracy.mean);
    const found = scores[0]?.groups[0]?.map(({ trace: t }) => judge.table[t.codes[t.incumbents[19] ?? 0] ?? 0] ?? NaN) ?? [];
    expect(at?.validationAccuracy.mean).toBeCloseTo(found.reduce((a, b) => a + b, 0) / found.length, 12);
  });

  it('writes its files whole', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'archwalk-evaluation-'));
    const evaluation = await runEvaluation(base);
    writeEvaluation(folder, evaluation, benchmark, '<html>');
    expect(readdirSync(folder).sort()).toEqual(['curves.csv', 'report.html', 'results.json', 'searches.csv']);
    expect(JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8'))).toEqual(JSON.parse(JSON.stringify(evaluation.results)));
    const curves = readFileSync(join(folder, 'curves.csv'), 'utf8').trim().split('\n');
    expect(curves).toHaveLength(1 + 3 * 20);
    const agentAt20 = curves.find((line) => line.startsWith('agent,20,'))?.split(',');
    expect(Number(agentAt20?.[2])).toBeCloseTo(evaluation.results.methods.agent?.['20']?.validationAccuracy.mean ?? 0, 7);
    expect(readFileSync(join(folder, 'searches.csv'), 'utf8').trim().split('\n')).toHaveLength(1 + 3 * 12 * 3);
    rmSync(folder, { recursive: true });
  });

  it('shows mean, interval and training queries in the terminal', async () => {
    const { results } = await runEvaluation(base);
    const table = textTable(results);
    const mean = (100 * (results.methods.agent?.['20']?.validationAccuracy.mean ?? 0)).toFixed(2);
    expect(table).toMatch(new RegExp(`agent +1,234 .*${mean}`));
    expect(table).toContain('one training seed: intervals resample the searches of this one agent');
    expect(Math.max(...table.split('\n').slice(1, -4).map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  it('tells unknown training queries from none', async () => {
    const { results } = await runEvaluation({ ...base, agents: [{ run: 'run-a', trainingQueries: null, q: oracle(benchmark, 9) }] });
    expect(textTable(results)).toMatch(/agent +unknown/);
    expect(textTable(results)).toMatch(/random-search +0/);
  });

  it.each<[Partial<EvaluationOptions>, string]>([
    [{ methods: [] }, 'at least one method'],
    [{ agents: [] }, 'method agent must have a trained agent (--run)'],
    [{ budgets: [] }, 'budgets must be integers in 1..1,000,000'],
    [{ budgets: [10, 0] }, 'budgets must be integers in 1..1,000,000, got "10,0"'],
    [{ seeds: 0 }, 'seeds must be an integer in 1..100,000, got 0'],
    [{ judge: { ...judge, space: { ...judge.space, name: 'other' } } }, 'the judge must score architectures of toy, got one of other'],
  ])('refuses %j', async (change, message) => {
    await expect(runEvaluation({ ...base, ...change })).rejects.toThrow(message);
  });
});

