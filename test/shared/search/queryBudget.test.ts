import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { QueryBudget, REFUSED } from '../../../shared/search/queryBudget.js';
import { toyBenchmark } from './toyBenchmark.js';

const benchmark = toyBenchmark();
const ask = (budget: QueryBudget, code: number): number => budget.admit(Uint32Array.of(code), 0);

describe('QueryBudget', () => {
  it('numbers distinct architectures in order, and answers repeats with the old number for free', () => {
    const budget = new QueryBudget(benchmark, 3);
    expect([7, 9, 7, 9, 4].map((code) => ask(budget, code))).toEqual([0, 1, 0, 1, 2]);
    expect(budget.queries).toBe(3);
    expect(budget.spent).toBe(true);
  });

  it('refuses what is new once the budget is spent, and still knows the old', () => {
    const budget = new QueryBudget(benchmark, 1);
    ask(budget, 7);
    expect(ask(budget, 8)).toBe(REFUSED);
    expect(ask(budget, 7)).toBe(0);
    expect(budget.queries).toBe(1);
    expect(budget.accuracy(REFUSED)).toBeNaN();
  });

  it('counts repeats in a row', () => {
    const budget = new QueryBudget(benchmark, 5);
    [1, 1, 1].forEach((code) => ask(budget, code));
    expect(budget.repeatsInARow).toBe(2);
    ask(budget, 2);
    expect(budget.repeatsInARow).toBe(0);
  });

  // Accuracies .5 .7 .7 .6: best .5 .7 .7 .7, held by queries 0 1 1 1 (the first on ties), then held to the limit of 6.
  it('keeps the best so far by query, whatever the order of settlement', () => {
    const budget = new QueryBudget(benchmark, 6);
    [1, 2, 3, 4].forEach((code) => ask(budget, code));
    ([[3, 0.6], [1, 0.7], [0, 0.5], [2, 0.7]] as const).forEach(([query, accuracy]) => { budget.settle(query, accuracy); });
    const { best, incumbents } = budget.bestSoFar();
    expect(Array.from(best)).toEqual([0.5, 0.7, 0.7, 0.7, 0.7, 0.7]);
    expect(Array.from(incumbents)).toEqual([0, 1, 1, 1, 1, 1]);
    expect(Array.from(budget.codes())).toEqual([1, 2, 3, 4]);
  });

  it('has no incumbent before anything is settled', () => {
    const budget = new QueryBudget(benchmark, 2);
    ask(budget, 1);
    expect(Array.from(budget.bestSoFar().incumbents)).toEqual([-1, -1]);
    expect(budget.bestSoFar().best[0]).toBeNaN();
  });

  it('agrees with a slow twin on random asks', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }), fc.integer({ min: 1, max: 15 }), (codes, limit) => {
      const budget = new QueryBudget(benchmark, limit);
      const distinct: number[] = [];
      for (const code of codes) {
        const query = ask(budget, code);
        if (!distinct.includes(code) && distinct.length < limit) distinct.push(code);
        expect(query).toBe(distinct.indexOf(code));
        if (query >= 0) budget.settle(query, benchmark.table[code] ?? 0);
      }
      const { best } = budget.bestSoFar();
      distinct.forEach((_, q) => {
        expect(best[q]).toBe(Math.max(...distinct.slice(0, q + 1).map((code) => benchmark.table[code] ?? 0)));
      });
    }));
  });

  it.each([0, -1, 1.5, 1_000_001, NaN])('refuses a budget of %s', (limit) => {
    expect(() => new QueryBudget(benchmark, limit)).toThrow('a query budget must be an integer in 1..1,000,000');
  });
});
