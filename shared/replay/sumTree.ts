/**
 * @file A sum tree over float64 masses (Schaul et al. 2016, arXiv:1511.05952): set a leaf and draw a leaf with probability
 * mass / total, both in O(log n). We depart from the binary tree: a node has 8 children, which are one cache line, so a draw among
 * 2,000,000 leaves touches 7 lines where a binary tree touches 21 (docs/benchmarks/replay.md). Each level is padded to whole
 * groups of 8. An inner node is always the sum of its children in their order, recomputed, never adjusted: rounding does not
 * build up, and the tree is a function of its leaves alone, so a restored one draws bit for bit the same.
 */
import { InvariantError } from '../errors.js';
import type { Rng } from '../rng.js';

const FANOUT = 8;
/** Levels that outgrow the processor's caches, from the leaves up. */
const BIG_LEVELS = 2;

export class SumTree {
  /** Number of leaves. */
  readonly capacity: number;
  /** All levels, leaves first; leaf i is nodes[i], group g of level l starts at offsets[l] + 8g. */
  readonly #nodes: Float64Array;
  readonly #offsets: readonly number[];
  /** Level of the root's children. */
  readonly #top: number;
  /** Scratch of `sample`. */
  #rests = new Float64Array(0);
  /** Meaningless; see #fetch. */
  fetched = 0;

