import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cellGraphs } from '../../../shared/report/cellGraph.js';
import { cellSvg } from '../../../shared/report/cellSvg.js';
import { runEvaluation, type Evaluation } from '../../../shared/report/evaluation.js';
import { htmlReport } from '../../../shared/report/html.js';
import { METHOD_NAMES } from '../../../shared/search/types.js';
import { oracle, toyBenchmark } from '../search/toyBenchmark.js';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));
if (CHROMIUM === undefined) {
  const line = 'the report is looked at in Chromium, which was found in none of its usual places';
  if (process.env['CI'] === 'true') throw new Error(line);
  console.warn(`SKIPPED: ${line}`);
}

const NB201 = { architecture: '|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|nor_conv_1x1~1|nor_conv_3x3~2|' };
const PAIRS = [['sep_conv_3x3', 0], ['skip_connect', 1], ['max_pool_3x3', 0], ['dil_conv_5x5', 2], ['sep_conv_5x5', 1], ['sep_conv_3x3', 3], ['skip_connect', 0], ['sep_conv_3x3', 4]];
const NB301 = { normal: PAIRS, reduce: PAIRS };
const NB101 = { adjacency: [[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]], operations: ['input', 'conv3x3-bn-relu', 'maxpool3x3', 'output'] };

describe('cellGraphs', () => {
  it('draws NAS-Bench-201\'s operations on edges, without those that are none', () => {
    const [cell] = cellGraphs(NB201);
    expect(cell?.nodes.map((n) => n.label)).toEqual(['input', '1', '2', 'output']);
    expect(cell?.edges.map((e) => `${e.from}>${e.to} ${e.label} ${e.part}`)).toEqual([
      '0>1 conv 3×3 convolution', '1>2 skip skip', '0>3 avg pool 3×3 pooling', '1>3 conv 1×1 convolution', '2>3 conv 3×3 convolution',
    ]);
  });

  it('draws NAS-Bench-101\'s operations on nodes', () => {
    const [cell] = cellGraphs(NB101);
    expect(cell?.nodes.map((n) => `${n.label} ${n.part}`)).toEqual(['input input', 'conv 3×3 convolution', 'max pool 3×3 pooling', 'output output']);
    expect(cell?.edges.map((e) => `${e.from}>${e.to}`)).toEqual(['0>1', '0>2', '1>3', '2>3']);
  });

  it('draws both cells of NAS-Bench-301, two inputs a node and all nodes to the output', () => {
    const cells = cellGraphs(NB301);
    expect(cells.map((c) => c.title)).toEqual(['normal cell', 'reduction cell']);
    expect(cells[0]?.edges.slice(0, 4).map((e) => `${e.from}>${e.to} ${e.label}`)).toEqual(['0>2 sep conv 3×3', '1>2 skip', '0>3 max pool 3×3', '2>3 dil conv 5×5']);
    expect(cells[0]?.edges.slice(8).map((e) => `${e.from}>${e.to}`)).toEqual(['2>output', '3>output', '4>output', '5>output']);
  });

  it('draws nothing of a shape it does not know', () => expect(cellGraphs({ toy: 3 })).toEqual([]));

  it('says the cell in words, escaped', () => {
    const svg = cellSvg({ title: 'a <b>', nodes: [{ id: 'x', label: '<', part: 'input' }, { id: 'y', label: 'out', part: 'output' }], edges: [{ from: 'x', to: 'y', label: 'op', part: 'other' }] }, 'LR');
    expect(svg).toContain('aria-label="a &lt;b&gt;: &lt; to out by op"');
    expect(svg).not.toContain('<b>');
  });
});

