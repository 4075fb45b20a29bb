/**
 * @file A NAS-Bench-101 cell as one number. The cell (Ying et al. 2019, arXiv:1902.09635, section 3) is a directed acyclic
 * graph of at most 7 vertices and 9 edges whose first vertex is the input, whose last is the output, and whose interior
 * vertices carry one of three operations.
 *
 * Frame: seven slots; slot 0 is the input, slot 6 always the output, slots 1..5 hold the interior vertices, 0 in `operations`
 * marking an empty slot. Working form: `targets` int32 [7], bit v of targets[u] set for an edge u -> v, and `operations`
 * int32 [7], values 1..3 at the interior vertices present.
 *
 * Code, 31 bits: edge u -> v (u < v) is bit u + v(v-1)/2 (0..20), slot s's operation stands in bits 21 + 2(s-1) and the next.
 * A code names its cell only in canonical form (`canonical.ts`); then numeric order groups cells by their number of vertices.
 */

/** Most vertices of a cell, input and output included. */
export const MAX_VERTICES = 7;
/** Most edges of a cell. */
export const MAX_EDGES = 9;
/** The interior operations in NASBench's canonical order; operation number 1 + index in this list, label (in the hash) its index. */
export const OPERATIONS = ['conv3x3-bn-relu', 'conv1x1-bn-relu', 'maxpool3x3'] as const;
export const INPUT = 'input';
export const OUTPUT = 'output';

/** The output's slot. */
export const OUTPUT_SLOT = 6;
/** Interior slots, 1..5. */
export const INTERIOR_SLOTS = 5;
/** Bits of a code that hold edges. */
export const EDGE_BITS = 21;
/** Cells up to isomorphism by number of vertices, index 2..7 (counted by `enumerateCells`). */
export const CELLS_BY_VERTICES: readonly number[] = [0, 0, 1, 6, 84, 2_441, 62_010, 359_082];
/** Cells of the whole space. */
export const SPACE_SIZE = 423_624;

/** v(v-1)/2: the first edge bit of column v. */
export function columnStart(v: number): number {
  return (v * (v - 1)) >> 1;
}

/** Number of set bits of a uint32. */
export function popcount(bits: number): number {
  let x = bits - ((bits >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Unpacks a code into `targets` int32 [7] and `operations` int32 [7]. */
export function unpackCode(code: number, targets: Int32Array, operations: Int32Array): void {
  targets.fill(0);
  operations.fill(0);
  for (let v = 1; v <= OUTPUT_SLOT; v++) {
    let column = (code >>> columnStart(v)) & ((1 << v) - 1);
    while (column !== 0) {
      const u = 31 - Math.clz32(column);
      column &= ~(1 << u);
      targets[u]! |= 1 << v;
    }
  }
  for (let slot = 1; slot <= INTERIOR_SLOTS; slot++) operations[slot] = (code >>> (EDGE_BITS + 2 * (slot - 1))) & 3;
}

/** Number of vertices of a canonical code, 2..7. */
export function verticesOf(code: number): number {
  let vertices = 2;
  for (let shift = EDGE_BITS; shift < EDGE_BITS + 2 * INTERIOR_SLOTS; shift += 2) if (((code >>> shift) & 3) !== 0) vertices++;
  return vertices;
}

/** Number of edges of a code. */
export function edgesOf(code: number): number {
  return popcount(code & ((1 << EDGE_BITS) - 1));
}