  /** @throws InvariantError if the capacity is no count */
  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1) throw new InvariantError(`a sum tree must have at least 1 leaf, got ${capacity}`);
    this.capacity = capacity;
    const offsets: number[] = [];
    let total = 0;
    let nodes = capacity;
    do {
      const groups = Math.ceil(nodes / FANOUT);
      offsets.push(total);
      total += groups * FANOUT;
      nodes = groups;
    } while (nodes > 1);
    offsets.push(total);
    this.#offsets = offsets;
    this.#top = offsets.length - 2;
    this.#nodes = new Float64Array(total + 1);
  }

  /** Bytes held. */
  get sizeBytes(): number {
    return this.#nodes.byteLength;
  }

  /** Sum of all masses. */
  get total(): number {
    return this.#nodes[this.#nodes.length - 1] as number;
  }

  /** f64 [capacity]: the leaves, to be read only; set them through `set`. */
  get leaves(): Float64Array {
    return this.#nodes.subarray(0, this.capacity);
  }

  get(leaf: number): number {
    return this.#nodes[leaf] as number;
  }

  /**
   * Sets one leaf.
   * @param mass finite, at least 0
   * @throws InvariantError if it is not
   */
  set(leaf: number, mass: number): void {
    this.#setLeaf(leaf, mass);
    this.#recomputeRange(leaf, leaf);
  }

  /**
   * Sets `count` leaves; where a leaf stands twice the later mass holds.
   * @param leaves uint32 [count];  masses f64 [count], finite, at least 0
   * @throws InvariantError if a mass is not, with the tree's sums still exact
   */
  setBatch(leaves: Uint32Array, masses: Float64Array, count: number): void {
    let written = 0;
    try {
      for (; written < count; written++) this.#setLeaf(leaves[written] as number, masses[written] as number);
    } finally {
      this.#recomputeAbove(leaves, written);
    }
  }

  /** Sets the `count` consecutive leaves from `first` on; every group above is recomputed once. @throws InvariantError as `set` */
  setRange(first: number, masses: Float64Array, count: number): void {
    if (count === 0) return;
    let written = 0;
    try {
      for (; written < count; written++) this.#setLeaf(first + written, masses[written] as number);
    } finally {
      if (written > 0) this.#recomputeRange(first, first + written - 1);
    }
  }

  /** Replaces all leaves. @param masses f64 [<= capacity], the rest becomes 0. @throws InvariantError as `set` */
  load(masses: Float64Array): void {
    if (masses.length > this.capacity) throw new InvariantError(`a sum tree's masses must be at most ${this.capacity}, got ${masses.length}`);
    this.#nodes.fill(0);
    this.setRange(0, masses, masses.length);
  }

  /**
   * The leaf at which the running sum of masses passes `mass`; never one of mass 0.
   * @param mass in [0, total)
   * @throws InvariantError if all masses are 0
   */
  find(mass: number): number {
    const nodes = this.#nodes;
    if (!(this.total > 0)) throw new InvariantError('a sum tree to draw from must hold a mass above 0, got 0');
    let rest = mass;
    let node = 0;
    for (let level = this.#top; level >= 0; level--) {
      const first = (this.#offsets[level] as number) + node * FANOUT;
      let child = -1;
      let inside = rest;
      for (let i = 0; i < FANOUT; i++) {
        const sum = nodes[first + i] as number;
        if (sum === 0) continue;
        child = i;
        inside = rest;
        if (rest < sum) break;
        rest -= sum;
      }
      // Where rounding carried the sum past all children this is the last with mass, and so it is further down.
      rest = inside;
      node = node * FANOUT + child;
    }
    return node;
  }

  /**
   * Stratified draws: the total is cut into `count` equal parts and one leaf is drawn from each, so leaf i comes up
   * count x mass_i / total times on average, off by less than 1 where its mass is below a part (Schaul et al. 2016, appendix B.2.1).
   *
   * @param out uint32 [count], receives the leaves in the order of the parts
   * @throws InvariantError if all masses are 0
   */
  sample(rng: Rng, out: Uint32Array, count: number): void {
    if (this.#rests.length < count) this.#rests = new Float64Array(count);
    const rests = this.#rests;
    const part = this.total / count;
    for (let k = 0; k < count; k++) rests[k] = (k + rng.float()) * part;
    out.fill(0, 0, count);
    for (let level = this.#top; level >= 0; level--) {
      const offset = this.#offsets[level] as number;
      if (level < BIG_LEVELS) this.#fetch(offset, out, count);
      this.#descend(offset, rests, out, count);
    }
    for (let k = 0; k < count; k++) if (this.#nodes[out[k] as number] === 0) out[k] = this.find(((k + 1) / count) * this.total);
  }

  /**
   * Reads one word of each group and does nothing with it: a loop this short keeps some twenty cache misses in flight at once, where
   * the one that works on the groups keeps a few (measured, docs/benchmarks/replay.md). The sum is kept only so that no compiler drops the reads.
   */
  #fetch(offset: number, groups: Uint32Array, count: number): void {
    const nodes = this.#nodes;
    let sum = 0;
    for (let k = 0; k < count; k++) sum += nodes[offset + (groups[k] as number) * FANOUT] as number;
    this.fetched = sum;
  }

  /**
   * One level down for all draws, level by level and without a branch on the masses, so that no draw waits for another's. A draw that rounding carried past its group's sum may end at a
   * leaf without mass; `sample` looks for those.
   */
  #descend(offset: number, rests: Float64Array, nodeOf: Uint32Array, count: number): void {
    const nodes = this.#nodes;
    for (let k = 0; k < count; k++) {
      const at = offset + (nodeOf[k] as number) * FANOUT;
      const rest = rests[k] as number;
      const m0 = nodes[at] as number, m1 = nodes[at + 1] as number, m2 = nodes[at + 2] as number, m3 = nodes[at + 3] as number;
      const m4 = nodes[at + 4] as number, m5 = nodes[at + 5] as number, m6 = nodes[at + 6] as number;
      const s1 = m0 + m1, s2 = s1 + m2, s3 = s2 + m3, s4 = s3 + m4, s5 = s4 + m5, s6 = s5 + m6;
      const p0 = Number(rest >= m0), p1 = Number(rest >= s1), p2 = Number(rest >= s2), p3 = Number(rest >= s3);
      const p4 = Number(rest >= s4), p5 = Number(rest >= s5), p6 = Number(rest >= s6);
      rests[k] = rest - (p0 * m0 + p1 * m1 + p2 * m2 + p3 * m3 + p4 * m4 + p5 * m5 + p6 * m6);
      nodeOf[k] = (nodeOf[k] as number) * FANOUT + p0 + p1 + p2 + p3 + p4 + p5 + p6;
    }
  }

  #setLeaf(leaf: number, mass: number): void {
    if (!(mass >= 0 && mass < Infinity)) throw new InvariantError(`a sum tree's mass must be finite and at least 0, got ${mass} for leaf ${leaf}`);
    if (!(leaf >= 0 && leaf < this.capacity)) throw new InvariantError(`a sum tree's leaf must be in 0..${this.capacity - 1}, got ${leaf}`);
    this.#nodes[leaf] = mass;
  }

  /** Every group above `count` leaves, level by level: the lines of many leaves are then fetched at once. */
  #recomputeAbove(leaves: Uint32Array, count: number): void {
    for (let level = 0; level <= this.#top; level++) {
      const below = FANOUT ** (level + 1);
      for (let i = 0; i < count; i++) this.#recomputeGroup(level, Math.floor((leaves[i] as number) / below));
    }
  }

  #recomputeRange(firstLeaf: number, lastLeaf: number): void {
    let first = Math.floor(firstLeaf / FANOUT);
    let last = Math.floor(lastLeaf / FANOUT);
    for (let level = 0; level <= this.#top; level++) {
      for (let group = first; group <= last; group++) this.#recomputeGroup(level, group);
      first = Math.floor(first / FANOUT);
      last = Math.floor(last / FANOUT);
    }
  }

  /** The group's sum, in the order of its children, into its parent. */
  #recomputeGroup(level: number, group: number): void {
    const nodes = this.#nodes;
    const at = (this.#offsets[level] as number) + group * FANOUT;
    nodes[(this.#offsets[level + 1] as number) + group] =
      (nodes[at] as number) + (nodes[at + 1] as number) + (nodes[at + 2] as number) + (nodes[at + 3] as number) +
      (nodes[at + 4] as number) + (nodes[at + 5] as number) + (nodes[at + 6] as number) + (nodes[at + 7] as number);
  }
}
