/**
 * @file NAS-Bench-101 as a search space, whole: 423,624 cells up to isomorphism. W = 1, F = 21 edge bits + 5 x 3 operations
 * = 36 rows, K = 9 edges + 5 operations = 14 of them active at most. Neighbours are listed by the moves (about 25 microseconds a cell);
 * a benchmark with its graph built looks them up instead.
 */
import { OutOfDomainError } from '../../errors.js';
import type { Rng } from '../../rng.js';
import type { ArchitectureJson, SearchSpace } from '../types.js';
import { Canonicalizer } from './canonical.js';
import { EDGE_BITS, INTERIOR_SLOTS, MAX_EDGES, OPERATIONS, SPACE_SIZE, unpackCode } from './cell.js';
import { enumerateCells } from './enumerate.js';
import { readModelSpec, writeModelSpec } from './modelSpec.js';
import { ModuleHasher } from './moduleHash.js';
import { MAX_NEIGHBOURS, MoveGenerator } from './moves.js';
import { shown } from './shown.js';

/** F. */
const FEATURE_ROWS = EDGE_BITS + INTERIOR_SLOTS * OPERATIONS.length;
/** K. */
const ACTIVE_FEATURES = MAX_EDGES + INTERIOR_SLOTS;

/** True if `code` is the canonical code of a cell. */
function isCell(code: number, canonicalizer: Canonicalizer, targets: Int32Array, operations: Int32Array): boolean {
  if (code >>> 31 !== 0) return false;
  unpackCode(code, targets, operations);
  return canonicalizer.canonicalCode(targets, operations) === code;
}

function featureIds(codes: Uint32Array, offset: number, out: Uint16Array, outOffset: number): void {
  const code = codes[offset]!;
  let at = outOffset;
  for (let edges = code & ((1 << EDGE_BITS) - 1); edges !== 0; ) {
    const bit = 31 - Math.clz32(edges);
    edges &= ~(1 << bit);
    out[at++] = bit;
  }
  for (let slot = 0; slot < INTERIOR_SLOTS; slot++) {
    const operation = (code >>> (EDGE_BITS + 2 * slot)) & 3;
    if (operation !== 0) out[at++] = EDGE_BITS + slot * OPERATIONS.length + operation - 1;
  }
  while (at < outOffset + ACTIVE_FEATURES) out[at++] = FEATURE_ROWS;
}

function fromJson(json: unknown): Uint32Array {
  if (typeof json !== 'object' || json === null || !('adjacency' in json) || !('operations' in json)) {
    throw new OutOfDomainError(`a NAS-Bench-101 architecture must be {"adjacency": [[0, 1, …], …], "operations": ["input", …, "output"]}, got ${shown(json)}`);
  }
  return Uint32Array.of(readModelSpec(json.adjacency, json.operations).code);
}

/** The space; scratch arrays are its own, so one per thread of execution. */
export function createNasbench101Space(): SearchSpace {
  const canonicalizer = new Canonicalizer();
  const generator = new MoveGenerator();
  const hasher = new ModuleHasher();
  const targets = new Int32Array(7);
  const operations = new Int32Array(7);
  let cells: Uint32Array | null = null;
  return {
    name: 'nasbench101',
    codeWords: 1,
    maxNeighbours: MAX_NEIGHBOURS,
    size: SPACE_SIZE,
    features: { active: ACTIVE_FEATURES, rows: FEATURE_ROWS },
    contains: (codes, offset) => isCell(codes[offset]!, canonicalizer, targets, operations),
    randomCode: (rng: Rng, out, offset) => {
      cells ??= enumerateCells();
      out[offset] = cells[rng.int(cells.length)]!;
    },
    neighbours: (codes, offset, out) => generator.neighbours(codes[offset]!, out),
    featureIds,
    id: (codes, offset) => hasher.hash(codes[offset]!),
    toJson: (codes, offset): ArchitectureJson => writeModelSpec(codes[offset]!),
    fromJson,
  };
}

/** The space for single-threaded use. */
export const nasbench101Space: SearchSpace = createNasbench101Space();
