import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Canonicalizer, NO_CELL } from '../../../../shared/benchmarks/nasbench101/canonical.js';
import { CELLS_BY_VERTICES, SPACE_SIZE, popcount, unpackCode, verticesOf } from '../../../../shared/benchmarks/nasbench101/cell.js';
import { enumerateCells } from '../../../../shared/benchmarks/nasbench101/enumerate.js';
import { Md5 } from '../../../../shared/benchmarks/nasbench101/md5.js';
import { ModuleHasher } from '../../../../shared/benchmarks/nasbench101/moduleHash.js';
import { InvariantError } from '../../../../shared/errors.js';
import { Rng } from '../../../../shared/rng.js';
import { isomorphismKey, randomOrder, renumber, slowCell, workingForm } from './slowCell.js';

const canonicalizer = new Canonicalizer();
const hasher = new ModuleHasher();

describe('enumerateCells', () => {
  const cells = enumerateCells();

  it('counts 1, 6, 84, 2,441, 62,010 and 359,082 cells of 2 to 7 vertices', () => {
    const counts = new Array<number>(8).fill(0);
    for (const code of cells) counts[verticesOf(code)]!++;
    expect(counts).toEqual(CELLS_BY_VERTICES);
    expect(cells).toHaveLength(SPACE_SIZE);
  });

  it('is ascending, and each code is its own canonical code', () => {
    const targets = new Int32Array(7);
    const operations = new Int32Array(7);
    let wrong = 0;
    for (let i = 0; i < cells.length; i++) {
      unpackCode(cells[i]!, targets, operations);
      if (canonicalizer.canonicalCode(targets, operations) !== cells[i]) wrong++;
      if (i > 0 && cells[i]! <= cells[i - 1]!) wrong++;
    }
    expect(wrong).toBe(0);
  });

  // The md5 is that of NAS-Bench-101's own hashes of the 2,532 cells of at most 5 vertices, sorted and joined by newlines.
  it('gives the published hashes of the cells of 2 to 5 vertices', () => {
    const hashes = Array.from(enumerateCells(5), (code) => hasher.hash(code)).sort();
    expect(createHash('md5').update(hashes.join('\n')).digest('hex')).toBe('8100011217043379c925f1b0fafa4552');
  });

  it('has as many hashes and brute-force classes as codes on 20,000 cells', () => {
    const sample = cells.filter((_, i) => i % 21 === 0);
    expect(new Set(Array.from(sample, (code) => hasher.hash(code))).size).toBe(sample.length);
    const few = sample.filter((_, i) => i % 10 === 0);
    expect(new Set(Array.from(few, (code) => isomorphismKey(slowCell(code)))).size).toBe(few.length);
  });
});

describe('Canonicalizer and ModuleHasher', () => {
  const cells = enumerateCells(6);

  it('give isomorphic writings one code and one hash (property)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: cells.length - 1 }), fc.integer({ min: 0, max: 1000 }), (row, seed) => {
        const cell = slowCell(cells[row]!);
        const { targets, operations } = workingForm(renumber(cell, randomOrder(cell.operations.length, new Rng(seed))));
        expect(canonicalizer.canonicalCode(targets, operations)).toBe(cells[row]);
        expect(hasher.hashGraph(targets, operations)).toBe(hasher.hash(cells[row]!));
      }),
      { seed: 101, numRuns: 500 },
    );
  });

  it('refuses a graph without a path, and one of 10 edges after pruning', () => {
    expect(canonicalizer.canonicalCode(new Int32Array(7), new Int32Array(7))).toBe(NO_CELL);
    // 5 vertices between input and output: 0 -> 1..5 -> 6 are 10 edges.
    const targets = Int32Array.of(0b111110, 64, 64, 64, 64, 64, 0);
    expect(canonicalizer.canonicalCode(targets, Int32Array.of(0, 1, 1, 1, 1, 1, 0))).toBe(NO_CELL);
  });

  it('refuses a cycle', () => {
    // 0 -> 1 -> 2 -> 1, 2 -> 6
    expect(() => canonicalizer.canonicalCode(Int32Array.of(0b10, 0b100, 0b1000010, 0, 0, 0, 0), Int32Array.of(0, 1, 1, 0, 0, 0, 0))).toThrow(InvariantError);
  });

  // The text of google-research/nasbench by hand for input -> output: both rounds, out of Node's own md5.
  it('hashes as the published algorithm does, step by step', () => {
    const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
    let [a, b] = [md5('(1, 0, -1)'), md5('(0, 1, -2)')];
    for (let round = 0; round < 2; round++) [a, b] = [md5(`|${b}|${a}`), md5(`${a}||${b}`)];
    expect(hasher.hash(1 << 15)).toBe(md5(`['${[a, b].sort().join("', '")}']`));
  });
});

describe('Md5', () => {
  it('equals the RFC on every length up to 480 bytes', () => {
    const md5 = new Md5(480);
    for (let length = 0; length <= 480; length++) {
      const message = Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 255);
      md5.bytes.set(message);
      md5.digest(length);
      const out = new Int32Array(8);
      md5.writeHex(out, 0);
      expect(Buffer.from(out.buffer).toString('latin1')).toBe(createHash('md5').update(message).digest('hex'));
    }
  });
});

describe('popcount', () => {
  it('counts bits', () => {
    expect([0, 1, 0b1011, 0xffffffff, 1 << 31].map(popcount)).toEqual([0, 1, 3, 32, 1]);
  });
});
