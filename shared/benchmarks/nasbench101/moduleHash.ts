/**
 * @file NASBench's module hash: the id under which NAS-Bench-101 files a cell, equal for isomorphic cells (graph hash of
 * google-research/nasbench, byte for byte).
 *
 *   h_0(v) = md5("(out-degree, in-degree, label)"),  label -1 at the input, -2 at the output, else the operation's index
 *   h_i(v) = md5(sorted in-neighbours' h_{i-1} joined + "|" + sorted out-neighbours' h_{i-1} joined + "|" + h_{i-1}(v)),  i = 1..V
 *   id     = md5("['…', '…']"), Python's text of the sorted list of h_V
 *
 * The hashes here are their 32 ASCII digits, so sorting by bytes is Python's sorting of the texts.
 */
import { Md5 } from './md5.js';
import { MAX_VERTICES, OUTPUT_SLOT, popcount, unpackCode } from './cell.js';

const DIGITS = 32;
const BAR = 0x7c;
const DECODER = new TextDecoder('latin1');

/** Hashes cells; owns its scratch arrays, so one per thread of execution. */
export class ModuleHasher {
  /** Longest message: 6 + 6 neighbours and the vertex itself, 32 digits each, or the text of the list of 7. */
  readonly #md5 = new Md5((2 * MAX_VERTICES + 1) * DIGITS);
  readonly #targets = new Int32Array(MAX_VERTICES);
  readonly #sources = new Int32Array(MAX_VERTICES);
  readonly #operations = new Int32Array(MAX_VERTICES);
  readonly #rank = new Int32Array(MAX_VERTICES);
  #hashes = new Uint8Array(MAX_VERTICES * DIGITS);
  #next = new Uint8Array(MAX_VERTICES * DIGITS);

  /** The module hash of a code: 32 hexadecimal digits. */
  hash(code: number): string {
    unpackCode(code, this.#targets, this.#operations);
    return this.hashGraph(this.#targets, this.#operations);
  }

  /**
   * The module hash of a pruned graph in the seven-slot frame (cell.ts).
   *
   * @param targets     int32 [7]
   * @param operations  int32 [7]
   */
  hashGraph(targets: Int32Array, operations: Int32Array): string {
    const present = this.#start(targets, operations);
    const vertices = popcount(present);
    for (let round = 0; round < vertices; round++) this.#round(targets, present, vertices);
    this.#sortRanks(present);
    const bytes = this.#md5.bytes;
    let length = 0;
    for (let i = 0; i < vertices; i++) {
      bytes[length++] = i === 0 ? 0x5b : 0x2c;
      if (i > 0) bytes[length++] = 0x20;
      bytes[length++] = 0x27;
      length = this.#append(length, this.#rank[i]!);
      bytes[length++] = 0x27;
    }
    bytes[length++] = 0x5d;
    this.#md5.digest(length);
    this.#md5.writeHex(bytes, 0);
    return DECODER.decode(bytes.subarray(0, DIGITS));
  }

  /** Degrees and labels become the first hashes. @returns the mask of vertices present */
  #start(targets: Int32Array, operations: Int32Array): number {
    const sources = this.#sources;
    sources.fill(0);
    let present = 1 | (1 << OUTPUT_SLOT);
    for (let v = 1; v < OUTPUT_SLOT; v++) if (operations[v] !== 0) present |= 1 << v;
    for (let u = 0; u < MAX_VERTICES; u++) {
      for (let v = 0; v < MAX_VERTICES; v++) if ((targets[u]! & (1 << v)) !== 0) sources[v]! |= 1 << u;
    }
    for (let v = 0; v < MAX_VERTICES; v++) {
      if ((present & (1 << v)) === 0) continue;
      const label = v === 0 ? -1 : v === OUTPUT_SLOT ? -2 : operations[v]! - 1;
      const text = `(${popcount(targets[v]!)}, ${popcount(sources[v]!)}, ${label})`;
      for (let i = 0; i < text.length; i++) this.#md5.bytes[i] = text.charCodeAt(i);
      this.#md5.digest(text.length);
      this.#md5.writeHex(this.#hashes, v * DIGITS);
    }
    return present;
  }

  #round(targets: Int32Array, present: number, vertices: number): void {
    this.#sortRanks(present);
    const bytes = this.#md5.bytes;
    for (let v = 0; v < MAX_VERTICES; v++) {
      if ((present & (1 << v)) === 0) continue;
      let length = 0;
      for (let i = 0; i < vertices; i++) if ((this.#sources[v]! & (1 << this.#rank[i]!)) !== 0) length = this.#append(length, this.#rank[i]!);
      bytes[length++] = BAR;
      for (let i = 0; i < vertices; i++) if ((targets[v]! & (1 << this.#rank[i]!)) !== 0) length = this.#append(length, this.#rank[i]!);
      bytes[length++] = BAR;
      length = this.#append(length, v);
      this.#md5.digest(length);
      this.#md5.writeHex(this.#next, v * DIGITS);
    }
    [this.#hashes, this.#next] = [this.#next, this.#hashes];
  }

  /** Lists the vertices present in the order of their hashes: sorted once, every neighbour list is a part of it. */
  #sortRanks(present: number): void {
    let count = 0;
    for (let v = 0; v < MAX_VERTICES; v++) {
      if ((present & (1 << v)) === 0) continue;
      let at = count++;
      for (; at > 0 && this.#precedes(v, this.#rank[at - 1]!); at--) this.#rank[at] = this.#rank[at - 1]!;
      this.#rank[at] = v;
    }
  }

  #precedes(a: number, b: number): boolean {
    for (let i = 0; i < DIGITS; i++) {
      const difference = this.#hashes[a * DIGITS + i]! - this.#hashes[b * DIGITS + i]!;
      if (difference !== 0) return difference < 0;
    }
    return false;
  }

  #append(length: number, vertex: number): number {
    const bytes = this.#md5.bytes;
    const from = vertex * DIGITS;
    for (let i = 0; i < DIGITS; i++) bytes[length + i] = this.#hashes[from + i]!;
    return length + DIGITS;
  }
}
