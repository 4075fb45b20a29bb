/**
 * @file The portable file of NAS-Bench-301's official tree ensembles, as convert/convert_ensembles.py writes it (its header lists the tensors): laid out
 * as safetensors, with a checksum. S distinct splits, T trees, N inner nodes of all trees, P probe cells, M members.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DatasetError } from '../../errors.js';
import { officialNames } from './officialVector.js';

const format = 'archwalk-nasbench301-ensembles';
const version = '1';
const longestHeaderBytes = 1 << 24;

/** Bits of a split's flags; a true decision goes left. */
export const splitFlags = { missingLeft: 1, zeroMissing: 2, nanMissing: 4, lessFloat32: 8 } as const;

export interface EnsembleMember {
  /** The member's folder. */
  readonly folder: string;
  readonly trees: number;
  readonly baseScore: number;
}

/** One ensemble: trees member by member, in order. */
export interface TreeEnsembleData {
  /** `xgb`, `lgb`, `xgb_time`, `lgb_time`. */
  readonly name: string;
  /** E.g. `xgb_v1.0`. */
  readonly label: string;
  /** What is predicted: percent, or seconds. */
  readonly target: 'validationAccuracy' | 'trainingSeconds';
  /** In which leaves are added up. */
  readonly precision: 'float32' | 'float64';
  readonly members: readonly EnsembleMember[];
  /** The Python library that read the boosters. */
  readonly library: string;
  /** uint8 [S], f64 [S], uint8 [S]. */
  readonly splitFeature: Uint8Array;
  readonly splitThreshold: Float64Array;
  readonly splitFlags: Uint8Array;
  /** uint32 [T]: inner nodes of each tree; it has one leaf more. */
  readonly treeNodes: Uint32Array;
  /** [N]: number of the split; children: an inner node of the tree, later than its parent, or ~leaf. */
  readonly nodeSplit: Uint16Array;
  readonly nodeLeft: Int32Array;
  readonly nodeRight: Int32Array;
  /** f32 or f64 [N + T]. */
  readonly leafValue: Float32Array | Float64Array;
  /** f64 [M, P]: the boosters' own predictions of the file's probe cells. */
  readonly probeValues: Float64Array;
}

export interface EnsembleFile {
  readonly ensembles: readonly TreeEnsembleData[];
  /** uint32 [P, 2]. */
  readonly probeCodes: Uint32Array;
  /** SHA-256 of the tensors. */
  readonly sha256: string;
}

const types = { F64: Float64Array, F32: Float32Array, I32: Int32Array, U32: Uint32Array, U16: Uint16Array, U8: Uint8Array } as const;
type TypeName = keyof typeof types;

interface TensorEntry {
  readonly dtype: TypeName;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}
interface Header {
  readonly metadata: Readonly<Record<string, string | undefined>>;
  readonly tensors: Readonly<Record<string, TensorEntry | undefined>>;
  /** Of the first tensor, in the file. */
  readonly start: number;
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new DatasetError(`the tree ensembles' file ${path} must be readable, got ${(error as Error).message}`, error);
  }
}

function readHeader(path: string, bytes: Buffer): Header {
  const length = bytes.length < 8 ? NaN : Number(bytes.readBigUInt64LE(0));
  if (!(length <= longestHeaderBytes)) throw new DatasetError(`${path} must start with a header of at most ${longestHeaderBytes} bytes, found ${bytes.length < 8 ? `a file of ${bytes.length} bytes` : `a length of ${length}`}`);
  if (bytes.length < 8 + length) throw new DatasetError(`${path} must be at least ${8 + length} bytes long for its header, found ${bytes.length}`);
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<string, unknown>;
  } catch (error) {
    throw new DatasetError(`${path} must have a JSON header, found ${JSON.stringify(bytes.toString('latin1', 8, 40))}`, error);
  }
  const { __metadata__: metadata, ...tensors } = header;
  return { metadata: (metadata ?? {}) as Header['metadata'], tensors: tensors as Header['tensors'], start: 8 + length };
}

/** The checks of the file as a whole: format, version, features, length, checksum. @returns the checksum */
function checkWhole(path: string, bytes: Buffer, { metadata, tensors, start }: Header): string {
  if (metadata['format'] !== format || metadata['version'] !== version) {
    throw new DatasetError(`${path} must be of format ${format}, version ${version}, found ${metadata['format'] ?? 'no format'}, version ${metadata['version'] ?? 'none'}; make it again with "archwalk data convert nasbench301"`);
  }
  if (metadata['features'] !== JSON.stringify(officialNames)) throw new DatasetError(`${path} must be for the ${officialNames.length} entries of the official vector, found features ${metadata['features']?.slice(0, 60) ?? 'none'}`);
  const end = Math.max(0, ...Object.values(tensors).map((entry) => entry?.data_offsets[1] ?? 0));
  if (bytes.length !== start + end) throw new DatasetError(`${path} must be ${start + end} bytes long, found ${bytes.length}`);
  const sha256 = createHash('sha256').update(bytes.subarray(start)).digest('hex');
  if (sha256 !== metadata['sha256']) throw new DatasetError(`${path} must have tensors of SHA-256 ${metadata['sha256'] ?? '(none given)'}, found ${sha256}`);
  return sha256;
}

/** Hands out tensors by name, checked. */
class Tensors {
  readonly #path: string;
  readonly #header: Header;
  /** The tensors' bytes, at the start of a buffer of their own: aligned as in the file. */
  readonly #data: ArrayBuffer;

