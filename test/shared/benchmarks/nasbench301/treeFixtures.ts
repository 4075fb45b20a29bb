/** @file Tree ensembles by hand and at random, their file's bytes, and the slow twin that walks the trees as stored. */
import { createHash } from 'node:crypto';
import type { TreeEnsembleData } from '../../../../shared/benchmarks/nasbench301/ensembleFile.js';
import { officialNames } from '../../../../shared/benchmarks/nasbench301/officialVector.js';
import { goesLeft } from '../../../../shared/benchmarks/nasbench301/treeEnsemble.js';
import type { Rng } from '../../../../shared/rng.js';
import { encodeSafetensors, type StoredArray } from '../../../../shared/wire/safetensors.js';

/** A leaf's value, or a split with its children. */
export type Tree = number | { readonly feature: number; readonly threshold: number; readonly flags: number; readonly left: Tree; readonly right: Tree };

export interface MemberTrees {
  readonly folder: string;
  readonly baseScore: number;
  readonly trees: readonly Tree[];
}

type Identity = Pick<TreeEnsembleData, 'name' | 'label' | 'target' | 'precision'>;

/** The columns of one tree, inner nodes in preorder. */
function flatten(tree: Tree, splits: string[], columns: { splits: number[]; left: number[]; right: number[]; leaves: number[] }): number {
  if (typeof tree === 'number') return ~(columns.leaves.push(tree) - 1);
  const key = JSON.stringify([tree.feature, tree.threshold, tree.flags]);
  if (!splits.includes(key)) splits.push(key);
  const node = columns.splits.push(splits.indexOf(key)) - 1;
  columns.left[node] = 0;
  columns.right[node] = 0;
  columns.left[node] = flatten(tree.left, splits, columns);
  columns.right[node] = flatten(tree.right, splits, columns);
  return node;
}

/** The ensemble as its file holds it; `probeValues` zero where none are given. */
export function ensembleOf(identity: Identity, members: readonly MemberTrees[], probeValues: Float64Array = new Float64Array(0)): TreeEnsembleData {
  const splits: string[] = [];
  const flat = members.flatMap(({ trees }) => trees).map((tree) => {
    const columns = { splits: [], left: [], right: [], leaves: [] };
    flatten(tree, splits, columns);
    return columns;
  });
  const parsed = splits.map((key) => JSON.parse(key) as [number, number, number]);
  const leaves = flat.flatMap((tree) => tree.leaves);
  return {
    ...identity,
    members: members.map(({ folder, baseScore, trees }) => ({ folder, baseScore, trees: trees.length })),
    library: 'by hand 1',
    splitFeature: Uint8Array.from(parsed, ([feature]) => feature),
    splitThreshold: Float64Array.from(parsed, ([, threshold]) => threshold),
    splitFlags: Uint8Array.from(parsed, ([, , flags]) => flags),
    treeNodes: Uint32Array.from(flat, (tree) => tree.splits.length),
    nodeSplit: Uint16Array.from(flat.flatMap((tree) => tree.splits)),
    nodeLeft: Int32Array.from(flat.flatMap((tree) => tree.left)),
    nodeRight: Int32Array.from(flat.flatMap((tree) => tree.right)),
    leafValue: identity.precision === 'float32' ? Float32Array.from(leaves) : Float64Array.from(leaves),
    probeValues,
  };
}

/** What a test may change in a file before its checksum is taken. */
export interface FileChanges {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly arrays?: (arrays: StoredArray[]) => StoredArray[];
}

/** The bytes of a file as the conversion writes it. */
export function encodeEnsembles(ensembles: readonly TreeEnsembleData[], probeCodes: Uint32Array, changes: FileChanges = {}): Uint8Array {
  const columns = ['splitFeature', 'splitThreshold', 'splitFlags', 'treeNodes', 'nodeSplit', 'nodeLeft', 'nodeRight', 'leafValue', 'probeValues'] as const;
  const stored: StoredArray[] = [
    { name: 'probeCodes', shape: [probeCodes.length / 2, 2], values: probeCodes },
    ...ensembles.flatMap((one) => columns.map((column) => ({ name: `${one.name}.${column}`, shape: [one[column].length], values: one[column] }))),
  ];
  const arrays = (changes.arrays?.(stored) ?? stored).sort((a, b) => b.values.BYTES_PER_ELEMENT - a.values.BYTES_PER_ELEMENT);
  const sha256 = arrays.reduce((hash, { values }) => hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)), createHash('sha256')).digest('hex');
  const entries = ensembles.map(({ name, label, target, precision, members, library }) => ({ name, label, target, precision, members, library }));
  return encodeSafetensors(arrays, { format: 'archwalk-nasbench301-ensembles', version: '1', features: JSON.stringify(officialNames), ensembles: JSON.stringify(entries), sha256, ...changes.metadata });
}

/** The slow twin: each member's prediction of one official vector, by the trees as stored. */
export function slowMembers(data: TreeEnsembleData, vector: Float64Array): number[] {
  const round = data.precision === 'float32' ? Math.fround : (value: number): number => value;
  let tree = 0;
  let first = 0;
  return data.members.map(({ trees, baseScore }) => {
    let sum = round(baseScore);
    for (const end = tree + trees; tree < end; first += data.treeNodes[tree] as number, tree++) {
      let node = data.treeNodes[tree] === 0 ? -1 : 0;
      while (node >= 0) {
        const split = data.nodeSplit[first + node] as number;
        const left = goesLeft(data.splitThreshold[split] as number, data.splitFlags[split] as number, vector[data.splitFeature[split] as number] as number);
        node = (left ? data.nodeLeft : data.nodeRight)[first + node] as number;
      }
      sum = round(sum + (data.leafValue[first + tree + ~node] as number));
    }
    return sum;
  });
}

/** A random tree over all 56 features; thresholds between, on and outside their values. */
export function randomTree(rng: Rng, depth: number, less: boolean): Tree {
  if (depth === 0 || rng.float() < 0.15) return rng.normal();
  const flags = (less ? 8 | 4 : [0, 2, 4][rng.int(3)] as number) | rng.int(2);
  return { feature: rng.int(56), threshold: rng.int(24) / 2 - 1.5, flags, left: randomTree(rng, depth - 1, less), right: randomTree(rng, depth - 1, less) };
}
