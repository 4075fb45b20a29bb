/**
 * @file An ensemble of decision trees over genotypes, evaluated in batches. Every entry of the official vector takes at most eleven values, so
 * loading tabulates each distinct split over the values of its entry, with the booster's own comparison: what is left of a split is a *predicate*, a bit
 * for each value. Splits that always go one way (those on training hyperparameters) are taken out of the trees.
 *
 * A node is one int32: `delta << 15 | predicate << 6`; its children lie `delta` and `delta + 1` after it. A leaf has delta 0 and predicate 0, which is never
 * true, so a walk goes on in place and its length is the tree's depth: no branch depends on data. Rows come in blocks of 64; the predicates of a
 * block are made first, as bytes [predicates, 64], and four rows walk a tree together, to fill each other's waiting for memory.
 */
import { DatasetError, InvariantError } from '../../errors.js';
import { splitFlags, type TreeEnsembleData } from './ensembleFile.js';
import { rowValueCount, writeRowValues } from './rowValues.js';
import { architecturePlaces, valuesOfEntry } from './officialVector.js';

const blockRows = 64;
const predicateShift = 6;
const deltaShift = 15;
const predicateMask = (1 << deltaShift) - (1 << predicateShift);
/** Predicates a word can name; 0 is the one that is never true. */
const mostPredicates = 1 << (deltaShift - predicateShift);
const mostDelta = 1 << (32 - deltaShift);
/** Blocks that walk a tree while it is in the cache. */
const batchBlocks = 8;
/** Values of an entry, at most, rounded up. */
const valueStride = 16;

/**
 * Whether a split sends `value` left: x < threshold in float32 (xgboost) or x <= threshold in float64 (lightgbm); what counts as missing goes the
 * split's own way, and NaN where it does not count as missing is 0.
 */
export function goesLeft(threshold: number, flags: number, value: number): boolean {
  const missingLeft = (flags & splitFlags.missingLeft) !== 0;
  if (Number.isNaN(value)) return (flags & splitFlags.nanMissing) !== 0 ? missingLeft : goesLeft(threshold, flags, 0);
  if ((flags & splitFlags.zeroMissing) !== 0 && Math.abs(value) <= 1e-35) return missingLeft;
  return (flags & splitFlags.lessFloat32) !== 0 ? Math.fround(value) < threshold : value <= threshold;
}

/** What is left of the splits. */
interface Predicates {
  /** int32 [S]: number of the predicate, or `always left`, `always right`. */
  readonly ofSplit: Int32Array;
  /** uint8 [predicates]: row value (0..33) that each asks. */
  readonly asks: Uint8Array;
  /** uint8 [predicates, 16]: 1 goes right, by index of the value. */
  readonly right: Uint8Array;
}
const alwaysLeft = -1;
const alwaysRight = -2;

function tabulate(data: TreeEnsembleData): Predicates {
  const numbers = new Map<string, number>([['never', 0]]);
  const asks = [0];
  const right = [new Uint8Array(valueStride)];
  const ofSplit = Int32Array.from(data.splitFeature, (feature, split) => {
    const decisions = valuesOfEntry(feature).map((value) => (goesLeft(data.splitThreshold[split] as number, data.splitFlags[split] as number, value) ? 0 : 1));
    if (decisions.every((bit) => bit === decisions[0])) return decisions[0] === 0 ? alwaysLeft : alwaysRight;
    const key = `${feature}:${decisions.join('')}`;
    let number = numbers.get(key);
    if (number === undefined) {
      number = asks.length;
      numbers.set(key, number);
      asks.push(architecturePlaces.indexOf(feature));
      const bits = new Uint8Array(valueStride);
      bits.set(decisions);
      right.push(bits);
    }
    return number;
  });
  if (asks.length > mostPredicates) throw new DatasetError(`the ensemble ${data.label} must have at most ${mostPredicates - 1} distinct predicates, found ${asks.length - 1}`);
  const table = new Uint8Array(right.length * valueStride);
  right.forEach((bits, number) => table.set(bits, number * valueStride));
  return { ofSplit, asks: Uint8Array.from(asks), right: table };
}

