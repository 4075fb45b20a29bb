/** @file The evaluation as a table in the terminal, in per cent: mean and, below it, its 95 % interval by budget, training queries beside them. */
import Table from 'cli-table3';
import { isAgentMethod, type MethodName } from '../search/types.js';
import type { Results } from './results.js';

/** Plain text, no colours; ends without a newline. */
export function textTable(results: Results): string {
  const table = new Table({
    head: ['validation %', 'training\nqueries', ...results.budgets.map((budget) => `${budget}\nqueries`)],
    style: { head: [], border: [], compact: true, 'padding-left': 1, 'padding-right': 0 },
    chars: { top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '' },
    colAligns: ['left', 'right', ...results.budgets.map(() => 'right' as const)],
  });
  for (const [method, byBudget] of Object.entries(results.methods)) {
    table.push([
      method,
      isAgentMethod(method as MethodName) ? count(results.trainingQueries) : '0',
      ...results.budgets.map((budget) => {
        const at = byBudget[String(budget)]?.validationAccuracy;
        return at === undefined ? '' : `${percent(at.mean)}\n${percent(at.ci95[0])}..${percent(at.ci95[1])}`;
      }),
    ]);
  }
  return [title(results), table.toString(), ...notes(results)].join('\n');
}

/** A fraction in per cent with two decimals. */
export function percent(fraction: number): string {
  return (100 * fraction).toFixed(2);
}

/** With thousands separators; "unknown" for null. */
export function count(value: number | null): string {
  return value === null ? 'unknown' : Math.round(value).toLocaleString('en-US');
}

function title(results: Results): string {
  const judged = results.judge === results.backend ? '' : `, cells judged by ${results.judge}`;
  return `${results.benchmark} ${results.dataset} (${results.backend})${judged}: mean best validation accuracy and 95 % interval, ${results.seeds} searches each`;
}

function notes(results: Results): string[] {
  const { reference, thresholds, trainingSeeds } = results;
  const lines = [
    `accuracies: ${results.provenance}`,
    ...(results.judge === results.backend ? [] : [`judged by: ${results.judgeProvenance}`]),
    `reference: ${percent(reference.validationAccuracy)} (${reference.kind})`,
  ];
  for (const threshold of thresholds) {
    const reached = Object.entries(threshold.methods).map(([method, r]) =>
      `${method} ${r.medianQueries === null ? `not by half (${(100 * r.share).toFixed(1)} %)` : `${r.medianQueries} (${(100 * r.share).toFixed(1)} %)`}`);
    lines.push(`median queries to ${percent(threshold.validationAccuracy)} (${threshold.name}), and share that got there: ${reached.join(', ')}`);
  }
  if (results.run !== null) {
    lines.push(trainingSeeds > 1
      ? `${trainingSeeds} training seeds: intervals resample training seeds, then searches within`
      : 'one training seed: intervals resample the searches of this one agent, and say nothing of other trainings');
  }
  return lines;
}
