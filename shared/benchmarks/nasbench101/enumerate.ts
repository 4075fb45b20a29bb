/**
 * @file Every cell of the space, one per isomorphism class: first the shapes (graphs without operations), then each shape
 * with every labelling. A few seconds for all 423,624.
 */
import { Canonicalizer } from './canonical.js';
import { EDGE_BITS, MAX_EDGES, MAX_VERTICES, OPERATIONS, OUTPUT_SLOT, columnStart, popcount, unpackCode } from './cell.js';

/**
 * The codes of all cells of at most `maxVertices` vertices, ascending (so by number of vertices first).
 *
 * @param maxVertices  2..7
 */
export function enumerateCells(maxVertices: number = MAX_VERTICES): Uint32Array {
  const cells = new Set<number>();
  for (let vertices = 2; vertices <= maxVertices; vertices++) {
    for (const shape of enumerateShapes(vertices)) addLabellings(shape, vertices - 2, cells);
  }
  return Uint32Array.from(cells).sort();
}

/** True if every vertex of an upper-triangular graph (NASBench's bit order) has an edge in and an edge out, input and output aside. */
export function isFullDag(bits: number, vertices: number): boolean {
  let sources = 0;
  for (let v = 1; v < vertices; v++) {
    const column = (bits >>> columnStart(v)) & ((1 << v) - 1);
    if (column === 0) return false;
    sources |= column;
  }
  return sources === (1 << (vertices - 1)) - 1;
}

/** Moves the upper-triangular bits of a graph of `vertices` vertices into the seven-slot frame, its last vertex to slot 6. */
export function toFrame(bits: number, vertices: number): number {
  const last = columnStart(vertices - 1);
  const interior = bits & ((1 << last) - 1);
  return interior | (((bits >>> last) & ((1 << (vertices - 1)) - 1)) << columnStart(OUTPUT_SLOT));
}

/** Shapes of `vertices` vertices: canonical codes with every operation 1. */
function enumerateShapes(vertices: number): Set<number> {
  const canonicalizer = new Canonicalizer();
  const targets = new Int32Array(7);
  const operations = new Int32Array(7);
  const shapes = new Set<number>();
  const end = 2 ** columnStart(vertices);
  for (let bits = 0; bits < end; bits++) {
    if (popcount(bits) > MAX_EDGES || !isFullDag(bits, vertices)) continue;
    unpackCode(toFrame(bits, vertices), targets, operations);
    operations.fill(1, 1, vertices - 1);
    shapes.add(canonicalizer.canonicalCode(targets, operations));
  }
  return shapes;
}

function addLabellings(shape: number, interior: number, cells: Set<number>): void {
  const canonicalizer = new Canonicalizer();
  const targets = new Int32Array(7);
  const operations = new Int32Array(7);
  unpackCode(shape & ((1 << EDGE_BITS) - 1), targets, operations);
  for (let labelling = 0; labelling < OPERATIONS.length ** interior; labelling++) {
    for (let slot = 1, rest = labelling; slot <= interior; slot++, rest = Math.floor(rest / OPERATIONS.length)) {
      operations[slot] = 1 + (rest % OPERATIONS.length);
    }
    cells.add(canonicalizer.canonicalCode(targets, operations));
  }
}
