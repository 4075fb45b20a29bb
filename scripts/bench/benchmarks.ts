/**
 * @file Measures NAS-Bench-201 and -301, on one core, one JSON line a figure: `node dist/scripts/bench/benchmarks.js`.
 *
 *   nasbench301.surrogate1024   1,024 cells by the embedded surrogate, beside the same network in plain TypeScript loops
 *   nasbench301.yahpo1024       the same cells by YAHPO's network (needs its file in the data folder; else left out)
 *   nasbench301.states          states whose 120 neighbours are listed as codes and 101 of whose architectures get their features, beside plain Python
 *   nasbench201.lookups         validation accuracies of random codes from a table in memory
 */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { nasbench201Benchmark } from '../../shared/benchmarks/nasbench201/benchmark.js';
import { cellCount } from '../../shared/benchmarks/nasbench201/architecture.js';
import { decodeCell, newDecodedCell, slotCount, slotInputs } from '../../shared/benchmarks/nasbench301/cellCode.js';
import { EmbeddedSurrogate, rowsPerGenotype, surrogatePath, surrogateRows } from '../../shared/benchmarks/nasbench301/embedded.js';
import { nasbench301Space } from '../../shared/benchmarks/nasbench301/space.js';
import { decodeSurrogate, type SurrogateWeights } from '../../shared/benchmarks/nasbench301/surrogateFile.js';
import { openYahpo } from '../../shared/benchmarks/nasbench301/yahpo.js';
import { Rng } from '../../shared/rng.js';
import { randomCells } from '../surrogate/climb.js';
import { median, rate, report } from './figure.js';
import { peerPython, runPeer } from './peerPython.js';

const CELLS = 1_024;
const REPEATS = 15;
const ARCHITECTURES = 101;
const STATES = 5_000;
const PEER_STATES = 500;
const PEER_ROUNDS = 5;
const LOOKUPS = 1_000_000;

/** One layer, y = elu(x W + b), by two loops. */
function plainLayer(x: Float64Array, weights: Float32Array, bias: Float32Array, y: Float64Array): void {
  const inputs = x.length;
  for (let output = 0; output < y.length; output++) {
    let sum = bias[output] as number;
    const row = output * inputs;
    for (let i = 0; i < inputs; i++) sum += (x[i] as number) * (weights[row + i] as number);
    y[output] = sum < 0 ? Math.exp(sum) - 1 : sum;
  }
}

/** The surrogate's network cell by cell, without the kernel. */
function plainPredict(weights: SurrogateWeights, codes: Uint32Array, out: Float64Array): void {
  const rows = new Int32Array(rowsPerGenotype);
  const width = weights.bias1.length;
  const x = new Float64Array(width);
  const x2 = new Float64Array(weights.bias2.length);
  const x3 = new Float64Array(weights.bias3.length);
  for (let cell = 0; cell < out.length; cell++) {
    surrogateRows(codes, 2 * cell, rows, 0);
    x.set(weights.bias1);
    for (const row of rows) for (let i = 0; i < width; i++) x[i] = (x[i] as number) + (weights.table[row * width + i] as number);
    for (let i = 0; i < width; i++) if ((x[i] as number) < 0) x[i] = Math.exp(x[i] as number) - 1;
    plainLayer(x, weights.weights2, weights.bias2, x2);
    plainLayer(x2, weights.weights3, weights.bias3, x3);
    out[cell] = (weights.mean + weights.scale * x3.reduce((sum, value, i) => sum + value * (weights.head[i] as number), weights.headBias[0] as number)) / 100;
  }
}

