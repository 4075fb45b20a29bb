/**
 * @file report.html: one self-contained page, no scripts, no fonts or files from elsewhere. Every plot is there twice, for wide and narrow
 * pages, since an SVG that only shrinks cannot be read on a phone.
 */
import { accuracyChart, boxChart, NARROW, regretChart, testChart, WIDE, type ChartSize } from './charts.js';
import { citationsFor } from './citations.js';
import { escapeHtml } from './escape.js';
import type { Evaluation } from './evaluation.js';
import { bestCells } from './htmlCells.js';
import { accuracyTable, comparisonTable, detailTable, htmlTable, thresholdTable } from './htmlTables.js';
import { isAgentMethod } from '../search/types.js';
import type { Comparison, Results } from './results.js';
import { STYLE_SHEET } from './style.js';
import { count, percent } from './textTable.js';

/** Groups of settings, as in the run's config.json. */
export type ReportedConfig = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const TITLES: Readonly<Record<string, string>> = { nasbench101: 'NAS-Bench-101', nasbench201: 'NAS-Bench-201', nasbench301: 'NAS-Bench-301' };

/** @param config the run's configuration; null where no agent was evaluated */
export function htmlReport(evaluation: Evaluation, config: ReportedConfig | null): string {
  const { results } = evaluation;
  const title = `${TITLES[results.benchmark] ?? results.benchmark}, ${results.dataset}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}: archwalk evaluation</title>
<link rel="icon" href="data:,">
<style>${STYLE_SHEET}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<p class="muted">Architecture search under a query budget, evaluated by archwalk${results.run === null ? '' : `; run ${escapeHtml(results.run)}`}</p>
${headline(results)}
${accuracies(results)}
${plots(evaluation)}
${queries(results)}
${comparisons(results)}
<h2>Best architectures found</h2>
${bestCells(results)}
${protocol(results)}
${config === null ? '' : `<h2>Configuration</h2>\n${configuration(config)}`}
<h2>How to cite</h2>
<ul>${citationsFor(results.benchmark).map((line) => `<li>${escapeHtml(line)}</li>`).join('')}</ul>
</body>
</html>
`;
}

/** One sentence on the budget of 50, or the one nearest to it, with what the agent's training cost. */
function headline(results: Results): string {
  const budget = results.budgets.reduce((a, b) => (Math.abs(b - 50) < Math.abs(a - 50) ? b : a));
  const at = Object.entries(results.methods).map(([method, byBudget]) => ({ method, v: byBudget[String(budget)]?.validationAccuracy }));
  const text = at.map(({ method, v }) => `${method} ${v === undefined ? '' : percent(v.mean)}`).join(', ');
  const cost = results.run === null ? '' : ` Training the agent spent ${count(results.trainingQueries)} queries of its own${results.trainingSeeds > 1 ? ' (mean of the runs)' : ''}.`;
  return `<p class="lead">After ${budget} queries, mean best validation accuracy in per cent: ${escapeHtml(text)}. Reference: ${percent(results.reference.validationAccuracy)} (${results.reference.kind}).${cost}</p>`;
}

function accuracies(results: Results): string {
  const judged = results.judge === results.backend ? '' : `<p>The cells were found on backend ${escapeHtml(results.backend)} and scored by ${escapeHtml(results.judge)}.</p>`;
  const hasTest = Object.values(results.methods).some((byBudget) => Object.values(byBudget).some((at) => at.testAccuracy !== null));
  const searched = judged === '' ? '' : `<h3>As the searches saw them (${escapeHtml(results.backend)})</h3>\n${accuracyTable(results, (at) => at.searchedAccuracy)}`;
  return `<h2>Best validation accuracy by queries, %</h2>
${judged}<p class="muted">Mean over ${results.seeds} searches${results.trainingSeeds > 1 ? ` of each of ${results.trainingSeeds} training seeds` : ''}; below it its 95 % bootstrap interval.</p>
${accuracyTable(results, (at) => at.validationAccuracy)}
${searched}
${hasTest ? `<h3>Test accuracy of the same cells, %</h3>\n${accuracyTable(results, (at) => at.testAccuracy)}` : '<p class="muted">This benchmark knows no test accuracy.</p>'}
<details><summary>Deviation, interquartile mean, regret, share at the optimum</summary>${detailTable(results)}</details>`;
}

