/**
 * @file Backends `ensemble-xgb` and `ensemble-lgb`: NAS-Bench-301's official surrogates (v0.9, v1.0), read from a file that `archwalk data convert
 * nasbench301` made of them. The prediction is the members' mean, as the official `predict(..., with_noise=False)`. With `noise=SEED` a normal deviate
 * times the members' standard deviation is added, as its `with_noise=True`, but fixed for each architecture and seed: a query asked twice has one answer.
 */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ConfigError, DatasetError } from '../../errors.js';
import { mix32, Rng } from '../../rng.js';
import type { Nasbench301Backend } from './benchmark.js';
import { readEnsembleFile, type EnsembleFile, type TreeEnsembleData } from './ensembleFile.js';
import { TreeEnsemble } from './treeEnsemble.js';

export const ensembleBackends = ['ensemble-xgb', 'ensemble-lgb'] as const;
export type EnsembleBackendName = (typeof ensembleBackends)[number];

/** Cells whose members' predictions are held at once. */
const batchRows = 512;
/** A reading of the trees may differ from the booster's own by this share of a prediction, or of 100 where that is more. */
const tolerance = 1e-5;

/** Where the file lies, unless a path is given. */
export function ensemblePath(dataFolder: string): string {
  return join(dataFolder, 'nasbench301', 'ensembles.safetensors');
}

/**
 * The ensemble ready to answer, after it has shown that it answers the file's probe cells as the boosters did.
 * @throws DatasetError naming the member, the probe and both predictions
 */
export function openTrees(path: string, data: TreeEnsembleData, probeCodes: Uint32Array): TreeEnsemble {
  const trees = new TreeEnsemble(data);
  const probes = probeCodes.length / 2;
  const ours = new Float64Array(data.probeValues.length);
  trees.predictMembers(probeCodes, probes, ours);
  const wrong = ours.findIndex((value, i) => !(Math.abs(value - (data.probeValues[i] as number)) <= tolerance * Math.max(100, Math.abs(data.probeValues[i] as number))));
  if (wrong >= 0) {
    const member = data.members[Math.trunc(wrong / probes)]?.folder ?? '';
    throw new DatasetError(`${path}: ${data.label}, member ${member}, must predict ${data.probeValues[wrong]} for probe ${wrong % probes}, as ${data.library} did, got ${ours[wrong]}`);
  }
  return trees;
}

/** A standard normal deviate that is a function of the code [2] at `offset` and the seed. */
function deviate(codes: Uint32Array, offset: number, seed: number, rng: Rng): number {
  return rng.reseed(mix32(mix32(mix32(seed) ^ (codes[offset] as number)) ^ (codes[offset + 1] as number))).normal();
}

export class EnsembleSurrogate implements Nasbench301Backend {
  readonly name: string;
  readonly provenance: string;
  readonly trainingSeconds?: (codes: Uint32Array, count: number, out: Float64Array) => void;
  readonly #trees: TreeEnsemble;
  readonly #noiseSeed: number | null;
  readonly #members: Float64Array;
  readonly #rng = new Rng(0);

  /**
   * @param noiseSeed null: the mean
   * @throws DatasetError if the file holds no such ensemble, or its trees are damaged
   */
  constructor(name: string, path: string, file: EnsembleFile, model: string, noiseSeed: number | null) {
    const data = file.ensembles.find((one) => one.name === model);
    if (data === undefined) throw new DatasetError(`${path} must hold the ensemble ${model}, found ${file.ensembles.map((one) => one.label).join(', ') || 'none'}`);
    this.name = name;
    this.#noiseSeed = noiseSeed;
    this.#trees = openTrees(path, data, file.probeCodes);
    this.#members = new Float64Array(data.members.length * batchRows);
    const noise = noiseSeed === null ? 'mean of the members' : `mean of the members plus their standard deviation times a normal deviate that is fixed for each architecture (noise seed ${noiseSeed})`;
    this.provenance = `NAS-Bench-301 ${data.label} of ${data.members.length} members read by ${data.library}, validation accuracy, ${noise}; ${basename(path)}, SHA-256 ${file.sha256.slice(0, 16)}`;
    const runtime = file.ensembles.find((one) => one.target === 'trainingSeconds');
    if (runtime !== undefined) this.trainingSeconds = secondsOf(path, runtime, file.probeCodes);
  }

