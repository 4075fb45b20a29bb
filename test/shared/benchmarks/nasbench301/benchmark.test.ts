import { describe, expect, it } from 'vitest';
import { openNasbench301 } from '../../../../shared/benchmarks/nasbench301/open.js';
import { InvariantError } from '../../../../shared/errors.js';
import { Rng } from '../../../../shared/rng.js';
import { randomCells } from '../../../../scripts/surrogate/climb.js';

describe('the NAS-Bench-301 benchmark', () => {
  const benchmark = openNasbench301('embedded', '/nowhere');

  it('needs no data folder with the embedded surrogate, and says what answers', () => {
    expect(benchmark.description).toMatchObject({ name: 'nasbench301', dataset: 'cifar10', backend: 'embedded' });
    expect(benchmark.description.provenance).toContain('distilled from calibrated YAHPO at epoch 98');
    expect(benchmark.optimum).toBeNull();
  });

  it('answers fractions, the same each time', () => {
    const codes = randomCells(100, new Rng(1));
    const [first, second] = [new Float64Array(100), new Float64Array(100)];
    benchmark.validationAccuracies(codes, 100, first);
    benchmark.validationAccuracies(codes, 100, second);
    expect(first.every((value) => value > 0.8 && value < 0.96)).toBe(true);
    expect(second).toEqual(first);
  });

  it('knows no test accuracy', () => {
    expect(benchmark.hasTestAccuracy).toBe(false);
    expect(() => benchmark.testAccuracies(Uint32Array.of(0, 0), 1, new Float64Array(1))).toThrow(InvariantError);
  });

  it('counts queries by the canonical genotype: both words', () => {
    const keys = new Set([[0, 0], [0, 1], [1, 0], [11, 1], [1, 11]].map((code) => benchmark.queryKey(Uint32Array.from(code), 0)));
    expect(keys.size).toBe(5);
  });
});
