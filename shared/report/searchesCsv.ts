/** @file searches.csv: every search at every budget, so that any other statistic can be computed from it. */
import type { Benchmark } from '../benchmarks/types.js';
import { isAgentMethod } from '../search/types.js';
import type { MethodScores } from './scores.js';

/** One row a search and budget; ids are quoted, accuracies fractions, test empty where unknown. */
export function searchesCsv(scores: readonly MethodScores[], runs: readonly string[], budgets: readonly number[], benchmark: Benchmark): string {
  const rows = ['method,run,seed,budget,queries_to_best,validation,test,searched_validation,architecture'];
  for (const { method, groups } of scores) {
    groups.forEach((group, g) => {
      for (const { trace, validation, test } of group) {
        for (const budget of budgets) {
          const incumbent = trace.incumbents[budget - 1] ?? 0;
          const id = benchmark.space.id(trace.codes, incumbent * benchmark.space.codeWords);
          rows.push([
            method, isAgentMethod(method) ? quoted(runs[g] ?? '') : '', trace.seed, budget, incumbent + 1, validation[budget - 1],
            test?.[budget - 1] ?? '', trace.best[budget - 1], quoted(id),
          ].join(','));
        }
      }
    });
  }
  return `${rows.join('\n')}\n`;
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
