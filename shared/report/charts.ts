/** @file The report's plots, drawn by echarts on the server to SVG: nothing in the page needs a script. Each is drawn for a wide and a narrow page. */
import * as echarts from 'echarts';
import { isAgentMethod, type MethodName } from '../search/types.js';
import type { CurvePoint } from './curves.js';
import type { Reference, Results } from './results.js';

export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

export const WIDE: ChartSize = { width: 860, height: 420 };
export const NARROW: ChartSize = { width: 360, height: 400 };

/** Okabe and Ito's colours, told apart by readers of any colour vision; dashes tell them apart in print. */
const STYLE: Readonly<Record<MethodName, { readonly colour: string; readonly dash: 'solid' | readonly number[] }>> = {
  agent: { colour: '#0072b2', dash: 'solid' },
  'agent-frontier': { colour: '#56b4e9', dash: 'solid' },
  'random-search': { colour: '#7f7f7f', dash: [2, 3] },
  'random-walk': { colour: '#b0b0b0', dash: [6, 3, 2, 3] },
  'local-search': { colour: '#d55e00', dash: [8, 3] },
  'local-search-best': { colour: '#e69f00', dash: [8, 3] },
  evolution: { colour: '#009e73', dash: [4, 2] },
  predictor: { colour: '#cc79a7', dash: [10, 3, 2, 3] },
};
const TEXT = { color: '#202124', fontFamily: 'system-ui, Roboto, Arial, sans-serif', fontSize: 12 };
/** Regret in points below which a log axis stops. */
const LEAST_REGRET = 0.001;

export function methodColour(method: MethodName): string {
  return STYLE[method].colour;
}

/** Mean best validation accuracy by queries, with 95 % bands. */
export function accuracyChart(points: readonly CurvePoint[], size: ChartSize): string {
  const scale = (value: number): number => 100 * value;
  const shown = points.filter((p) => p.query >= 5);
  const low = Math.min(...shown.map((p) => scale(p.low)));
  return lineChart(points, size, {
    yName: 'best validation accuracy, %', value: (p) => scale(p.mean), band: (p) => [scale(p.low), scale(p.high)],
    yAxis: { type: 'value', min: Math.floor(low * 2) / 2, max: niceTop(Math.max(...points.map((p) => scale(p.high)))) },
  });
}

/** Simple regret (reference minus mean) in points, both axes logarithmic, with 95 % bands. */
export function regretChart(points: readonly CurvePoint[], reference: Reference, size: ChartSize): string {
  const regret = (value: number): number => Math.max(LEAST_REGRET, 100 * (reference.validationAccuracy - value));
  const top = Math.max(...points.map((p) => regret(p.low)));
  return lineChart(points, size, {
    yName: 'validation regret, points', value: (p) => regret(p.mean), band: (p) => [regret(p.high), regret(p.low)],
    yAxis: { type: 'log', min: 10 ** Math.floor(Math.log10(Math.min(...points.map((p) => regret(p.high))))), max: 10 ** Math.ceil(Math.log10(top)) },
  });
}

/** Mean test accuracy of the same cells. */
export function testChart(points: readonly CurvePoint[], size: ChartSize): string {
  const known = points.filter((p) => p.testMean !== null);
  const values = known.filter((p) => p.query >= 5).map((p) => 100 * (p.testMean ?? 0));
  return lineChart(known, size, {
    yName: 'test accuracy of the same cell, %', value: (p) => 100 * (p.testMean ?? NaN), band: null,
    yAxis: { type: 'value', min: Math.floor(Math.min(...values) * 2) / 2, max: niceTop(Math.max(...values)) },
  });
}

interface LineOptions {
  readonly yName: string;
  readonly value: (point: CurvePoint) => number;
  readonly band: ((point: CurvePoint) => readonly [number, number]) | null;
  readonly yAxis: { readonly type: 'value' | 'log'; readonly min: number; readonly max: number };
}

