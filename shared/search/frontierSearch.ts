/**
 * @file Search with a trained agent that also looks at what it finds (ours; the paper's walk reads no accuracy). It walks as `agent` does while the
 * walk pays; once the best of the search has not improved for PATIENCE queries it goes on, one query at a time, from the whole frontier: of
 * every presented neighbour of every architecture visited, the new one with the largest
 *
 *     F(s, a) = e^(alpha R(s)) / sigma + Q(s, a),
 *
 * what s is worth in reward units plus what the agent expects to gain by the step: rewards are differences of such worths, so F compares steps
 * from different architectures, which Q alone cannot. Each new best starts a walk again. A neighbour's Q is taken from the first sample that showed it.
 */
import { shapedPotential } from '../mdp/reward.js';
import { evaluateOne, type SearchContext, type SearchProcess, type SearchReply, type SearchRequest } from './types.js';

/** Queries without a new best after which the walk gives way to the frontier. */
export const PATIENCE = 4;
/** Samples presented anew at one architecture whose presented neighbours have all been asked for. */
const MOST_REDRAWS = 4;

/** A visited architecture: its presented neighbours by falling Q. */
interface Expanded {
  /** e^(alpha R) / sigma. */
  readonly potential: number;
  /** uint32 [count, W], falling in `values`. */
  readonly codes: Uint32Array;
  readonly values: Float64Array;
  /** Row of the best neighbour that was new when last looked at. */
  next: number;
}

export function* frontierSearch(context: SearchContext): SearchProcess {
  const { benchmark, rewardScale } = context;
  const scale = rewardScale ?? { alpha: 0, logSigma: 0 };
  const visited: Expanded[] = [];
  let code: Uint32Array = context.start;
  let best = -Infinity;
  let sinceBest = 0;
  for (;;) {
    const repeated = context.budget.has(code, 0);
    const accuracy = yield* evaluateOne(code);
    sinceBest = accuracy > best ? 0 : sinceBest + 1;
    best = Math.max(best, accuracy);
    if (!repeated) visited.push(yield* expand(context, code, shapedPotential(scale, accuracy)));
    const here = visited.at(-1);
    const from = sinceBest < PATIENCE && here !== undefined && hasNew(context, here) ? here : bestOf(context, visited);
    code = from === null ? randomCode(context) : neighbourOf(from, benchmark.space.codeWords);
  }
}

/** Presents the neighbours of `code`; another sample, while the space has more of them, where all shown have been asked for. */
function* expand(context: SearchContext, code: Uint32Array, potential: number): Generator<SearchRequest, Expanded, SearchReply> {
  const { benchmark, rng, presentedNeighbours } = context;
  const words = benchmark.space.codeWords;
  for (let draw = 0; ; draw++) {
    const { presented, values, count } = yield { kind: 'q', code, seed: rng.uint32() };
    const order = Array.from({ length: count }, (_, i) => i).sort((a, b) => (values[b] ?? -Infinity) - (values[a] ?? -Infinity) || a - b);
    const codes = new Uint32Array(count * words);
    order.forEach((from, to) => { codes.set(presented.subarray(from * words, (from + 1) * words), to * words); });
    const here: Expanded = { potential, codes, values: Float64Array.from(order, (i) => values[i] ?? -Infinity), next: 0 };
    const shownAll = count < presentedNeighbours || benchmark.space.maxNeighbours <= presentedNeighbours;
    if (hasNew(context, here) || shownAll || draw >= MOST_REDRAWS) return here;
  }
}

/** Moves `next` to the best neighbour not asked for before. @returns false where there is none */
function hasNew({ benchmark, budget }: SearchContext, expanded: Expanded): boolean {
  while (expanded.next < expanded.values.length && budget.has(expanded.codes, expanded.next * benchmark.space.codeWords)) expanded.next++;
  return expanded.next < expanded.values.length;
}

/** Where on the frontier F is largest, the earliest on ties; null where nothing new is left. */
function bestOf(context: SearchContext, visited: readonly Expanded[]): Expanded | null {
  let best: Expanded | null = null;
  let bestF = -Infinity;
  for (const expanded of visited) {
    if (!hasNew(context, expanded)) continue;
    const f = expanded.potential + (expanded.values[expanded.next] ?? -Infinity);
    if (best === null || f > bestF) {
      best = expanded;
      bestF = f;
    }
  }
  return best;
}

function neighbourOf({ codes, next }: Expanded, words: number): Uint32Array {
  return codes.slice(next * words, (next + 1) * words);
}

function randomCode({ benchmark, rng }: SearchContext): Uint32Array {
  const code = new Uint32Array(benchmark.space.codeWords);
  benchmark.randomCode(rng, code, 0);
  return code;
}
