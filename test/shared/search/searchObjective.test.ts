import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Rng } from '../../../shared/rng.js';
import { benchmarkObjective } from '../../../shared/search/benchmarkObjective.js';
import { Ledger } from '../../../shared/search/ledger.js';
import { runSearches } from '../../../shared/search/runSearches.js';
import { searchObjective, type Evaluation, type Objective } from '../../../shared/search/searchObjective.js';
import { METHOD_NAMES, type MethodName } from '../../../shared/search/types.js';
import { oracle, toyBenchmark } from './toyBenchmark.js';

const benchmark = toyBenchmark();
const BUDGET = 40;
const identity = { benchmark: 'toy' };
let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'archwalk-search-')); });
afterEach(() => { rmSync(folder, { recursive: true }); });

/** Answers after a random number of turns of the event loop, so that evaluations finish out of order. */
class Objectives implements Objective {
  readonly asked: number[] = [];
  running = 0;
  most = 0;
  readonly #rng = new Rng(5);
  readonly #failAt: number;

  constructor(failAt = Infinity) {
    this.#failAt = failAt;
  }

  async evaluate({ query, architecture }: Evaluation): Promise<number> {
    this.asked.push(query);
    this.running++;
    this.most = Math.max(this.most, this.running);
    for (let turn = this.#rng.int(6); turn >= 0; turn--) await new Promise(setImmediate);
    this.running--;
    if (query === this.#failAt) throw new Error('out of memory');
    return benchmark.table[(architecture as { toy: number }).toy] ?? NaN;
  }
}

async function run(method: MethodName, objective: Objective, parallel: number, signal = new AbortController().signal, budget = BUDGET) {
  const ledger = new Ledger(join(folder, 'history.jsonl'), identity);
  try {
    return await searchObjective({ method, benchmark, seed: 7, budget, agent: oracle(benchmark, 9), objective, history: ledger, parallel, signal });
  } finally {
    ledger.close();
  }
}

describe.each(METHOD_NAMES)('searchObjective, %s', (method) => {
  it('is the search that runSearches makes, whatever runs at once', async () => {
    const [trace] = await runSearches({ method, benchmark, seeds: [7], budget: BUDGET, agent: oracle(benchmark, 9) });
    for (const parallel of [1, 4]) {
      rmSync(join(folder, 'history.jsonl'), { force: true });
      const objective = new Objectives();
      const budget = await run(method, objective, parallel);
      expect(budget.codes()).toEqual(trace?.codes);
      expect(budget.accuracies()).toEqual(trace?.accuracies);
      expect([...objective.asked].sort((a, b) => a - b)).toEqual(Array.from({ length: BUDGET }, (_, i) => i + 1));
      expect(objective.most).toBeLessThanOrEqual(parallel);
    }
  });

  it('goes on after a failure without paying for anything again', async () => {
    const failing = new Objectives(17);
    await expect(run(method, failing, 3)).rejects.toThrow('out of memory');
    const finished = readFileSync(join(folder, 'history.jsonl'), 'utf8').split('\n').length - 2;
    expect(finished).toBeGreaterThanOrEqual(10);
    const resumed = new Objectives();
    const budget = await run(method, resumed, 3);
    expect(resumed.asked).toHaveLength(BUDGET - finished);
    const [trace] = await runSearches({ method, benchmark, seeds: [7], budget: BUDGET, agent: oracle(benchmark, 9) });
    expect(budget.accuracies()).toEqual(trace?.accuracies);
  });
});

describe('searchObjective', () => {
  it.each(['agent', 'random-search', 'random-walk', 'local-search-best'] as const)('runs as many at once as allowed where %s can', async (method) => {
    const objective = new Objectives();
    await run(method, objective, 4);
    expect(objective.most).toBe(4);
  });

  it('goes on to a larger budget', async () => {
    await run('agent', new Objectives(), 1, undefined, 10);
    const objective = new Objectives();
    await run('agent', objective, 1, undefined, 25);
    expect(objective.asked).toHaveLength(15);
  });

  it('has the benchmark itself as an objective', async () => {
    const budget = await run('evolution', benchmarkObjective(benchmark), 1);
    expect(Array.from(budget.accuracies())).toEqual(Array.from(budget.codes(), (code) => benchmark.table[code]));
  });

  it('stops when told to', async () => {
    const controller = new AbortController();
    const objective = new Objectives();
    const stopping: Objective = { evaluate: (evaluation) => {
      if (evaluation.query === 5) controller.abort(new Error('stop'));
      return objective.evaluate(evaluation);
    } };
    await expect(run('random-search', stopping, 1, controller.signal)).rejects.toThrow('stop');
    expect(objective.asked.length).toBeLessThan(8);
  });

  it('refuses a history of another course', async () => {
    await run('random-search', new Objectives(), 1, undefined, 5);
    await expect(run('local-search', new Objectives(), 1)).rejects.toThrow('the history must be this search\'s, and its query');
  });

  it('refuses the agent without an agent', async () => {
    const ledger = new Ledger(join(folder, 'history.jsonl'), identity);
    await expect(searchObjective({ method: 'agent', benchmark, seed: 1, budget: 3, objective: new Objectives(), history: ledger, parallel: 1, signal: new AbortController().signal }))
      .rejects.toThrow('method agent must have a trained agent');
    ledger.close();
  });
});