function lineChart(points: readonly CurvePoint[], size: ChartSize, { yName, value, band, yAxis }: LineOptions): string {
  const methods = [...new Set(points.map((p) => p.method))];
  const most = Math.max(...points.map((p) => p.query));
  const of = (method: MethodName): CurvePoint[] => points.filter((p) => p.method === method);
  return draw(size, {
    ...frame(methods, size, yName, 2),
    xAxis: { type: 'log', min: 1, max: most, name: 'queries', nameLocation: 'middle', nameGap: 28, axisLabel: { hideOverlap: true }, minorTick: { show: true } },
    yAxis: { ...yAxis, axisLabel: { formatter: (v: number) => String(Number(v.toPrecision(6))) } },
    series: [
      ...(band === null ? [] : methods.map((method) => bandSeries(method, of(method), band))),
      ...methods.map((method) => ({
        type: 'line' as const, name: method, symbol: 'none', clip: true, z: isAgentMethod(method) ? 5 : 3,
        lineStyle: { color: STYLE[method].colour, width: isAgentMethod(method) ? 3 : 1.8, type: STYLE[method].dash as 'solid' | number[] },
        itemStyle: { color: STYLE[method].colour },
        data: of(method).map((p) => [p.query, value(p)]),
      })),
    ],
  });
}

/** A filled polygon between two curves; custom, since stacked areas cannot stand on a log axis. */
function bandSeries(method: MethodName, points: readonly CurvePoint[], band: (point: CurvePoint) => readonly [number, number]): echarts.CustomSeriesOption {
  return {
    type: 'custom', clip: true, silent: true, z: 1,
    data: [0],
    renderItem: (_params, api) => ({
      type: 'polygon',
      shape: {
        points: [
          ...points.map((p) => api.coord([p.query, band(p)[0]])),
          ...points.map((p) => api.coord([p.query, band(p)[1]])).reverse(),
        ],
      },
      style: { fill: STYLE[method].colour, opacity: 0.16 },
    }),
  };
}

/** Distribution over searches at some budgets: least, quartiles, most. */
export function boxChart(results: Results, budgets: readonly number[], size: ChartSize): string {
  const methods = Object.keys(results.methods) as MethodName[];
  const boxes = methods.map((method) => budgets.map((budget) => {
    const s = results.methods[method]?.[String(budget)]?.validationAccuracy;
    return s === undefined ? [] : [s.min, ...s.quartiles, s.max].map((v) => 100 * v);
  }));
  const lowest = Math.min(...boxes.flat().map((box) => box[1] ?? Infinity));
  const highest = Math.max(...boxes.flat().map((box) => box[4] ?? -Infinity));
  const floor = Math.floor((lowest - 0.6 * (highest - lowest)) * 2) / 2;
  return draw(size, {
    ...frame(methods, size, 'best validation accuracy, %', 12),
    xAxis: { type: 'category', data: budgets.map(String), name: 'queries', nameLocation: 'middle', nameGap: 28 },
    yAxis: { type: 'value', min: Math.max(0, floor), max: niceTop(highest) },
    series: methods.map((method, m) => ({
      type: 'boxplot' as const, name: method, data: boxes[m] ?? [],
      boxWidth: [2, 22],
      itemStyle: { color: `${STYLE[method].colour}33`, borderColor: STYLE[method].colour, borderWidth: 1.4 },
    })),
  });
}

function niceTop(value: number): number {
  return Math.min(100, Math.ceil((value + 1e-9) * 4) / 4);
}

/** @param legendHeight of the legend's marks: a sliver for lines, a block for boxes */
function frame(methods: readonly MethodName[], { width }: ChartSize, yName: string, legendHeight: number): echarts.EChartsOption {
  const narrow = width < 500;
  return {
    animation: false, backgroundColor: '#ffffff', textStyle: TEXT,
    title: { text: yName, left: 0, top: 0, textStyle: { ...TEXT, fontWeight: 'normal' } },
    legend: { data: [...methods], bottom: 0, itemWidth: 26, itemHeight: legendHeight, itemGap: narrow ? 12 : 22, textStyle: TEXT },
    grid: { left: 8, right: 18, top: 30, bottom: narrow ? 92 : 62, containLabel: true },
  };
}

function draw({ width, height }: ChartSize, option: echarts.EChartsOption): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption(option);
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg.replace(/^<svg width="\d+" height="\d+"/, `<svg role="img" viewBox="0 0 ${width} ${height}"`).replace(/(<svg[^>]*?viewBox="[^"]*"[^>]*?) viewBox="[^"]*"/, '$1');
}
