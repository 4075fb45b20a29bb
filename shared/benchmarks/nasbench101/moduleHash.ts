/**
 * @file NASBench's module hash: the id under which NAS-Bench-101 files a cell, equal for isomorphic cells (graph hash of
 * google-research/nasbench, byte for byte).
 *
 *   h_0(v) = md5("(out-degree, in-degree, label)"),  label -1 at the input, -2 at the output, else the operation's index
 *   h_i(v) = md5(sorted in-neighbours' h_{i-1} joined + "|" + sorted out-neighbours' h_{i-1} joined + "|" + h_{i-1}(v)),  i = 1..V
 *   id     = md5("['…', '…']"), Python's text of the sorted list of h_V
 *
 * The hashes here are their 32 ASCII digits, held as eight little-endian words, which makes a message some dozens of word copies.
 */
import { Md5 } from './md5.js';
import { MAX_VERTICES, OUTPUT_SLOT, popcount, unpackCode } from './cell.js';

/** Words of a hash's 32 digits. */
const WORDS = 8;
const BAR = 0x7c;
const DECODER = new TextDecoder('latin1');

/** Hashes cells; owns its scratch arrays, so one per thread of execution. */
export class ModuleHasher {
  /** Longest message: 6 + 6 neighbours and the vertex itself, 32 digits each, or the text of the list of 7. */
  readonly #md5 = new Md5((2 * MAX_VERTICES + 1) * 4 * WORDS);
  readonly #targets = new Int32Array(MAX_VERTICES);
  readonly #sources = new Int32Array(MAX_VERTICES);
  readonly #operations = new Int32Array(MAX_VERTICES);
  readonly #rank = new Int32Array(MAX_VERTICES);
  #hashes = new Int32Array(MAX_VERTICES * WORDS);
  #next = new Int32Array(MAX_VERTICES * WORDS);

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
      const digits = new Uint8Array(this.#hashes.buffer, this.#rank[i]! * 4 * WORDS, 4 * WORDS);
      bytes.set(digits, length);
      length += digits.length;
      bytes[length++] = 0x27;
    }
    bytes[length++] = 0x5d;
    this.#md5.digest(length);
    this.#md5.writeHex(this.#next, 0);
    return DECODER.decode(new Uint8Array(this.#next.buffer, 0, 4 * WORDS));
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
      this.#md5.writeHex(this.#hashes, v * WORDS);
    }
    return present;
  }

  #round(targets: Int32Array, present: number, vertices: number): void {
    this.#sortRanks(present);
    const block = this.#md5.block;
    for (let v = 0; v < MAX_VERTICES; v++) {
      if ((present & (1 << v)) === 0) continue;
      const into = this.#append(0, 0, this.#sources[v]!, vertices);
      block[into] = BAR;
      const out = this.#append(into, 8, targets[v]!, vertices);
      block[out] = (block[out]! & 0xff) | (BAR << 8);
      const end = this.#appendOne(out, 16, v);
      this.#md5.digest(4 * end + 2);
      this.#md5.writeHex(this.#next, v * WORDS);
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
    for (let i = 0; i < WORDS; i++) {
      const left = this.#hashes[a * WORDS + i]!;
      const right = this.#hashes[b * WORDS + i]!;
      if (left !== right) return byteOrder(left) < byteOrder(right);
    }
    return false;
  }

  /** Appends the digits of the vertices in `mask`, in their order. @returns the word after the last whole one */
  #append(at: number, shift: number, mask: number, vertices: number): number {
    let end = at;
    for (let i = 0; i < vertices; i++) if ((mask & (1 << this.#rank[i]!)) !== 0) end = this.#appendOne(end, shift, this.#rank[i]!);
    return end;
  }

  /**
   * Appends a vertex's digits where the message ends within a word: at bit `shift` of word `at`, whose lower bits it keeps.
   *
   * @returns the word in which the message then ends, at the same bit
   */
  #appendOne(at: number, shift: number, vertex: number): number {
    const block = this.#md5.block;
    const hashes = this.#hashes;
    const from = vertex * WORDS;
    if (shift === 0) {
      for (let i = 0; i < WORDS; i++) block[at + i] = hashes[from + i]!;
      return at + WORDS;
    }
    let carry = block[at]! & ~(-1 << shift);
    for (let i = 0; i < WORDS; i++) {
      const word = hashes[from + i]!;
      block[at + i] = carry | (word << shift);
      carry = word >>> (32 - shift);
    }
    block[at + WORDS] = carry;
    return at + WORDS;
  }
}

/** A little-endian word as the number by which its four characters sort. */
function byteOrder(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}