describe('report.html', () => {
  const toy = toyBenchmark();
  let evaluation: Evaluation;
  let html: string;
  beforeAll(async () => {
    evaluation = await runEvaluation({
      benchmark: toy, judge: null, methods: METHOD_NAMES, budgets: [10, 20, 50, 100], seeds: 10, firstSeed: 0,
      agents: ['one', 'two', 'three'].map((run, i) => ({ run, trainingQueries: 5_000 + i, q: oracle(toy, 6 + i) })),
    });
    const [agent, ...others] = evaluation.results.best;
    const best = [NB301, NB201, NB101].map((architecture, i) => ({ ...(i === 0 ? agent : others[i - 1]), architecture, id: `cell ${i} <&>` })) as typeof evaluation.results.best;
    evaluation = { ...evaluation, results: { ...evaluation.results, benchmark: 'nasbench301', best } };
    html = htmlReport(evaluation, { experiment: { benchmark: 'nasbench301', seed: 1 }, evaluation: { budgets: [10, 20] } });
  }, 60_000);

  it('stands alone: no script, nothing fetched, everything escaped', () => {
    expect(/<script|@import|url\((?!#)|src=|href="http/.exec(html)).toBeNull();
    expect(/style="[^"]*"[^ />]/.exec(html)).toBeNull();
    expect(html).toContain('cell 0 &lt;&amp;&gt;');
    expect(/.{0,40}(NaN|undefined|Infinity).{0,40}/.exec(html)).toBeNull();
  });

  it('says what was searched, how, at what training cost, and whom to cite', () => {
    for (const text of ['5,001 queries of its own', 'made up for tests', 'the start is query 1', 'arXiv:2410.01431', 'arXiv:1803.00933', 'arXiv:2008.09777', 'experiment.seed', 'bootstrap of training seeds', 'With 3 pairs no p']) {
      expect(html).toContain(text);
    }
  });

  it('shows its means', () => {
    const mean = evaluation.results.methods.agent?.['100']?.validationAccuracy.mean ?? 0;
    expect(html).toContain(`${(100 * mean).toFixed(2)}<small>`);
  });

  describe.skipIf(CHROMIUM === undefined)('in Chromium', () => {
    let browser: Browser;
    let folder: string;
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'archwalk-report-'));
      writeFileSync(join(folder, 'report.html'), html);
      browser = await chromium.launch({ executablePath: CHROMIUM ?? '', args: ['--no-sandbox'] });
    });
    afterAll(async () => {
      await browser.close();
      rmSync(folder, { recursive: true });
    });

    it.each([['phone', 375, 'narrow', 'wide'], ['desktop', 1280, 'wide', 'narrow']])('%s: every chart drawn, nothing over the edge, no error', async (_name, width, shown, hidden) => {
      const page = await browser.newPage({ viewport: { width, height: 800 } });
      const complaints: string[] = [];
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('request', (request) => { if (!/^(file|data):/.test(request.url())) complaints.push(request.url()); });
      await page.goto(`file://${join(folder, 'report.html')}`);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      const boxes = await page.locator(`.${shown} svg`).all();
      expect(boxes).toHaveLength(4 + 4);
      for (const svg of boxes) {
        const box = await svg.boundingBox();
        expect(box?.width).toBeGreaterThan(150);
        expect(box?.height).toBeGreaterThan(60);
        expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(width);
      }
      expect(await page.locator(`.${hidden}`).first().isVisible()).toBe(false);
      const lines = await page.locator(`.${shown} svg path[stroke="#0072b2"]`).count();
      expect(lines).toBeGreaterThanOrEqual(3);
      const smallest = await page.locator(`.${shown} svg text`).evaluateAll((texts) => Math.min(...(texts as unknown as { getBoundingClientRect(): { height: number } }[]).map((t) => t.getBoundingClientRect().height)));
      expect(smallest).toBeGreaterThan(8);
      expect(complaints).toEqual([]);
      await page.close();
    });

    it('prints with its closed parts open', async () => {
      const page = await browser.newPage();
      await page.goto(`file://${join(folder, 'report.html')}`);
      await page.emulateMedia({ media: 'print' });
      expect(await page.getByText('experiment.seed').isVisible()).toBe(true);
      await page.close();
    });
  });
});
