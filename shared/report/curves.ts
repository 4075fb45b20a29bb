/** @file The search curves: best-so-far by query, one row a method and query; curves.csv and the report's plots are drawn from them. */
import type { Rng } from '../rng.js';
import type { MethodName } from '../search/types.js';
import type { Reference } from './results.js';
import { valuesAt, type MethodScores, type SearchScores } from './scores.js';
import { bootstrapMeanInterval } from './statistics/bootstrap.js';
import { interquartileMean, summarise } from './statistics/summary.js';

/** One method after one query; accuracies are fractions. */
export interface CurvePoint {
  readonly method: MethodName;
  readonly query: number;
  readonly mean: number;
  readonly std: number;
  readonly iqm: number;
  readonly low: number;
  readonly high: number;
  /** Mean test accuracy of the same incumbents; null where unknown. */
  readonly testMean: number | null;
}

/** Resamples a point: a band needs fewer than a table. */
const BAND = { resamples: 400, level: 0.95 };

/** Every query of the first 50, then every fifth, and the last: what a plot can show. */
export function curveQueries(budget: number): number[] {
  return Array.from({ length: budget }, (_, i) => i + 1).filter((q) => q <= 50 || q % 5 === 0 || q === budget);
}

/** Points at `curveQueries`, method by method; returns to the event loop between points. */
export async function curvesOf(scores: readonly MethodScores[], budget: number, rng: Rng): Promise<CurvePoint[]> {
  const points: CurvePoint[] = [];
  for (const { method, groups } of scores) {
    const own = rng.split('curve', method);
    for (const query of curveQueries(budget)) {
      points.push(pointAt(method, groups, query, own));
      await new Promise(setImmediate);
    }
  }
  return points;
}

function pointAt(method: MethodName, groups: MethodScores['groups'], query: number, rng: Rng): CurvePoint {
  const values = valuesAt(groups, (s: SearchScores) => s.validation[query - 1] ?? NaN);
  const all = values.flat();
  const [low, high] = bootstrapMeanInterval(values, rng, BAND);
  const searches = groups.flat();
  const { mean, std } = summarise(all);
  return {
    method, query, mean, std, iqm: interquartileMean(all), low, high,
    testMean: searches.every((s) => s.test !== null) ? summarise(searches.map((s) => s.test?.[query - 1] ?? NaN)).mean : null,
  };
}

/** curves.csv: fractions, empty where unknown. */
export function curvesCsv(points: readonly CurvePoint[], reference: Reference): string {
  const header = 'method,queries,validation_mean,validation_std,validation_iqm,validation_ci95_low,validation_ci95_high,validation_regret,test_mean,test_regret';
  const rows = points.map((p) => [
    p.method, p.query, ...[p.mean, p.std, p.iqm, p.low, p.high, reference.validationAccuracy - p.mean, p.testMean,
      p.testMean === null || reference.testAccuracy === null ? null : reference.testAccuracy - p.testMean].map(cell),
  ].join(','));
  return `${[header, ...rows].join('\n')}\n`;
}

function cell(value: number | null): string {
  return value === null ? '' : Number(value.toFixed(8)).toString();
}
