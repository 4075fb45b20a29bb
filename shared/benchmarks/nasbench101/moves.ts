/**
 * @file The moves between cells. The set belongs to the isomorphism class, not to one way of writing a cell:
 * relabel one interior vertex; add an edge u -> v for every ordered pair that leaves the graph acyclic; remove an edge;
 * insert one interior vertex with any operation, one edge from u and one to v, for every ordered pair that leaves the graph
 * acyclic; remove an interior vertex with its edges (no bridging edges). Each result is pruned as NASBench does and kept if
 * it is a cell and another one than before. The paper names the five kinds (arXiv:2410.01431); the details are ours.
 */
import { Canonicalizer, NO_CELL } from './canonical.js';
import { INTERIOR_SLOTS, MAX_EDGES, MAX_VERTICES, OPERATIONS, OUTPUT_SLOT, edgesOf, unpackCode, verticesOf } from './cell.js';

/** Most neighbours any cell of the space has (found over the whole space by scripts/bench/nasbench101.ts). */
export const MAX_NEIGHBOURS = 84;

// A power of two well above MAX_NEIGHBOURS, so that probes stay short.
const SEEN_SLOTS = 512;

/** Lists neighbours; owns its scratch arrays, so one per thread of execution. */
export class MoveGenerator {
  readonly #canonicalizer = new Canonicalizer();
  readonly #targets = new Int32Array(7);
  readonly #operations = new Int32Array(7);
  readonly #reach = new Int32Array(7);
  readonly #seenCode = new Int32Array(SEEN_SLOTS);
  readonly #seenRound = new Int32Array(SEEN_SLOTS);
  #round = 0;
  #origin = 0;
  #present = 0;
  #found = 0;
  #out = new Uint32Array(0);

  /**
   * Writes the distinct neighbours of a cell, ascending, into `out` from its start.
   *
   * @param code  canonical code
   * @param out   uint32 [>= MAX_NEIGHBOURS]
   * @returns how many were written
   */
  neighbours(code: number, out: Uint32Array): number {
    unpackCode(code, this.#targets, this.#operations);
    this.#origin = code;
    this.#out = out as Uint32Array<ArrayBuffer>;
    this.#found = 0;
    this.#round++;
    this.#present = 1 | (1 << OUTPUT_SLOT);
    for (let v = 1; v <= INTERIOR_SLOTS; v++) if (this.#operations[v] !== 0) this.#present |= 1 << v;
    for (let v = OUTPUT_SLOT; v >= 0; v--) {
      let reach = this.#targets[v]!;
      for (let w = v + 1; w <= OUTPUT_SLOT; w++) if ((this.#targets[v]! & (1 << w)) !== 0) reach |= this.#reach[w]!;
      this.#reach[v] = reach;
    }
    this.#relabel();
    this.#changeEdges(edgesOf(code));
    if (verticesOf(code) < MAX_VERTICES && edgesOf(code) + 2 <= MAX_EDGES) this.#insertVertices();
    this.#removeVertices();
    out.subarray(0, this.#found).sort();
    return this.#found;
  }

  #has(v: number): boolean {
    return (this.#present & (1 << v)) !== 0;
  }

  /** True if an edge (or a path) from u to v leaves the graph acyclic. */
  #acyclic(u: number, v: number): boolean {
    return u !== v && this.#has(u) && this.#has(v) && (this.#reach[v]! & (1 << u)) === 0;
  }

  #relabel(): void {
    for (let v = 1; v <= INTERIOR_SLOTS; v++) {
      if (!this.#has(v)) continue;
      const old = this.#operations[v]!;
      for (let operation = 1; operation <= OPERATIONS.length; operation++) {
        this.#operations[v] = operation;
        if (operation !== old) this.#emit();
      }
      this.#operations[v] = old;
    }
  }

  #changeEdges(edges: number): void {
    for (let u = 0; u <= OUTPUT_SLOT; u++) {
      for (let v = 0; v <= OUTPUT_SLOT; v++) {
        const removes = (this.#targets[u]! & (1 << v)) !== 0;
        if (!removes && (edges >= MAX_EDGES || !this.#acyclic(u, v))) continue;
        this.#targets[u]! ^= 1 << v;
        this.#emit();
        this.#targets[u]! ^= 1 << v;
      }
    }
  }

  #insertVertices(): void {
    let slot = 1;
    while (this.#has(slot)) slot++;
    for (let u = 0; u <= OUTPUT_SLOT; u++) {
      for (let v = 0; v <= OUTPUT_SLOT; v++) {
        if (!this.#acyclic(u, v)) continue;
        this.#targets[u]! |= 1 << slot;
        this.#targets[slot] = 1 << v;
        for (let operation = 1; operation <= OPERATIONS.length; operation++) {
          this.#operations[slot] = operation;
          this.#emit();
        }
        this.#targets[u]! &= ~(1 << slot);
      }
    }
    this.#targets[slot] = 0;
    this.#operations[slot] = 0;
  }

  /** Cutting a vertex's outgoing edges is enough: pruning then drops it with its incoming ones. */
  #removeVertices(): void {
    for (let v = 1; v <= INTERIOR_SLOTS; v++) {
      if (!this.#has(v)) continue;
      const out = this.#targets[v]!;
      this.#targets[v] = 0;
      this.#emit();
      this.#targets[v] = out;
    }
  }

  #emit(): void {
    const code = this.#canonicalizer.canonicalCode(this.#targets, this.#operations);
    if (code === NO_CELL || code === this.#origin) return;
    let at = Math.imul(code, 0x9e3779b1) >>> 23;
    for (; this.#seenRound[at] === this.#round; at = (at + 1) & (SEEN_SLOTS - 1)) if (this.#seenCode[at] === code) return;
    this.#seenRound[at] = this.#round;
    this.#seenCode[at] = code;
    this.#out[this.#found++] = code;
  }
}
