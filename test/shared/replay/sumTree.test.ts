import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvariantError } from '../../../shared/errors.js';
import { SumTree } from '../../../shared/replay/sumTree.js';
import { Rng } from '../../../shared/rng.js';

/** The slow twin: a plain list. Masses are small integers, so that every sum is exact whatever its order. */
class SlowTree {
  readonly masses: number[];
  constructor(capacity: number) {
    this.masses = new Array<number>(capacity).fill(0);
  }

  get total(): number {
    return this.masses.reduce((sum, mass) => sum + mass, 0);
  }

  find(mass: number): number {
    let rest = mass;
    return this.masses.findIndex((m) => (rest < m ? true : ((rest -= m), false)));
  }
}

const operation = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), at: fc.nat(), masses: fc.array(fc.nat(5), { minLength: 1, maxLength: 1 }) }),
  fc.record({ kind: fc.constant('batch' as const), at: fc.nat(), masses: fc.array(fc.nat(5), { maxLength: 20 }) }),
  fc.record({ kind: fc.constant('range' as const), at: fc.nat(), masses: fc.array(fc.nat(5), { maxLength: 40 }) }),
  fc.record({ kind: fc.constant('load' as const), at: fc.nat(), masses: fc.array(fc.nat(5), { maxLength: 40 }) }),
);

function apply(tree: SumTree, slow: SlowTree, { kind, at, masses }: { kind: 'set' | 'batch' | 'range' | 'load'; at: number; masses: readonly number[] }): void {
  const values = Float64Array.from(masses);
  const n = tree.capacity;
  if (kind === 'set') {
    tree.set(at % n, masses[0] as number);
    slow.masses[at % n] = masses[0] as number;
  } else if (kind === 'batch') {
    const leaves = Uint32Array.from(masses, (_, i) => (at + i * i * 7) % n);
    tree.setBatch(leaves, values, values.length);
    leaves.forEach((leaf, i) => { slow.masses[leaf] = masses[i] as number; });
  } else if (kind === 'range') {
    const first = at % n;
    const count = Math.min(masses.length, n - first);
    tree.setRange(first, values, count);
    for (let i = 0; i < count; i++) slow.masses[first + i] = masses[i] as number;
  } else {
    tree.load(values.subarray(0, n));
    slow.masses.forEach((_, i) => { slow.masses[i] = masses[i] ?? 0; });
  }
}

describe('SumTree', () => {
  // Masses 1 2 3 4: running sums 1 3 6 10.
  it('finds the leaf at which the running sum passes', () => {
    const tree = new SumTree(4);
    [1, 2, 3, 4].forEach((mass, leaf) => { tree.set(leaf, mass); });
    expect(tree.total).toBe(10);
    expect([0, 0.99, 1, 2.99, 3, 5.99, 6, 9.99].map((mass) => tree.find(mass))).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
  });

  it('is a plain list, at every capacity and in every order of operations', () => {
    fc.assert(fc.property(fc.constantFrom(1, 2, 7, 8, 9, 63, 64, 65, 100, 513, 600), fc.array(operation, { maxLength: 30 }), (capacity, operations) => {
      const tree = new SumTree(capacity);
      const slow = new SlowTree(capacity);
      for (const o of operations) apply(tree, slow, o);
      const { total } = slow;
      expect(tree.total).toBe(total);
      expect(Array.from(tree.leaves)).toEqual(slow.masses);
      for (let k = 0; k < 20 && total > 0; k++) {
        const mass = (k * total) / 20;
        expect(tree.find(mass)).toBe(slow.find(mass));
      }
    }));
  });

  // The promise behind bit-for-bit restarts: sums depend on the leaves alone, not on how they came about.
  it('is a function of its leaves, to the last bit', () => {
    const real = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(99), real), { maxLength: 200 }), (updates) => {
      const grown = new SumTree(100);
      for (const [leaf, mass] of updates) grown.set(leaf, mass);
      const loaded = new SumTree(100);
      loaded.load(grown.leaves.slice());
      expect(loaded.total).toBe(grown.total);
    }));
  });

  it('never draws a leaf without mass, even where rounding carries the sum past the end', () => {
    const tree = new SumTree(20);
    tree.set(3, 1e-300);
    tree.set(9, 0.1);
    tree.set(11, 0.2);
    for (const mass of [0, 0.05, 0.1, 0.29999, tree.total, tree.total * (1 + 1e-9)]) expect([3, 9, 11]).toContain(tree.find(mass));
    expect(tree.find(tree.total)).toBe(11);
  });

  // Masses i + 1 for 100 leaves, 200 batches of 50: leaf i is expected 10,000 (i + 1) / 5050 times. Strata make the counts closer to
  // that than independent draws would, so chi-square over 99 degrees of freedom is well below its 99.9 % quantile 148.2.
  it('draws in proportion to mass', () => {
    const tree = new SumTree(100);
    tree.load(Float64Array.from({ length: 100 }, (_, i) => i + 1));
    const rng = new Rng(8);
    const out = new Uint32Array(50);
    const counts = new Float64Array(100);
    for (let batch = 0; batch < 200; batch++) {
      tree.sample(rng, out, 50);
      for (const leaf of out) counts[leaf] = (counts[leaf] as number) + 1;
    }
    const chiSquare = counts.reduce((sum, n, i) => sum + (n - (10_000 * (i + 1)) / 5050) ** 2 / ((10_000 * (i + 1)) / 5050), 0);
    expect(chiSquare).toBeLessThan(148.2);
  });

  // Four equal masses in four strata: each exactly once, always.
  it('draws one leaf from each stratum', () => {
    const tree = new SumTree(4);
    tree.load(Float64Array.of(2, 2, 2, 2));
    const out = new Uint32Array(4);
    const rng = new Rng(1);
    for (let i = 0; i < 50; i++) {
      tree.sample(rng, out, 4);
      expect(Array.from(out)).toEqual([0, 1, 2, 3]);
    }
  });

  it('refuses what is no mass, no leaf, no capacity, and to draw from nothing', () => {
    const tree = new SumTree(3);
    for (const mass of [-1, NaN, Infinity]) expect(() => { tree.set(0, mass); }).toThrow(InvariantError);
    for (const leaf of [-1, 3]) expect(() => { tree.set(leaf, 1); }).toThrow(InvariantError);
    for (const capacity of [0, 1.5, -3]) expect(() => new SumTree(capacity)).toThrow(InvariantError);
    expect(() => tree.find(0)).toThrow(InvariantError);
    expect(() => { tree.sample(new Rng(1), new Uint32Array(1), 1); }).toThrow(InvariantError);
    expect(() => { tree.load(new Float64Array(4)); }).toThrow(InvariantError);
  });

  it('keeps its sums exact when a bad mass stops it half-way', () => {
    const tree = new SumTree(40);
    expect(() => { tree.setRange(5, Float64Array.of(1, 2, NaN, 4), 4); }).toThrow(InvariantError);
    expect(() => { tree.setBatch(Uint32Array.of(20, 21), Float64Array.of(8, -1), 2); }).toThrow(InvariantError);
    expect([tree.total, tree.get(5), tree.get(6), tree.get(7), tree.get(20)]).toEqual([11, 1, 2, 0, 8]);
  });
});
