import { describe, expect, it } from 'vitest';
import { cellCount, formatArchitecture } from '../../../../shared/benchmarks/nasbench201/architecture.js';
import { nasbench201Space as space } from '../../../../shared/benchmarks/nasbench201/space.js';
import { OutOfDomainError } from '../../../../shared/errors.js';
import { Rng } from '../../../../shared/rng.js';

/** Neighbours the slow way: all strings that differ in one edge. */
function slowNeighbours(code: number): number[] {
  const edges = formatArchitecture(code).match(/[^|+~]+~\d/g) as string[];
  return Array.from({ length: cellCount }, (_, other) => other).filter((other) => {
    const others = formatArchitecture(other).match(/[^|+~]+~\d/g) as string[];
    return others.filter((edge, i) => edge !== edges[i]).length === 1;
  });
}

function neighboursOf(code: number): number[] {
  const out = new Uint32Array(space.maxNeighbours);
  return [...out.subarray(0, space.neighbours(Uint32Array.of(code), 0, out))];
}

describe('the NAS-Bench-201 space', () => {
  it('has the 24 neighbours of a brute-force search', () => {
    for (const code of [0, 7_812, 15_624]) expect(neighboursOf(code).sort((a, b) => a - b)).toEqual(slowNeighbours(code));
  });

  it('has symmetric, distinct neighbours everywhere', () => {
    for (let code = 0; code < cellCount; code += 13) {
      const found = neighboursOf(code);
      expect(new Set(found).size).toBe(24);
      expect(found.every((other) => neighboursOf(other).includes(code))).toBe(true);
    }
  });

  it('writes one feature an edge, from which the cell can be read back', () => {
    // Code 1 = 0 0 0 0 0 1: `none` on the first five edges, skip_connect (1) on the last: 0, 5, 10, 15, 20, 25 + 1.
    const ids = new Uint16Array(6);
    space.featureIds(Uint32Array.of(1), 0, ids, 0);
    expect([...ids]).toEqual([0, 5, 10, 15, 20, 26]);
    expect(space.features).toEqual({ active: 6, rows: 30 });
  });

  it('draws every digit and stays inside', () => {
    const rng = new Rng(1);
    const out = new Uint32Array(5_000);
    for (let i = 0; i < out.length; i++) space.randomCode(rng, out, i);
    expect(out.every((_, i) => space.contains(out, i))).toBe(true);
    expect(new Set(out).size).toBeGreaterThan(4_200); // 15,625 (1 - e^(-5000/15625)) = 4,280 expected
    expect(space.contains(Uint32Array.of(cellCount), 0)).toBe(false);
  });

  it('goes to JSON and back', () => {
    const json = space.toJson(Uint32Array.of(0, 12_345), 1);
    expect(json).toEqual({ architecture: space.id(Uint32Array.of(12_345), 0) });
    expect([...space.fromJson(json)]).toEqual([12_345]);
  });

  it.each([[null], ['|none~0|'], [{}], [{ architecture: 3 }]])('refuses the JSON %j', (json) => {
    expect(() => space.fromJson(json)).toThrow(OutOfDomainError);
    expect(() => space.fromJson(json)).toThrow('must be {"architecture"');
  });
});
