import { describe, expect, it } from 'vitest';
import { parseArchitecture } from '../../../../shared/benchmarks/nasbench201/architecture.js';
import { nasbench201Benchmark, nasbench201Parameters, openNasbench201 } from '../../../../shared/benchmarks/nasbench201/benchmark.js';
import { DatasetError } from '../../../../shared/errors.js';
import { testDataFolder } from '../../../testData.js';

const folder = testDataFolder();

describe.skipIf(folder === null)('the published NAS-Bench-201 tables', () => {
  // First row of the CIFAR-10 file, and the best validation accuracies of the three tables.
  it('answers CIFAR-10 with the file\'s own numbers', async () => {
    const benchmark = await openNasbench201('cifar10', folder as string);
    const code = Uint32Array.of(parseArchitecture('|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|'));
    const out = new Float64Array(1);
    benchmark.validationAccuracies(code, 1, out);
    expect(out[0]).toBeCloseTo(0.8198266665690103, 14);
    benchmark.testAccuracies(code, 1, out);
    expect(out[0]).toBeCloseTo(0.8152, 14);
    expect(benchmark.optimum?.validationAccuracy).toBeCloseTo(0.91607, 5);
    expect(benchmark.optimum?.testAccuracy).toBeCloseTo(0.91523, 5);
    expect(benchmark.description.provenance).toContain('cifar10-valid');
  });

  it.each([
    ['cifar100', 0.73493, 0.73513],
    ['ImageNet16-120', 0.46733, 0.47311],
  ] as const)('knows the optimum of %s', async (dataset, validation, test) => {
    const { optimum } = await openNasbench201(dataset, folder as string);
    expect(optimum?.validationAccuracy).toBeCloseTo(validation, 5);
    expect(optimum?.testAccuracy).toBeCloseTo(test, 5);
  });
});

describe('the NAS-Bench-201 benchmark', () => {
  const table = { validationAccuracies: new Float64Array(15_625).fill(0.5), testAccuracies: new Float64Array(15_625).fill(0.4) };
  // Node 1 = 0, so an operation on node 1 is the same as on node 0: two rows, one class.
  const rows = Uint32Array.from(
    ['|skip_connect~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|skip_connect~2|', '|skip_connect~0|+|nor_conv_3x3~0|none~1|+|none~0|none~1|skip_connect~2|'],
    parseArchitecture,
  );

  it('counts isomorphic rows each, or once where asked', () => {
    const each = nasbench201Benchmark('cifar10', table);
    const once = nasbench201Benchmark('cifar10', table, 'once');
    expect(each.queryKey(rows, 0)).not.toBe(each.queryKey(rows, 1));
    expect(once.queryKey(rows, 0)).toBe(once.queryKey(rows, 1));
  });

  it('counts parameters as published: 1.531546 M for six 3 x 3 convolutions on CIFAR-10, 0.073306 M without any operation', () => {
    expect(nasbench201Parameters(parseArchitecture('|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|'), 10)).toBe(1_531_546);
    expect(nasbench201Parameters(0, 10)).toBe(73_306);
    expect(nasbench201Benchmark('cifar100', table).parameters?.(Uint32Array.of(0), 0)).toBe(73_306 + 65 * 90);
  });

  it('says where a missing table is to be had', async () => {
    await expect(openNasbench201('cifar10', '/nowhere')).rejects.toThrow(DatasetError);
    await expect(openNasbench201('cifar10', '/nowhere')).rejects.toThrow('must lie at /nowhere/nasbench201/nasbench201_cifar10.csv.gz, not found; get it with "archwalk data get nasbench201"');
  });
});