function surrogates(codes: Uint32Array): void {
  const { weights, origin } = decodeSurrogate(readFileSync(surrogatePath));
  const surrogate = new EmbeddedSurrogate(weights, origin);
  const out = new Float64Array(CELLS);
  const milliseconds = (work: () => void): number => 1_000 / rate(1, REPEATS, work);
  const embedded = milliseconds(() => surrogate.predict(codes, CELLS, out));
  const plain = milliseconds(() => plainPredict(weights, codes, out));
  report({ name: 'nasbench301.surrogate1024', value: embedded, unit: 'ms', peer: `plain TypeScript loops, ${plain.toPrecision(3)} ms`, ratio: plain / embedded });
  const dataFolder = process.env['ARCHWALK_DATA'] ?? join(homedir(), '.cache', 'archwalk');
  if (!existsSync(join(dataFolder, 'nasbench301', 'yahpo_surrogate_v1.onnx'))) {
    process.stderr.write(`nasbench301.yahpo1024 is left out: ${dataFolder}/nasbench301/yahpo_surrogate_v1.onnx not found\n`);
    return;
  }
  const yahpo = openYahpo(dataFolder);
  report({ name: 'nasbench301.yahpo1024', value: milliseconds(() => yahpo.predict(codes, CELLS, out)), unit: 'ms' });
}

/** What the peer answers: checksums of its codes and features, and its seconds a round. */
interface StatesAnswer {
  readonly codes: number;
  readonly features: number;
  readonly seconds: readonly number[];
}

/** All 120 neighbours of each state, with their codes, and the features of 101 architectures. @returns the two checksums */
function listStates(cells: Uint32Array): { codes: number; features: number } {
  const { neighbours, featureIds, maxNeighbours, features } = nasbench301Space;
  const around = new Uint32Array(2 * maxNeighbours);
  const ids = new Uint16Array(ARCHITECTURES * features.active);
  let codeSum = 0;
  let featureSum = 0;
  for (let state = 0; state < cells.length; state += 2) {
    neighbours(cells, state, around);
    featureIds(cells, state, ids, 0);
    for (let i = 1; i < ARCHITECTURES; i++) featureIds(around, 2 * i, ids, i * features.active);
    for (const code of around) codeSum += code;
    for (let i = 0; i < features.active; i++) featureSum += ids[i] as number;
  }
  return { codes: codeSum, features: featureSum };
}

function states(): void {
  const cells = randomCells(STATES, new Rng(1));
  const python = peerPython('nasbench301.states');
  const value = rate(STATES, REPEATS, () => listStates(cells));
  if (python === null) {
    report({ name: 'nasbench301.states', value, unit: '1/s' });
    return;
  }
  const few = cells.subarray(0, 2 * PEER_STATES);
  const cellPairs = (word: number): [number, number][] => {
    const cell = newDecodedCell();
    decodeCell(word, cell);
    return Array.from({ length: slotCount }, (_, slot) => [cell.operations[slot] as number, slotInputs[cell.pairing * slotCount + slot] as number]);
  };
  const job = { rounds: 1, states: Array.from({ length: PEER_STATES }, (_, i) => [cellPairs(few[2 * i] as number), cellPairs(few[2 * i + 1] as number)]) };
  const required = listStates(few);
  const theirs: number[] = [];
  const ratios: number[] = [];
  for (let round = 0; round < PEER_ROUNDS; round++) {
    const answer = runPeer(python, 'nasbench301_states_peer.py', job) as StatesAnswer;
    if (answer.codes !== required.codes || answer.features !== required.features) throw new Error('both codes must list the same neighbours and features, they differ');
    const perSecond = PEER_STATES / (answer.seconds[0] as number);
    theirs.push(perSecond);
    ratios.push(rate(PEER_STATES, 3, () => listStates(few)) / perSecond);
  }
  report({ name: 'nasbench301.states', value, unit: '1/s', peer: `plain Python, ${median(theirs).toPrecision(3)} 1/s`, ratio: median(ratios) });
}

function lookups(): void {
  const values = Float64Array.from({ length: cellCount }, (_, code) => code / cellCount);
  const benchmark = nasbench201Benchmark('cifar10', { validationAccuracies: values, testAccuracies: values });
  const rng = new Rng(2);
  const codes = new Uint32Array(LOOKUPS);
  for (let i = 0; i < LOOKUPS; i++) benchmark.randomCode(rng, codes, i);
  const out = new Float64Array(LOOKUPS);
  report({ name: 'nasbench201.lookups', value: rate(LOOKUPS, REPEATS, () => benchmark.validationAccuracies(codes, LOOKUPS, out)), unit: '1/s' });
}

surrogates(randomCells(CELLS, new Rng(3)));
states();
lookups();
