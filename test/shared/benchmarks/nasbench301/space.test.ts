import { describe, expect, it } from 'vitest';
import { toGenotype } from '../../../../shared/benchmarks/nasbench301/genotype.js';
import { cellCount, operations } from '../../../../shared/benchmarks/nasbench301/cellCode.js';
import { nasbench301Space as space } from '../../../../shared/benchmarks/nasbench301/space.js';
import { Rng } from '../../../../shared/rng.js';

describe('the NAS-Bench-301 space', () => {
  it('has 180^2 * 7^16 = 1.08e18 architectures', () => expect(space.size / 1e18).toBeCloseTo(1.0767, 4));

  it('writes feature cell * 98 + edge * 7 + operation for each of the 16 edges', () => {
    const rng = new Rng(1);
    const code = new Uint32Array(2);
    const ids = new Uint16Array(16);
    for (let i = 0; i < 1_000; i++) {
      space.randomCode(rng, code, 0);
      space.featureIds(code, 0, ids, 0);
      const genotype = toGenotype(code, 0);
      const slow = [genotype.normal, genotype.reduce].flatMap((cell, side) =>
        cell.map(([operation, input], slot) => side * 98 + ([0, 2, 5, 9][Math.trunc(slot / 2)] as number) * 7 + input * 7 + operations.findIndex((name) => name === operation)),
      );
      if (slow.join() !== ids.join()) expect([...ids]).toEqual(slow);
    }
    expect(space.features).toEqual({ active: 16, rows: 196 });
  });

  it('writes at the offsets asked', () => {
    const codes = Uint32Array.of(9, 9, 0, 1);
    const ids = new Uint16Array(18).fill(999);
    space.featureIds(codes, 2, ids, 1);
    // Reduction cell's last edge: node 3, input 1, operation 1 (avg_pool): 98 + (9 + 1) * 7 + 1 = 169.
    expect([ids[0], ids[1], ids[16], ids[17]]).toEqual([999, 0, 169, 999]);
  });

  it('contains words below 180 * 7^8 only', () => {
    expect(space.contains(Uint32Array.of(cellCount - 1, cellCount - 1), 0)).toBe(true);
    expect(space.contains(Uint32Array.of(cellCount, 0), 0)).toBe(false);
    expect(space.contains(Uint32Array.of(0, cellCount), 0)).toBe(false);
  });

  it('draws every operation of a slot about equally often', () => {
    const rng = new Rng(1);
    const code = new Uint32Array(2);
    const counts = new Map<string, number>();
    for (let i = 0; i < 7_000; i++) {
      space.randomCode(rng, code, 0);
      const [operation] = toGenotype(code, 0).reduce[5] as readonly [string, number];
      counts.set(operation, (counts.get(operation) ?? 0) + 1);
    }
    // 1,000 expected each, standard deviation 29; five of them is the bound.
    expect([...counts.values()].every((count) => Math.abs(count - 1_000) < 150)).toBe(true);
    expect(counts.size).toBe(7);
  });
});
