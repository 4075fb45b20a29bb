import { describe, expect, it } from 'vitest';
import { Canonicalizer } from '../../../../shared/benchmarks/nasbench101/canonical.js';
import { edgesOf, verticesOf } from '../../../../shared/benchmarks/nasbench101/cell.js';
import { enumerateCells } from '../../../../shared/benchmarks/nasbench101/enumerate.js';
import { readModelSpec } from '../../../../shared/benchmarks/nasbench101/modelSpec.js';
import { MAX_NEIGHBOURS, MoveGenerator } from '../../../../shared/benchmarks/nasbench101/moves.js';
import { matrixSampler } from '../../../../shared/benchmarks/nasbench101/samplers.js';
import { Rng } from '../../../../shared/rng.js';
import { isomorphismKey, neighbourKeys, randomOrder, renumber, slowCell, workingForm } from './slowCell.js';

const generator = new MoveGenerator();
const scratch = new Uint32Array(MAX_NEIGHBOURS);
const neighbours = (code: number): number[] => [...scratch.subarray(0, generator.neighbours(code, scratch))];

/** 150 cells uniform over the classes of at most 6 vertices, and 150 uniform over matrices, which are mostly of 7. */
function randomCells(): number[] {
  const rng = new Rng(101);
  const small = enumerateCells(6);
  const draw = matrixSampler(() => true);
  return Array.from({ length: 300 }, (_, i) => (i % 2 === 0 ? small[rng.int(small.length)]! : draw(rng)));
}

describe('MoveGenerator', () => {
  // input -> output alone: nothing to relabel or remove that leaves a cell; input -> op -> output inserted with the direct edge kept: 3.
  it('gives the smallest cell its 3 neighbours', () => {
    const { code } = readModelSpec([[0, 1], [0, 0]], ['input', 'output']);
    expect(neighbours(code).map((n) => [verticesOf(n), edgesOf(n)])).toEqual([[3, 3], [3, 3], [3, 3]]);
  });

  // input -> a -> output: 2 relabellings; edge input -> output (1); removing an edge or a disconnects (0);
  // inserting b between (input, a), (input, output), (a, output): 3 x 3, the pair order of the chain keeps them distinct: 12.
  it('gives the chain of one operation its 12', () => {
    const { code } = readModelSpec([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ['input', 'conv3x3-bn-relu', 'output']);
    expect(neighbours(code)).toHaveLength(12);
  });

  it('equals the slow twin on 300 random cells, each written in another order', () => {
    const rng = new Rng(7);
    for (const code of randomCells()) {
      const cell = slowCell(code);
      const keys = neighbours(code).map((n) => isomorphismKey(slowCell(n)));
      expect(new Set(keys).size).toBe(keys.length);
      expect(new Set(keys)).toEqual(neighbourKeys(renumber(cell, randomOrder(cell.operations.length, rng))));
    }
  });

  it('starts from the class, not from a writing: every renumbering has one code', () => {
    const rng = new Rng(8);
    const canonicalizer = new Canonicalizer();
    for (const code of randomCells()) {
      const cell = slowCell(code);
      const { targets, operations } = workingForm(renumber(cell, randomOrder(cell.operations.length, rng)));
      expect(canonicalizer.canonicalCode(targets, operations)).toBe(code);
    }
  });

  // Inverse pairs: relabelling; adding and removing an edge (same vertices); inserting and removing a vertex of two edges.
  it('is symmetric where the moves are inverse of each other', () => {
    let pairs = 0;
    const oneWay: [number, number][] = [];
    for (const code of randomCells()) {
      for (const other of neighbours(code)) {
        const vertices = verticesOf(other) - verticesOf(code);
        const edges = edgesOf(other) - edgesOf(code);
        if (vertices !== 0 && (Math.abs(vertices) > 1 || edges !== 2 * vertices)) continue;
        pairs++;
        if (!neighbours(other).includes(code)) oneWay.push([code, other]);
      }
    }
    expect(oneWay).toEqual([]);
    expect(pairs).toBeGreaterThan(5_000);
  });

  it('lists ascending, distinct codes of cells, never the cell itself', () => {
    for (const code of randomCells()) {
      const found = neighbours(code);
      expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
      expect(found).not.toContain(code);
    }
  });

  // The cell with the most neighbours in the whole space (scripts/bench/nasbench101.ts): 6 vertices, 7 edges.
  it('fills its bound at the cell with the most neighbours', () => {
    expect(neighbours(181_076_491)).toHaveLength(MAX_NEIGHBOURS);
  });
});
