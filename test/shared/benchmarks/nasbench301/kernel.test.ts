import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import wabt from 'wabt';
import { Kernel } from '../../../../shared/benchmarks/nasbench301/kernel.js';
import { InvariantError } from '../../../../shared/errors.js';
import { packageRoot } from '../../../../shared/paths.js';
import { Rng } from '../../../../shared/rng.js';

const random = (count: number, rng: Rng): Float32Array => Float32Array.from({ length: count }, () => rng.normal());

describe('the SIMD kernel', () => {
  it('is what its source assembles to', async () => {
    const folder = join(packageRoot, 'shared', 'benchmarks', 'nasbench301');
    const assembled = (await wabt()).parseWat('kernel.wat', readFileSync(join(folder, 'kernel.wat'), 'utf8'), { simd: true }).toBinary({}).buffer;
    expect(Buffer.from(assembled).equals(readFileSync(join(folder, 'kernel.wasm')))).toBe(true);
  });

  it.each([[1, 5, 8], [4, 1, 16], [7, 33, 24], [256, 64, 8]])('multiplies %d rows of %d inputs to %d outputs as three loops do', (rows, inputs, outputs) => {
    const rng = new Rng(rows);
    const kernel = new Kernel();
    const weights = random(inputs * outputs, rng);
    const bias = random(outputs, rng);
    const x = random(rows * inputs, rng);
    const layer = kernel.layer(weights, bias);
    const [from, to] = [kernel.allocate((rows + 3) * inputs), kernel.allocate((rows + 3) * outputs)];
    kernel.floats(from, x.length).set(x);
    kernel.apply(layer, from, to, rows);
    const y = kernel.floats(to, rows * outputs);
    for (let row = 0; row < rows; row++) {
      for (let output = 0; output < outputs; output++) {
        let sum = bias[output] as number;
        for (let i = 0; i < inputs; i++) sum += (x[row * inputs + i] as number) * (weights[output * inputs + i] as number);
        expect(y[row * outputs + output]).toBeCloseTo(sum, 4);
      }
    }
  });

  it.each([[1, 1, 16], [3, 8, 48], [2, 34, 256]])('sums, in each of %d rows, %d table rows of width %d', (count, perRow, width) => {
    const rng = new Rng(width);
    const kernel = new Kernel();
    const rows = random(10 * width, rng);
    const bias = random(width, rng);
    const table = kernel.table(rows, bias);
    const [ids, y] = [kernel.allocate(count * perRow), kernel.allocate(count * width)];
    const chosen = Array.from({ length: count * perRow }, () => rng.int(10));
    kernel.integers(ids, chosen.length).set(chosen.map((row) => table.rows + 4 * width * row));
    kernel.gather(table, ids, y, count, perRow);
    const sums = kernel.floats(y, count * width);
    for (let i = 0; i < count * width; i++) {
      const mine = chosen.slice(Math.trunc(i / width) * perRow, (Math.trunc(i / width) + 1) * perRow);
      expect(sums[i]).toBeCloseTo(mine.reduce((sum, row) => sum + (rows[row * width + (i % width)] as number), bias[i % width] as number), 4);
    }
  });

  it('leaves everything as it is for no rows', () => {
    const kernel = new Kernel();
    const layer = kernel.layer(new Float32Array(8), new Float32Array(8).fill(1));
    const table = kernel.table(new Float32Array(16), new Float32Array(16).fill(1));
    const y = kernel.allocate(16);
    kernel.apply(layer, y, y, 0);
    kernel.gather(table, y, y, 0, 1);
    expect([...kernel.floats(y, 16)]).toEqual(Array(16).fill(0));
  });

  it.each([
    ['9 outputs', () => new Kernel().layer(new Float32Array(9), new Float32Array(9)), 'got 9 outputs and 9 weights'],
    ['half a row of weights', () => new Kernel().layer(new Float32Array(12), new Float32Array(8)), 'got 8 outputs and 12 weights'],
    ['a width of 8', () => new Kernel().table(new Float32Array(8), new Float32Array(8)), 'got width 8 and 8 values'],
    ['half a table row', () => new Kernel().table(new Float32Array(24), new Float32Array(16)), 'got width 16 and 24 values'],
  ])('refuses %s', (_, make, words) => {
    expect(make).toThrow(InvariantError);
    expect(make).toThrow(words);
  });
});
