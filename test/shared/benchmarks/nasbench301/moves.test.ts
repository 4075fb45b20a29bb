import { describe, expect, it } from 'vitest';
import { operations } from '../../../../shared/benchmarks/nasbench301/cellCode.js';
import { fromGenotype, toGenotype, type Genotype } from '../../../../shared/benchmarks/nasbench301/genotype.js';
import { genotypeNeighbours, neighbourCount } from '../../../../shared/benchmarks/nasbench301/moves.js';
import { nasbench301Space as space } from '../../../../shared/benchmarks/nasbench301/space.js';
import { Rng } from '../../../../shared/rng.js';

function cellAt(rng: Rng): Uint32Array {
  const code = new Uint32Array(2);
  space.randomCode(rng, code, 0);
  return code;
}

function neighboursOf(code: Uint32Array): string[] {
  const out = new Uint32Array(2 * neighbourCount);
  const count = genotypeNeighbours(code, 0, out);
  return Array.from({ length: count }, (_, i) => `${out[2 * i]},${out[2 * i + 1]}`);
}

/** The neighbours by editing the genotype as a person would: each operation, each input, kept if the node's inputs differ. */
function slowNeighbours(code: Uint32Array): string[] {
  const genotype = toGenotype(code, 0);
  const found: string[] = [];
  for (const name of ['normal', 'reduce'] as const) {
    for (let slot = 0; slot < 8; slot++) {
      const node = Math.trunc(slot / 2);
      const [operation, input] = genotype[name][slot] as readonly [string, number];
      const other = (genotype[name][slot ^ 1] as readonly [string, number])[1];
      const edit = (pair: readonly [string, number]): Genotype => ({ ...genotype, [name]: genotype[name].with(slot, pair) });
      for (const changed of operations) if (changed !== operation) found.push(fromGenotype(edit([changed, input])).join());
      for (let i = 0; i < node + 2; i++) if (i !== input && i !== other) found.push(fromGenotype(edit([operation, i])).join());
    }
  }
  return found;
}

describe('NAS-Bench-301 moves', () => {
  it('are the 96 operations and 24 rewirings of a slow twin', () => {
    const rng = new Rng(1);
    for (let i = 0; i < 300; i++) {
      const code = cellAt(rng);
      expect(neighboursOf(code).sort()).toEqual(slowNeighbours(code).sort());
    }
  });

  it('are 120, distinct, inside, and symmetric', () => {
    const rng = new Rng(2);
    for (let i = 0; i < 100; i++) {
      const code = cellAt(rng);
      const found = neighboursOf(code);
      expect(new Set(found).size).toBe(120);
      for (const neighbour of found) {
        const words = Uint32Array.from(neighbour.split(','), Number);
        expect(space.contains(words, 0)).toBe(true);
        expect(neighboursOf(words)).toContain(code.join());
      }
    }
  });

  it('exchange the operations where a rewired input passes the other: [max 0, skip 1] with 0 rewired to 2 is [skip 1, max 2]', () => {
    const filler = ['max_pool_3x3', 0] as const;
    const other = ['max_pool_3x3', 1] as const;
    const reduce = [filler, other, filler, other, filler, other, filler, other];
    const cell = (low: readonly [string, number], high: readonly [string, number]): Genotype => ({ normal: [filler, other, low, high, filler, other, filler, other], reduce });
    const from = fromGenotype(cell(['max_pool_3x3', 0], ['skip_connect', 1]));
    expect(neighboursOf(from)).toContain(fromGenotype(cell(['skip_connect', 1], ['max_pool_3x3', 2])).join());
  });
});