  constructor(path: string, bytes: Buffer, header: Header) {
    this.#path = path;
    this.#header = header;
    this.#data = new Uint8Array(bytes.subarray(header.start)).buffer;
  }

  /** @throws DatasetError unless `name` is of one of the types, and of `length` where that is given, and finite */
  take<T extends TypeName>(name: string, allowed: readonly T[], length?: number): InstanceType<(typeof types)[T]> {
    const entry = this.#header.tensors[name];
    const required = `${allowed.join(' or ')}${length === undefined ? '' : ` of ${length}`}`;
    if (entry === undefined) throw new DatasetError(`${this.#path} must hold the tensor ${name}, ${required}, found none`);
    const count = entry.shape.reduce((product, size) => product * size, 1);
    const Type = types[entry.dtype] as (typeof types)[T] | undefined;
    const [from, to] = entry.data_offsets;
    if (Type === undefined || !allowed.includes(entry.dtype as T) || (length !== undefined && count !== length) || to - from !== count * Type.BYTES_PER_ELEMENT || from % Type.BYTES_PER_ELEMENT !== 0) {
      throw new DatasetError(`${this.#path}: ${name} must be ${required}, found ${entry.dtype} of ${count} in bytes ${from} to ${to}`);
    }
    const values = new Type(this.#data, from, count) as InstanceType<(typeof types)[T]>;
    const bad = entry.dtype.startsWith('F') ? (values).findIndex((value) => !Number.isFinite(value)) : -1;
    if (bad >= 0) throw new DatasetError(`${this.#path}: ${name}[${bad}] must be finite, found ${(values)[bad]}`);
    return values;
  }
}

/** Every child exists, and inner nodes come after their parents, so that each walk ends. */
function checkTrees(path: string, { name, treeNodes, nodeSplit, nodeLeft, nodeRight, splitFeature }: TreeEnsembleData): void {
  const fits = (child: number, node: number, nodes: number): boolean => (child < 0 ? ~child <= nodes : child > node && child < nodes);
  let first = 0;
  treeNodes.forEach((nodes, tree) => {
    for (let node = 0; node < nodes; node++) {
      const left = nodeLeft[first + node] as number;
      const right = nodeRight[first + node] as number;
      if (fits(left, node, nodes) && fits(right, node, nodes)) continue;
      throw new DatasetError(`${path}: ${name}, tree ${tree}, node ${node}: a child must be a later node below ${nodes} or a leaf ~0 to ~${nodes}, found ${left} and ${right}`);
    }
    first += nodes;
  });
  const split = nodeSplit.findIndex((number) => number >= splitFeature.length);
  if (split >= 0) throw new DatasetError(`${path}: ${name}, node ${split} of all must have a split below ${splitFeature.length}, found ${nodeSplit[split]}`);
  const feature = splitFeature.findIndex((number) => number >= officialNames.length);
  if (feature >= 0) throw new DatasetError(`${path}: ${name}, split ${feature} must be on a feature below ${officialNames.length}, found ${splitFeature[feature]}`);
}

type EnsembleEntry = Pick<TreeEnsembleData, 'name' | 'label' | 'target' | 'precision' | 'members' | 'library'>;

function readEnsemble(path: string, entry: EnsembleEntry, tensors: Tensors, probes: number): TreeEnsembleData {
  const { name, members } = entry;
  if (members.length === 0) throw new DatasetError(`${path}: ${name} must have at least one member, found none`);
  const splitFeature = tensors.take(`${name}.splitFeature`, ['U8']);
  const nodeSplit = tensors.take(`${name}.nodeSplit`, ['U16']);
  const trees = members.reduce((sum, member) => sum + member.trees, 0);
  const treeNodes = tensors.take(`${name}.treeNodes`, ['U32'], trees);
  const nodes = treeNodes.reduce((sum, count) => sum + count, 0);
  if (nodes !== nodeSplit.length) throw new DatasetError(`${path}: ${name} must have ${nodes} nodes in its trees, found ${nodeSplit.length}`);
  const ensemble: TreeEnsembleData = {
    ...entry, splitFeature, nodeSplit, treeNodes,
    splitThreshold: tensors.take(`${name}.splitThreshold`, ['F64'], splitFeature.length),
    splitFlags: tensors.take(`${name}.splitFlags`, ['U8'], splitFeature.length),
    nodeLeft: tensors.take(`${name}.nodeLeft`, ['I32'], nodes),
    nodeRight: tensors.take(`${name}.nodeRight`, ['I32'], nodes),
    leafValue: tensors.take(`${name}.leafValue`, ['F32', 'F64'], nodes + trees),
    probeValues: tensors.take(`${name}.probeValues`, ['F64'], members.length * probes),
  };
  checkTrees(path, ensemble);
  return ensemble;
}

/**
 * Reads the file whole.
 * @throws DatasetError saying what was required and what was found
 */
export function readEnsembleFile(path: string): EnsembleFile {
  const bytes = readBytes(path);
  const header = readHeader(path, bytes);
  const sha256 = checkWhole(path, bytes, header);
  const tensors = new Tensors(path, bytes, header);
  const probeCodes = tensors.take('probeCodes', ['U32']);
  let entries: EnsembleEntry[];
  try {
    entries = JSON.parse(header.metadata['ensembles'] ?? '') as EnsembleEntry[];
  } catch (error) {
    throw new DatasetError(`${path} must list its ensembles, found ${header.metadata['ensembles']?.slice(0, 60) ?? 'none'}`, error);
  }
  return { ensembles: entries.map((entry) => readEnsemble(path, entry, tensors, probeCodes.length / 2)), probeCodes, sha256 };
}
