/** @file The report's drawings of the best architectures. */
import { cellGraphs } from './cellGraph.js';
import { cellSvg } from './cellSvg.js';
import { escapeHtml } from './escape.js';
import { methodCell } from './htmlTables.js';
import type { BestCell, Results } from './results.js';
import { percent } from './textTable.js';

/** Drawn at most: the agent's best, and the best of the others. */
const MOST_DRAWN = 3;

/** The first method's best cell, then others' that differ, best first. */
export function bestCells(results: Results): string {
  const [first, ...others] = results.best;
  if (first === undefined) return '';
  const ordered = [first, ...others.sort((a, b) => b.validationAccuracy - a.validationAccuracy)];
  const seen = new Map<string, BestCell[]>();
  for (const cell of ordered) seen.set(cell.id, [...(seen.get(cell.id) ?? []), cell]);
  return [...seen.values()].slice(0, MOST_DRAWN).map(drawn).join('\n');
}

/** One architecture with the methods whose best it is. */
function drawn(found: readonly BestCell[]): string {
  const cell = found[0] as BestCell;
  const test = cell.testAccuracy === null ? '' : `, test ${percent(cell.testAccuracy)} %`;
  const graphs = cellGraphs(cell.architecture).map((graph) => {
    const title = graph.title === '' ? '' : `<p class="muted">${escapeHtml(graph.title)}</p>`;
    return `${title}<div class="cell wide">${cellSvg(graph, 'LR')}</div><div class="cell narrow">${cellSvg(graph, 'TB')}</div>`;
  });
  const picture = graphs.length > 0 ? graphs.join('\n') : `<pre class="scroll">${escapeHtml(JSON.stringify(cell.architecture, null, 1))}</pre>`;
  return `<figure><h3>${found.map(({ method }) => methodCell(method)).join(', ')}: validation ${percent(cell.validationAccuracy)} %${test}</h3>
${picture}
<figcaption class="id">${escapeHtml(cell.id)}</figcaption></figure>`;
}
