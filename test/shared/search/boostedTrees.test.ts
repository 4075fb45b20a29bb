import { describe, expect, it } from 'vitest';
import { fitBoostedTrees, predictBoostedTrees } from '../../../shared/search/boostedTrees.js';
import { Rng } from '../../../shared/rng.js';

const OPTIONS = { trees: 40, depth: 3, learningRate: 0.3, leafPenalty: 1 };

/** n rows of `active` one-hot groups of `base` features each. */
function data(n: number, active: number, base: number, seed: number): { ids: Uint16Array; digits: number[][] } {
  const rng = new Rng(seed);
  const digits = Array.from({ length: n }, () => Array.from({ length: active }, () => rng.int(base)));
  return { ids: Uint16Array.from(digits.flatMap((row) => row.map((d, i) => i * base + d))), digits };
}

/** The slow twin: recursion over lists of rows, every split's loss written out as sums of squares. */
function slowTree(rows: number[], residual: (row: number) => number, has: (row: number, f: number) => boolean, features: number, depth: number, penalty: number): (row: number) => number {
  const score = (part: number[]): number => part.reduce((s, row) => s + residual(row), 0) ** 2 / (part.length + penalty);
  if (depth === 0) {
    const value = rows.reduce((s, row) => s + residual(row), 0) / (rows.length + penalty);
    return () => value;
  }
  let best = -1;
  let bestScore = score(rows) + 1e-15;
  for (let f = 0; f < features; f++) {
    const yes = rows.filter((row) => has(row, f));
    if (yes.length === 0 || yes.length === rows.length) continue;
    const total = score(yes) + score(rows.filter((row) => !has(row, f)));
    if (total > bestScore + 1e-12) {
      best = f;
      bestScore = total;
    }
  }
  const yes = slowTree(rows.filter((row) => best >= 0 && has(row, best)), residual, has, features, depth - 1, penalty);
  const no = slowTree(rows.filter((row) => best < 0 || !has(row, best)), residual, has, features, depth - 1, penalty);
  return (row) => (best >= 0 && has(row, best) ? yes(row) : no(row));
}

describe('boosted trees', () => {
  // One split on feature 1 (rows 2, 3): residuals -1 -1 +1 +1 about the mean 2; leaves 0.5 * -2/(2+1), 0.5 * 2/(2+1).
  it('fits a worked case: one tree of one split', () => {
    const ids = Uint16Array.of(0, 0, 1, 1);
    const model = fitBoostedTrees(ids, Float64Array.of(1, 1, 3, 3), 1, 2, { trees: 1, depth: 1, learningRate: 0.5, leafPenalty: 1 }, null);
    expect(model.base).toBe(2);
    const predicted = predictBoostedTrees(model, ids, 4, 1, 2);
    [2 - 1 / 3, 2 - 1 / 3, 2 + 1 / 3, 2 + 1 / 3].forEach((value, i) => expect(predicted[i]).toBeCloseTo(value, 12));
  });

  it('agrees with the slow twin', () => {
    const { ids, digits } = data(60, 5, 4, 3);
    const noise = new Rng(8);
    const targets = Float64Array.from(digits, (d) => (d[0] ?? 0) + 0.5 * (d[1] ?? 0) * (d[2] ?? 0) + 0.1 * noise.normal());
    const model = fitBoostedTrees(ids, targets, 5, 20, OPTIONS, null);
    const predicted = predictBoostedTrees(model, ids, 60, 5, 20);
    const has = (row: number, f: number): boolean => digits[row]?.[Math.floor(f / 4)] === f % 4;
    const residuals = Array.from(targets, (t) => t - targets.reduce((a, b) => a + b, 0) / 60);
    for (let t = 0; t < OPTIONS.trees; t++) {
      const tree = slowTree(residuals.map((_, i) => i), (row) => residuals[row] ?? 0, has, 20, 3, 1);
      const steps = residuals.map((_, row) => OPTIONS.learningRate * tree(row));
      steps.forEach((step, row) => { residuals[row] = (residuals[row] ?? 0) - step; });
    }
    residuals.forEach((residual, row) => expect(predicted[row]).toBeCloseTo((targets[row] ?? 0) - residual, 9));
  });

  it('predicts unseen rows of an interaction, better than the mean does', () => {
    const truth = (d: readonly number[]): number => (d[0] ?? 0) + (d[1] ?? 0) * (d[2] === 1 ? 1 : -1);
    const seen = data(300, 6, 4, 1);
    const unseen = data(200, 6, 4, 2);
    const model = fitBoostedTrees(seen.ids, Float64Array.from(seen.digits, truth), 6, 24, { ...OPTIONS, trees: 150 }, null);
    const predicted = predictBoostedTrees(model, unseen.ids, 200, 6, 24);
    const error = (guess: (i: number) => number): number => unseen.digits.reduce((s, d, i) => s + (truth(d) - guess(i)) ** 2, 0);
    expect(error((i) => predicted[i] ?? 0)).toBeLessThan(0.1 * error(() => model.base));
  });

  it('ignores padding ids, and fits a constant where nothing can be split', () => {
    const padded = Uint16Array.of(0, 9, 1, 9, 0, 9);
    const plain = fitBoostedTrees(Uint16Array.of(0, 1, 0), Float64Array.of(1, 2, 1), 1, 9, OPTIONS, null);
    const model = fitBoostedTrees(padded, Float64Array.of(1, 2, 1), 2, 9, OPTIONS, null);
    expect(predictBoostedTrees(model, padded, 3, 2, 9)).toEqual(predictBoostedTrees(plain, Uint16Array.of(0, 1, 0), 3, 1, 9));
    const flat = fitBoostedTrees(Uint16Array.of(0, 0), Float64Array.of(1, 3), 1, 9, OPTIONS, null);
    expect(predictBoostedTrees(flat, Uint16Array.of(0), 1, 1, 9)[0]).toBeCloseTo(2, 12);
  });

  it('differs by bootstrap sample, and is the same at one seed', () => {
    const { ids, digits } = data(40, 3, 3, 4);
    const targets = Float64Array.from(digits, (d) => d[0] ?? 0);
    const fit = (seed: number) => fitBoostedTrees(ids, targets, 3, 9, OPTIONS, new Rng(seed)).leaves;
    expect(fit(1)).toEqual(fit(1));
    expect(fit(1)).not.toEqual(fit(2));
  });
});
