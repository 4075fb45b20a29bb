import { describe, expect, it } from 'vitest';
import { genotypeParameters } from '../../../../shared/benchmarks/nasbench301/parameterCount.js';
import { testDataFolder } from '../../../testData.js';
import { naslibCells } from './naslibCells.js';

const folder = testDataFolder();

describe('parameters of a genotype', () => {
  it('are, without any convolution in the cells, those of stem, preprocessing and classifier', () => {
    // Stem 27 * 96 + 192 = 2,784; preprocessing 192 + 192, 192 + 128, 2 cells at 32: (96+96)*32 + 128 = 6,272; (96+128)*32 + 128 = 7,296;
    // layer 2 (reduces, 64): (128+128)*64 + 256 = 16,640; layers 3, 4: (128+256)*64 + 256 = 24,832, (256+256)*64 + 256 = 33,024;
    // layer 5 (reduces, 128): (256+256)*128 + 512 = 66,048; layers 6, 7: (256+512)*128 + 512 = 98,816, (512+512)*128 + 512 = 131,584; 512 * 10 + 10 = 5,130.
    expect(genotypeParameters(Uint32Array.of(0, 0), 0)).toBe(2_784 + 6_272 + 7_296 + 16_640 + 24_832 + 33_024 + 66_048 + 98_816 + 131_584 + 5_130);
  });

  it.skipIf(folder === null)('are those of NASLib on all of its 725 cells', () => {
    for (const { code, parameters } of naslibCells(folder as string)) expect(genotypeParameters(code, 0)).toBe(parameters);
  });
});