function plots({ results, curves }: Evaluation): string {
  const hasTest = curves.some((p) => p.testMean !== null);
  const boxBudgets = results.budgets.length <= 3 ? results.budgets : [10, 50, 300].filter((b) => results.budgets.includes(b));
  const boxes = boxBudgets.length > 0 ? boxBudgets : results.budgets.slice(-3);
  return `<h2>Curves</h2>
${figure((size) => accuracyChart(curves, size), 'Best validation accuracy so far; bands are 95 % bootstrap intervals of the mean.')}
${figure((size) => regretChart(curves, results.reference, size), `Simple regret against ${percent(results.reference.validationAccuracy)} % (${results.reference.kind}); both axes are logarithmic, regrets below 0.001 points are drawn there.`)}
${hasTest ? figure((size) => testChart(curves, size), 'Test accuracy of the cell with the best validation accuracy so far. The search never sees it, so it may fall.') : ''}
${figure((size) => boxChart(results, boxes, size), 'Over searches: least, quartiles and most; the least may lie below the plot.')}`;
}

function figure(draw: (size: ChartSize) => string, caption: string): string {
  return `<figure><div class="wide">${draw(WIDE)}</div><div class="narrow">${draw(NARROW)}</div><figcaption>${escapeHtml(caption)}</figcaption></figure>`;
}

function queries(results: Results): string {
  if (results.thresholds.length === 0) return '';
  return `<h2>Queries to reach</h2>\n<p class="muted">Median over searches; those that never got there count as later than all.</p>\n${thresholdTable(results)}`;
}

function comparisons(results: Results): string {
  return [...new Set(results.comparisons.map(({ method }) => method))].map((method) => comparisonsOf(results.comparisons.filter((c) => c.method === method))).join('\n');
}

/** Of one method. */
function comparisonsOf(comparisons: readonly Comparison[]): string {
  const [first] = comparisons;
  if (first === undefined) return '';
  const agent = isAgentMethod(first.method);
  const unit = first.unit === 'training seed'
    ? `A replication is a training seed (${first.pairs} of them): its mean difference over searches from the same starts.`
    : `There is one ${agent ? 'training seed' : 'group of searches'}, so a pair is a search from the same start${agent ? ', and the test speaks of this one agent, not of the method' : ''}.`;
  const least = 2 ** (1 - first.pairs);
  const few = least < 0.01 ? '' : ` With ${first.pairs} pairs no p, even uncorrected, can be below ${least.toPrecision(2)}: read the intervals.`;
  return `<h2>${first.method} against the others</h2>
<p class="muted">Differences in points of validation accuracy. ${unit} P(better): probability that a search of ${first.method} ends above one of the baseline, ties half. p: Wilcoxon signed-rank, two-sided, Pratt's zeros, corrected by Holm over the baselines at each budget.${few}</p>
<details open><summary>${comparisons.length} comparisons</summary>${comparisonTable(comparisons)}</details>`;
}

function protocol(results: Results): string {
  const rows = [
    ['Accuracies searched', results.provenance],
    ...Object.entries(results.settings).map(([key, value]) => [`benchmark.${key}`, String(value)]),
    ...(results.judge === results.backend ? [] : [['Accuracies judged by', results.judgeProvenance]]),
    ['Query', 'the first evaluation of a distinct architecture within one search, as the benchmark tells architectures apart; the start is query 1; looking at a neighbour without asking its accuracy is free'],
    ['Searches', `${results.seeds} a method, seeds from ${results.firstSeed}; the search sees validation accuracy only`],
    ['Sampler', results.sampler],
    ['Intervals', results.trainingSeeds > 1 ? 'bootstrap of training seeds, then of searches within each; percentiles' : 'bootstrap of searches, percentiles; one training seed, so they say nothing of other trainings'],
    ['Reference', `${percent(results.reference.validationAccuracy)} % validation${results.reference.testAccuracy === null ? '' : `, ${percent(results.reference.testAccuracy)} % test`}: ${results.reference.kind}`],
  ];
  return `<h2>Data and protocol</h2>\n${htmlTable(['', ''], rows.map((row) => row.map(escapeHtml)), [], 'plain')}`;
}

function configuration(config: ReportedConfig): string {
  const rows = Object.entries(config).flatMap(([group, settings]) =>
    Object.entries(settings).map(([key, value]) => [escapeHtml(`${group}.${key}`), escapeHtml(typeof value === 'string' ? value : JSON.stringify(value))]));
  return `<details><summary>${rows.length} settings</summary>${htmlTable(['setting', 'value'], rows, [], 'plain')}</details>`;
}
