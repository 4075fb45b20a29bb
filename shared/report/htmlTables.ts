/** @file The report's tables. Every accuracy is in per cent, every regret in points, training queries stand beside the budget. */
import { isAgentMethod, type MethodName } from '../search/types.js';
import { methodColour } from './charts.js';
import { escapeHtml } from './escape.js';
import type { AccuracySummary, Comparison, MethodAtBudget, Results } from './results.js';
import { count, percent } from './textTable.js';

type Cells = readonly string[];

/** A table whose first column stays in sight when it is wider than the page. @param own rows to stress, by index */
export function htmlTable(head: Cells, rows: readonly Cells[], own: readonly number[] = [], kind = ''): string {
  const line = (tag: 'th' | 'td', cells: Cells): string => cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('');
  const body = rows.map((row, i) => `<tr${own.includes(i) ? ' class="own"' : ''}>${line('td', row)}</tr>`).join('\n');
  return `<div class="scroll" tabindex="0"><table${kind === '' ? '' : ` class="${kind}"`}><thead><tr>${line('th', head)}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}

export function methodCell(method: MethodName): string {
  return `<span class="key" style="background:${methodColour(method)}"></span>${method}`;
}

/** Mean and interval a budget. @param pick which accuracy; rows without it are left out */
export function accuracyTable(results: Results, pick: (at: MethodAtBudget) => AccuracySummary | null): string {
  return byBudget(results, 'training queries', (method) => trainingQueries(results, method), (at) => {
    const summary = pick(at);
    return summary === null ? '' : `${percent(summary.mean)}<small>${percent(summary.ci95[0])} to ${percent(summary.ci95[1])}</small>`;
  });
}

/** What an accuracy's mean hides: deviation, interquartile mean, regret, queries to the best, share at the optimum, at each budget. */
export function detailTable(results: Results): string {
  const head = ['method', 'queries', 'mean', 'std', 'IQM', 'regret', 'test regret', 'at optimum', 'queries to best'];
  const rows = methodsOf(results).flatMap((method) => results.budgets.map((budget) => {
    const at = results.methods[method]?.[String(budget)];
    if (at === undefined) return [];
    const v = at.validationAccuracy;
    return [
      methodCell(method), String(budget), percent(v.mean), points(v.std), percent(v.iqm), points(at.regret.validation),
      at.regret.test === null ? 'unknown' : points(at.regret.test),
      at.shareAtOptimum === null ? 'unknown' : share(at.shareAtOptimum),
      `${at.queriesToBest.median} (mean ${at.queriesToBest.mean.toFixed(1)})`,
    ];
  }));
  return htmlTable(head, rows);
}

export function thresholdTable(results: Results): string {
  const head = ['method', ...results.thresholds.map((t) => `${percent(t.validationAccuracy)}<small>${escapeHtml(t.name)}</small>`)];
  const rows = methodsOf(results).map((method) => [
    methodCell(method),
    ...results.thresholds.map(({ methods }) => {
      const reached = methods[method];
      if (reached === undefined) return '';
      return `${reached.medianQueries === null ? 'not by half' : reached.medianQueries}<small>${share(reached.share)} got there</small>`;
    }),
  ]);
  return htmlTable(head, rows, ownRows(results));
}

/** Differences of one method against the others. */
export function comparisonTable(comparisons: readonly Comparison[]): string {
  const head = ['against', 'queries', 'difference', '95 % interval', 'P(better)', 'p (Holm)'];
  const rows = comparisons.map((c) => [
    methodCell(c.against), String(c.budget), signed(c.difference), `${signed(c.ci95[0])} to ${signed(c.ci95[1])}`,
    c.probabilityOfImprovement.toFixed(2), pValue(c.pHolm),
  ]);
  return htmlTable(head, rows);
}

function byBudget(results: Results, second: string, secondCell: (method: MethodName) => string, cell: (at: MethodAtBudget) => string): string {
  const head = ['method', second, ...results.budgets.map((budget) => `${budget}`)];
  const rows = methodsOf(results).map((method) => [
    methodCell(method), secondCell(method),
    ...results.budgets.map((budget) => {
      const at = results.methods[method]?.[String(budget)];
      return at === undefined ? '' : cell(at);
    }),
  ]);
  return htmlTable(head, rows, ownRows(results));
}

export function methodsOf(results: Results): MethodName[] {
  return Object.keys(results.methods) as MethodName[];
}

function ownRows(results: Results): number[] {
  return methodsOf(results).flatMap((method, i) => (isAgentMethod(method) ? [i] : []));
}

function trainingQueries(results: Results, method: MethodName): string {
  return isAgentMethod(method) ? count(results.trainingQueries) : '0';
}

/** A difference of fractions in points. */
export function points(fraction: number): string {
  return (100 * fraction).toFixed(3);
}

/** A share in per cent with one decimal. */
function share(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}

function signed(fraction: number): string {
  return `${fraction < 0 ? '−' : '+'}${points(Math.abs(fraction))}`;
}

function pValue(p: number): string {
  return p < 1e-4 ? '&lt; 0.0001' : p.toFixed(4);
}
