/**
 * @file A cell as NAS-Bench-101's users write it: an upper-triangular adjacency matrix and a list of operations. Reading one
 * checks it, prunes it in NASBench's three steps and puts it into the seven-slot frame. As in NASBench, the limits and the
 * operations' names are checked after pruning, so a larger matrix is welcome if what is left of it fits.
 */
import { OutOfDomainError } from '../../errors.js';
import { Canonicalizer } from './canonical.js';
import { INPUT, MAX_EDGES, MAX_VERTICES, OPERATIONS, OUTPUT, OUTPUT_SLOT, popcount, unpackCode } from './cell.js';
import { graphParameterCount } from './parameterCount.js';
import { shown } from './shown.js';

/** A pruned cell in its writer's order of vertices. */
export interface ModelSpec {
  /** [V][V] of 0 and 1, upper triangular; V in 2..7. */
  readonly adjacency: readonly (readonly number[])[];
  /** [V], `input`, interior operations, `output`. */
  readonly operations: readonly string[];
  /** Canonical code (cell.ts). */
  readonly code: number;
  /** Trainable parameters of this writing (parameterCount.ts). */
  readonly parameters: number;
}

const canonicalizer = new Canonicalizer();

function fail(required: string, found: string): never {
  throw new OutOfDomainError(`${required}, got ${found}`);
}

function checkMatrix(adjacency: unknown): number[][] {
  if (!Array.isArray(adjacency) || adjacency.length < 2) fail('adjacency must be a square matrix of at least 2 rows', shown(adjacency));
  return adjacency.map((row: unknown, u): number[] => {
    if (!Array.isArray(row) || row.length !== adjacency.length) fail(`adjacency[${u}] must have ${adjacency.length} entries, as there are rows`, Array.isArray(row) ? `${row.length}` : shown(row));
    return row.map((entry: unknown, v) => {
      if (entry !== 0 && entry !== 1) fail(`adjacency[${u}][${v}] must be 0 or 1`, shown(entry));
      if (entry === 1 && v <= u) fail('adjacency must be upper triangular (edges from lower to higher vertices only)', `an edge ${u} -> ${v}`);
      return entry;
    });
  });
}

function checkOperations(operations: unknown, vertices: number): string[] {
  if (!Array.isArray(operations) || operations.length !== vertices) {
    fail(`operations must list ${vertices} names, one a vertex`, Array.isArray(operations) ? `${operations.length}` : shown(operations));
  }
  const names = operations as unknown[];
  if (names[0] !== INPUT) fail(`operations[0] must be "${INPUT}"`, shown(names[0]));
  if (names[vertices - 1] !== OUTPUT) fail(`operations[${vertices - 1}] must be "${OUTPUT}"`, shown(names[vertices - 1]));
  return names as string[];
}

/**
 * The vertices that NASBench's pruning leaves, ascending: (1) drop what the input does not reach, (2) drop what does not
 * reach the output, (3) renumber what is left consecutively.
 */
export function keptVertices(adjacency: readonly (readonly number[])[]): number[] {
  const last = adjacency.length - 1;
  const reached = new Set([0]);
  for (let v = 1; v <= last; v++) for (let u = 0; u < v; u++) if (adjacency[u]![v] === 1 && reached.has(u)) reached.add(v);
  const reaching = new Set([last]);
  for (let u = last - 1; u >= 0; u--) for (let v = u + 1; v <= last; v++) if (adjacency[u]![v] === 1 && reaching.has(v)) reaching.add(u);
  return [...reached].filter((v) => reaching.has(v)).sort((a, b) => a - b);
}

/**
 * Reads, checks and prunes a cell.
 *
 * @param adjacency   [V][V] of 0 and 1, upper triangular
 * @param operations  [V] names
 * @throws OutOfDomainError saying what was required and what was found
 */
export function readModelSpec(adjacency: unknown, operations: unknown): ModelSpec {
  const matrix = checkMatrix(adjacency);
  const names = checkOperations(operations, matrix.length);
  const kept = keptVertices(matrix);
  if (!kept.includes(matrix.length - 1) || !kept.includes(0)) fail('the output must be reachable from the input', 'no path between them');
  if (kept.length > MAX_VERTICES) fail(`a cell must have at most ${MAX_VERTICES} vertices after pruning`, `${kept.length}`);
  const targets = new Int32Array(7);
  const codes = new Int32Array(7);
  const slot = (position: number): number => (position === kept.length - 1 ? OUTPUT_SLOT : position);
  let edges = 0;
  kept.forEach((u, i) => {
    kept.forEach((v, j) => (targets[slot(i)]! |= matrix[u]![v]! << slot(j)));
    edges += popcount(targets[slot(i)]!);
    if (i === 0 || i === kept.length - 1) return;
    const index = (OPERATIONS as readonly string[]).indexOf(names[u]!);
    if (index < 0) fail(`operations[${u}] must be one of ${OPERATIONS.join(', ')}`, shown(names[u]));
    codes[i] = index + 1;
  });
  if (edges > MAX_EDGES) fail(`a cell must have at most ${MAX_EDGES} edges after pruning`, `${edges}`);
  return {
    adjacency: kept.map((u) => kept.map((v) => matrix[u]![v]!)),
    operations: kept.map((v) => names[v]!),
    code: canonicalizer.canonicalCode(targets, codes),
    parameters: graphParameterCount(targets, codes),
  };
}

/** The adjacency matrix and operations of a code, in the code's order of vertices. */
export function writeModelSpec(code: number): { adjacency: number[][]; operations: string[] } {
  const targets = new Int32Array(7);
  const codes = new Int32Array(7);
  unpackCode(code, targets, codes);
  const slots = [0, 1, 2, 3, 4, 5, OUTPUT_SLOT].filter((s) => s === 0 || s === OUTPUT_SLOT || codes[s] !== 0);
  return {
    adjacency: slots.map((u) => slots.map((v) => (targets[u]! >> v) & 1)),
    operations: slots.map((s) => (s === 0 ? INPUT : s === OUTPUT_SLOT ? OUTPUT : OPERATIONS[codes[s]! - 1]!)),
  };
}
