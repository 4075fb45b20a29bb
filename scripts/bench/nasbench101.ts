/**
 * @file Measures NAS-Bench-101: `node dist/scripts/bench/nasbench101.js PART…`, one JSON line a figure on standard output.
 *
 *   hash     (also where no part is named) `nasbench101.hash`: module hashes of distinct cells, beside NASBench's Python code in the same run
 *   space    enumeration, one hash a cell, neighbour lists by worker threads, the most neighbours of any cell
 *   table F  a synthetic official file in folder F (numbers invented, cells and hashes real), then `cache F` and `open F`
 *   cache F  in a process of its own: that file read, checked and cached, with peak memory
 *   open F   in a process of its own: the cache opened and queried, steps by look-up
 *
 * The peer's Python is that of peerPython.ts.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CELLS_BY_VERTICES, verticesOf } from '../../shared/benchmarks/nasbench101/cell.js';
import { enumerateCells } from '../../shared/benchmarks/nasbench101/enumerate.js';
import { openNasbench101 } from '../../shared/benchmarks/nasbench101/index.js';
import { writeModelSpec } from '../../shared/benchmarks/nasbench101/modelSpec.js';
import { ModuleHasher } from '../../shared/benchmarks/nasbench101/moduleHash.js';
import { MAX_NEIGHBOURS } from '../../shared/benchmarks/nasbench101/moves.js';
import { buildNeighbourGraph } from '../../shared/benchmarks/nasbench101/neighbourGraph.js';
import { cacheOfficialTable } from '../../shared/benchmarks/nasbench101/open.js';
import { mainCachePath } from '../../shared/benchmarks/nasbench101/tableCache.js';
import { frameRecord } from '../../shared/benchmarks/nasbench101/tfrecord.js';
import { systemClock } from '../../shared/clock.js';
import { Rng } from '../../shared/rng.js';
import { median, report } from './figure.js';
import { peerPython, runPeer } from './peerPython.js';
import { syntheticMetrics, syntheticRow } from './nasbench101Rows.js';

const SEED = 101;
const HASHED_CELLS = 2_000;
const ROUNDS = 7;
const MEGABYTE = 1e6;

const seconds = (since: number): number => (systemClock.monotonic() - since) / 1000;

const perCell = (start: number): number => (systemClock.monotonic() - start) / 1000 / HASHED_CELLS;

/** Distinct cells, hashed without memoisation; beside the peer turn by turn where it is there, and then the hashes must agree. */
function benchHash(): void {
  const cells = enumerateCells();
  const rng = new Rng(SEED);
  const chosen = new Set<number>();
  while (chosen.size < HASHED_CELLS) chosen.add(cells[rng.int(cells.length)]!);
  const codes = [...chosen];
  const job = { cells: codes.map(writeModelSpec), rounds: 1 };
  const hasher = new ModuleHasher();
  codes.forEach((code) => hasher.hash(code));
  const python = peerPython('nasbench101.hash');
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = systemClock.monotonic();
    const hashes = codes.map((code) => hasher.hash(code));
    ours.push(perCell(start));
    if (python === null) continue;
    const answer = runPeer(python, 'nasbench101_peer.py', job) as { hashes: string[]; seconds: number[] };
    if (answer.hashes.join() !== hashes.join()) throw new Error('both codes must give the same hashes, they differ');
    theirs.push(answer.seconds[0]! / codes.length);
  }
  const beside = theirs.length === 0 ? {} : { peer: `nasbench-pytorch's hash_module, ${(median(theirs) * 1e6).toPrecision(4)} us/cell`, ratio: median(theirs.map((their, i) => their / ours[i]!)) };
  report({ name: 'nasbench101.hash', value: median(ours) * 1e6, unit: 'us/cell', ...beside });
}

async function benchSpace(): Promise<void> {
  let start = systemClock.monotonic();
  const cells = enumerateCells();
  report({ name: 'nasbench101.enumerate', value: seconds(start), unit: 's' });
  const counts = new Array<number>(8).fill(0);
  for (const code of cells) counts[verticesOf(code)]!++;
  if (counts.join() !== CELLS_BY_VERTICES.join()) throw new Error(`cells by vertices must be ${CELLS_BY_VERTICES.join()}, got ${counts.join()}`);
  report({ name: 'nasbench101.cells', value: cells.length, unit: 'cells' });
  start = systemClock.monotonic();
  const hasher = new ModuleHasher();
  const hashes = new Set<string>();
  for (const code of cells) hashes.add(hasher.hash(code));
  report({ name: 'nasbench101.hashes', value: hashes.size, unit: 'distinct' });
  report({ name: 'nasbench101.hashAll', value: seconds(start), unit: 's' });
  start = systemClock.monotonic();
  const graph = await buildNeighbourGraph(cells, (done, total) => progress('listing neighbours', done, total));
  report({ name: 'nasbench101.neighbourLists', value: seconds(start), unit: 's' });
  const degrees = Array.from(cells, (_, row) => graph.offsets[row + 1]! - graph.offsets[row]!);
  const most = degrees.reduce((a, b) => Math.max(a, b), 0);
  if (most !== MAX_NEIGHBOURS) throw new Error(`MAX_NEIGHBOURS must be ${most}, got ${MAX_NEIGHBOURS}`);
  report({ name: 'nasbench101.neighbours', value: graph.neighbours.length, unit: 'pairs' });
  report({ name: 'nasbench101.mostNeighbours', value: most, unit: 'neighbours' });
  report({ name: 'nasbench101.above25Neighbours', value: degrees.filter((degree) => degree > 25).length / cells.length, unit: 'share' });
}

