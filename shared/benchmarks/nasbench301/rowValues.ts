/** @file A genotype as small numbers: for each of the 34 architecture hyperparameters the index of its value among those it can take. */
import { decodeCell, edgeCount, newDecodedCell, nodeCount, pairIndices, slotCount, slotEdges } from './cellCode.js';
import { configurationNames, vectorLength } from './configuration.js';
import { cellNames } from './genotype.js';

export const rowValueCount = vectorLength;

const placeOf = (name: string): number => configurationNames.findIndex((full) => full.endsWith(`:${name}`));
/** uint8 [2, 14]: place of each edge. */
const edgePlaces = Uint8Array.from(cellNames.flatMap((cell) => Array.from({ length: edgeCount }, (_, edge) => placeOf(`edge_${cell}_${edge}`))));
/** uint8 [2, 4]: place of each node's inputs; the first node has none. */
const pairPlaces = Uint8Array.from(cellNames.flatMap((cell) => Array.from({ length: nodeCount }, (_, node) => (node === 0 ? 0 : placeOf(`inputs_node_${cell}_${node + 2}`)))));

const cell = newDecodedCell();

/**
 * Writes the 34 indices of the code [2] at `offset`, in the order of `configurationNames`: input pairs by index; operations by index on the first
 * node's two edges; on all other edges 0 is inactive and an operation counts from 1 (the order of `valuesOfEntry`).
 */
export function writeRowValues(codes: Uint32Array, offset: number, out: Uint8Array): void {
  out.fill(0);
  for (let side = 0; side < 2; side++) {
    decodeCell(codes[offset + side] as number, cell);
    for (let slot = 0; slot < slotCount; slot++) {
      const edge = slotEdges[cell.pairing * slotCount + slot] as number;
      out[edgePlaces[side * edgeCount + edge] as number] = (cell.operations[slot] as number) + (edge < 2 ? 0 : 1);
    }
    for (let node = 1; node < nodeCount; node++) out[pairPlaces[side * nodeCount + node] as number] = pairIndices[cell.pairing * nodeCount + node] as number;
  }
}
