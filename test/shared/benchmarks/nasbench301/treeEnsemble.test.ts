import { describe, expect, it } from 'vitest';
import { officialLength, officialNames, writeOfficialVector } from '../../../../shared/benchmarks/nasbench301/officialVector.js';
import { nasbench301Space as space } from '../../../../shared/benchmarks/nasbench301/space.js';
import { goesLeft, TreeEnsemble } from '../../../../shared/benchmarks/nasbench301/treeEnsemble.js';
import { DatasetError, InvariantError } from '../../../../shared/errors.js';
import { Rng } from '../../../../shared/rng.js';
import { ensembleOf, randomTree, slowMembers, type Tree } from './treeFixtures.js';

const xgb = { name: 'xgb', label: 'xgb_v1.0', target: 'validationAccuracy', precision: 'float32' } as const;
const lgb = { name: 'lgb', label: 'lgb_v1.0', target: 'validationAccuracy', precision: 'float64' } as const;
/** Flags: xgboost's "<" in float32 with NaN missing; lightgbm's "<=". */
const less = 8 | 4;
const none = 0;
const edge2 = officialNames.indexOf('NetworkSelectorDatasetInfo:darts:edge_normal_2');
const edge4 = officialNames.indexOf('NetworkSelectorDatasetInfo:darts:edge_normal_4');
const rate = officialNames.indexOf('OptimizerSelector:sgd:learning_rate');

const randomCodes = (count: number, seed: number): Uint32Array => {
  const rng = new Rng(seed);
  const codes = new Uint32Array(2 * count);
  for (let i = 0; i < count; i++) space.randomCode(rng, codes, 2 * i);
  return codes;
};
const split = (feature: number, threshold: number, flags: number, left: Tree, right: Tree): Tree => ({ feature, threshold, flags, left, right });

describe('the way a split sends a value', () => {
  // threshold 2.5 as xgboost (x < t) and 2 as lightgbm (x <= t); bit 1 sends missing values left.
  it.each([
    [2.5, less, 2, true], [2.5, less, 3, false], [2, less, 2, false], [2, none, 2, true], [2, none, 2.5, false],
    // NaN: the split's own way where NaN is missing, else it is 0.
    [2.5, less, NaN, false], [2.5, less | 1, NaN, true], [2, none, NaN, true], [-1, none, NaN, false], [-1, 4 | 1, NaN, true],
    // Zero counts as missing: so does NaN, which is 0 first.
    [2, 2, 0, false], [2, 2 | 1, 0, true], [-5, 2 | 1, 1e-36, true], [2, 2, NaN, false], [2, 2, 1, true],
    // In float32, 0.1 is not below the float32 nearest to 0.1 (0.10000000149), in float64 it is.
    [Math.fround(0.1), less, 0.1, false], [Math.fround(0.1), none, 0.1, true],
  ])('threshold %d, flags %i, value %d: left %s', (threshold, flags, value, left) => expect(goesLeft(threshold, flags, value)).toBe(left));
});

describe('an ensemble by hand', () => {
  // Normal cell: node 1 (official 3) takes inputs 0 and 2 by sep_conv_3x3 (3) and skip_connect (2), so edge 2 is 3, edge 3 inactive, edge 4 is 2.
  const genotype = {
    normal: [['max_pool_3x3', 0], ['max_pool_3x3', 1], ['sep_conv_3x3', 0], ['skip_connect', 2], ['max_pool_3x3', 0], ['max_pool_3x3', 1], ['max_pool_3x3', 0], ['max_pool_3x3', 1]],
    reduce: [['max_pool_3x3', 0], ['max_pool_3x3', 1], ['max_pool_3x3', 0], ['max_pool_3x3', 1], ['max_pool_3x3', 0], ['max_pool_3x3', 1], ['max_pool_3x3', 0], ['max_pool_3x3', 1]],
  };
  const codes = space.fromJson(genotype);
  const predict = (trees: readonly Tree[], baseScore: number, precision: 'float32' | 'float64' = 'float64'): number => {
    const out = new Float64Array(1);
    new TreeEnsemble(ensembleOf({ ...lgb, precision }, [{ folder: 'm', baseScore, trees }])).predictMembers(codes, 1, out);
    return out[0] as number;
  };

  it('adds one leaf a tree to the base score', () => expect(predict([split(edge2, 2.5, none, 1, 2), split(edge4, 2.5, none, 10, 20), 100], 1000)).toBe(1000 + 2 + 10 + 100));
  it('asks an inactive edge as -1', () => expect(predict([split(edge2 + 1, -0.5, none, 1, 2)], 0)).toBe(1));
  // log(0.025) = -3.69: both splits go one way for every architecture and are taken out, the leaf behind them stays.
  it('decides splits on training hyperparameters once', () => expect(predict([split(rate, -3, less, split(rate, -4, less, 1, split(edge2, 2.5, less, 5, 7)), 3)], 0)).toBe(7));
  // 2^24 + 1 + 1 is 2^24 in float32, 2^24 + 2 in float64.
  it('adds in the booster\'s own precision', () => {
    expect(predict([1, 1], 2 ** 24, 'float32')).toBe(2 ** 24);
    expect(predict([1, 1], 2 ** 24)).toBe(2 ** 24 + 2);
  });
});

describe.each([['xgboost', xgb, true], ['lightgbm', lgb, false]] as const)('random ensembles, %s', (_, identity, lessThan) => {
  it('predict what the slow twin does, bit for bit, at every batch size', () => {
    const rng = new Rng(5);
    const members = Array.from({ length: 3 }, (_member, i) => ({ folder: `${i}`, baseScore: rng.normal(), trees: Array.from({ length: 40 }, () => randomTree(rng, 1 + rng.int(9), lessThan)) }));
    const data = ensembleOf(identity, members);
    const ensemble = new TreeEnsemble(data);
    const vector = new Float64Array(officialLength);
    for (const count of [1, 3, 64, 65, 511, 1_100]) {
      const codes = randomCodes(count, count);
      const out = new Float64Array(3 * count).fill(NaN);
      ensemble.predictMembers(codes, count, out);
      for (let i = 0; i < count; i++) {
        writeOfficialVector(codes, 2 * i, vector, 0);
        expect([out[i], out[count + i], out[2 * count + i]]).toEqual(slowMembers(data, vector));
      }
    }
  });
});

describe('an ensemble that cannot be held', () => {
  it('has a tree wider than a word can point across', () => {
    const wide = (depth: number): Tree => (depth === 0 ? 1 : split(edge2, (depth % 7) - 0.5, none, wide(depth - 1), wide(depth - 1)));
    const open = (): TreeEnsemble => new TreeEnsemble(ensembleOf(lgb, [{ folder: 'm', baseScore: 0, trees: [wide(18)] }]));
    expect(open).toThrow(new DatasetError('the ensemble lgb_v1.0 must have trees less than 131072 nodes wide, found one of 131072 or more'));
  });

  it('needs room for every member\'s predictions', () => {
    const ensemble = new TreeEnsemble(ensembleOf(lgb, [{ folder: 'a', baseScore: 0, trees: [1] }, { folder: 'b', baseScore: 0, trees: [1] }]));
    expect(() => ensemble.predictMembers(randomCodes(3, 1), 3, new Float64Array(5))).toThrow(InvariantError);
  });
});
