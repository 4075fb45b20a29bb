/**
 * @file One DARTS cell as one uint32. A cell has four nodes; node n (0..3) adds two of its n + 2 predecessors (0 and 1 are the
 * two previous cells' outputs, 2.. the earlier nodes), each through one of seven operations. A node's two inputs are distinct and
 * kept sorted, so they are one of 1, 3, 6, 10 pairings: 180 for the cell, times 7^8 operations:
 *
 *   word = (pairing * 7^4 + operations of nodes 0, 1) * 7^4 + operations of nodes 2, 3      (first operation most significant)
 *   pairing = (p1 * 6 + p2) * 10 + p3      (p_n: index of node n's pair among the sorted pairs, in lexicographic order)
 */

/** Index = digit. The order of NAS-Bench-301's configuration space (arXiv:2008.09777). */
export const operations = ['max_pool_3x3', 'avg_pool_3x3', 'skip_connect', 'sep_conv_3x3', 'sep_conv_5x5', 'dil_conv_3x3', 'dil_conv_5x5'] as const;
export const operationCount = 7;
export const nodeCount = 4;
/** Operations (= inputs) of a cell: two a node. */
export const slotCount = 8;
/** Possible edges of a cell: 2 + 3 + 4 + 5; edge (node n, input i) is `firstEdge[n] + i`. */
export const edgeCount = 14;
export const firstEdge = [0, 2, 5, 9] as const;
/** 7^4: operations of two nodes. */
export const quadCount = 2401;
export const pairingCount = 180;
/** Number of cells: 180 * 7^8. */
export const cellCount = pairingCount * quadCount * quadCount;
/** Weight of slot s's operation in the word: 7^(7 - s). */
export const slotWeights = [823543, 117649, 16807, 2401, 343, 49, 7, 1] as const;
/** Weight of node n's pair index in the word; node 0 has one pair only. */
export const pairWeights = [0, 60 * quadCount * quadCount, 10 * quadCount * quadCount, quadCount * quadCount] as const;

/** All sorted pairs of distinct inputs of node n, in lexicographic order: the official "0_1", "0_2", … */
export const inputPairs: readonly (readonly (readonly [number, number])[])[] = Array.from({ length: nodeCount }, (_, node) => {
  const pairs: (readonly [number, number])[] = [];
  for (let low = 0; low < node + 1; low++) for (let high = low + 1; high < node + 2; high++) pairs.push([low, high]);
  return pairs;
});

/** uint8 [180, 4]: pair index of each node. */
export const pairIndices = new Uint8Array(pairingCount * nodeCount);
/** uint8 [180, 8]: input of each slot. */
export const slotInputs = new Uint8Array(pairingCount * slotCount);
/** uint8 [180, 8]: edge of each slot, 0..13. */
export const slotEdges = new Uint8Array(pairingCount * slotCount);
/** uint8 [2401, 4]: the four operations of two nodes. */
export const quadOperations = new Uint8Array(quadCount * 4);

for (let pairing = 0; pairing < pairingCount; pairing++) {
  const indices = [0, Math.trunc(pairing / 60), Math.trunc(pairing / 10) % 6, pairing % 10];
  indices.forEach((index, node) => {
    pairIndices[pairing * nodeCount + node] = index;
    const pair = (inputPairs[node] as (typeof inputPairs)[number])[index] as readonly [number, number];
    pair.forEach((input, side) => {
      const at = pairing * slotCount + 2 * node + side;
      slotInputs[at] = input;
      slotEdges[at] = (firstEdge[node] as number) + input;
    });
  });
}
for (let quad = 0; quad < quadCount; quad++) {
  for (let digit = 0; digit < 4; digit++) quadOperations[quad * 4 + digit] = Math.trunc(quad / 7 ** (3 - digit)) % 7;
}

/** A cell taken apart; filled by `decodeCell`, reused by callers. */
export interface DecodedCell {
  /** 0..179. */
  pairing: number;
  /** uint8 [8]: operation of each slot. */
  readonly operations: Uint8Array;
}

export function newDecodedCell(): DecodedCell {
  return { pairing: 0, operations: new Uint8Array(slotCount) };
}

/** Takes `word` (0..cellCount-1) apart into `cell`. */
export function decodeCell(word: number, cell: DecodedCell): void {
  const upper = (word / quadCount) | 0;
  const second = (word - upper * quadCount) * 4;
  cell.pairing = (upper / quadCount) | 0;
  const first = (upper - cell.pairing * quadCount) * 4;
  for (let i = 0; i < 4; i++) {
    cell.operations[i] = quadOperations[first + i] as number;
    cell.operations[4 + i] = quadOperations[second + i] as number;
  }
}

/** The word of a cell: `pairs[n]` the pair index of node n, `slots[s]` the operation of slot s. */
export function encodeCell(pairs: ArrayLike<number>, slots: ArrayLike<number>): number {
  let word = 0;
  for (let node = 0; node < nodeCount; node++) word += (pairs[node] as number) * (pairWeights[node] as number);
  for (let slot = 0; slot < slotCount; slot++) word += (slots[slot] as number) * (slotWeights[slot] as number);
  return word;
}
