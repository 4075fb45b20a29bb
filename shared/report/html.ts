/** @file report.html. */
import type { Benchmark } from '../benchmarks/types.js';
import type { Evaluation } from './evaluation.js';
import { textTable } from './textTable.js';

export function htmlReport(evaluation: Evaluation, benchmark: Benchmark, config: unknown): string {
  return `<!doctype html><meta charset="utf-8"><title>${benchmark.space.name}</title><pre>${textTable(evaluation.results)}\n${JSON.stringify(config)}</pre>`;
}