/** Trees as words; of each tree its first word and depth. */
interface PackedTrees {
  readonly words: Int32Array;
  /** f32 or f64, beside the words: values of leaves. */
  readonly values: Float32Array | Float64Array;
  readonly roots: Uint32Array;
  readonly depths: Uint16Array;
}

/** Lays one tree out after another, breadth first. */
class Packer {
  readonly #data: TreeEnsembleData;
  readonly #ofSplit: Int32Array;
  readonly words: Int32Array;
  readonly values: Float32Array | Float64Array;
  /** By word of the tree being laid out: the node that stands there, and its depth. */
  readonly #nodes: Int32Array;
  readonly #levels: Uint16Array;
  #end = 0;

  constructor(data: TreeEnsembleData, ofSplit: Int32Array) {
    this.#data = data;
    this.#ofSplit = ofSplit;
    const trees = data.treeNodes.length;
    const room = 2 * data.nodeSplit.length + trees;
    const largest = 2 * data.treeNodes.reduce((most, count) => Math.max(most, count), 0) + 1;
    this.words = new Int32Array(room);
    this.values = data.precision === 'float32' ? new Float32Array(room) : new Float64Array(room);
    this.#nodes = new Int32Array(largest);
    this.#levels = new Uint16Array(largest);
  }

  get end(): number {
    return this.#end;
  }

  /** The node or ~leaf that a walk from `node` comes to before it meets a predicate. */
  #settle(first: number, node: number): number {
    let at = node;
    while (at >= 0) {
      const predicate = this.#ofSplit[this.#data.nodeSplit[first + at] as number] as number;
      if (predicate > 0) return at;
      at = (predicate === alwaysLeft ? this.#data.nodeLeft : this.#data.nodeRight)[first + at] as number;
    }
    return at;
  }

