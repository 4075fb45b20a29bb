import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellCount, decodeCell, encodeCell, inputPairs, newDecodedCell, pairIndices, slotEdges, slotInputs } from '../../../../shared/benchmarks/nasbench301/cellCode.js';

describe('one DARTS cell as a number', () => {
  it('counts 1 * 3 * 6 * 10 pairings times 7^8 operations', () => {
    expect(inputPairs.map((pairs) => pairs.length)).toEqual([1, 3, 6, 10]);
    expect(cellCount).toBe(180 * 5_764_801);
    expect(cellCount).toBeLessThan(2 ** 30);
  });

  it('encodes a worked cell', () => {
    // Pairs 0_1; 1_2 (index 2 of 3); 0_3 (2 of 6); 3_4 (9 of 10): pairing (2*6 + 2)*10 + 9 = 149. Operations 1 0 0 0 | 0 0 0 6.
    expect(encodeCell([0, 2, 2, 9], [1, 0, 0, 0, 0, 0, 0, 6])).toBe((149 * 2401 + 343) * 2401 + 6);
    const cell = newDecodedCell();
    decodeCell((149 * 2401 + 343) * 2401 + 6, cell);
    expect(cell.pairing).toBe(149);
    expect([...cell.operations]).toEqual([1, 0, 0, 0, 0, 0, 0, 6]);
    expect([...slotInputs.subarray(149 * 8, 150 * 8)]).toEqual([0, 1, 1, 2, 0, 3, 3, 4]);
    expect([...slotEdges.subarray(149 * 8, 150 * 8)]).toEqual([0, 1, 3, 4, 5, 8, 12, 13]);
  });

  it('decodes what it encodes, at the ends too', () => {
    const cell = newDecodedCell();
    const word = fc.oneof(fc.constantFrom(0, cellCount - 1), fc.integer({ min: 0, max: cellCount - 1 }));
    fc.assert(
      fc.property(word, (value) => {
        decodeCell(value, cell);
        return encodeCell(pairIndices.subarray(cell.pairing * 4, cell.pairing * 4 + 4), cell.operations) === value;
      }),
      { seed: 1, numRuns: 10_000 },
    );
  });
});
