/**
 * @file NAS-Bench-201 as a search space: W = 1; a neighbour differs in one edge's operation (6 x 4 = 24); a token is the
 * flattened labelled adjacency, one of F = 6 x 5 rows per edge, K = 6 of them active.
 */
import { OutOfDomainError } from '../../errors.js';
import type { Rng } from '../../rng.js';
import type { ArchitectureJson, SearchSpace } from '../types.js';
import { cellCount, digitWeights, edgeCount, formatArchitecture, operationOf, operations, parseArchitecture } from './architecture.js';

const operationCount = operations.length;

function neighbours(codes: Uint32Array, offset: number, out: Uint32Array): number {
  const code = codes[offset] as number;
  let written = 0;
  for (let edge = 0; edge < edgeCount; edge++) {
    const weight = digitWeights[edge] as number;
    const current = operationOf(code, edge);
    for (let operation = 0; operation < operationCount; operation++) {
      if (operation !== current) out[written++] = code + (operation - current) * weight;
    }
  }
  return written;
}

function featureIds(codes: Uint32Array, offset: number, out: Uint16Array, outOffset: number): void {
  const code = codes[offset] as number;
  for (let edge = 0; edge < edgeCount; edge++) out[outOffset + edge] = edge * operationCount + operationOf(code, edge);
}

function fromJson(json: unknown): Uint32Array {
  const text = typeof json === 'object' && json !== null && 'architecture' in json ? json.architecture : undefined;
  if (typeof text !== 'string') {
    throw new OutOfDomainError(`a NAS-Bench-201 architecture must be {"architecture": "|op~0|+…|"}, got ${JSON.stringify(json)}`);
  }
  return Uint32Array.of(parseArchitecture(text));
}

export const nasbench201Space: SearchSpace = {
  name: 'nasbench201',
  codeWords: 1,
  maxNeighbours: edgeCount * (operationCount - 1),
  size: cellCount,
  features: { active: edgeCount, rows: edgeCount * operationCount },
  contains: (codes, offset) => (codes[offset] as number) < cellCount,
  randomCode: (rng: Rng, out, offset) => {
    out[offset] = rng.int(cellCount);
  },
  neighbours,
  featureIds,
  id: (codes, offset) => formatArchitecture(codes[offset] as number),
  toJson: (codes, offset): ArchitectureJson => ({ architecture: formatArchitecture(codes[offset] as number) }),
  fromJson,
};