  predict(codes: Uint32Array, count: number, out: Float64Array): void {
    for (let start = 0; start < count; start += batchRows) {
      const rows = Math.min(batchRows, count - start);
      const batch = codes.subarray(2 * start, 2 * (start + rows));
      this.#trees.predictMembers(batch, rows, this.#members);
      for (let row = 0; row < rows; row++) out[start + row] = Math.min(1, Math.max(0, this.#combine(batch, row, rows) / 100));
    }
  }

  /** The prediction of one row of a batch, in percent. */
  #combine(batch: Uint32Array, row: number, rows: number): number {
    const members = this.#members;
    const count = this.#trees.memberCount;
    const mean = meanOf(members, count, row, rows);
    if (this.#noiseSeed === null) return mean;
    let squares = 0;
    for (let member = 0; member < count; member++) squares += ((members[member * rows + row] as number) - mean) ** 2;
    return mean + Math.sqrt(squares / count) * deviate(batch, 2 * row, this.#noiseSeed, this.#rng);
  }
}

function meanOf(members: Float64Array, count: number, row: number, rows: number): number {
  let sum = 0;
  for (let member = 0; member < count; member++) sum += members[member * rows + row] as number;
  return sum / count;
}

/** The runtime ensemble's mean, its trees laid out when it is first asked. */
function secondsOf(path: string, data: TreeEnsembleData, probeCodes: Uint32Array): (codes: Uint32Array, count: number, out: Float64Array) => void {
  let trees: TreeEnsemble | null = null;
  return (codes, count, out) => {
    trees ??= openTrees(path, data, probeCodes);
    const members = new Float64Array(trees.memberCount * count);
    trees.predictMembers(codes, count, members);
    for (let row = 0; row < count; row++) out[row] = meanOf(members, trees.memberCount, row, count);
  };
}

/** What stands behind a colon in the backend's name: `noise=SEED`, `file=PATH`, or both in this order with a comma between them. */
function parseOptions(backend: string, text: string): { noiseSeed: number | null; file: string | null } {
  const match = /^(?:noise=(\d{1,10}))?(?:(?:^|,)file=(.+))?$/.exec(text);
  const seed = Number(match?.[1] ?? 0);
  if (match === null || text === '' || seed > 0xffffffff) {
    throw new ConfigError(`the options of backend ${backend} must be noise=SEED (0..4294967295), file=PATH, or noise=SEED,file=PATH, got "${text}"`);
  }
  return { noiseSeed: match[1] === undefined ? null : seed, file: match[2] ?? null };
}

/**
 * Opens `ensemble-xgb` or `ensemble-lgb`, with options after a colon: `ensemble-xgb:noise=7`, `ensemble-lgb:file=/models/v0.9.safetensors`.
 * @throws ConfigError for options it does not have; DatasetError for a missing or damaged file
 */
export function openEnsemble(backend: string, dataFolder: string): EnsembleSurrogate {
  const [name = '', ...rest] = backend.split(':');
  const { noiseSeed, file } = rest.length === 0 ? { noiseSeed: null, file: null } : parseOptions(name, rest.join(':'));
  const path = file ?? ensemblePath(dataFolder);
  if (!existsSync(path)) {
    throw new DatasetError(`NAS-Bench-301's tree ensembles must lie at ${path}, not found; make the file from the official models with "archwalk data convert nasbench301 DIR", or set ARCHWALK_DATA to the folder that has it`);
  }
  // In a name that becomes part of a folder's, a file is known by its own name only; the checksum stands in the provenance.
  const shown = [name, ...(noiseSeed === null ? [] : [`noise=${noiseSeed}`]), ...(file === null ? [] : [`file=${basename(file)}`])];
  return new EnsembleSurrogate(shown.join(':'), path, readEnsembleFile(path), name.slice('ensemble-'.length), noiseSeed);
}
