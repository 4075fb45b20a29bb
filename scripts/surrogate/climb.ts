/**
 * @file Many local searches at once, so that the surrogate answers in batches: first improvement over shuffled neighbours, a few
 * neighbours of each walker a time, until a walker has no better neighbour or its steps are spent.
 */
import type { Nasbench301Backend } from '../../shared/benchmarks/nasbench301/benchmark.js';
import { nasbench301Space } from '../../shared/benchmarks/nasbench301/space.js';
import type { Rng } from '../../shared/rng.js';

const most = nasbench301Space.maxNeighbours;

export interface ClimbOptions {
  /** Neighbours of a walker asked at once. */
  readonly chunk: number;
  /** Moves after which a walker stops; Infinity climbs to a local optimum. */
  readonly maxMoves: number;
  /** Called with every batch of cells asked: codes [count, 2] and the accuracies the searched surrogate gave. */
  readonly onAsked?: (codes: Uint32Array, count: number, accuracies: Float64Array) => void;
}

/** One walker: where it is, and which of its neighbours are still to be asked. */
interface Walker {
  readonly code: Uint32Array;
  accuracy: number;
  readonly neighbours: Uint32Array;
  readonly order: Uint8Array;
  asked: number;
  moves: number;
}

function arrive(walker: Walker, code: Uint32Array, accuracy: number, rng: Rng): void {
  walker.code.set(code);
  walker.accuracy = accuracy;
  walker.asked = 0;
  nasbench301Space.neighbours(walker.code, 0, walker.neighbours);
  for (let i = 0; i < most; i++) {
    const j = rng.int(i + 1);
    walker.order[i] = walker.order[j] as number;
    walker.order[j] = i;
  }
}

/** Takes the first improving one of the walker's chunk, if any. */
function advance(walker: Walker, codes: Uint32Array, accuracies: Float64Array, at: number, count: number, rng: Rng): void {
  for (let i = at; i < at + count; i++) {
    if ((accuracies[i] as number) <= walker.accuracy) continue;
    walker.moves++;
    arrive(walker, codes.subarray(2 * i, 2 * i + 2), accuracies[i] as number, rng);
    return;
  }
  walker.asked += count;
}

/** Writes the next `sizes[w]` neighbours of each walker into `codes`. @returns how many */
function nextNeighbours(walkers: readonly Walker[], sizes: readonly number[], codes: Uint32Array): number {
  let at = 0;
  walkers.forEach((walker, w) => {
    for (let i = 0; i < (sizes[w] as number); i++, at++) {
      const neighbour = walker.order[walker.asked + i] as number;
      codes.set(walker.neighbours.subarray(2 * neighbour, 2 * neighbour + 2), 2 * at);
    }
  });
  return at;
}

/**
 * Climbs from `starts` uint32 [count, 2] and leaves the endpoints in it.
 * @returns the endpoints' accuracies by the searched surrogate, f64 [count]
 */
export function climb(surrogate: Nasbench301Backend, starts: Uint32Array, rng: Rng, options: ClimbOptions): Float64Array {
  const count = starts.length / 2;
  const first = new Float64Array(count);
  surrogate.predict(starts, count, first);
  options.onAsked?.(starts, count, first);
  const walkers = Array.from(first, (accuracy, i): Walker => {
    const walker = { code: new Uint32Array(2), accuracy, neighbours: new Uint32Array(2 * most), order: new Uint8Array(most), asked: 0, moves: 0 };
    arrive(walker, starts.subarray(2 * i, 2 * i + 2), accuracy, rng);
    return walker;
  });
  const codes = new Uint32Array(2 * count * options.chunk);
  const accuracies = new Float64Array(count * options.chunk);
  let active = walkers;
  for (;;) {
    active = active.filter((walker) => walker.asked < most && walker.moves < options.maxMoves);
    if (active.length === 0) break;
    const sizes = active.map((walker) => Math.min(options.chunk, most - walker.asked));
    const asked = nextNeighbours(active, sizes, codes);
    surrogate.predict(codes, asked, accuracies);
    options.onAsked?.(codes, asked, accuracies);
    let at = 0;
    active.forEach((walker, w) => {
      advance(walker, codes, accuracies, at, sizes[w] as number, rng);
      at += sizes[w] as number;
    });
  }
  walkers.forEach((walker, i) => starts.set(walker.code, 2 * i));
  return Float64Array.from(walkers, (walker) => walker.accuracy);
}

/** uint32 [count, 2] of random genotypes. */
export function randomCells(count: number, rng: Rng): Uint32Array {
  const codes = new Uint32Array(2 * count);
  for (let i = 0; i < count; i++) nasbench301Space.randomCode(rng, codes, 2 * i);
  return codes;
}

/** Moves every code [count, 2] to a random neighbour, `moves` times. */
export function perturb(codes: Uint32Array, moves: number, rng: Rng): void {
  const neighbours = new Uint32Array(2 * most);
  for (let i = 0; i < codes.length; i += 2) {
    for (let move = 0; move < moves; move++) {
      const count = nasbench301Space.neighbours(codes, i, neighbours);
      const chosen = 2 * rng.int(count);
      codes.set(neighbours.subarray(chosen, chosen + 2), i);
    }
  }
}

/**
 * Long searches: climbs, then `rounds` times perturbs the best so far by 3 moves, climbs again and keeps what is better.
 * @returns the endpoints' accuracies by the searched surrogate; the endpoints are left in `starts`
 */
export function climbLong(surrogate: Nasbench301Backend, starts: Uint32Array, rounds: number, rng: Rng, options: ClimbOptions): Float64Array {
  const best = climb(surrogate, starts, rng, options);
  for (let round = 0; round < rounds; round++) {
    const trial = starts.slice();
    perturb(trial, 3, rng);
    const found = climb(surrogate, trial, rng, options);
    found.forEach((accuracy, i) => {
      if (accuracy <= (best[i] as number)) return;
      best[i] = accuracy;
      starts.set(trial.subarray(2 * i, 2 * i + 2), 2 * i);
    });
  }
  return best;
}
