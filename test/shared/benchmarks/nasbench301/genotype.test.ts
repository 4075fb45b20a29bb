import { describe, expect, it } from 'vitest';
import { fromGenotype, genotypeId, toGenotype } from '../../../../shared/benchmarks/nasbench301/genotype.js';
import { nasbench301Space as space } from '../../../../shared/benchmarks/nasbench301/space.js';
import { OutOfDomainError } from '../../../../shared/errors.js';
import { Rng } from '../../../../shared/rng.js';

/** DARTS V2 (Liu et al. 2019), as its authors print it. */
const darts = {
  normal: [['sep_conv_3x3', 0], ['sep_conv_3x3', 1], ['sep_conv_3x3', 0], ['sep_conv_3x3', 1], ['sep_conv_3x3', 1], ['skip_connect', 0], ['skip_connect', 0], ['dil_conv_3x3', 2]],
  normal_concat: [2, 3, 4, 5],
  reduce: [['max_pool_3x3', 0], ['max_pool_3x3', 1], ['skip_connect', 2], ['max_pool_3x3', 1], ['max_pool_3x3', 0], ['skip_connect', 2], ['skip_connect', 2], ['max_pool_3x3', 1]],
  reduce_concat: [2, 3, 4, 5],
};

describe('DARTS genotypes', () => {
  it('sort each node\'s two pairs by input', () => {
    const genotype = toGenotype(fromGenotype(darts), 0);
    expect(genotype.normal).toEqual([['sep_conv_3x3', 0], ['sep_conv_3x3', 1], ['sep_conv_3x3', 0], ['sep_conv_3x3', 1], ['skip_connect', 0], ['sep_conv_3x3', 1], ['skip_connect', 0], ['dil_conv_3x3', 2]]);
    expect(genotype.reduce.slice(2, 4)).toEqual([['max_pool_3x3', 1], ['skip_connect', 2]]);
  });

  it('have one id, in whichever order a node\'s pairs stand', () => {
    const swapped = { ...darts, normal: darts.normal.map((_, i) => darts.normal[i ^ 1]) };
    const id = genotypeId(fromGenotype(darts), 0);
    expect(genotypeId(fromGenotype(swapped), 0)).toBe(id);
    expect(id).toBe(
      'normal:sep_conv_3x3@0+sep_conv_3x3@1|sep_conv_3x3@0+sep_conv_3x3@1|skip_connect@0+sep_conv_3x3@1|skip_connect@0+dil_conv_3x3@2;' +
        'reduce:max_pool_3x3@0+max_pool_3x3@1|max_pool_3x3@1+skip_connect@2|max_pool_3x3@0+skip_connect@2|max_pool_3x3@1+skip_connect@2',
    );
  });

  it('go to JSON and back on 10,000 random cells', () => {
    const rng = new Rng(1);
    const code = new Uint32Array(2);
    for (let i = 0; i < 10_000; i++) {
      space.randomCode(rng, code, 0);
      const back = fromGenotype(JSON.parse(JSON.stringify(toGenotype(code, 0))));
      if (back[0] !== code[0] || back[1] !== code[1]) expect([...back]).toEqual([...code]);
    }
  });

  const normalWith = (slot: number, pair: unknown): unknown => ({ ...darts, normal: (darts.normal as unknown[]).with(slot, pair) });
  it.each([
    ['two equal inputs', normalWith(4, ['skip_connect', 0]), 'normal: the two inputs of node 2 must differ, got 0 twice'],
    ['an unknown operation', normalWith(3, ['conv_7x7', 1]), 'normal[3]: the operation must be one of max_pool_3x3, avg_pool_3x3, skip_connect, sep_conv_3x3, sep_conv_5x5, dil_conv_3x3, dil_conv_5x5, got "conv_7x7"'],
    ['an input past the node', normalWith(2, ['skip_connect', 3]), 'normal[2]: an input of node 1 must be an integer in 0..2, got 3'],
    ['a negative input', normalWith(2, ['skip_connect', -1]), 'normal[2]: an input of node 1 must be an integer in 0..2, got -1'],
    ['a fractional input', normalWith(7, ['skip_connect', 0.5]), 'normal[7]: an input of node 3 must be an integer in 0..4, got 0.5'],
    ['an input as text', normalWith(7, ['skip_connect', '0']), 'normal[7]: an input of node 3 must be an integer in 0..4, got "0"'],
    ['a pair that is none', normalWith(0, 'skip_connect'), 'normal[0] must be [operation, input], got "skip_connect"'],
    ['a pair of three', normalWith(0, ['skip_connect', 0, 1]), 'normal[0] must be [operation, input], got ["skip_connect",0,1]'],
    ['seven pairs', { ...darts, reduce: darts.reduce.slice(1) }, 'reduce must be 8 pairs [operation, input], got 7'],
    ['a missing cell', { normal: darts.normal }, 'reduce must be 8 pairs [operation, input], got nothing'],
    ['an unknown key', { ...darts, cells: 8 }, 'must have normal and reduce only, got "cells"'],
    ['another concatenation', { ...darts, normal_concat: [4, 5] }, 'normal_concat must be [2,3,4,5], got [4,5]'],
    ['a list', [darts], 'must be {"normal": […], "reduce": […]}, got [{'],
    ['null', null, 'must be {"normal": […], "reduce": […]}, got null'],
    ['nothing', undefined, 'must be {"normal": […], "reduce": […]}, got nothing'],
  ])('refuse %s, naming it', (_, json, words) => {
    expect(() => fromGenotype(json)).toThrow(OutOfDomainError);
    expect(() => fromGenotype(json)).toThrow(words);
  });
});
