/**
 * @file The search graph over a table's cells, in compressed sparse rows: the neighbours of row i are
 * neighbours[offsets[i]..offsets[i+1]), as rows, ascending. Built once, by worker threads, then a step is an array look-up.
 */
import { availableParallelism } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { InvariantError } from '../../errors.js';
import { CellIndex } from './cellIndex.js';
import { MAX_NEIGHBOURS, MoveGenerator } from './moves.js';

/** Dimensions: C cells, E neighbour pairs. */
export interface NeighbourGraph {
  /** uint32 [C + 1] */
  readonly offsets: Uint32Array;
  /** uint32 [E] rows */
  readonly neighbours: Uint32Array;
}

/** Called now and then with the number of cells done and of all. */
export type CellProgress = (done: number, total: number) => void;

/** The neighbour lists of rows from..to: `counts` uint32 [to - from], `neighbours` uint32 [sum of counts]. */
export interface GraphPart {
  readonly counts: Uint32Array;
  readonly neighbours: Uint32Array;
}

/** Below this many cells threads cost more than they save. */
const CELLS_PER_THREAD = 20_000;
const CELLS_PER_TURN = 2_000;
/** Worker threads load the compiled sibling; run from sources (tests), the work stays in this thread. */
const COMPILED = import.meta.url.endsWith('.js');

/** Lists neighbours row after row; neighbours that `codes` does not hold are dropped. */
export class GraphPartBuilder {
  readonly #codes: Uint32Array;
  readonly #index: CellIndex;
  readonly #generator = new MoveGenerator();
  readonly #found = new Uint32Array(MAX_NEIGHBOURS);
  readonly #counts: Uint32Array;
  #neighbours: Uint32Array;
  #length = 0;
  #row: number;
  readonly #from: number;

  constructor(codes: Uint32Array, from: number, to: number) {
    this.#codes = codes;
    this.#index = new CellIndex(codes);
    this.#from = from;
    this.#row = from;
    this.#counts = new Uint32Array(to - from);
    this.#neighbours = new Uint32Array((to - from) * 24 + MAX_NEIGHBOURS);
  }

  /** Goes on for at most `rows` rows. @returns false once all are done */
  advance(rows: number): boolean {
    const end = Math.min(this.#row + rows, this.#from + this.#counts.length);
    for (; this.#row < end; this.#row++) {
      const count = this.#generator.neighbours(this.#codes[this.#row]!, this.#found);
      if (this.#length + count > this.#neighbours.length) this.#grow();
      const start = this.#length;
      for (let i = 0; i < count; i++) {
        const row = this.#index.rowOf(this.#found[i]!);
        if (row >= 0) this.#neighbours[this.#length++] = row;
      }
      this.#counts[this.#row - this.#from] = this.#length - start;
    }
    return end < this.#from + this.#counts.length;
  }

  #grow(): void {
    const larger = new Uint32Array(2 * this.#neighbours.length);
    larger.set(this.#neighbours);
    this.#neighbours = larger;
  }

  finish(): GraphPart {
    return { counts: this.#counts, neighbours: this.#neighbours.slice(0, this.#length) };
  }
}

/** What a worker thread sends back: cells done since its last message, and at the end its part. */
export interface WorkerReport {
  readonly done: number;
  readonly part?: GraphPart;
}

async function partHere(codes: Uint32Array, onDone: (cells: number) => void): Promise<GraphPart> {
  const builder = new GraphPartBuilder(codes, 0, codes.length);
  while (builder.advance(CELLS_PER_TURN)) {
    onDone(CELLS_PER_TURN);
    await nextTurn();
  }
  return builder.finish();
}

function partByWorker(codes: Uint32Array, from: number, to: number, onDone: (cells: number) => void): Promise<GraphPart> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./neighbourWorker.js', import.meta.url), { workerData: { codes, from, to } });
    worker.on('message', (report: WorkerReport) => {
      onDone(report.done);
      if (report.part !== undefined) resolve(report.part);
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new InvariantError(`a neighbour worker must hand in its part before it ends, got exit code ${code}`)));
  });
}

function join(parts: readonly GraphPart[], cells: number): NeighbourGraph {
  const offsets = new Uint32Array(cells + 1);
  const neighbours = new Uint32Array(parts.reduce((sum, part) => sum + part.neighbours.length, 0));
  let row = 0;
  let at = 0;
  for (const part of parts) {
    neighbours.set(part.neighbours, at);
    for (const count of part.counts) {
      at += count;
      offsets[++row] = at;
    }
  }
  return { offsets, neighbours };
}

/**
 * Builds the graph over `codes`.
 *
 * @param codes    uint32 [C], distinct canonical codes; ascending, so that every list is
 * @param threads  worker threads at most; by default one a processor, fewer for small tables
 */
export async function buildNeighbourGraph(codes: Uint32Array, onProgress?: CellProgress, threads: number = availableParallelism()): Promise<NeighbourGraph> {
  let done = 0;
  const onDone = (cells: number): void => {
    done += cells;
    onProgress?.(done, codes.length);
  };
  const used = COMPILED ? Math.min(threads, Math.ceil(codes.length / CELLS_PER_THREAD)) : 1;
  if (used <= 1) return join([await partHere(codes, onDone)], codes.length);
  const bounds = Array.from({ length: used + 1 }, (_, i) => Math.floor((i * codes.length) / used));
  const parts = await Promise.all(bounds.slice(1).map((to, i) => partByWorker(codes, bounds[i]!, to, onDone)));
  return join(parts, codes.length);
}
