/**
 * @file NAS-Bench-301's DARTS space as a search space: W = 2 words (normal, reduce), 120 neighbours.
 *
 * Token features are the joint one-hot of cell x edge x operation, F = 2 x 14 x 7 = 196, of which the K = 16 present edges are
 * active: the adjacency matrix with operations for labels, flattened. In DARTS cells operations lie on edges, so adjacency
 * beside a separate one-hot of slots would leave the network to join which operation belongs to which edge; the joint
 * form loses nothing (it decodes) and makes the projection a plain sum of rows.
 */
import type { Rng } from '../../rng.js';
import type { SearchSpace } from '../types.js';
import { cellCount, edgeCount, operationCount, quadCount, quadOperations, slotCount, slotEdges } from './cellCode.js';
import { fromGenotype, genotypeId, toGenotype } from './genotype.js';
import { genotypeNeighbours, neighbourCount } from './moves.js';

const cellFeatures = edgeCount * operationCount;

function cellFeatureIds(word: number, base: number, out: Uint16Array, at: number): void {
  const upper = (word / quadCount) | 0;
  const second = (word - upper * quadCount) * 4;
  const pairing = (upper / quadCount) | 0;
  const first = (upper - pairing * quadCount) * 4;
  const edges = pairing * slotCount;
  for (let i = 0; i < 4; i++) {
    out[at + i] = base + (slotEdges[edges + i] as number) * operationCount + (quadOperations[first + i] as number);
    out[at + 4 + i] = base + (slotEdges[edges + 4 + i] as number) * operationCount + (quadOperations[second + i] as number);
  }
}

export const nasbench301Space: SearchSpace = {
  name: 'nasbench301',
  codeWords: 2,
  maxNeighbours: neighbourCount,
  size: cellCount * cellCount,
  features: { active: 2 * slotCount, rows: 2 * cellFeatures },
  contains: (codes, offset) => (codes[offset] as number) < cellCount && (codes[offset + 1] as number) < cellCount,
  randomCode: (rng: Rng, out, offset) => {
    out[offset] = rng.int(cellCount);
    out[offset + 1] = rng.int(cellCount);
  },
  neighbours: genotypeNeighbours,
  featureIds: (codes, offset, out, outOffset) => {
    cellFeatureIds(codes[offset] as number, 0, out, outOffset);
    cellFeatureIds(codes[offset + 1] as number, cellFeatures, out, outOffset + slotCount);
  },
  id: genotypeId,
  toJson: toGenotype,
  fromJson: fromGenotype,
};
