/**
 * @file The neighbours of a NAS-Bench-301 genotype: one of its 16 operations changed (2 x 8 x 6 = 96), or one input of a node
 * rewired to a predecessor the node does not have yet (2 x 2 x (0 + 1 + 2 + 3) = 24): 120 always, all distinct, symmetric.
 * Each is one addition to a word: an operation's digit moves by its weight, a pair index by its own, and where the rewired
 * input changes places with the other one, the two operations change digits with it.
 */
import { decodeCell, inputPairs, newDecodedCell, nodeCount, operationCount, pairIndices, pairWeights, slotCount, slotWeights } from './cellCode.js';

export const neighbourCount = 120;

/** One rewiring of a node with a given pair: the change of its pair index and whether its operations swap sides. */
interface Rewiring {
  readonly pairDelta: number;
  readonly swaps: boolean;
}

function rewiringsOf(node: number, index: number): Rewiring[] {
  const pairs = inputPairs[node] as (typeof inputPairs)[number];
  const pair = pairs[index] as readonly [number, number];
  const out: Rewiring[] = [];
  for (const side of [0, 1] as const) {
    const kept = pair[1 - side] as number;
    for (let input = 0; input < node + 2; input++) {
      if (input === pair[0] || input === pair[1]) continue;
      const target = pairs.findIndex(([low, high]) => low === Math.min(kept, input) && high === Math.max(kept, input));
      out.push({ pairDelta: target - index, swaps: input < kept !== (side === 0) });
    }
  }
  return out;
}

/** [node][pair index]: the node's rewirings, 2 * node of them. */
const rewirings: readonly (readonly (readonly Rewiring[])[])[] = inputPairs.map((pairs, node) => pairs.map((_, index) => rewiringsOf(node, index)));

const cell = newDecodedCell();

/** Writes the 60 words that neighbour `word` into out[at], out[at + stride], … and copies of `other` beside them. @returns the next `at` */
function neighboursOfCell(word: number, other: number, side: 0 | 1, out: Uint32Array, start: number): number {
  let at = start;
  decodeCell(word, cell);
  for (let slot = 0; slot < slotCount; slot++) {
    const weight = slotWeights[slot] as number;
    const current = cell.operations[slot] as number;
    for (let operation = 0; operation < operationCount; operation++) {
      if (operation === current) continue;
      out[at + side] = word + (operation - current) * weight;
      out[at + 1 - side] = other;
      at += 2;
    }
  }
  for (let node = 1; node < nodeCount; node++) {
    const index = pairIndices[cell.pairing * nodeCount + node] as number;
    const difference = (cell.operations[2 * node + 1] as number) - (cell.operations[2 * node] as number);
    const swap = difference * ((slotWeights[2 * node] as number) - (slotWeights[2 * node + 1] as number));
    for (const { pairDelta, swaps } of (rewirings[node] as (typeof rewirings)[number])[index] as readonly Rewiring[]) {
      out[at + side] = word + pairDelta * (pairWeights[node] as number) + (swaps ? swap : 0);
      out[at + 1 - side] = other;
      at += 2;
    }
  }
  return at;
}

/**
 * Writes the 120 neighbours of the genotype [2] at `offset` into out uint32 [120, 2], the normal cell's first, operations
 * before rewirings, slots and nodes in order.
 * @returns 120
 */
export function genotypeNeighbours(codes: Uint32Array, offset: number, out: Uint32Array): number {
  const normal = codes[offset] as number;
  const reduce = codes[offset + 1] as number;
  neighboursOfCell(reduce, normal, 1, out, neighboursOfCell(normal, reduce, 0, out, 0));
  return neighbourCount;
}
