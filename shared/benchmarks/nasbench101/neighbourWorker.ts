/** @file Worker thread of `buildNeighbourGraph`: lists the neighbours of its range of rows and reports as it goes. */
import { parentPort, workerData } from 'node:worker_threads';
import { GraphPartBuilder, type WorkerReport } from './neighbourGraph.js';

const CELLS_PER_REPORT = 5_000;

const { codes, from, to } = workerData as { codes: Uint32Array; from: number; to: number };
const builder = new GraphPartBuilder(codes, from, to);
const report = (message: WorkerReport): void => parentPort?.postMessage(message);
let reported = from;
while (builder.advance(CELLS_PER_REPORT)) {
  report({ done: CELLS_PER_REPORT });
  reported += CELLS_PER_REPORT;
}
report({ done: to - reported, part: builder.finish() });