  /** @returns the tree's depth */
  add(tree: number, first: number): number {
    const { nodeSplit, nodeLeft, nodeRight, leafValue, treeNodes } = this.#data;
    const root = this.#end;
    let last = 1;
    this.#nodes[0] = this.#settle(first, treeNodes[tree] === 0 ? ~0 : 0);
    this.#levels[0] = 0;
    for (let at = 0; at < last; at++) {
      const node = this.#nodes[at] as number;
      if (node < 0) {
        this.words[root + at] = 0;
        this.values[root + at] = leafValue[first + tree + ~node] as number;
        continue;
      }
      const delta = last - at;
      if (delta >= mostDelta) throw new DatasetError(`the ensemble ${this.#data.label} must have trees less than ${mostDelta} nodes wide, found one of ${delta} or more`);
      this.words[root + at] = (delta << deltaShift) | ((this.#ofSplit[nodeSplit[first + node] as number] as number) << predicateShift);
      for (const children of [nodeLeft, nodeRight]) {
        this.#levels[last] = (this.#levels[at] as number) + 1;
        this.#nodes[last++] = this.#settle(first, children[first + node] as number);
      }
    }
    this.#end += last;
    return this.#levels[last - 1] as number;
  }
}

function packTrees(data: TreeEnsembleData, ofSplit: Int32Array): PackedTrees {
  const packer = new Packer(data, ofSplit);
  const roots = new Uint32Array(data.treeNodes.length);
  const depths = new Uint16Array(data.treeNodes.length);
  let first = 0;
  data.treeNodes.forEach((nodes, tree) => {
    roots[tree] = packer.end;
    depths[tree] = packer.add(tree, first);
    first += nodes;
  });
  return { words: packer.words.slice(0, packer.end), values: packer.values.slice(0, packer.end), roots, depths };
}

/**
 * Walks `rows` rows (a multiple of 4, at most 64) through the tree at `root`.
 * @param bits uint8 [predicates, 64] of this block, at `bitsAt`; @param out int32: the leaf's word of each row, from `outAt`
 */
function walkBlock(words: Int32Array, root: number, depth: number, bits: Uint8Array, bitsAt: number, rows: number, out: Int32Array, outAt: number): void {
  for (let row = 0; row < rows; row += 4) {
    const at = bitsAt + row;
    let a = root;
    let b = root;
    let c = root;
    let d = root;
    for (let level = 0; level < depth; level++) {
      const wordA = words[a] as number;
      const wordB = words[b] as number;
      const wordC = words[c] as number;
      const wordD = words[d] as number;
      a += (wordA >>> deltaShift) + (bits[at + (wordA & predicateMask)] as number);
      b += (wordB >>> deltaShift) + (bits[at + (wordB & predicateMask) + 1] as number);
      c += (wordC >>> deltaShift) + (bits[at + (wordC & predicateMask) + 2] as number);
      d += (wordD >>> deltaShift) + (bits[at + (wordD & predicateMask) + 3] as number);
    }
    out[outAt + row] = a;
    out[outAt + row + 1] = b;
    out[outAt + row + 2] = c;
    out[outAt + row + 3] = d;
  }
}

export class TreeEnsemble {
  readonly label: string;
  readonly memberCount: number;
  readonly #data: Pick<TreeEnsembleData, 'members' | 'precision'>;
  readonly #predicates: Predicates;
  readonly #trees: PackedTrees;
  /** uint8 [batchBlocks, predicates, 64]. */
  readonly #bits: Uint8Array;
  readonly #rowValues = new Uint8Array(rowValueCount);
  readonly #leaves = new Int32Array(batchBlocks * blockRows);
  readonly #sums: Float32Array | Float64Array;

  /** @throws DatasetError if the trees are larger than this form holds */
  constructor(data: TreeEnsembleData) {
    this.label = data.label;
    this.memberCount = data.members.length;
    this.#data = { members: data.members, precision: data.precision };
    this.#predicates = tabulate(data);
    this.#trees = packTrees(data, this.#predicates.ofSplit);
    this.#bits = new Uint8Array(batchBlocks * this.#predicates.asks.length * blockRows);
    this.#sums = data.precision === 'float32' ? new Float32Array(batchBlocks * blockRows) : new Float64Array(batchBlocks * blockRows);
  }

  /** Writes each member's predictions of `count` codes uint32 [count, 2] into out f64 [members, count], in the boosters' unit. */
  predictMembers(codes: Uint32Array, count: number, out: Float64Array): void {
    if (out.length < this.memberCount * count) throw new InvariantError(`predictMembers needs room for ${this.memberCount * count} values, got ${out.length}`);
    const batch = batchBlocks * blockRows;
    for (let start = 0; start < count; start += batch) this.#predictBatch(codes, start, Math.min(batch, count - start), count, out);
  }

  /** The predicates of `rows` codes from `start`, block by block. */
  #writeBits(codes: Uint32Array, start: number, rows: number): void {
    const { asks, right } = this.#predicates;
    const blockBytes = asks.length * blockRows;
    for (let row = 0; row < rows; row++) {
      writeRowValues(codes, 2 * (start + row), this.#rowValues);
      let at = (row >> predicateShift) * blockBytes + (row & (blockRows - 1));
      for (let predicate = 0; predicate < asks.length; predicate++, at += blockRows) {
        this.#bits[at] = right[predicate * valueStride + (this.#rowValues[asks[predicate] as number] as number)] as number;
      }
    }
  }

  #predictBatch(codes: Uint32Array, start: number, rows: number, count: number, out: Float64Array): void {
    this.#writeBits(codes, start, rows);
    const sums = this.#sums;
    let tree = 0;
    this.#data.members.forEach((member, number) => {
      sums.fill(member.baseScore, 0, rows);
      for (const end = tree + member.trees; tree < end; tree++) this.#addTree(tree, rows);
      for (let row = 0; row < rows; row++) out[number * count + start + row] = sums[row] as number;
    });
  }

  /** Adds one tree's leaves to the sums, which round to their own precision, as the booster's do. */
  #addTree(tree: number, rows: number): void {
    const { words, values, roots, depths } = this.#trees;
    const blockBytes = this.#predicates.asks.length * blockRows;
    const sums = this.#sums;
    const leaves = this.#leaves;
    for (let from = 0, block = 0; from < rows; from += blockRows, block++) {
      const padded = (Math.min(blockRows, rows - from) + 3) & ~3;
      walkBlock(words, roots[tree] as number, depths[tree] as number, this.#bits, block * blockBytes, padded, leaves, from);
    }
    for (let row = 0; row < rows; row++) sums[row] = (sums[row] as number) + (values[leaves[row] as number] as number);
  }
}
