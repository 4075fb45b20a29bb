import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configurationNames, fromConfiguration, fromConfigurationVector, toConfiguration, toConfigurationVector, toYahpoVector } from '../../../../shared/benchmarks/nasbench301/configuration.js';
import { nasbench301Space as space } from '../../../../shared/benchmarks/nasbench301/space.js';
import { OutOfDomainError } from '../../../../shared/errors.js';
import { Rng } from '../../../../shared/rng.js';
import { testDataFolder } from '../../../testData.js';

const folder = testDataFolder();
const prefix = 'NetworkSelectorDatasetInfo:darts:';

function randomCode(rng: Rng): Uint32Array {
  const code = new Uint32Array(2);
  space.randomCode(rng, code, 0);
  return code;
}

interface OfficialSpace {
  readonly hyperparameters: readonly { readonly name: string; readonly choices?: readonly unknown[] }[];
  readonly conditions: readonly { readonly child: string; readonly parent: string; readonly values: readonly string[] }[];
}

describe.skipIf(folder === null)('against the official configuration space file', () => {
  const official = (): OfficialSpace => JSON.parse(readFileSync(join(folder as string, 'nasbench301', 'nb301_configspace.json'), 'utf8')) as OfficialSpace;

  it('has its architecture hyperparameters, in its order', () => {
    const names = official().hyperparameters.map(({ name }) => name).filter((name) => /:(edge|inputs_node)_/.test(name));
    expect([...configurationNames]).toEqual(names);
  });

  it('activates exactly the edges its conditions do, with choices it has', () => {
    const { conditions, hyperparameters } = official();
    const choices = new Map(hyperparameters.map(({ name, choices: known }) => [name, known]));
    const rng = new Rng(3);
    for (let i = 0; i < 200; i++) {
      const values = toConfiguration(randomCode(rng), 0);
      for (const [name, value] of Object.entries(values)) expect(choices.get(name)).toContain(value);
      for (const { child, parent, values: when } of conditions) expect(child in values).toBe(when.includes(values[parent] as string));
    }
  });

  it('codes categories as YAHPO\'s encoding file does', () => {
    const encoding = JSON.parse(readFileSync(join(folder as string, 'nasbench301', 'encoding.json'), 'utf8')) as Record<string, Record<string, number>>;
    const { feature_order: order } = JSON.parse(readFileSync(join(folder as string, 'nasbench301', 'reference_predictions.json'), 'utf8')) as { feature_order: string[] };
    const rng = new Rng(4);
    const vector = new Int32Array(34);
    for (let i = 0; i < 200; i++) {
      const code = randomCode(rng);
      const values = toConfiguration(code, 0);
      toYahpoVector(code, 0, vector, 0);
      expect([...vector]).toEqual(order.map((name) => encoding[name]?.[values[name.replaceAll('_COLON_', ':')] ?? '#na#']));
    }
  });
});

describe('the configuration of a genotype', () => {
  it('goes there and back on 10,000 random cells, as names and as a vector', () => {
    const rng = new Rng(1);
    for (let i = 0; i < 10_000; i++) {
      const code = randomCode(rng);
      const named = fromConfiguration(toConfiguration(code, 0));
      const vector = fromConfigurationVector(toConfigurationVector(code, 0));
      if (named.join() !== code.join() || vector.join() !== code.join()) expect([[...named], [...vector]]).toEqual([[...code], [...code]]);
    }
  });

  it('is, for code [0, 0], maximum pooling of inputs 0 and 1 everywhere', () => {
    const values = toConfiguration(Uint32Array.of(0, 0), 0);
    expect(Object.keys(values)).toHaveLength(2 * (8 + 3));
    expect(values[`${prefix}inputs_node_reduce_5`]).toBe('0_1');
    expect([0, 1, 2, 3, 5, 6, 9, 10].map((edge) => values[`${prefix}edge_normal_${edge}`])).toEqual(Array(8).fill('max_pool_3x3'));
    expect([...toConfigurationVector(Uint32Array.of(0, 0), 0)].filter(Number.isNaN)).toHaveLength(12);
  });

  const first = (): Record<string, unknown> => toConfiguration(Uint32Array.of(0, 0), 0);
  it.each([
    ['a missing input pair', { ...first(), [`${prefix}inputs_node_normal_4`]: undefined }, 'inputs_node_normal_4 must be one of 0_1, 0_2, 0_3, 1_2, 1_3, 2_3, got nothing'],
    ['an unknown operation', { ...first(), [`${prefix}edge_normal_0`]: 'conv' }, 'edge_normal_0 must be one of max_pool_3x3, avg_pool_3x3'],
    ['an edge its node does not take', { ...first(), [`${prefix}edge_reduce_4`]: 'skip_connect' }, 'edge_reduce_4 must be inactive, since its node does not take that input, got "skip_connect"'],
  ])('refuses %s', (_, values, words) => {
    expect(() => fromConfiguration(values)).toThrow(OutOfDomainError);
    expect(() => fromConfiguration(values)).toThrow(words);
  });

  it.each([
    ['a short vector', [1, 2], 'a configuration vector must have 34 entries, got 2'],
    ['a choice that is none', toConfigurationVector(Uint32Array.of(0, 0), 0).with(0, 7), 'edge_normal_0 must be one of max_pool_3x3, avg_pool_3x3, skip_connect, sep_conv_3x3, sep_conv_5x5, dil_conv_3x3, dil_conv_5x5, got 7'],
  ])('refuses %s', (_, vector, words) => {
    expect(() => fromConfigurationVector(vector)).toThrow(OutOfDomainError);
    expect(() => fromConfigurationVector(vector)).toThrow(words);
  });
});