let shownAt = -Infinity;
function progress(what: string, done: number, total: number): void {
  if (systemClock.monotonic() - shownAt < 2_000 && done < total) return;
  shownAt = systemClock.monotonic();
  console.error(`${what}: ${((100 * done) / total).toFixed(0)} %`);
}

const recordsPath = (folder: string): string => join(folder, 'nasbench101', 'nasbench_only108.tfrecord');

/** All 423,624 cells in a shuffled order, three repeats each. */
async function writeSynthetic(folder: string): Promise<void> {
  mkdirSync(join(folder, 'nasbench101'), { recursive: true });
  const start = systemClock.monotonic();
  const cells = enumerateCells();
  const rng = new Rng(SEED);
  for (let i = cells.length - 1; i > 0; i--) {
    const j = rng.int(i + 1);
    [cells[i], cells[j]] = [cells[j]!, cells[i]!];
  }
  const file = createWriteStream(recordsPath(folder));
  for (const [i, code] of cells.entries()) {
    const records = [0, 1, 2].map((repeat) => frameRecord(Buffer.from(syntheticRow(code, 108, repeat))));
    if (!file.write(Buffer.concat(records))) await once(file, 'drain');
    if (i % 1_000 === 0) progress('writing a synthetic file', i, cells.length);
  }
  file.end();
  await once(file, 'finish');
  report({ name: 'nasbench101.synthetic.write', value: seconds(start), unit: 's' });
  report({ name: 'nasbench101.synthetic.size', value: statSync(recordsPath(folder)).size / MEGABYTE, unit: 'MB' });
}

function reportPeakMemory(name: string): void {
  report({ name, value: (process.resourceUsage().maxRSS * 1024) / MEGABYTE, unit: 'MB' });
}

async function benchCache(folder: string): Promise<void> {
  const start = systemClock.monotonic();
  await cacheOfficialTable(folder, recordsPath(folder), progress);
  report({ name: 'nasbench101.cache.make', value: seconds(start), unit: 's' });
  report({ name: 'nasbench101.cache.size', value: statSync(mainCachePath(folder)).size / MEGABYTE, unit: 'MB' });
  reportPeakMemory('nasbench101.cache.peakMemory');
}

async function benchOpen(folder: string): Promise<void> {
  let start = systemClock.monotonic();
  const benchmark = await openNasbench101({ dataFolder: folder, repeats: { kind: 'fixed', repeat: 1 } });
  report({ name: 'nasbench101.open', value: seconds(start), unit: 's' });
  const { codes } = benchmark.cells;
  const out = new Float64Array(codes.length);
  start = systemClock.monotonic();
  benchmark.validationAccuracies(codes, codes.length, out);
  report({ name: 'nasbench101.queries', value: codes.length / seconds(start), unit: '1/s' });
  const wrong = codes.reduce((sum, code, row) => sum + (out[row] === syntheticMetrics(code, 108, 1).validationAccuracy ? 0 : 1), 0);
  if (wrong > 0) throw new Error(`every query must give the number that was written, ${wrong} did not`);
  const rng = new Rng(SEED);
  const state = Uint32Array.of(codes[codes.length - 1]!);
  const found = new Uint32Array(MAX_NEIGHBOURS);
  const accuracy = new Float64Array(1);
  start = systemClock.monotonic();
  for (let step = 0; step < 1_000_000; step++) {
    state[0] = found[rng.int(benchmark.neighbours(state, 0, found))]!;
    benchmark.validationAccuracies(state, 1, accuracy);
  }
  report({ name: 'nasbench101.walk', value: 1e6 / seconds(start), unit: 'steps/s' });
  reportPeakMemory('nasbench101.open.peakMemory');
}

function runAlone(part: string, folder: string): void {
  const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), part, folder], { stdio: 'inherit' });
  if (child.status !== 0) throw new Error(`${part} must end well, got exit code ${child.status}`);
}

const [part, folder] = process.argv.slice(2);
if (part === undefined || part === 'hash') benchHash();
else if (part === 'space') await benchSpace();
else if (part === 'table' && folder !== undefined) {
  await writeSynthetic(folder);
  runAlone('cache', folder);
  runAlone('open', folder);
} else if (part === 'cache' && folder !== undefined) await benchCache(folder);
else if (part === 'open' && folder !== undefined) await benchOpen(folder);
else throw new Error(`usage: nasbench101.js hash | space | table FOLDER | cache FOLDER | open FOLDER, got ${process.argv.slice(2).join(' ')}`);
